/** Between the training loop and the callbacks that keep its state: see BackupAndRestore. */
import { GradloomError } from '../../errors.ts';
import { type Keeper, keepersAmong } from '../callbacks/callback.ts';
import type { Batch } from './batches.ts';
import type { Read } from './figures.ts';
import type { PassOptions } from './loop.ts';
import type { Place, Run, RunState } from './run-state.ts';

export class Keeping {
  readonly #run: Run;
  readonly #keepers: readonly Keeper[];
  #begun: RunState | undefined;

  constructor(run: Run) {
    this.#run = run;
    this.#keepers = keepersAmong(run.callbacks);
  }

  /** The state of the run that this one goes on with, restored if it is between two epochs. */
  async load(): Promise<RunState | undefined> {
    for (const k of this.#keepers) {
      this.#begun = await k.load();
      if (this.#begun) break;
    }
    if (this.#begun?.batch === 0) await this.#restore(this.#begun);
    return this.#begun;
  }

  /** What the pass of an epoch needs. `logs` are those of the epoch before. */
  pass(epoch: number, steps: number | null, logs: Read): Pick<PassOptions, 'resume' | 'settled'> {
    if (this.#keepers.length === 0) return {};
    const begun = this.#begun;
    const middle = begun && begun.batch > 0 && begun.epoch === epoch ? begun : undefined;
    return {
      resume: middle && (async () => ({ done: middle.batch, last: await this.#restore(middle) })),
      settled: (done) => {
        const wanting = this.#keepers.filter((k) => k.wants(done - 1));
        // The end of the epoch comes right after its last batch, and is kept anyway.
        if (wanting.length === 0 || done === steps) return undefined;
        return this.#save(wanting, { epoch, batch: done, logs });
      },
    };
  }

  async #restore(state: RunState): Promise<Batch | undefined> {
    const { restoreRun } = await import('./run-state.ts');
    try {
      return await restoreRun(this.#run, state);
    } catch (cause) {
      if (cause instanceof GradloomError) throw cause;
      throw new GradloomError(
        'backup',
        `The backup cannot be taken up: ${cause instanceof Error ? cause.message : String(cause)}. Delete it to begin anew.`,
        {},
        { cause },
      );
    }
  }

  async epochEnd(epoch: number, logs: Read): Promise<void> {
    const wanting = this.#keepers.filter((k) => k.wants(null));
    if (wanting.length > 0) await this.#save(wanting, { epoch: epoch + 1, batch: 0, logs });
  }

  async #save(keepers: readonly Keeper[], place: Place): Promise<void> {
    const { captureRun } = await import('./run-state.ts');
    const state = await captureRun(this.#run, place);
    for (const k of keepers) await k.save(state);
  }

  async done(): Promise<void> {
    for (const k of this.#keepers) await k.done();
  }

  /** The run is over, in one way or another. */
  close(): void {
    if (this.#begun) this.#run.trainer.stepper.expect(undefined);
  }
}
