/** The calls of a layer that are parts of models. */
import { GradloomError } from '../../errors.ts';
import type { KerasTensor } from '../functional/keras-tensor.ts';
import { Node, type Operation } from '../functional/node.ts';
import type { TreeOf } from '../tree.ts';
import { LayerState } from './state.ts';

const single = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 ? list[0] : list);

/** The part of `Layer` that models are put together with. */
export abstract class LayerCalls extends LayerState {
  readonly #nodes: Node[] = [];

  /** As Keras calls the class. */
  get className(): string {
    return this.constructor.name;
  }

  /** Writes down a call whose results are known. */
  adopt(
    inputs: unknown,
    options: Readonly<Record<string, unknown>>,
    outputs: TreeOf<KerasTensor>,
  ): void {
    const call = { operation: this as unknown as Operation, inputs, options, outputs };
    this.#nodes.push(new Node(call, this.#nodes.length));
  }

  /** The calls on tensors of models, in order. */
  get inboundNodes(): readonly Node[] {
    return this.#nodes;
  }
  /** What the layer was given when it was first applied in a model. Throws `graph` before that. */
  get input(): TreeOf<KerasTensor> {
    return single(this.#firstNode.inputTensors);
  }
  /** What it made of that: where a model may end, or begin. */
  get output(): TreeOf<KerasTensor> {
    return single(this.#firstNode.outputs);
  }
  get #firstNode(): Node {
    const node = this.#nodes[0];
    if (node) return node;
    throw new GradloomError(
      'graph',
      `Layer "${this.name}" has not been applied to a KerasTensor: it has no input and output yet.`,
      { layer: this.name },
    );
  }
}
