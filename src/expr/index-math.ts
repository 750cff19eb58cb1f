/**
 * Index arithmetic: int32 expressions kept as sums of terms, so that the maps made by reshapes,
 * transposes and slices collapse. `(i*784 + j) / 784` becomes `i` when `0 <= j < 784`.
 *
 * All values here are assumed not to overflow int32 (arrays hold fewer than 2^31 elements).
 */
import { binary, type Expr, int } from './expr.ts';

interface Term {
  readonly atom: Expr;
  readonly coef: number;
}

/** `e` as constant + sum of coef * atom. Atoms are not sums nor products with a constant. */
export interface Linear {
  readonly constant: number;
  readonly terms: readonly Term[];
}

const memo = new WeakMap<Expr, Linear>();

export function linear(e: Expr): Linear {
  const known = memo.get(e);
  if (known) return known;
  let r: Linear;
  if (e.op === 'const') r = { constant: e.value, terms: [] };
  else if (e.dtype !== 'int32') r = { constant: 0, terms: [{ atom: e, coef: 1 }] };
  else if (e.op === 'add') r = sum(linear(e.args[0]), linear(e.args[1]), 1);
  else if (e.op === 'sub') r = sum(linear(e.args[0]), linear(e.args[1]), -1);
  else if (e.op === 'neg') r = scale(linear(e.args[0]), -1);
  else if (e.op === 'mul' && e.args[1].op === 'const')
    r = scale(linear(e.args[0]), e.args[1].value);
  else if (e.op === 'mul' && e.args[0].op === 'const')
    r = scale(linear(e.args[1]), e.args[0].value);
  else r = { constant: 0, terms: [{ atom: e, coef: 1 }] };
  memo.set(e, r);
  return r;
}

function sum(a: Linear, b: Linear, sign: number): Linear {
  const coefs = new Map<Expr, number>();
  for (const t of a.terms) coefs.set(t.atom, t.coef);
  for (const t of b.terms) coefs.set(t.atom, (coefs.get(t.atom) ?? 0) + sign * t.coef);
  const terms = [...coefs].filter(([, c]) => c !== 0).map(([atom, coef]) => ({ atom, coef }));
  return rejoin({ constant: a.constant + sign * b.constant, terms });
}

/** (x / k) * k*c + (x % k) * c is x*c: what a reshape took apart and another one puts together. */
function rejoin(l: Linear): Linear {
  for (const { atom, coef } of l.terms) {
    if (atom.op !== 'rem' || atom.args[1].op !== 'const') continue;
    const [x, k] = [atom.args[0], atom.args[1].value];
    const whole = quotient(x, k);
    const other = l.terms.find((t) => t.atom === whole);
    if (other?.coef !== coef * k) continue;
    const rest = l.terms.filter((t) => t.atom !== atom && t.atom !== whole);
    return sum({ constant: l.constant, terms: rest }, scale(linear(x), coef), 1);
  }
  return l;
}

function scale(a: Linear, k: number): Linear {
  if (k === 0) return { constant: 0, terms: [] };
  return {
    constant: a.constant * k,
    terms: a.terms.map((t) => ({ atom: t.atom, coef: t.coef * k })),
  };
}

/** Builds the canonical expression of a sum: larger coefficients first, the constant last. */
export function fromLinear(l: Linear): Expr {
  const terms = [...l.terms].sort((a, b) => b.coef - a.coef || a.atom.id - b.atom.id);
  let e: Expr | undefined;
  for (const t of terms) {
    const product = binary('mul', t.atom, int(t.coef));
    e = e ? binary('add', e, product) : product;
  }
  if (!e) return int(l.constant);
  e = binary('add', e, int(l.constant));
  memo.set(e, { constant: l.constant, terms });
  return e;
}

/** `e` without its terms in `vars`, of which it is a sum of multiples and a rest. */
export function without(e: Expr, ...vars: readonly Expr[]): Expr {
  const { constant, terms } = linear(e);
  return fromLinear({ constant, terms: terms.filter((t) => !vars.includes(t.atom)) });
}

export function iadd(a: Expr, b: Expr): Expr {
  return fromLinear(sum(linear(a), linear(b), 1));
}

export function isub(a: Expr, b: Expr): Expr {
  return fromLinear(sum(linear(a), linear(b), -1));
}

export function imulc(a: Expr, k: number): Expr {
  return fromLinear(scale(linear(a), k));
}

