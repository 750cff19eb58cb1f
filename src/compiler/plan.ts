/** Order of kernels, outputs over donated inputs, barriers, and the arena. */
import { bytesOf } from '../dtype.ts';
import { type Expr, exprOrder, load, rebuild } from '../expr/expr.ts';
import type { Graph, Value } from '../graph/graph.ts';
import type { Buffers } from './elements.ts';
import { exprsOf, type Kernel, mapBody, type Stmt, visitStmts } from './loopnest.ts';
import { type Control, type Step, stepsOf } from './program.ts';

/** What is put in order: kernels, and whole loops and branches. */
export type Unit = Kernel | Region;

export interface Region {
  /** The control without its steps, which are not in barriers yet. */
  readonly control: Control;
  readonly bodies: readonly (readonly Unit[])[];
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly parallel: true;
  readonly cost: number;
}

export function isRegion(u: Unit): u is Region {
  return 'bodies' in u;
}

/** A region, with what it touches and costs. */
export function region(control: Control, bodies: readonly (readonly Unit[])[]): Region {
  const all = bodies.flat();
  const reads = new Set(all.flatMap((u) => u.reads));
  if (control.kind !== 'loop') reads.add(control.predicate);
  const writes = new Set(all.flatMap((u) => u.writes));
  const rounds = control.kind === 'loop' ? control.extent : 1;
  const cost = rounds * all.reduce((c, u) => c + u.cost, 0);
  return { control, bodies, reads: [...reads], writes: [...writes], parallel: true, cost };
}

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
  kernels: readonly Unit[],
  buffers: Buffers,
  donated: readonly boolean[],
): { order: Unit[]; alias: Map<number, number> } {
  const writerOf = new Map<number, Unit>();
  for (const k of kernels) for (const b of k.writes) writerOf.set(b, k);
  const before = new Map<Unit, Set<Unit>>(kernels.map((k) => [k, new Set()]));
  // The carry of a loop is written before it and in it: then the given order counts.
  const writers = new Map<number, Unit[]>();
  const readers = new Map<number, Unit[]>();
  const note = (map: Map<number, Unit[]>, b: number, k: Unit): void => {
    const list = map.get(b);
    if (list) list.push(k);
    else map.set(b, [k]);
  };
  for (const k of kernels) {
    const mine = before.get(k)!;
    for (const b of [...k.reads, ...k.writes]) for (const w of writers.get(b) ?? []) mine.add(w);
    for (const b of k.writes) for (const r of readers.get(b) ?? []) mine.add(r);
    for (const b of k.reads) note(readers, b, k);
    for (const b of k.writes) note(writers, b, k);
    mine.delete(k);
  }
  const needs = (from: Unit, to: Unit): boolean => {
    const seen = new Set<Unit>();
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
  return { order: sortUnits(kernels, before), alias };
}

function sizeEqual(a: Value, b: Value): boolean {
  return a.shape.reduce((x, y) => x * y, 1) === b.shape.reduce((x, y) => x * y, 1);
}

/** Whether every load of buffer `from` in the kernel is at the very index at which `to` is stored. */
function readsInPlace(k: Unit, from: number, to: number): boolean {
  if (isRegion(k)) return false;
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
function sortUnits(kernels: readonly Unit[], before: ReadonlyMap<Unit, ReadonlySet<Unit>>): Unit[] {
  const missing = new Map<Unit, number>();
  const after = new Map<Unit, Unit[]>(kernels.map((k) => [k, []]));
  for (const k of kernels) {
    missing.set(k, before.get(k)!.size);
    for (const b of before.get(k)!) after.get(b)!.push(k);
  }
  const rank = new Map(kernels.map((k, i) => [k, i]));
  let ready = kernels.filter((k) => missing.get(k) === 0);
  const order: Unit[] = [];
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

function touches(k: Unit): Touch[] {
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
  const name = (buffer: number): number => (buffer === from ? to : buffer);
  return mapBody(
    body,
    ex,
    (s) => ({ ...s, buffer: name(s.buffer), index: ex(s.index) }),
    (t) => ({
      ...t,
      a: { ...t.a, buffer: name(t.a.buffer) },
      b: { ...t.b, buffer: name(t.b.buffer) },
    }),
  );
}

/** `u` with buffer `from` called `to`. */
export function renameIn(u: Unit, from: number, to: number): Unit {
  if (!u.reads.includes(from) && !u.writes.includes(from)) return u;
  if (!isRegion(u)) {
    const body = renameBuffer(u.body, from, to);
    return { ...u, body, ...touched(body) };
  }
  const c = u.control;
  const control = c.kind !== 'loop' && c.predicate === from ? { ...c, predicate: to } : c;
  return region(
    control,
    u.bodies.map((b) => b.map((k) => renameIn(k, from, to))),
  );
}

/**
 * Where threads must wait for each other. Around a region, at its start and between its rounds all
 * do.
 */
export function placeBarriers(order: readonly Unit[], inside = false): Step[] {
  let since: Touch[] = [];
  let must = inside;
  return order.map((unit): Step => {
    const mine = touches(unit);
    const barrier = must || isRegion(unit) || conflicts(since, mine);
    must = isRegion(unit);
    since = barrier ? mine : [...since, ...mine];
    if (!isRegion(unit)) return { kernel: unit, barrier };
    const [a, b] = unit.bodies.map((u) => placeBarriers(u, true));
    const c = unit.control;
    const control = c.kind === 'branch' ? { ...c, then: a, otherwise: b } : { ...c, steps: a };
    return { control, barrier };
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
  align = 64,
  segment: number = Number.POSITIVE_INFINITY,
): { offsets: Map<number, Range>; bytes: number } {
  const { first, last } = lifetimes(steps);
  const bytes = (b: number): number =>
    Math.max(1, Math.ceil((buffers.decls[b].length * bytesOf(buffers.decls[b].dtype)) / align)) *
    align;
  /** From `at` on, the first place where so many bytes lie in one segment. */
  const whole = (at: number, size: number): number =>
    at % segment > 0 && (at % segment) + size > segment ? Math.ceil(at / segment) * segment : at;
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
      at = whole(Math.max(at, r.end), bytes(b));
    }
    offsets.set(b, { start: at, end: at + bytes(b) });
    total = Math.max(total, at + bytes(b));
  }
  return { offsets, bytes: total };
}

/** When each buffer is first and last touched. What outlives a region on either side lives through it. */
function lifetimes(steps: readonly Step[]): {
  first: Map<number, number>;
  last: Map<number, number>;
} {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  const regions: { start: number; end: number; buffers: Set<number> }[] = [];
  let time = 0;
  const touch = (b: number, inside: readonly Set<number>[]): void => {
    if (!first.has(b)) first.set(b, time);
    last.set(b, time);
    for (const set of inside) set.add(b);
  };
  const walk = (list: readonly Step[], inside: readonly Set<number>[]): void => {
    for (const { kernel, control, barrier } of list) {
      if (barrier) time++;
      if (kernel) for (const b of [...kernel.reads, ...kernel.writes]) touch(b, inside);
      else {
        const start = time;
        const buffers = new Set<number>();
        const within = [...inside, buffers];
        if (control.kind !== 'loop') touch(control.predicate, within);
        for (const s of stepsOf(control)) {
          walk(s, within);
          time++;
        }
        // Read again for another round.
        if (control.kind === 'while') touch(control.predicate, within);
        regions.push({ start, end: time, buffers });
      }
    }
  };
  walk(steps, []);
  // Inner regions come first.
  for (const { start, end, buffers } of regions) {
    for (const b of buffers) {
      if (first.get(b)! >= start && last.get(b)! <= end) continue;
      first.set(b, Math.min(first.get(b)!, start));
      last.set(b, Math.max(last.get(b)!, end));
    }
  }
  return { first, last };
}
