/** The callbacks: History, ProgbarLogger, EarlyStopping, TerminateOnNaN, LambdaCallback. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { camelCase, checkOptions, lookup } from '../identifiers.ts';
import { Callback, hooks, type Logs } from './callback.ts';

export { Callback, CallbackList, type FitParams, type Logs, makeLogs } from './callback.ts';
export { ProgbarLogger } from './progbar-logger.ts';

/** Remembers every epoch's figures: `history.history.valAccuracy[epoch]` (or `val_accuracy`). */
export class History extends Callback {
  readonly epoch: number[] = [];
  readonly history: Record<string, number[]> = {};
  override onTrainBegin(): void {
    this.epoch.length = 0;
    for (const k of Object.getOwnPropertyNames(this.history)) delete this.history[k];
  }
  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.epoch.push(epoch);
    for (const name of Object.getOwnPropertyNames(logs)) {
      const camel = camelCase(name);
      if (!(camel in this.history)) this.history[camel] = [];
      if (name === camel) this.history[camel].push(logs[name]);
      else if (!(name in this.history))
        Object.defineProperty(this.history, name, {
          value: this.history[camel],
          enumerable: false,
          configurable: true,
        });
    }
  }
}

export interface EarlyStoppingOptions {
  readonly monitor?: string;
  readonly minDelta?: number;
  readonly patience?: number;
  readonly verbose?: 0 | 1;
  readonly mode?: 'auto' | 'min' | 'max';
  readonly baseline?: number | null;
  readonly restoreBestWeights?: boolean;
  readonly startFromEpoch?: number;
}

/** Stops training when a figure has not improved for `patience` epochs. */
export class EarlyStopping extends Callback {
  readonly #o: Required<EarlyStoppingOptions>;
  readonly #better: (a: number, b: number) => boolean;
  #wait = 0;
  #best: number | undefined;
  #bestEpoch = 0;
  #bestWeights: Tensor[] | undefined;
  #warned = false;
  stoppedEpoch = 0;

  constructor(o: EarlyStoppingOptions = {}) {
    super();
    checkOptions('EarlyStopping', o, [
      'monitor',
      'minDelta',
      'patience',
      'verbose',
      'mode',
      'baseline',
      'restoreBestWeights',
      'startFromEpoch',
    ]);
    this.#o = {
      monitor: 'valLoss',
      minDelta: 0,
      patience: 0,
      verbose: 0,
      mode: 'auto',
      baseline: null,
      restoreBestWeights: false,
      startFromEpoch: 0,
      ...o,
    };
    const mode = lookup('mode', this.#o.mode, { auto: 'auto', min: 'min', max: 'max' });
    const name = this.#o.monitor.toLowerCase();
    const up = mode === 'max' || (mode === 'auto' && /acc|auc|precision|recall|f1|r2/.test(name));
    const delta = Math.abs(this.#o.minDelta);
    this.#better = up ? (a, b) => a - delta > b : (a, b) => a + delta < b;
  }
  override onTrainBegin(): void {
    this.#wait = 0;
    this.#best = undefined;
    this.#bestWeights = undefined;
    this.#bestEpoch = 0;
    this.stoppedEpoch = 0;
  }
  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    const o = this.#o;
    const current = logs[o.monitor] ?? logs[camelCase(o.monitor)];
    if (current === undefined) {
      if (!this.#warned)
        console.warn(
          `EarlyStopping: there is no "${o.monitor}" to watch; there are ${Object.keys(logs).join(', ')}.`,
        );
      this.#warned = true;
      return;
    }
    if (epoch < o.startFromEpoch) return;
    if (o.restoreBestWeights && !this.#bestWeights) {
      this.#bestWeights = this.model.getWeights();
      this.#bestEpoch = epoch;
    }
    this.#wait++;
    if (this.#best === undefined || this.#better(current, this.#best)) {
      this.#best = current;
      this.#bestEpoch = epoch;
      if (o.restoreBestWeights) this.#bestWeights = this.model.getWeights();
      if (o.baseline === null || this.#better(current, o.baseline)) this.#wait = 0;
      return;
    }
    if (this.#wait >= o.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }
  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.#o.verbose > 0)
      console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    if (this.#bestWeights) {
      if (this.#o.verbose > 0)
        console.log(
          `Restoring model weights from the end of the best epoch: ${this.#bestEpoch + 1}.`,
        );
      this.model.setWeights(this.#bestWeights);
    }
  }
}

/**
 * Stops training when the loss is NaN or infinite. The loss is looked at when the progress bar would
 * be drawn and at the end of every epoch: reading it at every batch would cost more than the batch.
 */
export class TerminateOnNaN extends Callback {
  watch(batch: number, logs: Logs): void {
    if (this.model.stopTraining) return;
    if (logs.loss !== undefined && !Number.isFinite(logs.loss)) {
      console.warn(`Batch ${batch}: Invalid loss, terminating training`);
      this.model.stopTraining = true;
    }
  }
}

type Hooks = Partial<Omit<Callback, 'model' | 'params'>>;

/** A callback made of functions. */
export class LambdaCallback extends Callback {
  constructor(given: Hooks) {
    super();
    checkOptions('LambdaCallback', given, hooks);
    for (const [name, f] of Object.entries(given)) {
      if (typeof f !== 'function')
        throw new GradloomError('callback', `LambdaCallback: ${name} must be a function.`, {
          hook: name,
        });
    }
    Object.assign(this, given);
  }
}

export const earlyStopping = (o: EarlyStoppingOptions = {}): EarlyStopping => new EarlyStopping(o);
export const terminateOnNaN = (): TerminateOnNaN => new TerminateOnNaN();
export const lambdaCallback = (given: Hooks): LambdaCallback => new LambdaCallback(given);
