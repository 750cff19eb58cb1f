/** The steps of a pipeline as async generators; closing one closes what it reads from. */
import { GradloomError } from '../errors.ts';
import type { Xoshiro128 } from './random.ts';

export type Stream<T> = AsyncGenerator<T, void, undefined>;

/** An error of user code, saying where it arose. The error itself is the cause. */
export function userError(method: string, element: number, cause: unknown): GradloomError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new GradloomError(
    'data',
    `${method} failed on element ${element}: ${said}`,
    { method, element },
    { cause },
  );
}

/** Asks for up to `n` elements ahead, in order. */
export async function* ahead<T>(source: AsyncIterable<T>, n: number): Stream<T> {
  const it = source[Symbol.asyncIterator]();
  const queue: Promise<IteratorResult<T>>[] = [];
  const ask = (): void => {
    const next = it.next();
    // It is looked at later; until then a failure must not count as unhandled.
    next.catch(() => {});
    queue.push(next);
  };
  try {
    for (;;) {
      while (queue.length < n + 1) ask();
      const r = await queue.shift()!;
      if (r.done) return;
      yield r.value;
    }
  } finally {
    await it.return?.();
  }
}

/** f of each element, up to `parallel` at a time, in order. */
export async function* mapped<T, R>(
  source: AsyncIterable<T>,
  f: (element: T, index: number) => R | Promise<R>,
  parallel: number,
): Stream<R> {
  let index = 0;
  const run = async (element: T, i: number): Promise<R> => {
    try {
      return await f(element, i);
    } catch (e) {
      throw userError('map', i, e);
    }
  };
  if (parallel <= 1) {
    for await (const element of source) yield await run(element, index++);
    return;
  }
  const it = source[Symbol.asyncIterator]();
  const queue: Promise<R>[] = [];
  let done = false;
  try {
    for (;;) {
      while (!done && queue.length < parallel) {
        const r = await it.next();
        if (r.done) done = true;
        else {
          const result = run(r.value, index++);
          result.catch(() => {});
          queue.push(result);
        }
      }
      if (queue.length === 0) return;
      yield await queue.shift()!;
    }
  } finally {
    await it.return?.();
  }
}

/**
 * A buffer of `size` elements out of which a random one goes next, as tf.data shuffles: whole data is
 * shuffled evenly when the buffer holds all of it.
 */
export async function* shuffled<T>(
  source: AsyncIterable<T>,
  size: number,
  random: Xoshiro128,
): Stream<T> {
  const buffer: T[] = [];
  for await (const element of source) {
    if (buffer.length < size) {
      buffer.push(element);
      continue;
    }
    const i = random.below(size);
    yield buffer[i];
    buffer[i] = element;
  }
  while (buffer.length > 0) {
    const i = random.below(buffer.length);
    yield buffer[i];
    buffer[i] = buffer[buffer.length - 1];
    buffer.pop();
  }
}

/** Elements of f(element) for `cycle` elements in turn, `block` at a time. */
export async function* interleaved<T, R>(
  source: AsyncIterable<T>,
  f: (element: T, index: number) => AsyncIterable<R>,
  cycle: number,
  block: number,
): Stream<R> {
  const input = source[Symbol.asyncIterator]();
  const open: (AsyncIterator<R> | undefined)[] = [];
  let index = 0;
  let exhausted = false;
  const openNext = async (slot: number): Promise<void> => {
    const r = await input.next();
    if (r.done) exhausted = true;
    else open[slot] = f(r.value, index++)[Symbol.asyncIterator]();
  };
  try {
    do {
      for (let slot = 0; slot < cycle; slot++) {
        if (!open[slot] && !exhausted) await openNext(slot);
        for (let k = 0; k < block && open[slot]; k++) {
          const r = await open[slot]!.next();
          // The next element takes this place when its turn comes again.
          if (r.done) open[slot] = undefined;
          else yield r.value;
        }
      }
    } while (!exhausted || open.some((it) => it));
  } finally {
    for (const it of open) await it?.return?.();
    await input.return?.();
  }
}

/** Lists of `size` elements, a new one every `shift`, of every `stride`-th element. */
export async function* windows<T>(
  source: AsyncIterable<T>,
  size: number,
  shift: number,
  stride: number,
  dropRemainder: boolean,
): Stream<T[]> {
  const span = (size - 1) * stride + 1;
  let buffer: T[] = [];
  let skip = 0;
  const cut = (): T[] => buffer.filter((_, i) => i % stride === 0).slice(0, size);
  const advance = (): void => {
    skip = Math.max(0, shift - buffer.length);
    buffer = buffer.slice(shift);
  };
  for await (const element of source) {
    if (skip > 0) {
      skip--;
      continue;
    }
    buffer.push(element);
    if (buffer.length === span) {
      yield cut();
      advance();
    }
  }
  while (!dropRemainder && buffer.length > 0) {
    yield cut();
    advance();
  }
}
