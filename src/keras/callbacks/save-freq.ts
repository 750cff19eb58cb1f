/** When callbacks that save do so. */
import { GradloomError } from '../../errors.ts';

/** At the end of every epoch, or after so many batches. */
export type SaveFreq = 'epoch' | number;

/** Throws `callback`. */
export function checkSaveFreq(who: string, freq: unknown): SaveFreq {
  if (freq === 'epoch' || (Number.isInteger(freq) && (freq as number) > 0)) return freq as SaveFreq;
  throw new GradloomError(
    'callback',
    `${who}: saveFreq is 'epoch' or a whole number of batches; received ${JSON.stringify(freq)}.`,
    { saveFreq: freq },
  );
}

/** Counts batches by their numbers, which may leap (stepsPerExecution) and start anew (epochs). */
export class BatchCounter {
  #since = 0;
  #last = -1;
  #due = false;

  /** Says that batches are numbered from 0 again. */
  beginEpoch(): void {
    this.#last = -1;
  }

  /** Whether so many batches have been seen since the last time. The same batch counts once. */
  due(batch: number, freq: SaveFreq): boolean {
    if (freq === 'epoch') return false;
    if (batch === this.#last) return this.#due;
    this.#since += batch < this.#last ? batch + 1 : batch - this.#last;
    this.#last = batch;
    this.#due = this.#since >= freq;
    if (this.#due) this.#since = 0;
    return this.#due;
  }

  get state(): [since: number, last: number] {
    return [this.#since, this.#last];
  }
  set state([since, last]: readonly [number, number]) {
    this.#since = since;
    this.#last = last;
  }
}
