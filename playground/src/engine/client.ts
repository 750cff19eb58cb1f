/** The page's end of a worker: methods as promises, events as callbacks. */
import type { Call, EventName, Events, MethodName, Params, Reply, Result } from './protocol.ts';

/** What went wrong in a worker, with the library's code where it has one. */
export class EngineError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** As much of a Worker as is used here. */
export interface Port {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  terminate(): void;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

export class Engine {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<EventName, Set<(data: never) => void>>();
  #calls = 0;

  constructor(port: Port) {
    this.#port = port;
    port.onmessage = ({ data }): void => this.#receive(data as Reply);
    port.onerror = (event): void => {
      for (const w of this.#waiting.values()) w.reject(new EngineError('worker', event.message));
      this.#waiting.clear();
    };
  }

  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const id = ++this.#calls;
    const call: Call = { id, method, params };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage(call);
    });
  }

  /** Returns what ends the listening. */
  on<E extends EventName>(event: E, listener: (data: Events[E]) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  #receive(reply: Reply): void {
    if ('event' in reply) {
      for (const l of this.#listeners.get(reply.event) ?? []) l(reply.data as never);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new EngineError(reply.error.code, reply.error.message));
    else waiting?.resolve(reply.result as never);
  }
}

/** Carries out only the newest of the tasks that come while one is running. */
export function latest<T>(run: (task: T) => Promise<void>): (task: T) => void {
  let busy = false;
  let next: { readonly task: T } | undefined;
  return async (task) => {
    next = { task };
    if (busy) return;
    busy = true;
    try {
      while (next) {
        const now: { readonly task: T } = next;
        next = undefined;
        await run(now.task);
      }
    } finally {
      busy = false;
    }
  };
}

const engines = new Map<string, Engine>();

/** The worker of that role, started when first asked for. */
export function engineFor(role: 'answers' | 'training' | 'toy' | 'graph'): Engine {
  let engine = engines.get(role);
  if (!engine) {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      type: 'module',
      name: role,
    });
    engine = new Engine(worker);
    engines.set(role, engine);
  }
  return engine;
}
