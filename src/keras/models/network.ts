/** What a model is made of: a graph of layers, or layers of its own that `call` applies. */
import { GradloomError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import type { Tensor } from '../../tensor/index.ts';
import { FunctionalGraph } from '../functional/functional-graph.ts';
import type { KerasTensor } from '../functional/keras-tensor.ts';
import type { Operation } from '../functional/node.ts';
import { checkOptions } from '../identifiers.ts';
import {
  type BatchShape,
  type CallOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
  type SpecTree,
  type TensorSpec,
  type Tensors,
} from '../layers/layer.ts';
import { reviveLayers } from '../layers/registry.ts';
import { isSpec } from '../layers/stand-ins.ts';
import { autoName } from '../naming.ts';
import { flatten, mapTree, type TreeOf } from '../tree.ts';
import { graphConfig, graphFromConfig, isGraphConfig } from './graph-config.ts';

export interface ModelOptions extends Pick<LayerOptions, 'name' | 'trainable' | 'dtype'> {
  /** KerasTensors: one, a list or an object of them. Together with `outputs`. */
  readonly inputs?: TreeOf<KerasTensor>;
  readonly outputs?: TreeOf<KerasTensor>;
}

const modelOptions: readonly string[] = ['inputs', 'outputs', 'name', 'trainable', 'dtype'];

/** The part of `Model` that says what is computed, not how it is trained. */
export class Network extends Layer {
  override readonly supportsMasking: boolean = true;
  protected override readonly autocast: boolean = false;
  protected override readonly isModel: boolean = true;
  readonly #graph: FunctionalGraph | undefined;

  /** Throws `graph` where the outputs do not depend on the inputs alone, `unknown-option`. */
  constructor(o: ModelOptions = {}) {
    const functional = o.inputs !== undefined || o.outputs !== undefined;
    const plain = new.target.name === 'Model' || new.target.name === 'Functional';
    super({
      name: o.name ?? (functional && plain ? autoName('Functional') : undefined),
      dtype: o.dtype,
      trainable: o.trainable,
    });
    checkOptions(`Model "${this.name}"`, o, modelOptions);
    if (functional) {
      if (o.inputs === undefined || o.outputs === undefined)
        throw new GradloomError(
          'graph',
          `Model "${this.name}" is given ${o.inputs === undefined ? 'outputs but no inputs' : 'inputs but no outputs'}.`,
        );
      this.#graph = new FunctionalGraph(o.inputs, o.outputs);
      this.built = true;
    }
  }

  /** The graph of a functional model. */
  get graph(): FunctionalGraph | undefined {
    return this.#graph;
  }
  override get className(): string {
    const { name } = this.constructor;
    return this.#graph && name === 'Model' ? 'Functional' : name;
  }

  /** The layers: of a functional model from the inputs to the outputs, else as they were assigned. */
  get layers(): readonly Layer[] {
    return this.sublayers;
  }
  override get sublayers(): readonly Layer[] {
    const own = super.sublayers;
    return this.#graph ? [...new Set([...this.#graph.layers, ...own])] : own;
  }
  /** Layers and functions of the graph. */
  get operations(): readonly Operation[] {
    return this.#graph?.operations ?? this.layers;
  }

  /** The layer of that name, or at that place. Throws `layer`. */
  getLayer(given: string | number | { readonly name?: string; readonly index?: number }): Layer {
    if (typeof given === 'object') checkOptions('getLayer', given, ['name', 'index']);
    const which = typeof given === 'object' ? (given.index ?? given.name ?? '') : given;
    const l =
      typeof which === 'number' ? this.layers.at(which) : this.layers.find((x) => x.name === which);
    if (!l)
      throw new GradloomError(
        'layer',
        `Model "${this.name}" has no layer ${JSON.stringify(which)}.${didYouMean(
          String(which),
          this.layers.map((x) => x.name),
        )} It has ${this.layers.map((x) => x.name).join(', ')}.`,
        { which },
      );
    return l;
  }

  /** The KerasTensors that the model begins with, as they were given. Throws `graph` without a graph. */
  override get input(): TreeOf<KerasTensor> {
    return this.#graph ? this.#graph.inputTree : super.input;
  }
  override get output(): TreeOf<KerasTensor> {
    return this.#graph ? this.#graph.outputTree : super.output;
  }
  get inputs(): readonly KerasTensor[] {
    return flatten(this.input);
  }
  get outputs(): readonly KerasTensor[] {
    return flatten(this.output);
  }
  /** Names of the inputs and outputs, where they have names. */
  get inputNames(): readonly string[] | undefined {
    return this.#graph?.inputs.map((t) => t.node.operation.name);
  }
  get outputNames(): readonly string[] | undefined {
    return this.#graph?.outputs.map((t) => t.node.operation.name);
  }
  /** Shape of the inputs, where there is one and it is known. */
  get batchInputShape(): BatchShape | undefined {
    return this.#graph?.inputs.length === 1 ? this.#graph.inputs[0].shape : undefined;
  }
  override get outputShape(): ShapeTree | undefined {
    if (!this.#graph) return super.outputShape;
    const shape = (t: KerasTensor): BatchShape => t.shape;
    return mapTree<KerasTensor, BatchShape>(this.#graph.outputTree, shape) as ShapeTree;
  }

  /** What the model computes: override it where the model was not given inputs and outputs. */
  call(inputs: Tensors, o: CallOptions): Tensors {
    const graph = this.#graph;
    if (!graph)
      throw new GradloomError(
        'layer-call',
        `Model "${this.name}" (${this.constructor.name}) does not say what it computes: give inputs and outputs, or override call(inputs, { training }).`,
        { model: this.name },
      );
    const tensors = graph.standardize(this.label, inputs, o.mask);
    return graph.run(tensors, o.training);
  }
  /** For messages. */
  protected get label(): string {
    return `Model "${this.name}"`;
  }

  /** The layers inside have put masks on the outputs. */
  override computeMask(): Masks {
    return null;
  }

  override computeOutputSpec(
    inputs: SpecTree,
    o: Readonly<Record<string, unknown>> = {},
  ): SpecTree {
    const graph = this.#graph;
    if (graph) {
      const given = graph.match<TensorSpec>(this.label, inputs);
      if (given.every(isSpec) && graph.madeFor(given)) {
        const spec = (t: KerasTensor): TensorSpec => ({ shape: t.shape, dtype: t.dtype });
        return mapTree<KerasTensor, TensorSpec>(graph.outputTree, spec) as SpecTree;
      }
    }
    return super.computeOutputSpec(inputs, o);
  }

  /** Builds the layers for inputs like these, if they are not built yet. */
  buildFor(inputs: Tensors): void {
    if (this.built) return;
    const spec = (t: Tensor): TensorSpec => ({
      shape: t.ndim === 0 ? [] : [null, ...t.shape.slice(1)],
      dtype: t.dtype,
    });
    this.computeOutputSpec(mapTree<Tensor, TensorSpec>(inputs, spec) as SpecTree);
  }

  override getConfig(): Record<string, unknown> {
    return this.#graph
      ? { name: this.name, trainable: this.trainable, ...graphConfig(this.#graph) }
      : super.getConfig();
  }

  static override fromConfig(config: Readonly<Record<string, unknown>>): Layer {
    type Made = new (o: Readonly<Record<string, unknown>>) => Network;
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    const made = this as unknown as Made;
    if (!isGraphConfig(config)) return new made(reviveLayers(config));
    const { layers: _, inputLayers: _in, outputLayers: _out, ...rest } = config;
    return new made({ ...rest, ...graphFromConfig(config) });
  }
}
