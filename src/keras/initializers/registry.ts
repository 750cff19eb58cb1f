/** Initializers by id. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sameShape, showShape } from '../../shape.ts';
import { Tensor } from '../../tensor/index.ts';
import { serializeFunction } from '../custom-objects.ts';
import { partOf } from '../parts.ts';
import type { Serialized } from '../serialization.ts';
import * as make from './factories.ts';
import { Initializer } from './initializer.ts';

type Factory = (o?: Readonly<Record<string, unknown>>) => Initializer;
const table: Readonly<Record<string, Factory>> = make as Readonly<Record<string, Factory>>;

const aliases: Readonly<Record<string, string>> = {
  normal: 'randomNormal',
  uniform: 'randomUniform',
  zero: 'zeros',
  one: 'ones',
  orthogonalInitializer: 'orthogonal',
  identityInitializer: 'identity',
};

export type InitializerFn = (shape: readonly number[], dtype: DType) => Tensor;
export type InitializerLike = string | Initializer | InitializerFn | Serialized | null | undefined;

/**
 * The initializer that an id, an instance, a function of (shape, dtype) or a config means; none is `fallback`.
 * A random one made here draws its seed now. Throws `unknown-id`.
 */
export function getInitializer(id: InitializerLike, fallback = 'glorotUniform'): Initializer {
  return partOf<Initializer, InitializerFn>(id ?? fallback, {
    kind: 'initializer',
    type: Initializer,
    ofFunction: (fn) => new FunctionInitializer(fn),
    table,
    aliases,
    takes:
      'An initializer is an id such as "glorotUniform", an Initializer, or a function of (shape, dtype).',
  });
}

class FunctionInitializer extends Initializer {
  readonly #fn: InitializerFn;
  constructor(fn: InitializerFn) {
    super();
    this.#fn = fn;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    const t: unknown = this.#fn([...shape], dtype);
    if (!(t instanceof Tensor) || !sameShape(t.shape, shape))
      throw new GradloomError(
        'initializer',
        `The initializer function must return a tensor of shape ${showShape(shape)}; received ${t instanceof Tensor ? `one of shape ${showShape(t.shape)}` : typeof t}.`,
        { shape: [...shape] },
      );
    return t.dtype === dtype ? t : t.astype(dtype);
  }
  get serialized(): Serialized {
    return serializeFunction(this.#fn);
  }
  getConfig(): Record<string, unknown> {
    return { ...this.serialized.config };
  }
}
