/** Layers around another layer. */
import { GradloomError } from '../../errors.ts';

import { checkOptions } from '../identifiers.ts';
import { isSerialized, type Serialized, serialize } from '../serialization.ts';
import {
  type ArgumentShapes,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type ShapeTree,
  type Tensors,
} from './layer.ts';
import { deserialize } from './registry.ts';

export interface WrapperOptions extends LayerOptions {
  readonly layer?: Layer | Serialized;
}

/**
 * The base of layers around another one, `layer`, which is built with the wrapper's input shape, and
 * whose weights are the wrapper's. By itself it applies the layer as it is.
 */
export class Wrapper extends Layer {
  layer: Layer;

  /** `options` are those of the extending class. Throws `layer-option` where `layer` is no layer. */
  constructor(o: WrapperOptions, options: readonly string[] = []) {
    super(o);
    checkOptions(`${this.constructor.name} "${this.name}"`, o, [
      ...baseOptions,
      'layer',
      ...options,
    ]);
    const inner = isSerialized(o.layer) ? deserialize(o.layer) : o.layer;
    if (!(inner instanceof Layer))
      throw new GradloomError(
        'layer-option',
        `${this.constructor.name} "${this.name}" needs a layer to wrap; received ${received(inner)}.`,
        { layer: this.name },
      );
    this.layer = inner;
  }

  override build(inputShape: ShapeTree, shapes?: ArgumentShapes): void {
    this.layer.ensureBuilt(inputShape, shapes);
  }
  call(inputs: Tensors, o: CallOptions): Tensors {
    return this.layer.invoke(inputs, o);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), layer: serialize(this.layer) };
  }
}

function received(x: unknown): string {
  if (typeof x === 'function') return 'a function (call the factory: keras.layers.dense(4))';
  return x === null || typeof x !== 'object' ? String(x) : 'an object that is none';
}

export const wrapper = (layer: Layer | WrapperOptions, o: WrapperOptions = {}): Wrapper =>
  new Wrapper(layer instanceof Layer || typeof layer === 'function' ? { ...o, layer } : layer);
