/**
 * The worker threads of a backend. They hold instances of the programs over the same memory, and
 * between runs they watch a word of it: a run is started without a message and without the event
 * loop. Nobody waits for a thread that is still starting up or asleep (see codegen/wasm/printer.ts),
 * so they may come and go.
 */
import { builtin, isNode } from '../../codegen/wasm/features.ts';
import { layout } from '../../codegen/wasm/layout.ts';
import { GradloomError } from '../../errors.ts';
import type { Heap } from './heap.ts';
import type { Trial } from './trial.ts';
import { workerSource } from './worker-source.ts';

/** What Node's and the browsers' workers have in common. */
interface AnyWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

interface Thread {
  readonly worker: AnyWorker;
  /** Which of the words `layout.posted` and `layout.received` are its own. */
  readonly block: number;
}

/** See codegen/wasm/printer.ts. */
export type Run = (
  table: number,
  thread: number,
  number: number,
  threads: number,
  mayWait: number,
) => void;

export interface SharedProgram {
  readonly run: Run;
  readonly begin: (number: number) => void;
  readonly cost: number;
  readonly trial: Trial;
}

type NodeWorkers = typeof import('node:worker_threads');

/** Milliseconds without any progress after which a run is given up: a thread must have been killed. */
const patience = 60_000;
/** Scalar operations that are worth waking another thread for. */
const wakingCost = 100_000;

/** Early releases of Node 20 give built-in modules only to those who can wait for them. */
let importedWorkers: NodeWorkers | undefined;
/** Cores where nobody says how many there are. */
const unknownCores = 4;

