/** Loops over index spaces: merging adjacent dimensions, splitting work for threads. */
import { type Expr, int, rebuild, variable } from '../expr/expr.ts';
import { iadd, idivc, imodc, imulc, linear, remaining } from '../expr/index-math.ts';
import type { Stmt } from './loopnest.ts';

export interface Loop {
  readonly index: Expr;
  readonly extent: number;
}

/** A loop of one iteration has the constant 0 as its index, and no statement is made for it. */
export function loopOver(prefix: string, extent: number): Loop {
  if (extent === 1) return { index: int(0), extent };
  return { index: variable(prefix, 'int32', 0, Math.max(0, extent - 1)), extent };
}

/** One loop a dimension; dimensions of size 1 get the constant 0 and no loop. */
export function loopsOver(
  prefix: string,
  shape: readonly number[],
): { loops: Loop[]; index: Expr[] } {
  const loops: Loop[] = [];
  const index = shape.map((n) => {
    if (n === 1) return int(0);
    const l = loopOver(prefix, n);
    loops.push(l);
    return l.index;
  });
  return { loops, index };
}

/**
 * Joins neighbouring loops that every index treats as one long loop: i*n + j everywhere. `groups`
 * are the runs of loops that may be joined (outer first). Returns the new groups and the
 * substitution that the expressions need.
 */
export function mergeLoops(
  groups: readonly (readonly Loop[])[],
  exprs: readonly Expr[],
): { groups: Loop[][]; apply: (e: Expr) => Expr } {
  let current = exprs;
  const steps: ((e: Expr) => Expr)[] = [];
  const merged = groups.map((loops) => {
    const out: Loop[] = [];
    for (const loop of loops) {
      const outer = out[out.length - 1];
      if (outer && canJoin(current, outer.index, loop)) {
        const joined = loopOver('i', outer.extent * loop.extent);
        const step = replacer(
          new Map([
            [outer.index, int(0)],
            [loop.index, joined.index],
          ]),
        );
        steps.push(step);
        current = current.map(step);
        out[out.length - 1] = joined;
      } else out.push(loop);
    }
    return out;
  });
  return { groups: merged, apply: (e) => steps.reduce((x, f) => f(x), e) };
}

const isSum = (e: Expr): boolean =>
  e.dtype === 'int32' &&
  (e.op === 'add' ||
    e.op === 'sub' ||
    e.op === 'neg' ||
    (e.op === 'mul' && e.args.some((a) => a.op === 'const')));

function canJoin(exprs: readonly Expr[], outer: Expr, inner: Loop): boolean {
  const seen = new Set<Expr>();
  const fits = (e: Expr): boolean => {
    if (e.dtype === 'int32' && (isSum(e) || e === outer || e === inner.index)) {
      let a = 0;
      let b = 0;
      for (const t of linear(e).terms) {
        if (t.atom === outer) a += t.coef;
        else if (t.atom === inner.index) b += t.coef;
        else if (!visit(t.atom)) return false;
      }
      return a === b * inner.extent;
    }
    return visit(e);
  };
  const visit = (e: Expr): boolean => {
    if (seen.has(e)) return true;
    seen.add(e);
    return e.args.every(fits);
  };
  return exprs.every(fits);
}

/** Replaces variables, simplifying indices again on the way. */
export function replacer(map: ReadonlyMap<Expr, Expr>): (e: Expr) => Expr {
  const memo = new Map<Expr, Expr>(map);
  const go = (e: Expr): Expr => {
    const known = memo.get(e);
    if (known) return known;
    const r = make(e);
    memo.set(e, r);
    return r;
  };
  const make = (e: Expr): Expr => {
    if (e.args.length === 0) return e;
    if (isSum(e)) {
      const l = linear(e);
      let sum: Expr = int(l.constant);
      for (const t of l.terms) sum = iadd(sum, imulc(go(t.atom), t.coef));
      return sum;
    }
    const args = e.args.map(go);
    if (args.every((a, i) => a === e.args[i])) return e;
    if (e.dtype === 'int32' && e.args.length === 2) {
      if (e.op === 'div' && args[1].op === 'const' && args[0].lo >= 0 && args[1].value > 0)
        return idivc(args[0], args[1].value);
      if (e.op === 'rem' && args[1].op === 'const' && args[0].lo >= 0 && args[1].value > 0)
        return imodc(args[0], args[1].value);
    }
    return rebuild(e, args);
  };
  return go;
}

