/** Order of kernels, outputs over donated inputs, barriers, and the arena. */
import { bytesOf } from '../dtype.ts';
import { type Expr, exprOrder, load, rebuild } from '../expr/expr.ts';
import type { Graph, Value } from '../graph/graph.ts';
import type { Buffers } from './elements.ts';
import { exprsOf, type Kernel, type Stmt, visitStmts } from './loopnest.ts';
import type { Step } from './program.ts';

/** The program's buffers that a kernel touches. */
export function touched(body: readonly Stmt[]): { reads: number[]; writes: number[] } {
  const reads = new Set<number>();
  const writes = new Set<number>();
  visitStmts(body, (s) => {
    if (s.kind === 'store') writes.add(s.buffer);
    if (s.kind === 'tile') {
      reads.add(s.a.buffer);
      reads.add(s.b.buffer);
    }
    for (const e of exprOrder(exprsOf(s))) if (e.op === 'load') reads.add(e.buffer);
  });
  const real = (set: Set<number>): number[] => [...set].filter((b) => b >= 0).sort((a, b) => a - b);
  return { reads: real(reads), writes: real(writes) };
}

/**
 * Chooses outputs that may be written over a donated input, and an order of the kernels that makes
 * it right: everyone else who reads the input comes before the kernel that overwrites it.
 */
export function donate(
  graph: Graph,
  kernels: readonly Kernel[],
  buffers: Buffers,
  donated: readonly boolean[],
): { order: Kernel[]; alias: Map<number, number> } {
  const writerOf = new Map<number, Kernel>();
  for (const k of kernels) for (const b of k.writes) writerOf.set(b, k);
  const before = new Map<Kernel, Set<Kernel>>(kernels.map((k) => [k, new Set()]));
  for (const k of kernels) {
    for (const b of k.reads) {
      const w = writerOf.get(b);
      if (w && w !== k) before.get(k)!.add(w);
    }
  }
  const needs = (from: Kernel, to: Kernel): boolean => {
    const seen = new Set<Kernel>();
    const stack = [from];
    while (stack.length > 0) {
      const k = stack.pop()!;
      if (k === to) return true;
      if (seen.has(k)) continue;
      seen.add(k);
      stack.push(...before.get(k)!);
    }
    return false;
  };

  const alias = new Map<number, number>(); // output slot -> input slot
  const taken = new Set<number>();
  const distinct = new Set<Value>();
  graph.outputs.forEach((out, slot) => {
    if (distinct.has(out)) return; // the second time it is a copy with a buffer of its own
    distinct.add(out);
    const fits = (i: number): boolean => {
      const v = graph.inputs[i];
      return (
        Boolean(donated[i]) &&
        !taken.has(i) &&
        v.dtype === out.dtype &&
        buffers.of(v) !== undefined &&
        sizeEqual(v, out)
      );
    };
    const candidates = [slot, ...graph.inputs.keys()].filter(
      (i) => i < graph.inputs.length && fits(i),
    );
    const ob = buffers.of(out)!;
    const writer = writerOf.get(ob);
    for (const i of candidates) {
      const ib = buffers.of(graph.inputs[i])!;
      if (!writer) continue;
      const readers = kernels.filter((k) => k !== writer && k.reads.includes(ib));
      if (writer.reads.includes(ib) && !readsInPlace(writer, ib, ob)) continue;
      if (readers.some((r) => needs(r, writer))) continue;
      for (const r of readers) before.get(writer)!.add(r);
      alias.set(slot, i);
      taken.add(i);
      break;
    }
  });
  return { order: sortKernels(kernels, before), alias };
}

function sizeEqual(a: Value, b: Value): boolean {
  return a.shape.reduce((x, y) => x * y, 1) === b.shape.reduce((x, y) => x * y, 1);
}

/** Whether every load of buffer `from` in the kernel is at the very index at which `to` is stored. */
function readsInPlace(k: Kernel, from: number, to: number): boolean {
  let inPlace = true;
  const check = (body: readonly Stmt[]): void => {
    const stores = body.filter((s) => s.kind === 'store');
    const own = stores.filter((s) => s.kind === 'store' && s.buffer === to);
    for (const s of body) {
      if (s.kind === 'tile' && (s.a.buffer === from || s.b.buffer === from)) inPlace = false;
      for (const e of exprOrder(exprsOf(s))) {
        if (e.op !== 'load' || e.buffer !== from) continue;
        if (own.length !== 1 || own[0].kind !== 'store' || own[0].index !== e.args[0])
          inPlace = false;
        // A statement after the store would read the new value.
        else if (body.indexOf(s) > body.indexOf(own[0])) inPlace = false;
      }
      if (s.kind === 'for' || s.kind === 'while') check(s.body);
      else if (s.kind === 'if') {
        check(s.then);
        if (s.otherwise) check(s.otherwise);
      }
    }
  };
  check(k.body);
  return inPlace;
}

/**
 * A topological order with few barriers: among the kernels that are ready, one that need not wait
 * for those since the last barrier goes first; the given order decides otherwise.
 */
