/** What a layer says of one of its weights: how it starts, what it costs. */
import { getInitializer, type Initializer, type InitializerLike } from '../initializers/index.ts';
import { getRegularizer, type Regularizer, type RegularizerLike } from '../regularizers/index.ts';
import { serialize } from '../serialization.ts';
import type { WeightOptions } from './layer.ts';

/** `WeightSpecOptions<'gamma'>` has gammaInitializer and gammaRegularizer. */
export type WeightSpecOptions<P extends string> = {
  readonly [K in `${P}Initializer`]?: InitializerLike;
} & {
  readonly [K in `${P}Regularizer`]?: RegularizerLike;
};

/** The names of those options. */
export const weightSpecOptions = (...prefixes: readonly string[]): string[] =>
  prefixes.flatMap((p) => [`${p}Initializer`, `${p}Regularizer`]);

/** The options of a weight that begin with its name, read from the options of its layer. */
export class WeightSpec {
  readonly #prefix: string;
  readonly #initializer: Initializer;
  readonly #regularizer: Regularizer | undefined;

  /** Throws `unknown-id`, `initializer`, `regularizer`. */
  constructor(o: object, prefix: string, fallback: string) {
    const given = o as Readonly<Record<string, unknown>>;
    this.#prefix = prefix;
    this.#initializer = getInitializer(given[`${prefix}Initializer`] as InitializerLike, fallback);
    this.#regularizer = getRegularizer(given[`${prefix}Regularizer`] as RegularizerLike);
  }

  get initializer(): Initializer {
    return this.#initializer;
  }

  /** What `addWeight` takes, but for the name and the shape. */
  get weight(): Pick<WeightOptions, 'initializer' | 'regularizer'> {
    return { initializer: this.#initializer, regularizer: this.#regularizer };
  }

  /**
   * The options for another layer, with an initializer of its own: one without a seed draws another,
   * as Keras's clones do.
   */
  get copied(): Record<string, unknown> {
    const written = serialize(this.#initializer);
    const known = written && !('function' in written.config);
    return {
      [`${this.#prefix}Initializer`]: known ? getInitializer(written) : this.#initializer,
      [`${this.#prefix}Regularizer`]: this.#regularizer,
    };
  }

  /** The options as a layer's config holds them. */
  get config(): Record<string, unknown> {
    return {
      [`${this.#prefix}Initializer`]: serialize(this.#initializer),
      [`${this.#prefix}Regularizer`]: serialize(this.#regularizer),
    };
  }
}
