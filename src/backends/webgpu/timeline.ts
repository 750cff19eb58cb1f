/**
 * The order of everything done to the device. What is done goes to the queue at once, but while a
 * program waits for the host to see whether its loop goes on, all that comes after waits too.
 */
export class Timeline {
  #tail: Promise<void> | undefined;
  #failed: unknown;

  /** Whether something is waiting, so that what is done now happens later. */
  get busy(): boolean {
    return this.#tail !== undefined;
  }

  /** Does this now, or after what waits. An error that nobody can be told of at once is kept. */
  do(action: () => void): void {
    if (!this.#tail) action();
    else this.#append(async () => action());
  }

  /** Does this after what waits, and lets what comes later wait for it. */
  wait(action: () => Promise<void>): void {
    this.#append(action);
  }

  #append(action: () => Promise<void>): void {
    const before = this.#tail ?? Promise.resolve();
    const tail: Promise<void> = before
      .then(() => (this.#failed === undefined ? action() : undefined))
      .catch((error) => {
        this.#failed ??= error;
      })
      .then(() => {
        if (this.#tail === tail) this.#tail = undefined;
      });
    this.#tail = tail;
  }

  /** When all that was asked for so far has been given to the queue. Throws what failed on the way. */
  async settled(): Promise<void> {
    while (this.#tail) await this.#tail;
    if (this.#failed !== undefined) {
      const error = this.#failed;
      this.#failed = undefined;
      throw error;
    }
  }
}
