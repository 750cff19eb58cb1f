/**
 * The worker threads of a backend. They hold instances of the programs over the same memory, and
 * between runs they watch a word of it: a run is started without a message and without the event
 * loop. A thread takes part once it has handled all its messages, so a run never waits for one that
 * is still starting up; results do not depend on how many there are.
 */
import { builtin } from '../../codegen/wasm/features.ts';
import { layout } from '../../codegen/wasm/layout.ts';
import { GradloomError } from '../../errors.ts';
import type { Heap } from './heap.ts';
import { workerSource } from './worker-source.ts';

/** What Node's and the browsers' workers have in common. */
interface AnyWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

interface Thread {
  readonly worker: AnyWorker;
  /** Address of its block in the first page. */
  readonly own: number;
  alive: boolean;
}

export type Run = (
  table: number,
  thread: number,
  threads: number,
  base: number,
  mayWait: number,
) => void;

type NodeWorkers = typeof import('node:worker_threads');

/** Milliseconds a thread may take to begin its part before the run is given up. */
const patience = 10_000;

export function cores(): number {
  const n = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator
    ?.hardwareConcurrency;
  return n ?? builtin<typeof import('node:os')>('node:os')?.availableParallelism?.() ?? 1;
}

/** Whether memory can be shared with workers here. */
export function canShare(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  const g = globalThis as { Worker?: unknown; crossOriginIsolated?: boolean };
  if (builtin('node:worker_threads')) return true;
  return typeof g.Worker === 'function' && g.crossOriginIsolated !== false;
}

export class Threads {
  readonly #heap: Heap;
  readonly #count: number;
  /** Over the first page only, so growth does not matter. */
  readonly #words: Int32Array;
  readonly #programs = new Map<number, WebAssembly.Module>();
  #threads: Thread[] = [];
  #forget: number[] = [];
  #nextProgram = 1;
  #runs = 0;
  #mayWait = 0;
  /** Blocks of the first page handed out. A block is never used twice: its old thread may yet look. */
  #blocks = 0;
  /** No more threads are started: none can be, or those that failed have not ended yet. */
  #held = false;
  #disposed = false;
  /** When the run at hand began to wait; 0 when it has not. */
  #waiting = 0;

  /** `count` threads in all, the calling one included. */
  constructor(heap: Heap, count: number) {
    this.#heap = heap;
    this.#count = Math.min(count, layout.mostWorkers + 1);
    this.#words = new Int32Array(heap.memory.buffer, 0, layout.end / 4);
  }

  /** Threads that would take part in a run at this moment. */
  get ready(): number {
    let n = 1;
    for (const t of this.#threads) if (this.#idle(t)) n++;
    return n;
  }

  /** Makes a program known to all threads and returns its number. */
  add(module: WebAssembly.Module): number {
    const program = this.#nextProgram++;
    this.#programs.set(program, module);
    if (this.#threads.length > 0) this.#sendAll({ program, module });
    else this.#start();
    return program;
  }

  remove(program: number): void {
    this.#programs.delete(program);
    this.#forget.push(program);
  }

  #start(): void {
    const others = this.#count - 1;
    if (this.#disposed || this.#held || this.#blocks + others > layout.mostWorkers) return;
    try {
      // On a browser's main thread waiting is forbidden; comparing unequal never waits.
      Atomics.wait(this.#words, layout.failed >> 2, -1, 0);
      this.#mayWait = 1;
    } catch {
      this.#mayWait = 0;
    }
    for (let i = 0; i < others; i++) {
      const own = layout.workers + this.#blocks++ * layout.workerBytes;
      const worker = this.#spawn();
      if (!worker) {
        this.#held = true;
        return;
      }
      const thread: Thread = { worker, own, alive: true };
      this.#threads.push(thread);
      this.#onEnd(thread);
      this.#send(thread, { memory: this.#heap.memory, own });
      for (const [program, module] of this.#programs) this.#send(thread, { program, module });
    }
  }

  #spawn(): AnyWorker | undefined {
    try {
      const node = builtin<NodeWorkers>('node:worker_threads');
      if (node) {
        // Nothing of the process's loaders and settings: the worker needs none and starts sooner.
        const worker = new node.Worker(workerSource, {
          eval: true,
          execArgv: [],
          env: {},
          name: 'gradloom',
        });
        worker.unref();
        return worker;
      }
      const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
      return new Worker(url, { name: 'gradloom' });
    } catch {
      // Where no worker can be made (a strict content policy), one thread does it all.
      return undefined;
    }
  }

  #onEnd(thread: Thread): void {
    const end = (): void => {
      thread.alive = false;
      this.#threads = this.#threads.filter((t) => t !== thread);
    };
    const { worker } = thread;
    if ('on' in worker) {
      const node = worker as import('node:worker_threads').Worker;
      node.on('error', end);
      node.on('exit', end);
    } else (worker as Worker).onerror = end;
  }

  #sendAll(message: object): void {
    const forget = this.#forget;
    this.#forget = [];
    for (const t of this.#threads) this.#send(t, { ...message, forget });
  }

  #send(thread: Thread, message: object): void {
    if (!thread.alive) return;
    thread.worker.postMessage(message);
    Atomics.add(this.#words, (thread.own + layout.worker.posted) >> 2, 1);
    this.#ring(thread);
  }

  #ring(thread: Thread): void {
    const words = this.#words;
    const bell = (thread.own + layout.worker.bell) >> 2;
    Atomics.add(words, bell, 1);
    if (Atomics.load(words, (thread.own + layout.worker.asleep) >> 2) !== 0)
      Atomics.notify(words, bell);
  }

  #idle(t: Thread): boolean {
    const words = this.#words;
    return (
      t.alive &&
      Atomics.load(words, (t.own + layout.worker.received) >> 2) ===
        Atomics.load(words, (t.own + layout.worker.posted) >> 2)
    );
  }

