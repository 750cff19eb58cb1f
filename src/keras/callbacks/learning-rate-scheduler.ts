/** LearningRateScheduler. */
import { GradloomError } from '../../errors.ts';
import { pythonFloat } from '../utils/python-float.ts';
import { addFigure, Callback, type Logs } from './callback.ts';
import { currentLearningRate } from './learning-rate.ts';

/** The learning rate of an epoch, counted from 0, by the one so far. */
export type Schedule = (epoch: number, learningRate: number) => number | Promise<number>;

/**
 * Sets the learning rate at the beginning of every epoch to what `schedule(epoch, rate)` says, and
 * logs it as `learningRate`. Nothing is compiled anew. `verbose` 1 says what is set.
 */
export class LearningRateScheduler extends Callback {
  readonly schedule: Schedule;
  readonly verbose: number;

  /** Throws `callback` for a schedule that is no function. */
  constructor(schedule: Schedule, verbose: 0 | 1 = 0) {
    super();
    if (typeof schedule !== 'function')
      throw new GradloomError(
        'callback',
        `LearningRateScheduler takes a function (epoch, learningRate) => learningRate; received ${schedule === null ? 'null' : typeof schedule}.`,
      );
    this.schedule = schedule;
    this.verbose = verbose;
  }
  /** Throws `callback` when the schedule gives no number. */
  override async onEpochBegin(epoch: number): Promise<void> {
    const { optimizer } = this.model;
    const rate = await this.schedule(epoch, await currentLearningRate(optimizer));
    if (typeof rate !== 'number')
      throw new GradloomError(
        'callback',
        `LearningRateScheduler: the output of the schedule function should be a number. Got: ${rate}`,
        { epoch, received: rate },
      );
    optimizer.learningRate = rate;
    if (this.verbose > 0)
      console.log(
        `\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${pythonFloat(rate)}.`,
      );
  }
  override async onEpochEnd(_epoch: number, logs: Logs = {}): Promise<void> {
    addFigure(logs, 'learning_rate', await currentLearningRate(this.model.optimizer));
  }
}

export const learningRateScheduler = (
  schedule: Schedule,
  verbose: 0 | 1 = 0,
): LearningRateScheduler => new LearningRateScheduler(schedule, verbose);
