/**
 * Whether the help of other threads pays, found out by trying. On a busy machine a helper that the
 * system stops in the middle of its part holds up the run for milliseconds, and one thread would have
 * been done before. So the way that is not preferred is tried again now and then, and sooner when
 * the preferred one gets slow.
 */

/** Runs before the first comparison, in which the engine still compiles. */
const warmUp = 48;
/** Runs of one try; the first wakes the threads and does not count. */
const tryLength = 4;
/** Runs from one try to the next, at least and at most. */
const soonest = 24;
const whileTogether = 512;
const whileAlone = 96;

export class Trial {
  /** Mean milliseconds a run; 0 where not known. */
  #together = 0;
  #alone = 0;
  #prefersTogether = true;
  /** Runs since the last try, and those left of the present one. */
  #since = 0;
  #left = 0;
  #tried = 0;

  /** Whether the next run should be shared. */
  get together(): boolean {
    return this.#prefersTogether !== this.#left > 0;
  }

  /** Notes how long a run took, in the way that `together` has said. */
  note(ms: number): void {
    if (this.#left > 0) this.#noteTry(ms);
    else {
      if (this.#prefersTogether) this.#together = mix(this.#together, ms);
      else this.#alone = mix(this.#alone, ms);
      if (++this.#since >= this.#interval()) {
        this.#left = tryLength;
        this.#tried = 0;
      }
    }
  }

  #noteTry(ms: number): void {
    if (this.#left < tryLength) this.#tried += ms;
    if (--this.#left > 0) return;
    const mean = this.#tried / (tryLength - 1);
    if (this.#prefersTogether) this.#alone = mean;
    else this.#together = mean;
    this.#prefersTogether = this.#together <= this.#alone;
    this.#since = 0;
  }

  #interval(): number {
    if (this.#alone === 0) return warmUp;
    if (!this.#prefersTogether) return whileAlone;
    return this.#together > this.#alone ? soonest : whileTogether;
  }
}

const mix = (mean: number, ms: number): number => (mean === 0 ? ms : mean + (ms - mean) / 16);
