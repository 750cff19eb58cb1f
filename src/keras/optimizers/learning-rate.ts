/** What an optimizer's learning rate may be: a number that can be changed, or something that follows the step. */
import { makeArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { floatx } from '../config.ts';
import { customPart, withCustomObjects } from '../custom-objects.ts';
import { functionNamed } from '../layers/registry.ts';
import { isSerialized, type Serialized } from '../serialization.ts';
import { Variable } from '../variable.ts';
import { badOption } from './options.ts';
import { deserialize, serialize } from './schedules/registry.ts';
import { LearningRateSchedule, rateTensor } from './schedules/schedule.ts';

/**
 * A rate of one's own, of the number of steps taken so far (int32 scalar). It is traced once, as a
 * schedule is: a plain number that it returns stays what it was then.
 */
export type LearningRateFn = (step: Tensor) => Tensor | number;

/** A number, a schedule, a function of the step, or what `schedules.serialize` gave. */
export type LearningRateLike = number | LearningRateSchedule | LearningRateFn | Serialized;

/** A schedule, or a function, from its config. Throws `unknown-id`, `schedule`. */
export function reviveRate(
  owner: string,
  rate: Serialized,
  customObjects: Readonly<Record<string, unknown>> = {},
): LearningRateSchedule | LearningRateFn {
  if (rate.className !== 'function') return deserialize(rate, customObjects);
  const own = withCustomObjects(customObjects, () => customPart(rate));
  return (own ?? functionNamed(String(rate.config.name), owner)) as LearningRateFn;
}

type Source = Variable | LearningRateSchedule | LearningRateFn;

export class LearningRate {
  readonly #owner: string;
  #source: Source;
  /** Counts how often the source has been replaced, which makes programs that hold the old one stale. */
  revision = 0;

  /** `owner` is the optimizer's name. Throws `optimizer`, `schedule`, `unknown-id`. */
  constructor(owner: string, rate: LearningRateLike) {
    this.#owner = owner;
    this.#source = this.#made(rate);
  }

  #made(rate: LearningRateLike): Source {
    if (rate instanceof LearningRateSchedule || typeof rate === 'function') return rate;
    if (isSerialized(rate)) return reviveRate(this.#owner, rate);
    const data = makeArray(floatx(), 1).fill(this.#checked(rate));
    return new Variable(fromData(data, [], floatx()), {
      name: 'learning_rate',
      path: `${this.#owner}/learning_rate`,
      trainable: false,
    });
  }
  #checked(rate: unknown): number {
    if (typeof rate === 'number' && rate >= 0 && Number.isFinite(rate)) return rate;
    const want = 'a number of 0 or more, a LearningRateSchedule or a function of the step';
    throw badOption(this.#owner, 'learningRate', rate, want);
  }

  /** What holds a rate that is a number. */
  get variable(): Variable | undefined {
    return this.#source instanceof Variable ? this.#source : undefined;
  }

  /** The rate after so many steps, a scalar. Traceable. */
  at(iterations: Tensor): Tensor {
    const s = this.#source;
    if (s instanceof Variable) return s.tensor;
    if (s instanceof LearningRateSchedule) return s.apply(iterations);
    return rateTensor(`The learning rate function of ${this.#owner}`, s(iterations));
  }

  /** Throws `optimizer` for a number in the place of a schedule, as Keras does. */
  set(rate: LearningRateLike): void {
    if (typeof rate !== 'number') {
      this.#source = this.#made(rate);
      this.revision++;
      return;
    }
    const checked = this.#checked(rate);
    const { variable } = this;
    if (!variable)
      throw new GradloomError(
        'optimizer',
        `${this.#owner}: its learning rate follows a schedule and cannot be set to ${rate}. Set another schedule, or make the optimizer with a number as its learningRate.`,
        { learningRate: rate },
      );
    variable.write(makeArray(variable.dtype, 1).fill(checked));
  }

  /** As configs hold it. `now` is the value of a number. */
  config(now: () => number): number | Serialized {
    const s = this.#source;
    if (s instanceof Variable) return now();
    if (s instanceof LearningRateSchedule) return serialize(s);
    return { className: 'function', config: { name: s.name } };
  }
}