function sortKernels(
  kernels: readonly Kernel[],
  before: ReadonlyMap<Kernel, ReadonlySet<Kernel>>,
): Kernel[] {
  const missing = new Map<Kernel, number>();
  const after = new Map<Kernel, Kernel[]>(kernels.map((k) => [k, []]));
  for (const k of kernels) {
    missing.set(k, before.get(k)!.size);
    for (const b of before.get(k)!) after.get(b)!.push(k);
  }
  const rank = new Map(kernels.map((k, i) => [k, i]));
  let ready = kernels.filter((k) => missing.get(k) === 0);
  const order: Kernel[] = [];
  let since: Touch[] = [];
  while (ready.length > 0) {
    let next = ready.find((k) => !conflicts(since, touches(k)));
    if (!next) {
      next = ready[0];
      since = [];
    }
    since.push(...touches(next));
    order.push(next);
    ready = ready.filter((k) => k !== next);
    for (const k of after.get(next)!) {
      missing.set(k, missing.get(k)! - 1);
      if (missing.get(k) === 0) ready.push(k);
    }
    ready.sort((a, b) => rank.get(a)! - rank.get(b)!);
  }
  return order;
}

interface Touch {
  readonly buffer: number;
  readonly write: boolean;
  readonly parallel: boolean;
}

function touches(k: Kernel): Touch[] {
  const parallel = k.parallel !== undefined;
  return [
    ...k.reads.map((buffer) => ({ buffer, write: false, parallel })),
    ...k.writes.map((buffer) => ({ buffer, write: true, parallel })),
  ];
}

/**
 * Whether `mine` must wait for `since`. Kernels without a parallel index all run on one thread in
 * order, so they need not wait for each other.
 */
function conflicts(since: readonly Touch[], mine: readonly Touch[]): boolean {
  return since.some((s) =>
    mine.some((m) => s.buffer === m.buffer && (s.write || m.write) && (s.parallel || m.parallel)),
  );
}

/** `body` with buffer `from` called `to`. */
export function renameBuffer(body: readonly Stmt[], from: number, to: number): Stmt[] {
  const memo = new Map<Expr, Expr>();
  const ex = (e: Expr): Expr => {
    const known = memo.get(e);
    if (known) return known;
    const args = e.args.map(ex);
    const r =
      e.op === 'load' && e.buffer === from
        ? load(to, e.storage!, args[0])
        : args.every((a, i) => a === e.args[i])
          ? e
          : rebuild(e, args);
    memo.set(e, r);
    return r;
  };
  const st = (s: Stmt): Stmt => {
    switch (s.kind) {
      case 'for':
        return { ...s, start: ex(s.start), extent: ex(s.extent), body: s.body.map(st) };
      case 'let':
      case 'update':
      case 'set':
        return { ...s, value: ex(s.value) };
      case 'accum':
        return { ...s, init: ex(s.init) };
      case 'store':
        return {
          ...s,
          buffer: s.buffer === from ? to : s.buffer,
          index: ex(s.index),
          value: ex(s.value),
        };
      case 'if':
        return {
          ...s,
          cond: ex(s.cond),
          then: s.then.map(st),
          ...(s.otherwise && { otherwise: s.otherwise.map(st) }),
        };
      case 'while':
        return { ...s, cond: ex(s.cond), body: s.body.map(st) };
      case 'tile':
        return {
          ...s,
          a: { ...s.a, buffer: s.a.buffer === from ? to : s.a.buffer, base: ex(s.a.base) },
          b: { ...s.b, buffer: s.b.buffer === from ? to : s.b.buffer, base: ex(s.b.base) },
          ...(s.outer && { outer: { ...s.outer, extent: ex(s.outer.extent) } }),
        };
    }
  };
  return body.map(st);
}

/** Where threads must wait for each other. */
export function placeBarriers(order: readonly Kernel[]): Step[] {
  let since: Touch[] = [];
  return order.map((kernel) => {
    const mine = touches(kernel);
    const barrier = conflicts(since, mine);
    since = barrier ? mine : [...since, ...mine];
    return { kernel, barrier };
  });
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Offsets in one arena for the temporaries, from their lifetimes: each is placed in the lowest gap
 * left by those alive at the same time, the largest first. Time is counted in barriers, for between
 * two barriers kernels may run side by side.
 */
export function planArena(
  steps: readonly Step[],
  buffers: Buffers,
  temporaries: readonly number[],
): { offsets: Map<number, Range>; bytes: number } {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  let time = 0;
  for (const { kernel, barrier } of steps) {
    if (barrier) time++;
    for (const b of [...kernel.reads, ...kernel.writes]) {
      if (!first.has(b)) first.set(b, time);
      last.set(b, time);
    }
  }
  const bytes = (b: number): number =>
    Math.max(64, Math.ceil((buffers.decls[b].length * bytesOf(buffers.decls[b].dtype)) / 64) * 64);
  const used = temporaries.filter((b) => first.has(b)).sort((x, y) => bytes(y) - bytes(x));
  const offsets = new Map<number, Range>();
  let total = 0;
  for (const b of used) {
    const rivals = [...offsets]
      .filter(([o]) => first.get(o)! <= last.get(b)! && last.get(o)! >= first.get(b)!)
      .map(([, r]) => r)
      .sort((x, y) => x.start - y.start);
    let at = 0;
    for (const r of rivals) {
      if (r.start - at >= bytes(b)) break;
      at = Math.max(at, r.end);
    }
    offsets.set(b, { start: at, end: at + bytes(b) });
    total = Math.max(total, at + bytes(b));
  }
  return { offsets, bytes: total };
}
