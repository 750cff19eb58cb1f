import { describe, expect, it } from 'vitest';
import { Engine, EngineError, latest, type Port } from './client.ts';
import type { Handlers } from './protocol.ts';
import { oneAtATime, type Scope, serve } from './serve.ts';

/** A page and a worker with nothing but copies of messages between them. */
function pair(handlers: Partial<Handlers>): Engine {
  const scope: Scope = {
    onmessage: null,
    postMessage: (m) =>
      queueMicrotask(() => port.onmessage?.({ data: structuredClone(m) } as MessageEvent)),
  };
  const port: Port = {
    onmessage: null,
    onerror: null,
    terminate() {},
    postMessage: (m) =>
      queueMicrotask(() => scope.onmessage?.({ data: structuredClone(m) } as MessageEvent)),
  };
  serve(scope, handlers as Handlers);
  return new Engine(port);
}

describe('page and worker', () => {
  it('answers each call with its own result, in whatever order', async () => {
    const engine = pair({
      answer: async ({ pixels }) => {
        await new Promise((done) => setTimeout(done, pixels[0]));
        return { probabilities: [pixels[0]], milliseconds: 0 };
      },
    });
    const ask = (n: number) => engine.call('answer', { name: 'trained', pixels: Uint8Array.of(n) });
    const answers = await Promise.all([ask(20), ask(0), ask(10)]);
    expect(answers.map((a) => a.probabilities[0])).toEqual([20, 0, 10]);
  });

  it('sends events to those who listen, until they stop', async () => {
    const engine = pair({
      stop: (_, emit) => {
        emit('loading', { share: 0.5 });
        return {};
      },
    });
    const heard: number[] = [];
    const end = engine.on('loading', ({ share }) => heard.push(share));
    await engine.call('stop', {});
    end();
    await engine.call('stop', {});
    expect(heard).toEqual([0.5]);
  });

  it('hands on errors with their code', async () => {
    const engine = pair({
      stop: () => {
        throw Object.assign(new Error('no'), { code: 'shape' });
      },
    });
    const error = await engine.call('stop', {}).catch((e) => e);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ code: 'shape', message: 'no' });
    await expect(engine.call('examine', {})).rejects.toThrow('There is no method examine.');
  });
});

it('tasks run one at a time, in order, whether or not they fail', async () => {
  const turn = oneAtATime();
  const seen: string[] = [];
  const task = (name: string, ms: number, fails = false) =>
    turn(async () => {
      seen.push(`${name} begins`);
      await new Promise((d) => setTimeout(d, ms));
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([task('a', 10), task('b', 1, true), task('c', 0)]);
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

it('latest leaves out what was overtaken', async () => {
  const done: number[] = [];
  const run = latest<number>(async (n) => {
    await new Promise((d) => setTimeout(d, 1));
    done.push(n);
  });
  for (const n of [1, 2, 3, 4]) run(n);
  await new Promise((d) => setTimeout(d, 20));
  expect(done).toEqual([1, 4]);
});