/** a / k for a >= 0, k a positive constant; anything for k = 0, since an empty array has no index. */
export function idivc(a: Expr, k: number): Expr {
  if (k <= 1) return a;
  const [q, r] = split(linear(a), k);
  const rest = fromLinear(r);
  if (rest.lo < 0) return quotient(a, k);
  const c = rest.hi >= k ? coarse(r, k) : undefined;
  const more = rest.hi < k ? int(0) : c ? idivc(c.high, k / c.unit) : quotient(rest, k);
  return iadd(fromLinear(q), more);
}

/** a mod k for a >= 0, k a positive constant; anything for k = 0. */
export function imodc(a: Expr, k: number): Expr {
  if (k <= 1) return int(0);
  const [, r] = split(linear(a), k);
  const rest = fromLinear(r);
  const e = rest.lo >= 0 ? rest : a;
  if (e.lo >= 0 && e.hi < k) return e;
  const c = e === rest ? coarse(r, k) : undefined;
  if (c) return iadd(imulc(imodc(c.high, k / c.unit), c.unit), c.low);
  // (x % (k*m)) % k = x % k
  if (e.op === 'rem' && e.args[1].op === 'const' && e.args[1].value % k === 0)
    return imodc(e.args[0], k);
  return binary('rem', e, int(k));
}

/**
 * l as high * unit + low with 0 <= low < unit, for a unit that divides k: then low does not matter to
 * l / k. (i*64 + j) / 512 is i / 8 when j < 64.
 */
function coarse(l: Linear, k: number): { unit: number; high: Expr; low: Expr } | undefined {
  for (const { coef: unit } of l.terms) {
    if (unit <= 1 || k % unit !== 0) continue;
    const [high, low] = split(l, unit).map(fromLinear);
    if (low.lo >= 0 && low.hi < unit) return { unit, high, low };
  }
  return undefined;
}

function quotient(a: Expr, k: number): Expr {
  // (x / j) / k = x / (j*k)
  if (a.op === 'div' && a.args[1].op === 'const') return idivc(a.args[0], a.args[1].value * k);
  return binary('div', a, int(k));
}

/** l = q*k + r, with every term that k divides in q. */
function split(l: Linear, k: number): [Linear, Linear] {
  const q: Term[] = [];
  const r: Term[] = [];
  for (const t of l.terms) {
    const whole = Math.trunc(t.coef / k);
    if (t.coef % k === 0) q.push({ atom: t.atom, coef: t.coef / k });
    else {
      // A coefficient above k splits too: 100*i / 32 = 3*i + (4*i)/32.
      if (whole !== 0) q.push({ atom: t.atom, coef: whole });
      r.push({ atom: t.atom, coef: t.coef - whole * k });
    }
  }
  const c = Math.floor(l.constant / k);
  return [
    { constant: c, terms: q },
    { constant: l.constant - c * k, terms: r },
  ];
}

/** How many of `total` there are from `start` on, `most` at the most. */
export function remaining(total: number, start: Expr, most: Expr): Expr {
  const left = isub(int(total), start);
  return left.lo >= most.hi ? most : left.hi <= most.lo ? left : binary('min', left, most);
}

/** Row-major position of `index` in an array of `shape`. */
export function linearize(index: readonly Expr[], shape: readonly number[]): Expr {
  let e: Expr = int(0);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1) e = iadd(e, imulc(index[d], stride));
    stride *= shape[d];
  }
  return e;
}

/** The index whose row-major position in `shape` is `position`. */
export function delinearize(position: Expr, shape: readonly number[]): Expr[] {
  const index = new Array<Expr>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    let outer = true;
    for (let k = 0; k < d; k++) if (shape[k] !== 1) outer = false;
    const q = idivc(position, stride);
    index[d] = shape[d] === 1 ? int(0) : outer ? q : imodc(q, shape[d]);
    stride *= shape[d];
  }
  return index;
}

/**
 * How `e` moves when `v` grows by one: a constant, or undefined when it depends on `v` in another
 * way (through a division, a load, …).
 */
export function strideOf(e: Expr, v: Expr): number | undefined {
  let stride = 0;
  for (const { atom, coef } of linear(e).terms) {
    if (atom === v) stride += coef;
    else if (dependsOn(atom, v)) return undefined;
  }
  return stride;
}

export function dependsOn(e: Expr, v: Expr, seen: Set<Expr> = new Set()): boolean {
  if (e === v) return true;
  if (seen.has(e)) return false;
  seen.add(e);
  return e.args.some((a) => dependsOn(a, v, seen));
}

/** `e` moved into 0..hi. */
export function clampIndex(e: Expr, hi: number): Expr {
  if (e.lo >= 0 && e.hi <= hi) return e;
  return binary('min', binary('max', e, int(0)), int(Math.max(0, hi)));
}
