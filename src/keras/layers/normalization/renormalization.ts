/**
 * Batch renormalization (Ioffe 2017): the batch's moments are corrected towards moving ones by
 * r = deviation / moving deviation and d = (mean - moving mean) / moving deviation, held within
 * bounds, through which nothing flows back.
 */
import { GradloomError } from '../../../errors.ts';
import { lax, type Value } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import type { Initializer, InitializerFn } from '../../initializers/index.ts';
import type { Variable } from '../../variable.ts';
import { follow } from './moving.ts';
import { like, type Statistics } from './statistics.ts';

export interface RenormClipping {
  readonly rmax?: number | null;
  readonly rmin?: number | null;
  readonly dmax?: number | null;
}

/** Throws `unknown-option`, and `layer-option` for bounds that contradict each other. */
export function checkClipping(
  what: string,
  clipping: RenormClipping | null | undefined,
): RenormClipping | null {
  if (clipping == null) return null;
  checkOptions(`${what}: renormClipping`, clipping, ['rmax', 'rmin', 'dmax']);
  const { rmax, rmin, dmax } = clipping;
  if (rmax != null && rmin != null && rmax < rmin)
    throw new GradloomError(
      'layer-option',
      `${what}: rmax must not be below rmin; received rmax=${rmax}, rmin=${rmin}.`,
      { rmax, rmin },
    );
  if (dmax != null && !(dmax >= 0))
    throw new GradloomError('layer-option', `${what}: dmax must be 0 or more; received ${dmax}.`, {
      dmax,
    });
  return { ...clipping };
}

type AddState = (name: string, initializer: Initializer | InitializerFn) => Variable;

export class Renormalization {
  readonly #clipping: RenormClipping;
  readonly #momentum: number;
  readonly #epsilon: number;
  #movingDeviation!: Variable;
  #mean!: Variable;
  #deviation!: Variable;

  constructor(clipping: RenormClipping, momentum: number, epsilon: number) {
    this.#clipping = clipping;
    this.#momentum = momentum;
    this.#epsilon = epsilon;
  }

  /** Makes moving_stddev, renorm_mean and renorm_stddev. */
  build(add: AddState, mean: Initializer, variance: Initializer): void {
    const root: InitializerFn = (shape, dtype) => variance.init(shape, dtype).sqrt();
    this.#movingDeviation = add('moving_stddev', root);
    this.#mean = add('renorm_mean', mean);
    this.#deviation = add('renorm_stddev', root);
  }

  #deviationOf({ variance }: Statistics): Value {
    return lax.sqrt(lax.add(variance, like(variance, this.#epsilon)));
  }

  /** gamma and beta such that normalizing by the batch's moments and these gives the corrected values. */
  correct(
    s: Statistics,
    { gamma, beta }: { gamma: Value | undefined; beta: Value | undefined },
  ): { gamma: Value; beta: Value } {
    const { rmin, rmax, dmax } = this.#clipping;
    const least = like(s.variance, Math.sqrt(this.#epsilon));
    const moving = lax.max(this.#deviation.tensor.value, least);
    let r = lax.div(this.#deviationOf(s), moving);
    let d = lax.div(lax.sub(s.mean, this.#mean.tensor.value), moving);
    if (rmin != null) r = lax.max(r, like(r, rmin));
    if (rmax != null) r = lax.min(r, like(r, rmax));
    if (dmax != null) d = lax.min(lax.max(d, like(d, -dmax)), like(d, dmax));
    r = lax.stopGradient(r);
    d = lax.stopGradient(d);
    const offset = gamma ? lax.mul(d, gamma) : d;
    return {
      gamma: gamma ? lax.mul(r, gamma) : r,
      beta: beta ? lax.add(offset, beta) : offset,
    };
  }

  /** After the moving mean: the other moving statistics, and the moving variance made from them. */
  update(s: Statistics, momentum: number, movingVariance: Variable, x: Tensor): void {
    const deviation = this.#deviationOf(s);
    this.#mean.assign(follow(this.#mean, s.mean, this.#momentum, x));
    this.#deviation.assign(follow(this.#deviation, deviation, this.#momentum, x));
    const moving = follow(this.#movingDeviation, deviation, momentum, x);
    this.#movingDeviation.assign(moving);
    const m = moving.value;
    const variance = lax.sub(lax.mul(m, m), like(m, this.#epsilon));
    movingVariance.assign(Tensor.of(lax.max(variance, like(m, 0)), moving));
  }
}