  /** Runs a program on all threads that are ready; `run` is this thread's instance of it. */
  run(program: number, run: Run, table: number): void {
    const words = this.#words;
    if (this.#threads.length === 0) this.#start();
    const part: Thread[] = [];
    for (const t of this.#threads) if (this.#idle(t)) part.push(t);
    if (part.length === 0) {
      run(table, 0, 1, 0, 0);
      return;
    }
    const base = Atomics.load(words, layout.arrivals >> 2);
    const number = ++this.#runs | 0;
    words[layout.program >> 2] = program;
    words[layout.table >> 2] = table;
    words[layout.threads >> 2] = part.length + 1;
    words[layout.base >> 2] = base;
    for (let i = 0; i < part.length; i++) {
      const { own } = part[i];
      words[(own + layout.worker.thread) >> 2] = i + 1;
      Atomics.store(words, (own + layout.worker.run) >> 2, number);
      this.#ring(part[i]);
    }
    this.#waiting = 0;
    try {
      run(table, 0, part.length + 1, base, this.#mayWait);
    } catch (error) {
      // The others hang in a barrier or have failed: none of them can be used again.
      void this.#stop();
      throw error;
    }
  }

  /** Called while this thread waits for others. */
  readonly stall = (): void => {
    const words = this.#words;
    const now = performance.now();
    if (this.#waiting === 0) this.#waiting = now;
    let failed = Atomics.load(words, layout.failed >> 2) !== 0;
    if (now - this.#waiting > patience) {
      for (const t of this.#threads) {
        const begun = Atomics.load(words, (t.own + layout.worker.begun) >> 2);
        const wanted = Atomics.load(words, (t.own + layout.worker.run) >> 2);
        if (wanted === (this.#runs | 0) && begun !== wanted) failed = true;
      }
    }
    if (!failed) return;
    Atomics.store(words, layout.failed >> 2, 1);
    throw new GradloomError(
      'worker',
      'A worker thread failed or ended in the middle of a run, so the results of that run are lost. The next run starts new threads.',
    );
  };

  /** Ends all threads; the next program or run starts new ones. */
  async end(): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    for (const t of threads) t.alive = false;
    await Promise.all(threads.map((t) => t.worker.terminate()));
  }

  /** After a failure: until the last thread is gone, none may start that it could disturb. */
  async #stop(): Promise<void> {
    this.#held = true;
    await this.end();
    Atomics.store(this.#words, layout.failed >> 2, 0);
    Atomics.store(this.#words, layout.sleepers >> 2, 0);
    this.#held = false;
  }

  dispose(): void {
    this.#disposed = true;
    Atomics.store(this.#words, layout.failed >> 2, 1);
    void this.end();
    this.#programs.clear();
  }
}
