/** ReduceLROnPlateau. */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';
import { checkNumber } from '../losses/options.ts';
import { pythonFloat } from '../utils/python-float.ts';
import { addFigure, type Logs } from './callback.ts';
import { currentLearningRate } from './learning-rate.ts';
import { MonitorCallback, type MonitorMode } from './monitor.ts';

export interface ReduceLROnPlateauOptions {
  /** The figure to watch. Default `valLoss`. */
  readonly monitor?: string;
  /** What the learning rate is multiplied by: less than 1. Default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement after which it is reduced. Default 10. */
  readonly patience?: number;
  /** 1 says when it is. Default 0. */
  readonly verbose?: 0 | 1;
  readonly mode?: MonitorMode;
  /** Smaller changes are no improvement. Default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a reduction in which none are counted. Default 0. */
  readonly cooldown?: number;
  /** The learning rate falls no lower. Default 0. */
  readonly minLr?: number;
}

const optionNames: readonly string[] = [
  'monitor',
  'factor',
  'patience',
  'verbose',
  'mode',
  'minDelta',
  'cooldown',
  'minLr',
];

/**
 * Reduces the learning rate when a figure has stopped improving, and logs it as `learningRate`.
 * Nothing is compiled anew.
 */
export class ReduceLROnPlateau extends MonitorCallback {
  readonly factor: number;
  readonly patience: number;
  readonly verbose: number;
  readonly cooldown: number;
  readonly minLr: number;
  wait = 0;
  cooldownCounter = 0;

  /** Throws `unknown-option`, `unknown-id`, `range`, and `callback` for a factor of 1 or more. */
  constructor(o: ReduceLROnPlateauOptions = {}) {
    const what = 'ReduceLROnPlateau';
    checkOptions(what, o, optionNames);
    super({ monitor: o.monitor, mode: o.mode, minDelta: o.minDelta ?? 1e-4 });
    this.factor = checkNumber(what, 'factor', o.factor ?? 0.1);
    if (this.factor >= 1)
      throw new GradloomError(
        'callback',
        `${what} does not support a factor >= 1.0. Received factor=${pythonFloat(this.factor)}`,
        { factor: this.factor },
      );
    this.patience = checkNumber(what, 'patience', o.patience ?? 10);
    this.verbose = o.verbose ?? 0;
    this.cooldown = checkNumber(what, 'cooldown', o.cooldown ?? 0);
    this.minLr = checkNumber(what, 'minLr', o.minLr ?? 0);
  }
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }
  override onTrainBegin(): void {
    this.best = null;
    this.cooldownCounter = 0;
    this.wait = 0;
  }
  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const rate = await currentLearningRate(this.model.optimizer);
    addFigure(logs, 'learning_rate', rate);
    const current = this.current(
      logs,
      (available) =>
        `Learning rate reduction is conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${available}.`,
    );
    if (current === undefined) return;
    if (this.inCooldown) {
      this.cooldownCounter--;
      this.wait = 0;
    }
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.wait = 0;
    } else if (!this.inCooldown) {
      this.wait++;
      if (this.wait >= this.patience && this.#reduce(epoch, rate)) {
        this.cooldownCounter = this.cooldown;
        this.wait = 0;
      }
    }
  }

  override getState(): unknown {
    const { wait, cooldownCounter, best } = this;
    return { wait, cooldownCounter, best };
  }
  override setState(state: unknown): void {
    Object.assign(this, state);
  }

  /** Whether it could be reduced. */
  #reduce(epoch: number, old: number): boolean {
    if (!(old > Math.fround(this.minLr))) return false;
    const rate = Math.max(old * this.factor, this.minLr);
    this.model.optimizer.learningRate = rate;
    if (this.verbose > 0)
      console.log(
        `\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${pythonFloat(rate)}.`,
      );
    return true;
  }
}

export const reduceLROnPlateau = (o: ReduceLROnPlateauOptions = {}): ReduceLROnPlateau =>
  new ReduceLROnPlateau(o);
