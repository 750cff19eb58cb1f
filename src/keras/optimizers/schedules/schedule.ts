/** The base of learning rates that follow the number of the step. */
import { GradloomError } from '../../../errors.ts';
import { fromData, Tensor } from '../../../tensor/index.ts';
import { floatx } from '../../config.ts';
import { checkOptions } from '../../identifiers.ts';
import { scalar } from '../formulas.ts';

/**
 * A learning rate as a function of the step. Extend it with a `call`, which is traced once, into the
 * training step; so it computes with tensors, and nothing is compiled anew as the rate changes:
 *
 *     class Halving extends keras.optimizers.schedules.LearningRateSchedule {
 *       call(step: Tensor): Tensor {
 *         return step.astype('float32').add(1).pow(-1);
 *       }
 *     }
 *     keras.optimizers.sgd({ learningRate: new Halving() });
 */
export abstract class LearningRateSchedule {
  /** The rate, a scalar, of an int32 scalar: the steps taken so far, 0 at the first. Traceable. */
  abstract call(step: Tensor): Tensor | number;

  /** The rate at a step: `schedule.apply(100).item()`. Throws `schedule` where it is not a scalar. */
  apply(step: Tensor | number): Tensor {
    const at = typeof step === 'number' ? fromData(Int32Array.of(step), []) : step;
    return rateTensor(this.constructor.name, this.call(at));
  }

  /** The options that make the same schedule anew. Throws `schedule` for classes that have none. */
  getConfig(): Record<string, unknown> {
    throw new GradloomError(
      'schedule',
      `${this.constructor.name} must override getConfig() in order to be serialized.`,
    );
  }
  /** A schedule from what `getConfig` gave. Throws as the constructor does. */
  static fromConfig<T extends LearningRateSchedule>(
    this: new (
      config: never,
    ) => T,
    config: Readonly<Record<string, unknown>>,
  ): T {
    return new this(config as never);
  }
}

/** What a schedule or a function of one's own returned, as a tensor. Throws `schedule` unless a scalar. */
export function rateTensor(what: string, rate: unknown): Tensor {
  if (typeof rate === 'number') return scalar(rate, floatx());
  if (rate instanceof Tensor && rate.shape.length === 0) return rate;
  throw new GradloomError(
    'schedule',
    `${what} must return a number or a scalar tensor; received ${rate instanceof Tensor ? `a tensor of shape [${rate.shape}]` : String(rate)}.`,
  );
}

export interface NamedOptions {
  readonly name?: string;
}

/** Options of a schedule checked: those named `numbers` must be there. Throws `unknown-option`, `schedule`. */
export function checkSchedule(
  what: string,
  o: object,
  numbers: readonly string[],
  others: readonly string[],
): void {
  if (typeof o !== 'object' || o === null)
    throw badSchedule(what, 'its argument', o, 'an object of options');
  checkOptions(what, o, [...numbers, ...others, 'name']);
  for (const k of numbers) checkNumber(what, k, (o as Record<string, unknown>)[k]);
}

/** Throws `schedule` unless `v` is a finite number. */
export function checkNumber(what: string, option: string, v: unknown): void {
  if (typeof v !== 'number' || !Number.isFinite(v)) throw badSchedule(what, option, v, 'a number');
}

/** Throws `schedule` unless v > 0. */
export function checkSteps(what: string, option: string, v: number): void {
  if (!(v > 0)) throw badSchedule(what, option, v, 'above 0');
}

export function badSchedule(what: string, option: string, v: unknown, want: string): GradloomError {
  return new GradloomError('schedule', `${what}: ${option} must be ${want}; received ${v}.`, {
    [option]: v,
  });
}

/** Step as a float, as all built-in schedules compute. */
export function asFloat(step: Tensor): Tensor {
  return step.astype(floatx());
}

/** A number as it is once it has been cast to the float type in use. */
export function cast(x: number): number {
  return floatx() === 'float32' ? Math.fround(x) : x;
}
