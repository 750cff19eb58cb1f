/** A plain stack of layers. */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../../options.ts';
import { Tensor } from '../../tensor/index.ts';
import { KerasTensor } from '../functional/keras-tensor.ts';
import { InputLayer } from '../layers/input-layer.ts';
import {
  type BatchShape,
  type CallOptions,
  Layer,
  type ShapeTree,
  type Tensors,
} from '../layers/layer.ts';
import { getMask, setMask } from '../layers/mask.ts';
import { layerClass, reviveLayers } from '../layers/registry.ts';
import { isSerialized, serialize } from '../serialization.ts';
import { flatten, type TreeOf } from '../tree.ts';
import { Model } from './model.ts';
import { Network } from './network.ts';

/** A layer, or an input as `keras.input` makes it. */
export type SequentialPart = Layer | KerasTensor;

export class Sequential extends Model {
  readonly #layers: Layer[] = [];
  /** Where the model begins, and what each layer makes of what is below it, once known. */
  #symbols: TreeOf<KerasTensor>[] = [];

  constructor(
    layers: readonly SequentialPart[] = [],
    o: { readonly name?: string; readonly trainable?: boolean } = {},
  ) {
    checkOptions('Sequential', o, ['name', 'trainable']);
    super({ name: o.name, trainable: o.trainable });
    if (!Array.isArray(layers))
      throw new GradloomError(
        'layer',
        `Sequential takes a list of layers, and then options: sequential([…], { name }); received ${layers === null ? 'null' : typeof layers}.`,
      );
    for (const l of layers) this.add(l);
  }

  /** Puts a layer on top. Once the input shape is known the layer is built at once. */
  add(part: SequentialPart): void {
    const layer = part instanceof KerasTensor ? part.node.operation : part;
    if (
      !(layer instanceof Layer) ||
      (part instanceof KerasTensor && !(layer instanceof InputLayer))
    ) {
      throw new GradloomError(
        'layer',
        `Sequential holds layers; received ${part instanceof KerasTensor ? `${part}, which is no input` : part === null ? 'null' : typeof part}${typeof part === 'function' ? ' (call the factory: keras.layers.flatten())' : ''}.`,
      );
    }
    if (this.#layers.some((l) => l.name === layer.name)) {
      throw new GradloomError(
        'layer',
        `All layers of a model need names of their own; "${layer.name}" is there twice.`,
        { name: layer.name },
      );
    }
    if (layer instanceof InputLayer && this.#layers.length > 0)
      throw new GradloomError(
        'layer',
        `Model "${this.name}" already has an input; an Input comes first.`,
      );
    if (layer instanceof InputLayer) this.#symbols = [layer.output];
    else if (this.#layers.length === 0) {
      const known = layer instanceof Network ? layer.batchInputShape : undefined;
      const shape = known ?? (layer.inputShape && [null, ...layer.inputShape]);
      if (shape) this.#begin(shape, layer);
    }
    this.#layers.push(layer);
    this.layersChanged();
    if (!(layer instanceof InputLayer)) this.#extend(layer);
  }

  #begin(batchShape: BatchShape, first: Layer): void {
    this.#symbols = [new InputLayer({ batchShape, dtype: first.dtype }).output];
  }
  #extend(layer: Layer): void {
    const below = this.#symbols.at(-1);
    if (!below) return;
    this.#symbols.push(layer.apply<TreeOf<KerasTensor>>(below as KerasTensor));
    this.built = true;
  }

  /** Takes the top layer off and returns it. */
  pop(): Layer {
    const l = this.#layers.pop();
    if (!l) throw new GradloomError('layer', `Model "${this.name}" has no layers to take off.`);
    this.layersChanged();
    this.#symbols.pop();
    this.built = this.#symbols.length > 1;
    return l;
  }

  override get layers(): readonly Layer[] {
    return this.#layers.filter((l) => !(l instanceof InputLayer));
  }
  override get sublayers(): readonly Layer[] {
    return this.layers;
  }
  /** The input that the model begins with, once its shape is known. Throws `graph` before that. */
  override get input(): TreeOf<KerasTensor> {
    return this.#symbols[0] ?? this.#unknown();
  }
  override get output(): TreeOf<KerasTensor> {
    return this.#symbols.at(-1) ?? this.#unknown();
  }
  #unknown(): never {
    throw new GradloomError(
      'graph',
      `Model "${this.name}" does not know the shape of its inputs yet: begin it with keras.input, or build it.`,
      { model: this.name },
    );
  }
  override get batchInputShape(): BatchShape | undefined {
    return (this.#symbols[0] as KerasTensor | undefined)?.shape;
  }
  override get outputShape(): ShapeTree | undefined {
    const top = this.#symbols.at(-1);
    return top instanceof KerasTensor ? top.shape : top && flatten(top).map((t) => t.shape);
  }

  override ensureBuilt(inputShape: BatchShape): ShapeTree {
    if (this.layers.length === 0)
      throw new GradloomError('layer', `Model "${this.name}" has no layers.`);
    if (!this.built) {
      this.#begin(inputShape, this.#layers[0]);
      for (const l of this.#layers) this.#extend(l);
    }
    return this.outputShape!;
  }
  override build(inputShape: BatchShape): void {
    this.ensureBuilt(inputShape);
  }
  override buildFor(inputs: Tensors): void {
    if (inputs instanceof Tensor) this.ensureBuilt([null, ...inputs.shape.slice(1)]);
    else super.buildFor(inputs);
  }
  override computeOutputShape(inputShape: ShapeTree): ShapeTree {
    return this.layers.reduce((s, l) => l.computeOutputShape(s), inputShape);
  }
  override call(inputs: Tensors, o: CallOptions): Tensors {
    let x = inputs;
    const begin = this.#symbols[0] as KerasTensor | undefined;
    if (begin && x instanceof Tensor && x.dtype !== begin.dtype) {
      x = x.astype(begin.dtype);
      setMask(x, getMask(inputs as Tensor));
    }
    const { training } = o;
    return this.layers.reduce(
      (t, l, i) =>
        l.invoke(t, i === 0 && o.mask != null ? { training, mask: o.mask } : { training }),
      x,
    );
  }

  override getConfig(): Record<string, unknown> {
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: this.dtype,
      layers: this.#layers.map((l) => serialize(l)),
      ...(this.built && !(this.#layers[0] instanceof InputLayer)
        ? { buildInputShape: this.batchInputShape }
        : {}),
    };
  }
  static override fromConfig(config: Readonly<Record<string, unknown>>): Sequential {
    const { layers, name, buildInputShape } = reviveLayers(config) as {
      layers: readonly Layer[];
      name?: string;
      buildInputShape?: BatchShape;
    };
    if (!Array.isArray(layers))
      throw new GradloomError('layer-config', 'The config of a Sequential has no list of layers.', {
        name,
      });
    // What is still a config is of a class that nobody knows: this names it.
    for (const l of layers) if (isSerialized(l)) layerClass(l.className);
    const m = new Sequential(layers, { name, trainable: config.trainable !== false });
    if (buildInputShape) m.build(buildInputShape);
    return m;
  }
}

export function sequential(
  layers: readonly SequentialPart[] = [],
  o: { readonly name?: string; readonly trainable?: boolean } = {},
): Sequential {
  return new Sequential(layers, o);
}
