/** Cosine decay, with a warmup or with restarts (Loshchilov & Hutter, 2017). */
import type { Tensor } from '../../../tensor/index.ts';
import { choose, power } from '../formulas.ts';
import {
  asFloat,
  badSchedule,
  cast,
  checkNumber,
  checkSchedule,
  checkSteps,
  LearningRateSchedule,
  type NamedOptions,
} from './schedule.ts';

/** ((1 + cos(pi * fraction)) / 2) * factor * (1 - alpha) + alpha. */
function cosine(fraction: Tensor, alpha: number, factor?: Tensor): Tensor {
  const half = factor ? factor.mul(0.5) : 0.5;
  return fraction
    .mul(Math.PI)
    .cos()
    .add(1)
    .mul(half)
    .mul(1 - alpha)
    .add(alpha);
}

export interface CosineDecayOptions extends NamedOptions {
  readonly initialLearningRate: number;
  /** Steps of the decay, after those of the warmup. Above 0. */
  readonly decaySteps: number;
  /** The last rate as a share of the highest. Default 0. */
  readonly alpha?: number;
  /** The rate rises to it in a straight line first. None unless given. */
  readonly warmupTarget?: number | null;
  readonly warmupSteps?: number;
}

/** From the initial rate (after a warmup: from its target) along half a cosine to alpha times that. */
export class CosineDecay extends LearningRateSchedule {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly alpha: number;
  readonly name: string;
  readonly warmupTarget: number | null;
  readonly warmupSteps: number;
  constructor(o: CosineDecayOptions) {
    super();
    const what = 'CosineDecay';
    const rest = ['alpha', 'warmupTarget', 'warmupSteps'];
    checkSchedule(what, o, ['initialLearningRate', 'decaySteps'], rest);
    checkSteps(what, 'decaySteps', o.decaySteps);
    this.initialLearningRate = o.initialLearningRate;
    this.decaySteps = o.decaySteps;
    this.alpha = o.alpha ?? 0;
    this.name = o.name ?? what;
    this.warmupTarget = o.warmupTarget ?? null;
    this.warmupSteps = o.warmupSteps ?? 0;
    checkNumber(what, 'alpha', this.alpha);
    if (this.warmupTarget !== null) checkNumber(what, 'warmupTarget', this.warmupTarget);
    if (!(this.warmupSteps >= 0))
      throw badSchedule(what, 'warmupSteps', this.warmupSteps, '0 or more');
  }
  call(step: Tensor): Tensor {
    const { decaySteps, warmupSteps, alpha } = this;
    const at = asFloat(step);
    const start = cast(this.initialLearningRate);
    if (this.warmupTarget === null)
      return cosine(at.minimum(decaySteps).div(decaySteps), alpha).mul(start);
    const top = cast(this.warmupTarget);
    const now = at.minimum(decaySteps + warmupSteps);
    const falling = cosine(now.sub(warmupSteps).div(decaySteps), alpha).mul(top);
    if (warmupSteps === 0) return falling;
    const rising = now
      .div(warmupSteps)
      .mul(cast(top - start))
      .add(start);
    return choose(now.lt(warmupSteps), rising, falling);
  }
  override getConfig(): Record<string, unknown> {
    const { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps } = this;
    return { initialLearningRate, decaySteps, alpha, name, warmupTarget, warmupSteps };
  }
}

export interface CosineDecayRestartsOptions extends NamedOptions {
  readonly initialLearningRate: number;
  /** Steps of the first round. Above 0. */
  readonly firstDecaySteps: number;
  /** How many times longer each round is than the one before. Default 2. */
  readonly tMul?: number;
  /** What the rate at the start of each round is multiplied by. Default 1. */
  readonly mMul?: number;
  /** The lowest rate as a share of the initial one. Default 0. */
  readonly alpha?: number;
}

/** Half a cosine after the other, each starting from mMul times the height of the one before. */
export class CosineDecayRestarts extends LearningRateSchedule {
  readonly initialLearningRate: number;
  readonly firstDecaySteps: number;
  readonly tMul: number;
  readonly mMul: number;
  readonly alpha: number;
  readonly name: string;
  constructor(o: CosineDecayRestartsOptions) {
    super();
    const what = 'CosineDecayRestarts';
    checkSchedule(what, o, ['initialLearningRate', 'firstDecaySteps'], ['tMul', 'mMul', 'alpha']);
    checkSteps(what, 'firstDecaySteps', o.firstDecaySteps);
    this.initialLearningRate = o.initialLearningRate;
    this.firstDecaySteps = o.firstDecaySteps;
    this.tMul = o.tMul ?? 2;
    this.mMul = o.mMul ?? 1;
    this.alpha = o.alpha ?? 0;
    for (const k of ['tMul', 'mMul', 'alpha'] as const) checkNumber(what, k, this[k]);
    checkSteps(what, 'tMul', this.tMul);
    this.name = o.name ?? 'SGDRDecay';
  }
  call(step: Tensor): Tensor {
    const { tMul, mMul, alpha } = this;
    const passed = asFloat(step).div(this.firstDecaySteps);
    let round: Tensor;
    let fraction: Tensor;
    if (tMul === 1) {
      round = passed.floor();
      fraction = passed.sub(round);
    } else {
      const t = cast(tMul);
      // passed * (t - 1) + 1 is t^round at the start of a round, where rounding must not fall short.
      const rounds = passed
        .mul(cast(t - 1))
        .add(1)
        .log()
        .div(Math.log(t));
      round = rounds
        .mul(1 + 3e-7)
        .add(1e-7)
        .floor();
      const length = power(t, round);
      const before = length
        .mul(-1)
        .add(1)
        .div(cast(1 - t));
      fraction = passed.sub(before).div(length);
    }
    return cosine(fraction, alpha, power(mMul, round)).mul(this.initialLearningRate);
  }
  override getConfig(): Record<string, unknown> {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name } = this;
    return { initialLearningRate, firstDecaySteps, tMul, mMul, alpha, name };
  }
}
