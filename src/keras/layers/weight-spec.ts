/** What a layer says of one of its weights: how it starts, what it costs, where it may go. */
import { type Constraint, type ConstraintLike, getConstraint } from '../constraints/index.ts';
import { getInitializer, type Initializer, type InitializerLike } from '../initializers/index.ts';
import { getRegularizer, type Regularizer, type RegularizerLike } from '../regularizers/index.ts';
import { serialize } from '../serialization.ts';
import type { WeightOptions } from './layer.ts';

/** `WeightSpecOptions<'gamma'>` has gammaInitializer, gammaRegularizer and gammaConstraint. */
export type WeightSpecOptions<P extends string> = {
  readonly [K in `${P}Initializer`]?: InitializerLike;
} & {
  readonly [K in `${P}Regularizer`]?: RegularizerLike;
} & {
  readonly [K in `${P}Constraint`]?: ConstraintLike;
};

/** The names of those options. */
export const weightSpecOptions = (...prefixes: readonly string[]): string[] =>
  prefixes.flatMap((p) => [`${p}Initializer`, `${p}Regularizer`, `${p}Constraint`]);

/** The options of a weight that begin with its name, read from the options of its layer. */
export class WeightSpec {
  readonly #prefix: string;
  readonly #initializer: Initializer;
  readonly #regularizer: Regularizer | undefined;
  readonly #constraint: Constraint | undefined;

  /** Throws `unknown-id`, `initializer`, `regularizer`, `constraint`. */
  constructor(o: object, prefix: string, fallback: string) {
    const given = o as Readonly<Record<string, unknown>>;
    this.#prefix = prefix;
    this.#initializer = getInitializer(given[`${prefix}Initializer`] as InitializerLike, fallback);
    this.#regularizer = getRegularizer(given[`${prefix}Regularizer`] as RegularizerLike);
    this.#constraint = getConstraint(given[`${prefix}Constraint`] as ConstraintLike);
  }

  get initializer(): Initializer {
    return this.#initializer;
  }

  /** What `addWeight` takes, but for the name and the shape. */
  get weight(): Pick<WeightOptions, 'initializer' | 'regularizer' | 'constraint'> {
    const constraint = this.#constraint;
    return {
      initializer: this.#initializer,
      regularizer: this.#regularizer,
      constraint: constraint && ((w) => constraint.call(w)),
    };
  }

  /**
   * The options for another layer, with an initializer of its own: one without a seed draws another,
   * as Keras's clones do.
   */
  get copied(): Record<string, unknown> {
    return {
      [`${this.#prefix}Initializer`]: getInitializer(serialize(this.#initializer)),
      [`${this.#prefix}Regularizer`]: this.#regularizer,
      [`${this.#prefix}Constraint`]: this.#constraint,
    };
  }

  /** The options as a layer's config holds them. */
  get config(): Record<string, unknown> {
    return {
      [`${this.#prefix}Initializer`]: serialize(this.#initializer),
      [`${this.#prefix}Regularizer`]: serialize(this.#regularizer),
      [`${this.#prefix}Constraint`]: serialize(this.#constraint),
    };
  }
}
