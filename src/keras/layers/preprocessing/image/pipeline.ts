/** Layers one after the other, as one: a chain of augmentation, say. */
import { GradloomError } from '../../../../errors.ts';
import { checkOptions } from '../../../identifiers.ts';
import { isSerialized, type Serialized, serialize } from '../../../serialization.ts';
import {
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type ShapeTree,
  type Tensors,
} from '../../layer.ts';
import { deserialize } from '../../registry.ts';

export interface PipelineOptions extends LayerOptions {
  /** At least one. */
  readonly layers?: readonly (Layer | Serialized)[];
}

/** As in Keras it trains where nobody says otherwise. */
export class Pipeline extends Layer {
  protected override readonly autocast: boolean = false;
  protected override readonly trainsByDefault: boolean = true;
  readonly layers: readonly Layer[];

  constructor(o: PipelineOptions) {
    super(o);
    checkOptions(`Pipeline "${this.name}"`, o, [...baseOptions, 'layers']);
    const layers = (Array.isArray(o.layers) ? o.layers : []).map((l: Layer | Serialized) =>
      isSerialized(l) ? deserialize(l) : l,
    );
    if (layers.length === 0 || !layers.every((l) => l instanceof Layer))
      throw new GradloomError(
        'layer-option',
        `Pipeline "${this.name}": layers must be a list of layers, at least one.`,
        { layer: this.name },
      );
    this.layers = layers;
  }
  override build(inputShape: ShapeTree): void {
    this.#through(inputShape, (l, s) => l.ensureBuilt(s));
  }
  override computeOutputShape(inputShape: ShapeTree): ShapeTree {
    return this.#through(inputShape, (l, s) => l.computeOutputShape(s));
  }
  call(inputs: Tensors, { training }: CallOptions): Tensors {
    return this.#through(inputs, (l, x) => l.invoke(x, { training }));
  }
  #through<T>(first: T, f: (layer: Layer, x: T) => T): T {
    return this.layers.reduce((x, layer) => f(layer, x), first);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), layers: this.layers.map((l) => serialize(l)) };
  }
}

export const pipeline = (
  layers: readonly Layer[] | PipelineOptions,
  o: PipelineOptions = {},
): Pipeline => new Pipeline(Array.isArray(layers) ? { ...o, layers } : (layers as PipelineOptions));
