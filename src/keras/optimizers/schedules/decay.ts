/** Rates that fall along a simple curve: exponential, inverse, polynomial, in steps. */
import type { Tensor } from '../../../tensor/index.ts';
import { choose, power, scalar } from '../formulas.ts';
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

export interface ExponentialDecayOptions extends NamedOptions {
  readonly initialLearningRate: number;
  /** Above 0. */
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Falls once in `decaySteps` steps only. */
  readonly staircase?: boolean;
}

/** initialLearningRate * decayRate^(step / decaySteps). */
export class ExponentialDecay extends LearningRateSchedule {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  readonly name: string;
  constructor(o: ExponentialDecayOptions) {
    super();
    const what = 'ExponentialDecay';
    checkSchedule(what, o, ['initialLearningRate', 'decaySteps', 'decayRate'], ['staircase']);
    checkSteps(what, 'decaySteps', o.decaySteps);
    this.initialLearningRate = o.initialLearningRate;
    this.decaySteps = o.decaySteps;
    this.decayRate = o.decayRate;
    this.staircase = o.staircase ?? false;
    this.name = o.name ?? what;
  }
  call(step: Tensor): Tensor {
    const p = asFloat(step).div(this.decaySteps);
    const rate = power(this.decayRate, this.staircase ? p.floor() : p);
    return rate.mul(this.initialLearningRate);
  }
  override getConfig(): Record<string, unknown> {
    const { initialLearningRate, decaySteps, decayRate, staircase, name } = this;
    return { initialLearningRate, decaySteps, decayRate, staircase, name };
  }
}

export type InverseTimeDecayOptions = ExponentialDecayOptions;

/** initialLearningRate / (1 + decayRate * step / decaySteps). */
export class InverseTimeDecay extends LearningRateSchedule {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
  readonly name: string;
  constructor(o: InverseTimeDecayOptions) {
    super();
    const what = 'InverseTimeDecay';
    checkSchedule(what, o, ['initialLearningRate', 'decaySteps', 'decayRate'], ['staircase']);
    checkSteps(what, 'decaySteps', o.decaySteps);
    this.initialLearningRate = o.initialLearningRate;
    this.decaySteps = o.decaySteps;
    this.decayRate = o.decayRate;
    this.staircase = o.staircase ?? false;
    this.name = o.name ?? what;
  }
  call(step: Tensor): Tensor {
    const p = asFloat(step).div(this.decaySteps);
    const under = (this.staircase ? p.floor() : p).mul(this.decayRate).add(1);
    return scalar(this.initialLearningRate, under.dtype).div(under);
  }
  override getConfig(): Record<string, unknown> {
    const { initialLearningRate, decaySteps, decayRate, staircase, name } = this;
    return { initialLearningRate, decaySteps, decayRate, staircase, name };
  }
}

export interface PolynomialDecayOptions extends NamedOptions {
  readonly initialLearningRate: number;
  /** Above 0. */
  readonly decaySteps: number;
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1: a straight line. */
  readonly power?: number;
  /** Starts anew, over the next multiple of `decaySteps`, where it would have ended. */
  readonly cycle?: boolean;
}

/** (initial - end) * (1 - min(step, decaySteps) / decaySteps)^power + end. */
export class PolynomialDecay extends LearningRateSchedule {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly endLearningRate: number;
  readonly power: number;
  readonly cycle: boolean;
  readonly name: string;
  constructor(o: PolynomialDecayOptions) {
    super();
    const what = 'PolynomialDecay';
    const rest = ['endLearningRate', 'power', 'cycle'];
    checkSchedule(what, o, ['initialLearningRate', 'decaySteps'], rest);
    checkSteps(what, 'decaySteps', o.decaySteps);
    this.initialLearningRate = o.initialLearningRate;
    this.decaySteps = o.decaySteps;
    this.endLearningRate = o.endLearningRate ?? 0.0001;
    this.power = o.power ?? 1;
    checkNumber(what, 'endLearningRate', this.endLearningRate);
    checkNumber(what, 'power', this.power);
    this.cycle = o.cycle ?? false;
    this.name = o.name ?? what;
  }
  call(step: Tensor): Tensor {
    const at = asFloat(step);
    let p: Tensor;
    if (this.cycle) {
      const rounds = at.div(this.decaySteps).ceil();
      const whole = choose(at.eq(0), scalar(1, at.dtype), rounds).mul(this.decaySteps);
      p = at.div(whole);
    } else p = at.minimum(this.decaySteps).div(this.decaySteps);
    const end = cast(this.endLearningRate);
    const fall = cast(cast(this.initialLearningRate) - end);
    return p.mul(-1).add(1).pow(this.power).mul(fall).add(end);
  }
  override getConfig(): Record<string, unknown> {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle, name } = this;
    return { initialLearningRate, decaySteps, endLearningRate, power, cycle, name };
  }
}

export interface PiecewiseConstantDecayOptions extends NamedOptions {
  /** Steps, each above the one before: up to and with the first, the first value holds. */
  readonly boundaries: readonly number[];
  /** One more than boundaries. */
  readonly values: readonly number[];
}

/** values[0] while step <= boundaries[0], values[1] while step <= boundaries[1], and so on. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  readonly boundaries: readonly number[];
  readonly values: readonly number[];
  readonly name: string;
  constructor(o: PiecewiseConstantDecayOptions) {
    super();
    const what = 'PiecewiseConstantDecay';
    checkSchedule(what, o, [], ['boundaries', 'values']);
    for (const k of ['boundaries', 'values'] as const) {
      if (!Array.isArray(o[k])) throw badSchedule(what, k, o[k], 'a list of numbers');
      for (const v of o[k]) checkNumber(what, `every element of ${k}`, v);
    }
    const { boundaries: b, values } = o;
    if (b.length !== values.length - 1)
      throw badSchedule(
        what,
        'boundaries',
        `${b.length} boundaries [${b}] and ${values.length} values [${values}]`,
        'one fewer than values',
      );
    if (b.some((x, i) => i > 0 && x <= b[i - 1]))
      throw badSchedule(what, 'boundaries', `[${b}]`, 'strictly increasing');
    this.boundaries = [...b];
    this.values = [...values];
    this.name = o.name ?? 'PiecewiseConstant';
  }
  call(step: Tensor): Tensor {
    const value = (i: number): Tensor => asFloat(scalar(this.values[i], 'float64'));
    // Keras casts boundaries to the whole numbers that steps are.
    return this.boundaries.reduce(
      (rate, b, i) => choose(step.gt(Math.trunc(b)), value(i + 1), rate),
      value(0),
    );
  }
  override getConfig(): Record<string, unknown> {
    return { boundaries: [...this.boundaries], values: [...this.values], name: this.name };
  }
}
