/** What targets with many small invocations in place of a few threads need of a kernel. */
import { bytesOf } from '../dtype.ts';
import { type Expr, int, load, rebuild } from '../expr/expr.ts';
import { iadd, imulc } from '../expr/index-math.ts';
import type { Buffers } from './elements.ts';
import { mapBody, type Scratch } from './loopnest.ts';
import type { Draft } from './pointwise.ts';

/** Bytes that an invocation may keep to itself; compilers put more than that in slow memory anyway. */
const most = 256;

/**
 * The kernel with its larger scratch arrays as parts of temporary buffers, one part for each value of
 * the parallel index. The new buffers are added to `temporaries`.
 */
export function scratchInArena(draft: Draft, buffers: Buffers, temporaries: number[]): Draft {
  const kept: Scratch[] = [];
  const places = new Map<number, { readonly buffer: number; readonly start: Expr }>();
  const names = new Map<number, number>();
  const { parallel } = draft;
  draft.scratch.forEach((s, i) => {
    if (s.length * bytesOf(s.dtype) <= most) {
      kept.push(s);
      names.set(-1 - i, -kept.length);
      return;
    }
    const buffer = buffers.declare(s.dtype, s.length * (parallel?.extent ?? 1));
    temporaries.push(buffer);
    const start = parallel ? imulc(parallel.index, s.length) : int(0);
    places.set(-1 - i, { buffer, start });
  });
  if (places.size === 0) return draft;
  const memo = new Map<Expr, Expr>();
  const ex = (e: Expr): Expr => {
    const known = memo.get(e);
    if (known) return known;
    const args = e.args.map(ex);
    const place = e.op === 'load' ? places.get(e.buffer) : undefined;
    const r = place
      ? load(place.buffer, e.storage!, iadd(place.start, args[0]))
      : e.op === 'load' && names.has(e.buffer)
        ? load(names.get(e.buffer)!, e.storage!, args[0])
        : rebuild(e, args);
    memo.set(e, r);
    return r;
  };
  const body = mapBody(draft.body, ex, (s) => {
    const place = places.get(s.buffer);
    return place
      ? { ...s, buffer: place.buffer, index: iadd(place.start, ex(s.index)) }
      : { ...s, buffer: names.get(s.buffer) ?? s.buffer, index: ex(s.index) };
  });
  return { ...draft, body, scratch: kept };
}
