/** KeepOnHost. */
import { checkOptions } from '../identifiers.ts';
import type { RunState } from '../training/run-state.ts';
import { Callback, type Keeper } from './callback.ts';
import { BatchCounter, checkSaveFreq, type SaveFreq } from './save-freq.ts';

export interface KeepOnHostOptions {
  /** At the end of every epoch, or after so many batches (and at the end of every epoch). Default 'epoch'. */
  readonly saveFreq?: SaveFreq;
}

/**
 * Keeps the whole state of a training in the host's memory, so that it survives the loss of a GPU, which
 * a browser may take away at any time. `fit` called again with the same callback, model and data goes on
 * from there, as with `BackupAndRestore`, which does it across processes:
 *
 *     const kept = keras.callbacks.keepOnHost();
 *     const train = () => model.fit(images, labels, { epochs: 10, callbacks: [kept] });
 *     await train().catch(async (e) => {
 *       if (e.code !== 'device-lost') throw e;
 *       await loadBackend('webgpu');
 *       return train();
 *     });
 *
 * Data must be on the host too: arrays, or tensors made anew. Throws `callback`, `unknown-option`.
 */
export class KeepOnHost extends Callback implements Keeper {
  readonly saveFreq: SaveFreq;
  readonly #batches = new BatchCounter();
  #kept: RunState | undefined;

  constructor(o: KeepOnHostOptions = {}) {
    super();
    checkOptions('KeepOnHost', o, ['saveFreq']);
    this.saveFreq = checkSaveFreq('KeepOnHost', o.saveFreq ?? 'epoch');
  }

  /** Where `fit` would go on: the epoch, and the batches of it that are done. Undefined: at the start. */
  get place(): { readonly epoch: number; readonly batch: number } | undefined {
    return this.#kept && { epoch: this.#kept.epoch, batch: this.#kept.batch };
  }

  override onEpochBegin(): void {
    this.#batches.beginEpoch();
  }

  // ---- called by the training loop, when all callbacks have had their turn

  async load(): Promise<RunState | undefined> {
    return this.#kept;
  }
  wants(batch: number | null): boolean {
    return batch === null || this.#batches.due(batch, this.saveFreq);
  }
  async save(state: RunState): Promise<void> {
    this.#kept = state;
  }
  async done(): Promise<void> {
    this.#kept = undefined;
  }

  override getState(): unknown {
    return this.#batches.state;
  }
  override setState(state: unknown): void {
    this.#batches.state = state as [number, number];
  }
}

export const keepOnHost = (o: KeepOnHostOptions = {}): KeepOnHost => new KeepOnHost(o);
