/** Bounds on the norms of weights: of the vectors that lie along `axis`. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { Constraint } from './constraint.ts';

/** 0 for the columns of a matrix (the weights that lead to one unit), [0, 1, 2] for filters of images. */
export type Axis = number | readonly number[];

export interface NormOptions {
  /** What norms are taken over: 0. */
  readonly axis?: Axis;
}

/** Throws `constraint` unless v is a finite number of 0 or more. */
function bound(what: string, option: string, v: unknown): number {
  if (typeof v === 'number' && v >= 0 && Number.isFinite(v)) return v;
  throw new GradloomError(
    'constraint',
    `${what}: ${option} must be a number of 0 or more; received ${JSON.stringify(v)}.`,
    { [option]: v },
  );
}

function checkAxis(what: string, axis: Axis): Axis {
  const list: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (list.every((a) => Number.isInteger(a))) return Array.isArray(axis) ? [...axis] : axis;
  throw new GradloomError(
    'constraint',
    `${what}: axis must be a whole number, or a list of these; received ${JSON.stringify(axis)}.`,
    { axis },
  );
}

function norms(w: Tensor, axis: Axis): Tensor {
  return w.square().sum(axis, { keepdims: true }).sqrt();
}

export interface MaxNormOptions extends NormOptions {
  /** 2 */
  readonly maxValue?: number;
}

/** Norms of at most `maxValue` (Srivastava et al. 2014). */
export class MaxNorm extends Constraint {
  readonly maxValue: number;
  readonly axis: Axis;

  constructor(o: MaxNormOptions | number = {}) {
    super();
    const options = typeof o === 'number' ? { maxValue: o } : o;
    checkOptions('MaxNorm', options, ['maxValue', 'axis']);
    this.maxValue = bound('MaxNorm', 'maxValue', options.maxValue ?? 2);
    this.axis = checkAxis('MaxNorm', options.axis ?? 0);
  }
  call(w: Tensor): Tensor {
    const n = norms(w, this.axis);
    return w.mul(n.clip(0, this.maxValue).div(n.add(epsilon())));
  }
  override getConfig(): Record<string, unknown> {
    return { maxValue: this.maxValue, axis: this.axis };
  }
}

/** Norms of 1. */
export class UnitNorm extends Constraint {
  readonly axis: Axis;

  constructor(o: NormOptions = {}) {
    super();
    checkOptions('UnitNorm', o, ['axis']);
    this.axis = checkAxis('UnitNorm', o.axis ?? 0);
  }
  call(w: Tensor): Tensor {
    return w.div(norms(w, this.axis).add(epsilon()));
  }
  override getConfig(): Record<string, unknown> {
    return { axis: this.axis };
  }
}

export interface MinMaxNormOptions extends NormOptions {
  /** 0 */
  readonly minValue?: number;
  /** 1 */
  readonly maxValue?: number;
  /** How much of the way to the bounds an update goes: 0 to 1, 1. */
  readonly rate?: number;
}

/** Norms between `minValue` and `maxValue`. */
export class MinMaxNorm extends Constraint {
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: Axis;

  constructor(o: MinMaxNormOptions = {}) {
    super();
    checkOptions('MinMaxNorm', o, ['minValue', 'maxValue', 'rate', 'axis']);
    this.minValue = bound('MinMaxNorm', 'minValue', o.minValue ?? 0);
    this.maxValue = bound('MinMaxNorm', 'maxValue', o.maxValue ?? 1);
    this.rate = bound('MinMaxNorm', 'rate', o.rate ?? 1);
    this.axis = checkAxis('MinMaxNorm', o.axis ?? 0);
    if (this.minValue > this.maxValue)
      throw new GradloomError(
        'constraint',
        `MinMaxNorm: minValue must not be above maxValue; received ${this.minValue} and ${this.maxValue}.`,
        { minValue: this.minValue, maxValue: this.maxValue },
      );
  }
  call(w: Tensor): Tensor {
    const { rate } = this;
    const n = norms(w, this.axis);
    const held = n.clip(this.minValue, this.maxValue);
    const desired = held.mul(rate).add(n.mul(1 - rate));
    return w.mul(desired.div(n.add(epsilon())));
  }
  override getConfig(): Record<string, unknown> {
    const { minValue, maxValue, rate, axis } = this;
    return { minValue, maxValue, rate, axis };
  }
}