export function cores(): number {
  const n = (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator
    ?.hardwareConcurrency;
  return n ?? builtin<typeof import('node:os')>('node:os')?.availableParallelism() ?? unknownCores;
}

/** Whether memory can be shared with workers here. */
export function canShare(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  const g = globalThis as { Worker?: unknown; crossOriginIsolated?: boolean };
  if (isNode()) return true;
  return typeof g.Worker === 'function' && g.crossOriginIsolated !== false;
}

export class Threads {
  readonly #heap: Heap;
  readonly #count: number;
  /** Over the beginning only, so growth does not matter. */
  readonly #words: Int32Array;
  readonly #programs = new Map<number, WebAssembly.Module>();
  #threads: Thread[] = [];
  #forget: number[] = [];
  #nextProgram = 1;
  #runs = 0;
  #mayWait = 0;
  /** Blocks handed out. A block is never used twice: its old thread may yet look. */
  #blocks = 0;
  /** No more threads are started: none can be, or those that failed have not ended yet. */
  #held = false;
  #disposed = false;
  /** What was finished at the last look while waiting, and when. */
  #progress = 0;
  #since = 0;

  /** `count` threads in all, the calling one included. */
  constructor(heap: Heap, count: number) {
    this.#heap = heap;
    this.#count = Math.min(count, layout.mostWorkers + 1);
    this.#words = new Int32Array(heap.memory.buffer, 0, layout.end / 4);
  }

  /** Threads that know all programs, the calling one included. */
  get ready(): number {
    const words = this.#words;
    let n = 1;
    for (const { block } of this.#threads) {
      const posted = Atomics.load(words, (layout.posted >> 2) + block);
      if (Atomics.load(words, (layout.received >> 2) + block) === posted) n++;
    }
    return n;
  }

  /** Makes a program known to all threads and returns its number. */
  add(module: WebAssembly.Module): number {
    const program = this.#nextProgram++;
    this.#programs.set(program, module);
    if (this.#threads.length === 0) this.#start();
    else {
      const forget = this.#forget;
      this.#forget = [];
      for (const t of this.#threads) this.#send(t, { programs: [[program, module]], forget });
      this.#ring(this.#threads.length);
    }
    return program;
  }

  /** The threads are told with the next program. */
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
    importedWorkers ??= builtin<NodeWorkers>('node:worker_threads');
    if (isNode() && !importedWorkers) {
      this.#held = true;
      import('node:worker_threads').then((m) => {
        importedWorkers = m;
        this.#held = false;
        this.#start();
      });
      return;
    }
    for (let i = 1; i <= others; i++) {
      const worker = this.#spawn();
      if (!worker) {
        this.#held = true;
        return;
      }
      const thread: Thread = { worker, block: this.#blocks++ };
      this.#threads.push(thread);
      this.#onEnd(thread);
      const { memory } = this.#heap;
      const programs = [...this.#programs];
      this.#send(thread, { memory, thread: i, block: thread.block, programs, forget: [] });
    }
  }

  #spawn(): AnyWorker | undefined {
    try {
      if (importedWorkers) {
        // Nothing of the process's loaders and settings: the worker needs none and starts sooner.
        const worker = new importedWorkers.Worker(workerSource, {
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
      this.#threads = this.#threads.filter((t) => t !== thread);
    };
    const { worker } = thread;
    if ('on' in worker) {
      const node = worker as import('node:worker_threads').Worker;
      node.on('error', end);
      node.on('exit', end);
    } else {
      (worker as Worker).onerror = () => {
        end();
        // One that has never answered was not let start (a content policy); nor will others be.
        if (Atomics.load(this.#words, (layout.received >> 2) + thread.block) === 0)
          this.#held = true;
      };
    }
  }

  #send(thread: Thread, message: object): void {
    // Counted first: a thread that serves runs must not take the message for one not yet sent.
    Atomics.add(this.#words, (layout.posted >> 2) + thread.block, 1);
    thread.worker.postMessage(message);
  }

  /** Has at most `count` sleeping threads look for what is new; those awake see it anyway. */
  #ring(count: number): void {
    const words = this.#words;
    Atomics.add(words, layout.bell >> 2, 1);
    if (Atomics.load(words, layout.dozing >> 2) !== 0)
      Atomics.notify(words, layout.bell >> 2, count);
  }

  /** Runs a program, with whatever threads come to help where that pays. */
  run(id: number, program: SharedProgram, table: number): void {
    if (this.#threads.length === 0) {
      this.#start();
      program.run(table, 0, 0, 1, 0);
      return;
    }
    const { trial } = program;
    const start = performance.now();
    if (trial.together) this.#share(id, program, table);
    else program.run(table, 0, 0, 1, 0);
    trial.note(performance.now() - start);
  }

  #share(id: number, program: SharedProgram, table: number): void {
    const words = this.#words;
    const threads = this.#threads.length + 1;
    this.#runs = (this.#runs + 1) | 0 || 1;
    const number = this.#runs;
    program.begin(number);
    Atomics.store(words, layout.program >> 2, id);
    Atomics.store(words, layout.table >> 2, table);
    Atomics.store(words, layout.threads >> 2, threads);
    Atomics.store(words, layout.current >> 2, number);
    this.#ring(Math.ceil(program.cost / wakingCost));
    this.#since = 0;
    try {
      program.run(table, 0, number, threads, this.#mayWait);
    } catch (error) {
      void this.#stop();
      throw error;
    } finally {
      Atomics.store(words, layout.current >> 2, 0);
    }
  }

  /** Called now and then while this thread waits for others. */
  readonly stall = (): void => {
    const words = this.#words;
    const now = performance.now();
    const finished = Atomics.load(words, layout.finished >> 2);
    if (this.#since === 0 || finished !== this.#progress) {
      this.#since = now;
      this.#progress = finished;
    }
    const failed = Atomics.load(words, layout.failed >> 2) !== 0;
    if (!failed && now - this.#since < patience) return;
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
    await Promise.all(threads.map((t) => t.worker.terminate()));
  }

  /** After a failure: until the last thread is gone, none may start that it could disturb. */
  async #stop(): Promise<void> {
    this.#held = true;
    await this.end();
    Atomics.store(this.#words, layout.failed >> 2, 0);
    this.#held = false;
  }

  dispose(): void {
    this.#disposed = true;
    void this.end();
    this.#programs.clear();
  }
}
