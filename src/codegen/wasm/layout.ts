/**
 * The first page of linear memory: words by which the threads meet. Words that different threads
 * write lie on cache lines of their own. Offsets are in bytes.
 */
export const layout = {
  /** How many times threads have arrived at barriers, ever. */
  arrivals: 128,
  /** Threads asleep at a barrier. */
  sleepers: 192,
  /** Nonzero once a thread has failed within a run. */
  failed: 256,
  /** What the run at hand is: program, its table, number of threads, arrivals at its start. */
  program: 320,
  table: 324,
  threads: 328,
  base: 332,
  /** One block a worker. */
  workers: 448,
  workerBytes: 128,
  worker: {
    /** Changes whenever there is something to look at. */
    bell: 0,
    /** Number of the latest run it takes part in. */
    run: 4,
    /** Its thread number in that run. */
    thread: 8,
    /** Messages sent to it so far. */
    posted: 12,
    /** 1 while it sleeps on the bell. */
    asleep: 64,
    /** Messages it has handled. */
    received: 68,
    /** The latest run it has begun. */
    begun: 72,
  },
  mostWorkers: 63,
  /** Where the heap begins. */
  end: 16384,
} as const;