export function forLoop(
  index: Expr,
  start: Expr,
  extent: Expr,
  body: readonly Stmt[],
  vector = false,
): Stmt {
  return { kind: 'for', index, start, extent, step: 1, body, vector };
}

/** Loops around `body`, outermost first; the innermost is marked as vector if asked. */
export function nest(
  loops: readonly Loop[],
  body: readonly Stmt[],
  vector: boolean,
): readonly Stmt[] {
  let inner = body;
  for (let d = loops.length - 1; d >= 0; d--) {
    const { index, extent } = loops[d];
    if (index.op === 'const') continue;
    inner = [
      forLoop(index, int(0), int(extent), inner, vector && d === loops.length - 1 && extent >= 4),
    ];
  }
  return inner;
}

export interface Parallel {
  /** Absent when there was only one piece. */
  readonly parallel?: { readonly index: Expr; readonly extent: number };
  readonly body: readonly Stmt[];
}

/** How many independent pieces a kernel is cut into: enough for any machine, few enough to be cheap. */
const pieces = 64;

/**
 * Turns leading loops into one parallel index. `inner` builds the body below the loops that were
 * taken. With `splitLast` the last loop may be cut into stretches too; `inner` then gets the
 * stretch as (start, extent) of that loop.
 */
export function parallelize(
  loops: readonly Loop[],
  splitLast: boolean,
  inner: (rest: readonly Loop[], stretch?: { start: Expr; extent: Expr }) => readonly Stmt[],
): Parallel {
  const lead: Loop[] = [];
  let units = 1;
  const most = splitLast ? loops.length - 1 : loops.length;
  while (lead.length < most && units < pieces) {
    units *= loops[lead.length].extent;
    lead.push(loops[lead.length]);
  }
  const rest = loops.slice(lead.length);
  let chunks = 1;
  let chunk = 0;
  const last = splitLast ? rest[rest.length - 1] : undefined;
  if (last && rest.length === 1 && units < 8) {
    // Stretches are multiples of 64 elements, so that threads never share a cache line.
    chunk = Math.max(256, 64 * Math.ceil(last.extent / Math.ceil(pieces / units) / 64));
    chunks = Math.ceil(last.extent / chunk);
  }
  const p = loopOver('p', units * chunks);
  const body: Stmt[] = [];
  let position: Expr = idivc(p.index, chunks);
  for (let d = lead.length - 1; d >= 0; d--) {
    if (lead[d].index.op === 'const') continue;
    body.push({
      kind: 'let',
      variable: lead[d].index,
      value: d === 0 ? position : imodc(position, lead[d].extent),
    });
    position = idivc(position, lead[d].extent);
  }
  if (last && chunks > 1) {
    const start = imulc(imodc(p.index, chunks), chunk);
    const extent = remaining(last.extent, start, int(chunk));
    body.push(...inner([], { start, extent }));
  } else body.push(...inner(rest));
  return p.extent === 1 ? { body } : { parallel: { index: p.index, extent: p.extent }, body };
}

/** One parallel iteration for each element of the space that the loops span. */
export function eachElement(loops: readonly Loop[], body: readonly Stmt[]): Parallel {
  const total = loops.reduce((n, l) => n * l.extent, 1);
  if (total === 1) return { body: nest(loops, body, false) };
  const p = loopOver('p', total);
  const lets: Stmt[] = [];
  let position: Expr = p.index;
  let left = total;
  for (let d = loops.length - 1; d >= 0; d--) {
    const { index, extent } = loops[d];
    left /= extent;
    if (index.op === 'const') continue;
    const value = left === 1 ? position : imodc(position, extent);
    lets.unshift({ kind: 'let', variable: index, value });
    position = idivc(position, extent);
  }
  return { parallel: { index: p.index, extent: total }, body: [...lets, ...body] };
}

/** Distinct operations in a set of expressions: the cost of evaluating them once. */
export function costOf(exprs: readonly Expr[]): number {
  const seen = new Set<Expr>();
  let cost = 0;
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.op !== 'const' && e.op !== 'var') cost++;
    for (const a of e.args) visit(a);
  };
  for (const e of exprs) visit(e);
  return Math.max(1, cost);
}
