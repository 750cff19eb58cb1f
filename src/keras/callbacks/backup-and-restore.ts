/** BackupAndRestore. */
import { GradloomError } from '../../errors.ts';
import { partsOf } from '../../files/places.ts';
import { isNode } from '../../platform.ts';
import { checkOptions } from '../identifiers.ts';
import type { RunState } from '../training/run-state.ts';
import { Callback, type Keeper } from './callback.ts';
import { BatchCounter, checkSaveFreq, type SaveFreq } from './save-freq.ts';

export interface BackupAndRestoreOptions {
  /** A folder for this training alone; in browsers `indexeddb://name`. */
  readonly backupDir: string;
  /** At the end of every epoch, or after so many batches (and at the end of every epoch). Default 'epoch'. */
  readonly saveFreq?: SaveFreq;
  /** Keeps the backup before the last too, to go on from when the last is damaged. Default false. */
  readonly doubleCheckpoint?: boolean;
  /** Removes the backup when training has come to its end. Default true. */
  readonly deleteCheckpoint?: boolean;
}

const optionNames: readonly string[] = [
  'backupDir',
  'saveFreq',
  'doubleCheckpoint',
  'deleteCheckpoint',
];

/**
 * Takes up a training that was interrupted, by whatever: when `fit` is called with the same model and
 * data in another process, it goes on from the last backup, in the middle of an epoch if need be. A run
 * that is seeded (`keras.utils.setRandomSeed`) ends with the same weights bit for bit, on the same
 * backend, as if it had not been interrupted: weights, optimizer, seeds, the order of the data, metrics
 * and callbacks (by `getState` and `setState`) are all part of a backup.
 *
 * A backup is a safetensors file with a checksum, which is replaced in one step. Sources of batches are
 * iterated anew up to where they were; a PyDataset is asked for no batch that is behind. Data that draw
 * random numbers of their own should do so by the number of the batch.
 */
export class BackupAndRestore extends Callback implements Keeper {
  readonly backupDir: string;
  readonly saveFreq: SaveFreq;
  readonly doubleCheckpoint: boolean;
  readonly deleteCheckpoint: boolean;
  readonly #batches = new BatchCounter();

  /** Throws `callback`, `unknown-option`; for a folder in a browser `node-only`. */
  constructor(
    backupDir: string | BackupAndRestoreOptions,
    more: Partial<BackupAndRestoreOptions> = {},
  ) {
    super();
    const o: BackupAndRestoreOptions =
      typeof backupDir === 'object' && backupDir !== null ? backupDir : { ...more, backupDir };
    checkOptions('BackupAndRestore', o, optionNames);
    checkPlace(o.backupDir);
    this.backupDir = o.backupDir;
    this.saveFreq = checkSaveFreq('BackupAndRestore', o.saveFreq ?? 'epoch');
    this.doubleCheckpoint = o.doubleCheckpoint ?? false;
    this.deleteCheckpoint = o.deleteCheckpoint ?? true;
  }

  override onEpochBegin(): void {
    this.#batches.beginEpoch();
  }

  // ---- called by the training loop, when all callbacks have had their turn

  /** Throws `callback` for a model that is not built; `backup` for a file that is damaged. */
  async load(): Promise<RunState | undefined> {
    if (!this.model.built)
      throw new GradloomError(
        'callback',
        `To use the BackupAndRestore callback, your model must be built before you call fit: give model "${this.model.name}" an input shape, or call it on a batch of data.`,
        { model: this.model.name },
      );
    const { loadBackup } = await import('./backup-files.ts');
    return loadBackup(this.backupDir);
  }
  wants(batch: number | null): boolean {
    return batch === null || this.#batches.due(batch, this.saveFreq);
  }
  async save(state: RunState): Promise<void> {
    const { saveBackup } = await import('./backup-files.ts');
    await saveBackup(this.backupDir, state, this.doubleCheckpoint);
  }
  async done(): Promise<void> {
    if (!this.deleteCheckpoint) return;
    const { deleteBackup } = await import('./backup-files.ts');
    await deleteBackup(this.backupDir);
  }

  override getState(): unknown {
    return this.#batches.state;
  }
  override setState(state: unknown): void {
    this.#batches.state = state as [number, number];
  }
}

/** Throws `callback` for a place that cannot be, `node-only` for a folder in a browser. */
function checkPlace(dir: unknown): asserts dir is string {
  const parts = typeof dir === 'string' ? partsOf(dir) : undefined;
  if (typeof dir !== 'string' || dir === '' || parts?.scheme === 'downloads')
    throw new GradloomError(
      'callback',
      `BackupAndRestore: backupDir must be the path of a folder, or "indexeddb://name"; received ${JSON.stringify(dir)}.`,
      { backupDir: dir },
    );
  if (!parts && !isNode())
    throw new GradloomError(
      'node-only',
      `BackupAndRestore keeps folders in Node only; in a browser there is "indexeddb://name".`,
      { backupDir: dir },
    );
}

export const backupAndRestore = (
  backupDir: string | BackupAndRestoreOptions,
  o: Partial<BackupAndRestoreOptions> = {},
): BackupAndRestore => new BackupAndRestore(backupDir, o);
