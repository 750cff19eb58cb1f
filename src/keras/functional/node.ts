/** The graph of a functional model: operations, the calls of them, the tensors between. */
import { flatten, isPlainObject, mapTree, type TreeOf } from '../tree.ts';
import { KerasTensor } from './keras-tensor.ts';

/** A layer, or a function with a name. */
export interface Operation {
  readonly name: string;
  /** As Keras calls the class: `Dense`, `Add`. */
  readonly className: string;
  /** Its calls on tensors of a model, in order. */
  readonly inboundNodes: readonly Node[];
  /** Computes what a call gives. */
  run(inputs: unknown, options: Readonly<Record<string, unknown>>): unknown;
  /** Writes down a call whose results are known. */
  adopt(
    inputs: unknown,
    options: Readonly<Record<string, unknown>>,
    outputs: TreeOf<KerasTensor>,
  ): void;
}

/** What one call of an operation was given and gives. */
export interface Call {
  readonly operation: Operation;
  /** The inputs of a layer, or the list of a function's arguments: KerasTensors and other values. */
  readonly inputs: unknown;
  /** Arguments by name. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly outputs: TreeOf<KerasTensor>;
}

/** One call of an operation. */
export class Node {
  readonly operation: Operation;
  readonly inputs: unknown;
  readonly options: Readonly<Record<string, unknown>>;
  /** The outputs as they are nested. */
  readonly outputTree: TreeOf<KerasTensor>;
  readonly outputs: readonly KerasTensor[];
  /** The KerasTensors among inputs and options. */
  readonly inputTensors: readonly KerasTensor[];
  /** Its place among the calls of the operation. */
  readonly index: number;

  constructor(call: Call, index: number) {
    this.operation = call.operation;
    this.inputs = call.inputs;
    this.options = call.options;
    this.outputTree = call.outputs;
    this.outputs = flatten<KerasTensor>(call.outputs);
    this.inputTensors = kerasTensorsIn([call.inputs, call.options]);
    this.index = index;
    this.outputs.forEach((t, i) => {
      t.made(this, i);
    });
  }

  /** Whether it stands for an input of a model. */
  get isInput(): boolean {
    return this.inputTensors.length === 0;
  }

  /** The calls that made what this one takes. */
  get parents(): Node[] {
    return this.inputTensors.map((t) => t.node);
  }

  /** Inputs and options with `f` in the place of each KerasTensor. */
  fill<R>(f: (t: KerasTensor) => R): { inputs: unknown; options: Record<string, unknown> } {
    const put = (t: unknown): unknown => (t instanceof KerasTensor ? f(t) : t);
    return {
      inputs: mapTree<unknown, unknown>(this.inputs as never, put),
      options: mapTree<unknown, unknown>(this.options as never, put) as Record<string, unknown>,
    };
  }
}

/** Every KerasTensor in a tree, in order, as often as it is there. */
export function kerasTensorsIn(x: unknown): KerasTensor[] {
  return flatten<unknown>(x as never).filter((t) => t instanceof KerasTensor);
}

/** Whether there is a KerasTensor in a tree. Rows of numbers are not looked through. */
export function isSymbolic(x: unknown): boolean {
  if (x instanceof KerasTensor) return true;
  if (Array.isArray(x)) return typeof x[0] !== 'number' && x.some(isSymbolic);
  return isPlainObject(x) && Object.values(x).some(isSymbolic);
}
