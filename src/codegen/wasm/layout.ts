/**
 * The beginning of linear memory: words by which the threads meet. Words that different threads
 * write lie on cache lines of their own. Offsets are in bytes.
 */
export const layout = {
  /** Pieces of work finished in the run at hand. */
  finished: 128,
  /** Threads asleep until more is finished. */
  sleepers: 192,
  /** Nonzero once a thread has failed within a run. */
  failed: 256,
  /** Changes whenever workers should look for a run or a message. */
  bell: 320,
  /** Workers asleep until the bell changes. */
  dozing: 384,
  /** Number of the run at hand; 0 when there is none or the words below are being written. */
  current: 448,
  program: 452,
  table: 456,
  threads: 460,
  /** Two words a worker: messages sent to it, and messages it has handled. */
  posted: 512,
  received: 1024,
  mostWorkers: 127,
  /**
   * One 64-bit word for each step that threads share: the number of the run, and in the lower half
   * how much of the step has been taken.
   */
  claims: 2048,
  mostClaims: 4096,
  /** Where the heap begins. */
  end: 34816,
} as const;
