/** EarlyStopping. */
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { checkNumber, checkWhole } from '../losses/options.ts';
import type { Logs } from './callback.ts';
import { MonitorCallback, type MonitorOptions } from './monitor.ts';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement after which training stops. Default 0. */
  readonly patience?: number;
  readonly verbose?: 0 | 1;
  /** Epochs count as wasted until the figure beats this. Default null. */
  readonly baseline?: number | null;
  /** Ends with the weights of the best epoch instead of the last. Default false. */
  readonly restoreBestWeights?: boolean;
  /** Nothing is watched before this epoch, counted from 0. Default 0. */
  readonly startFromEpoch?: number;
}

const earlyStoppingOptions: readonly string[] = [
  'monitor',
  'minDelta',
  'patience',
  'verbose',
  'mode',
  'baseline',
  'restoreBestWeights',
  'startFromEpoch',
];

/** Stops training when a figure has not improved for `patience` epochs. */
export class EarlyStopping extends MonitorCallback {
  readonly patience: number;
  readonly verbose: number;
  readonly baseline: number | null;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  wait = 0;
  /** 0 while training has not been stopped. */
  stoppedEpoch = 0;
  bestEpoch = 0;
  bestWeights: readonly Tensor[] | null = null;

  /** Throws `unknown-option`, `unknown-id`, `range`. */
  constructor(o: EarlyStoppingOptions = {}) {
    checkOptions('EarlyStopping', o, earlyStoppingOptions);
    super({ monitor: o.monitor, mode: o.mode, minDelta: o.minDelta });
    this.patience = checkNumber('EarlyStopping', 'patience', o.patience ?? 0);
    this.verbose = o.verbose ?? 0;
    this.baseline =
      o.baseline == null ? null : checkNumber('EarlyStopping', 'baseline', o.baseline);
    this.restoreBestWeights = o.restoreBestWeights ?? false;
    this.startFromEpoch = checkWhole('EarlyStopping', 'startFromEpoch', o.startFromEpoch ?? 0, 0);
  }
  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = null;
    this.bestWeights = null;
    this.bestEpoch = 0;
  }
  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    const current = this.current(
      logs,
      (available) =>
        `Early stopping conditioned on metric \`${this.monitor}\` which is not available. Available metrics are: ${available}`,
    );
    if (current === undefined || epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.bestWeights === null) {
      this.bestWeights = this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait++;
    if (this.isImprovement(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.bestWeights = this.model.getWeights();
      if (this.baseline === null || this.isImprovement(current, this.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }
  override getState(): unknown {
    const { wait, stoppedEpoch, best, bestEpoch, bestWeights } = this;
    return { wait, stoppedEpoch, best, bestEpoch, bestWeights };
  }
  override setState(state: unknown): void {
    Object.assign(this, state);
  }
  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0)
      console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (!this.restoreBestWeights || this.bestWeights === null) return;
    if (this.verbose > 0)
      console.log(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    this.model.setWeights(this.bestWeights);
  }
}

export const earlyStopping = (o: EarlyStoppingOptions = {}): EarlyStopping => new EarlyStopping(o);
