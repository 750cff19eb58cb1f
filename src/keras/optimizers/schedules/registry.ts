/** Schedules to and from { className, config }. */
import { GradloomError } from '../../../errors.ts';
import { customNamed, withCustomObjects } from '../../custom-objects.ts';
import { lookup } from '../../identifiers.ts';
import { isSerialized, type Serialized, serialize as write } from '../../serialization.ts';
import { CosineDecay, CosineDecayRestarts } from './cosine.ts';
import {
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
} from './decay.ts';
import type { LearningRateSchedule } from './schedule.ts';

/** A schedule's class as `deserialize` takes it. */
export type ScheduleClass = {
  readonly name: string;
  fromConfig(config: Readonly<Record<string, unknown>>): LearningRateSchedule;
};

const table: Readonly<Record<string, ScheduleClass>> = {
  CosineDecay,
  CosineDecayRestarts,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
};

/** { className, config } of a schedule. Throws `schedule` for one that has no getConfig. */
export function serialize(schedule: LearningRateSchedule): Serialized {
  return write(schedule)!;
}

/**
 * A schedule from what `serialize` gave; `customObjects` are classes of one's own by name. Throws
 * `unknown-id`, `schedule`.
 */
export function deserialize(
  config: Serialized,
  customObjects: Readonly<Record<string, unknown>> = {},
): LearningRateSchedule {
  if (!isSerialized(config))
    throw new GradloomError(
      'schedule',
      `deserialize takes { className, config }; received ${JSON.stringify(config)}.`,
    );
  const { className } = config;
  return withCustomObjects(customObjects, () => {
    const own = customNamed(className) as ScheduleClass | undefined;
    return (own ?? lookup('learning rate schedule', className, table)).fromConfig(config.config);
  });
}
