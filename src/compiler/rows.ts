/**
 * Kernels that go over the same rows become one, which does all of its work on a row before it goes
 * to the next: softmax and layer normalization read a row from memory once. What only such a kernel
 * uses is then no larger than a row, and lies in the scratch memory of its thread.
 */
import { bytesOf, type DType } from '../dtype.ts';
import { type Expr, exprOrder, load, rebuild, variable } from '../expr/expr.ts';
import { imulc, isub, strideOf, without } from '../expr/index-math.ts';
import { exprsOf, type Kernel, mapBody, type Scratch, type Stmt, visitStmts } from './loopnest.ts';
import { replacer } from './loops.ts';
import { isRegion, region, touched, type Unit } from './plan.ts';

/** Bytes of scratch that one kernel may take: a part of the first-level cache. */
const scratchLimit = 16384;

/** For each buffer the size of the row that every access stays in; undefined for other accesses. */
type Rows = ReadonlyMap<number, number | undefined>;

interface RowKernel {
  readonly kernel: Kernel;
  readonly rows: Rows;
}

/** A unit so far: with rows where it is a kernel that others may join. */
interface Entry {
  readonly unit: Unit;
  readonly row: RowKernel | undefined;
}

export interface RowBuffers {
  /** Whether the buffer lives in the arena. */
  temporary(buffer: number): boolean;
  dtype(buffer: number): DType;
}

/** The units in an order in which they may run, with kernels of the same rows joined. */
export function mergeRows(units: readonly Unit[], buffers: RowBuffers): Unit[] {
  const joined = new Map<Kernel, RowKernel>();
  const whole = joinAll(units, joined);
  const users = new Map<number, number>();
  count(whole, users);
  const own = (b: number): boolean => buffers.temporary(b) && users.get(b) === 1;
  const keep = (u: Unit): Unit => {
    if (isRegion(u))
      return region(
        u.control,
        u.bodies.map((b) => b.map(keep)),
      );
    const row = joined.get(u);
    return row ? keepRows(keepNumbers(row, own), buffers, own) : u;
  };
  return whole.map(keep);
}

function joinAll(units: readonly Unit[], joined: Map<Kernel, RowKernel>): Unit[] {
  const out: Entry[] = [];
  for (const u of units) {
    const next = analyse(u, joined);
    const at = placeFor(out, next);
    if (at === undefined) {
      out.push(next);
      continue;
    }
    const row = join(out[at].row!, next.row!);
    joined.set(row.kernel, row);
    out[at] = { unit: row.kernel, row };
  }
  return out.map((e) => e.unit);
}

/** How many units touch each buffer: kernels, and what a region looks at itself. */
function count(units: readonly Unit[], users: Map<number, number>): void {
  const use = (b: number): void => void users.set(b, (users.get(b) ?? 0) + 1);
  for (const u of units) {
    if (!isRegion(u)) for (const b of new Set([...u.reads, ...u.writes])) use(b);
    else {
      if (u.control.kind !== 'loop') use(u.control.predicate);
      for (const b of u.bodies) count(b, users);
    }
  }
}

/** Where among the units so far there is one to join: everything after it must be able to come after `next`. */
function placeFor(out: readonly Entry[], next: Entry): number | undefined {
  if (!next.row) return undefined;
  for (let i = out.length - 1; i >= 0; i--) {
    const { row, unit } = out[i];
    if (row && fits(row, next.row)) return i;
    if (conflict(unit, next.unit)) return undefined;
  }
  return undefined;
}

function conflict(a: Unit, b: Unit): boolean {
  return (
    a.writes.some((w) => b.reads.includes(w) || b.writes.includes(w)) ||
    a.reads.some((r) => b.writes.includes(r))
  );
}

/** Whether b needs a, and both touch what one of them writes in the rows that are their own only. */
function fits({ kernel: a, rows: ra }: RowKernel, { kernel: b, rows: rb }: RowKernel): boolean {
  if (a.parallel!.extent !== b.parallel!.extent) return false;
  if (!a.writes.some((w) => b.reads.includes(w))) return false;
  const shared = [...ra.keys()].filter((x) => rb.has(x));
  const written = shared.filter((x) => a.writes.includes(x) || b.writes.includes(x));
  return written.every((x) => ra.get(x) !== undefined && ra.get(x) === rb.get(x));
}

function analyse(u: Unit, joined: Map<Kernel, RowKernel>): Entry {
  if (isRegion(u)) {
    const bodies = u.bodies.map((b) => joinAll(b, joined));
    return { unit: region(u.control, bodies), row: undefined };
  }
  const over = overRows(u);
  let plain = over !== undefined && u.scratch.length === 0 && !u.product;
  visitStmts(u.body, (s) => {
    if (s.kind === 'tile') plain = false;
  });
  if (!over || !plain) return { unit: u, row: undefined };
  const { parallel } = over;
  const body = inlined(over.body);
  const rows = new Map<number, number | undefined>();
  const access = (buffer: number, index: Expr): void => {
    const size = rowOf(index, parallel.index);
    rows.set(buffer, rows.has(buffer) && rows.get(buffer) !== size ? undefined : size);
  };
  visitStmts(body, (s) => {
    if (s.kind === 'store') access(s.buffer, s.index);
    for (const e of exprOrder(exprsOf(s))) if (e.op === 'load') access(e.buffer, e.args[0]);
  });
  return { unit: u, row: { kernel: { ...u, parallel, body }, rows } };
}

