/** ModelCheckpoint. */
import { GradloomError } from '../../errors.ts';
import { partsOf } from '../../files/places.ts';
import { checkOptions } from '../identifiers.ts';
import { weightExtensions } from '../saving/extensions.ts';
import { formatNumber, pythonFormat } from '../utils/python-format.ts';
import { figuresOf, type Logs } from './callback.ts';
import { figure, MonitorCallback, type MonitorMode } from './monitor.ts';
import { BatchCounter, checkSaveFreq, type SaveFreq } from './save-freq.ts';

export interface ModelCheckpointOptions {
  /**
   * The file: `.keras`, or with saveWeightsOnly `.weights.h5` or `.safetensors`; in browsers also
   * `indexeddb://name`. `{epoch:02d}` (from 1 on), `{batch}` (from 1 on, with a number as saveFreq) and
   * the figures of the logs (`{val_loss:.4f}`) are filled in as Python formats them.
   */
  readonly filepath: string;
  /** The figure to watch. Default `valLoss`. */
  readonly monitor?: string;
  /** 1 says what is saved. Default 0. */
  readonly verbose?: number;
  /** Saves only when the figure is better than ever before. Default false. */
  readonly saveBestOnly?: boolean;
  /** Saves the weights only, not the whole model. Default false. */
  readonly saveWeightsOnly?: boolean;
  /** Whether the figure should fall or rise. Default 'auto'. */
  readonly mode?: MonitorMode;
  /** At the end of every epoch, or after so many batches. Default 'epoch'. */
  readonly saveFreq?: SaveFreq;
  /** What the first value must beat. Default null: nothing. */
  readonly initialValueThreshold?: number | null;
}

const optionNames: readonly string[] = [
  'filepath',
  'monitor',
  'verbose',
  'saveBestOnly',
  'saveWeightsOnly',
  'mode',
  'saveFreq',
  'initialValueThreshold',
];

/**
 * Saves the model while it is trained. A file that is there is replaced in one step, when the new one
 * is whole; folders are made.
 */
export class ModelCheckpoint extends MonitorCallback {
  readonly filepath: string;
  readonly verbose: number;
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly saveFreq: SaveFreq;
  readonly #batches = new BatchCounter();
  #epoch = 0;

  /** Throws `callback` for a path or saveFreq that cannot be, `unknown-option`, `unknown-id`. */
  constructor(
    filepath: string | ModelCheckpointOptions,
    more: Partial<ModelCheckpointOptions> = {},
  ) {
    const o: ModelCheckpointOptions =
      typeof filepath === 'object' && filepath !== null ? filepath : { ...more, filepath };
    checkOptions('ModelCheckpoint', o, optionNames);
    super({ monitor: o.monitor, mode: o.mode, baseline: o.initialValueThreshold });
    this.filepath = o.filepath;
    this.verbose = o.verbose ?? 0;
    this.saveBestOnly = o.saveBestOnly ?? false;
    this.saveWeightsOnly = o.saveWeightsOnly ?? false;
    this.saveFreq = checkSaveFreq('ModelCheckpoint', o.saveFreq ?? 'epoch');
    checkPath(this.filepath, this.saveWeightsOnly);
    // Not methods: training would read its figures after every batch for nothing.
    if (this.saveFreq === 'epoch') return;
    this.readsBatch = (batch) => this.#batches.due(batch, this.saveFreq);
    this.onTrainBatchEnd = async (batch, logs = {}) => {
      if (this.#batches.due(batch, this.saveFreq)) await this.#save(batch, logs);
    };
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
    this.#batches.beginEpoch();
  }
  /** Throws `callback` when the path names a figure that there is not, and what saving throws. */
  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    this.#epoch = epoch;
    if (this.saveFreq === 'epoch') await this.#save(null, logs);
  }

  async #save(batch: number | null, logs: Logs): Promise<void> {
    const path = this.#path(batch, logs);
    if (!this.#wanted(path, logs)) return;
    await (this.saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    this.#say(`finished saving model to ${path}`);
  }

  #wanted(path: string, logs: Logs): boolean {
    if (!this.saveBestOnly) {
      this.#say(`saving model to ${path}`);
      return true;
    }
    const value = this.current(
      logs,
      (available) =>
        `Can save best model only with ${this.monitor} available. Available metrics are: ${available}.`,
    );
    if (value === undefined) return true;
    const best = this.best === null ? 'None' : formatNumber(this.best, '.5f');
    if (!this.isImprovement(value, this.best)) {
      this.#say(`${this.monitor} did not improve from ${best}`);
      return false;
    }
    this.#say(
      `${this.monitor} improved from ${best} to ${formatNumber(value, '.5f')}, saving model to ${path}`,
    );
    this.best = value;
    return true;
  }

  #say(text: string): void {
    if (this.verbose > 0) console.log(`\nEpoch ${this.#epoch + 1}: ${text}`);
  }

  #path(batch: number | null, logs: Logs): string {
    const counts = new Map([['epoch', BigInt(this.#epoch + 1)]]);
    if (batch !== null) counts.set('batch', BigInt(batch + 1));
    try {
      return pythonFormat(this.filepath, (name) => counts.get(name) ?? figure(logs, name));
    } catch (cause) {
      if (!(cause instanceof GradloomError)) throw cause;
      const names = [...counts.keys(), ...figuresOf(logs).map(([k]) => k)];
      throw new GradloomError(
        'callback',
        `Failed to format this callback filepath: "${this.filepath}". Reason: ${cause.message} Known: ${names.join(', ')}.`,
        { filepath: this.filepath, known: names },
        { cause },
      );
    }
  }

  override getState(): unknown {
    return { best: this.best, epoch: this.#epoch, batches: this.#batches.state };
  }
  override setState(state: unknown): void {
    const s = state as { best: number | null; epoch: number; batches: [number, number] };
    this.best = s.best;
    this.#epoch = s.epoch;
    this.#batches.state = s.batches;
  }
}

function checkPath(path: unknown, weightsOnly: boolean): void {
  const wrong = (message: string): GradloomError =>
    new GradloomError('callback', `ModelCheckpoint: ${message} Received: filepath=${path}`, {
      filepath: path,
    });
  if (typeof path !== 'string' || path === '') throw wrong('filepath must be a path.');
  const scheme = partsOf(path)?.scheme;
  // Names in a browser need no extension.
  if (scheme === 'indexeddb' && !/\.[A-Za-z]\w*$/.test(path)) return;
  const wanted = weightsOnly ? weightExtensions : ['.keras'];
  if (wanted.some((e) => path.endsWith(e))) return;
  throw wrong(
    weightsOnly
      ? `with saveWeightsOnly: true the filepath must end in ${wanted.join(' or ')}.`
      : `the filepath must end in .keras (or, with saveWeightsOnly: true, in ${weightExtensions.join(' or ')}).`,
  );
}

export const modelCheckpoint = (
  filepath: string | ModelCheckpointOptions,
  o: Partial<ModelCheckpointOptions> = {},
): ModelCheckpoint => new ModelCheckpoint(filepath, o);
