/** `keras.constraints`: bounds that weights are held to. */
import type { Tensor } from '../../tensor/index.ts';
import { serializeFunction } from '../custom-objects.ts';
import { partOf } from '../parts.ts';
import type { Serialized } from '../serialization.ts';
import type { ConstraintFn } from '../variable.ts';
import { Constraint } from './constraint.ts';
import {
  MaxNorm,
  type MaxNormOptions,
  MinMaxNorm,
  type MinMaxNormOptions,
  type NormOptions,
  UnitNorm,
} from './norms.ts';

export { Constraint } from './constraint.ts';
export {
  type Axis,
  MaxNorm,
  type MaxNormOptions,
  MinMaxNorm,
  type MinMaxNormOptions,
  type NormOptions,
  UnitNorm,
} from './norms.ts';

/** No weight below 0. */
export class NonNeg extends Constraint {
  call(w: Tensor): Tensor {
    return w.maximum(0);
  }
}

export const maxNorm = (o: MaxNormOptions | number = {}): MaxNorm => new MaxNorm(o);
export const nonNeg = (): NonNeg => new NonNeg();
export const unitNorm = (o: NormOptions = {}): UnitNorm => new UnitNorm(o);
export const minMaxNorm = (o: MinMaxNormOptions = {}): MinMaxNorm => new MinMaxNorm(o);

const table: Readonly<Record<string, (config?: Readonly<Record<string, unknown>>) => Constraint>> =
  { maxNorm, nonNeg: () => new NonNeg(), unitNorm, minMaxNorm };

export type ConstraintLike = string | Constraint | ConstraintFn | Serialized | null | undefined;

/** The constraint that an id, an instance, a function of a weight or a config means. Throws `unknown-id`, `constraint`. */
export function getConstraint(id: ConstraintLike): Constraint | undefined {
  if (id == null) return undefined;
  return partOf<Constraint, ConstraintFn>(id, {
    kind: 'constraint',
    type: Constraint,
    ofFunction: (fn) => new FunctionConstraint(fn),
    table,
    takes:
      'A constraint is an id ("maxNorm", "nonNeg", "unitNorm", "minMaxNorm"), a Constraint such as maxNorm(3), or a function of a weight.',
  });
}

class FunctionConstraint extends Constraint {
  readonly #fn: ConstraintFn;
  constructor(fn: ConstraintFn) {
    super();
    this.#fn = fn;
  }
  call(w: Tensor): Tensor {
    return this.#fn(w);
  }
  get serialized(): Serialized {
    return serializeFunction(this.#fn);
  }
  override getConfig(): Record<string, unknown> {
    return { ...this.serialized.config };
  }
}

export { serialize } from '../serialization.ts';
export { getConstraint as deserialize, getConstraint as get };
