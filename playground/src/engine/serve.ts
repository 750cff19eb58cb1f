/** The worker's end: looks up methods, answers calls, turns errors into messages. */
import type { Call, Emit, Handlers, Reply } from './protocol.ts';

export interface Scope {
  postMessage(message: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** Tasks given to the result start in order, each when the one before has ended. */
export function oneAtATime(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = last.then(task, task);
    last = mine.catch(() => {});
    return mine;
  };
}

export function serve(scope: Scope, handlers: Handlers): void {
  const send = (reply: Reply): void => scope.postMessage(reply);
  const emit: Emit = (event, data) => send({ event, data });
  scope.onmessage = async ({ data }): Promise<void> => {
    const { id, method, params } = data as Call;
    try {
      const handler = handlers[method] as (p: unknown, emit: Emit) => unknown;
      if (!handler) throw new Error(`There is no method ${method}.`);
      send({ id, result: await handler(params, emit) });
    } catch (error) {
      const e = error as { code?: string; message?: string };
      send({ id, error: { code: e.code ?? 'error', message: e.message ?? String(error) } });
    }
  };
}