/**
 * What a kernel does for each row: its parallel index or, in one too small to be shared, its outermost
 * loop. Many small ones over the same rows become one that is worth sharing.
 */
function overRows(u: Kernel): Required<Pick<Kernel, 'parallel' | 'body'>> | undefined {
  if (u.parallel) return { parallel: u.parallel, body: u.body };
  const [loop] = u.body;
  if (u.body.length !== 1 || loop.kind !== 'for' || loop.vector || loop.step !== 1)
    return undefined;
  if (loop.start.op !== 'const' || loop.start.value !== 0 || loop.extent.op !== 'const')
    return undefined;
  return { parallel: { index: loop.index, extent: loop.extent.value }, body: loop.body };
}

/** The body with its first index variables, made of the parallel index, put in where they are used. */
function inlined(body: readonly Stmt[]): readonly Stmt[] {
  const values = new Map<Expr, Expr>();
  let rest = body;
  for (;;) {
    const [first] = rest;
    if (first?.kind !== 'let' || first.variable.dtype !== 'int32') break;
    if (exprOrder([first.value]).some((e) => e.op === 'load')) break;
    values.set(first.variable, replacer(values)(first.value));
    rest = rest.slice(1);
  }
  return values.size === 0 ? body : mapBody(rest, replacer(values));
}

/** R, where `index` is p * R + rest and 0 <= rest < R. */
function rowOf(index: Expr, p: Expr): number | undefined {
  const size = strideOf(index, p);
  const rest = without(index, p);
  return size !== undefined && size > 0 && rest.lo >= 0 && rest.hi < size ? size : undefined;
}

function join(a: RowKernel, b: RowKernel): RowKernel {
  const own = a.kernel.parallel!.index;
  const body = mapBody(b.kernel.body, replacer(new Map([[b.kernel.parallel!.index, own]])));
  const both = [...a.kernel.body, ...body];
  const rows = new Map(a.rows);
  for (const [buffer, size] of b.rows)
    rows.set(buffer, rows.has(buffer) && rows.get(buffer) !== size ? undefined : size);
  const name = `${a.kernel.name}_${b.kernel.name.replace(/^k\d+_/, '')}`.slice(0, 60);
  const cost = a.kernel.cost + b.kernel.cost;
  return { kernel: { ...a.kernel, ...touched(both), name, body: both, cost }, rows };
}

/** What there is one of a row is held in a local from where it is stored; others may need the store. */
function keepNumbers(r: RowKernel, own: (buffer: number) => boolean): RowKernel {
  const { kernel } = r;
  const stored = new Map<number, number>();
  visitStmts(kernel.body, (s) => {
    if (s.kind === 'store') stored.set(s.buffer, (stored.get(s.buffer) ?? 0) + 1);
  });
  const held = new Map<number, Expr>();
  const body: Stmt[] = [];
  for (const s of kernel.body) {
    const [now] = held.size === 0 ? [s] : mapBody([s], forwarded(held));
    const single = now.kind === 'store' && r.rows.get(now.buffer) === 1;
    if (single && stored.get(now.buffer) === 1 && now.storage === now.value.dtype) {
      const local = variable('n', now.value.dtype);
      body.push({ kind: 'let', variable: local, value: now.value });
      held.set(now.buffer, local);
      if (!own(now.buffer)) body.push({ ...now, value: local });
    } else body.push(now);
  }
  return { rows: r.rows, kernel: { ...kernel, ...touched(body), body } };
}

/** Loads of buffers that are held, as what holds them. */
function forwarded(held: ReadonlyMap<number, Expr>): (e: Expr) => Expr {
  const memo = new Map<Expr, Expr>();
  const ex = (e: Expr): Expr => {
    const known = memo.get(e);
    if (known) return known;
    const local = e.op === 'load' ? held.get(e.buffer) : undefined;
    const r = local ?? rebuild(e, e.args.map(ex));
    memo.set(e, r);
    return r;
  };
  return ex;
}

/** What no other kernel touches, kept in scratch memory a row at a time. */
function keepRows(
  { kernel, rows }: RowKernel,
  buffers: RowBuffers,
  own: (buffer: number) => boolean,
): Kernel {
  const p = kernel.parallel!.index;
  const scratch: Scratch[] = [];
  const places = new Map<number, number>();
  let bytes = 0;
  for (const b of kernel.writes) {
    const length = rows.get(b);
    if (length === undefined || !own(b)) continue;
    const size = length * bytesOf(buffers.dtype(b));
    if (bytes + size > scratchLimit) continue;
    bytes += size;
    scratch.push({ dtype: buffers.dtype(b), length });
    places.set(b, -scratch.length);
  }
  if (places.size === 0) return kernel;
  const memo = new Map<Expr, Expr>();
  const inRow = (b: number, index: Expr): Expr => isub(index, imulc(p, rows.get(b)!));
  const ex = (e: Expr): Expr => {
    const known = memo.get(e);
    if (known) return known;
    const args = e.args.map(ex);
    const place = e.op === 'load' ? places.get(e.buffer) : undefined;
    const r =
      place !== undefined ? load(place, e.storage!, inRow(e.buffer, args[0])) : rebuild(e, args);
    memo.set(e, r);
    return r;
  };
  const body = mapBody(kernel.body, ex, (s) => {
    const place = places.get(s.buffer);
    return place === undefined
      ? { ...s, index: ex(s.index) }
      : { ...s, buffer: place, index: inRow(s.buffer, ex(s.index)) };
  });
  return { ...kernel, ...touched(body), body, scratch };
}
