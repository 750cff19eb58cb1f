/** Bounds of values, against values: random expressions over variables with bounds of their own. */
import { describe, expect, it } from 'vitest';
import { compileScalar } from './evaluate.ts';
import {
  binary,
  bool,
  compare,
  constant,
  convert,
  type Expr,
  int,
  select,
  unary,
  variable,
} from './expr.ts';
import { clampIndex, iadd, idivc, imodc, imulc } from './index-math.ts';
import { log } from './math.ts';

function generator(seed: number): (n: number) => number {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const clip = (x: Expr, lo: number, hi: number): Expr =>
  binary('min', binary('max', x, constant(x.dtype, lo)), constant(x.dtype, hi));

const operations = ['add', 'sub', 'mul', 'min', 'max', 'and', 'select', 'neg'] as const;

/** An expression over `leaves`, some forty operations deep at most. */
function build(below: (n: number) => number, leaves: readonly Expr[]): Expr[] {
  const known = [...leaves];
  const any = (): Expr => known[below(known.length)];
  for (let i = 0; i < 40; i++) {
    const op = operations[below(operations.length)];
    const [a, b] = [any(), any()];
    if (op === 'neg') known.push(unary('neg', a));
    else if (op === 'select') known.push(select(compare('lt', any(), any()), a, b));
    else if (op !== 'and' || a.dtype === 'int32') known.push(binary(op, a, b));
  }
  return known;
}

const cases: Record<'int32' | 'float32' | 'float64', [lo: number, hi: number][]> = {
  int32: [
    [0, 6],
    [-3, 511],
    [-(2 ** 31), 2 ** 31 - 1],
    [100000, 2000000],
  ],
  float32: [
    [0, 1],
    [-2.5, 3],
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    [2 ** -140, 2 ** 100],
  ],
  float64: [
    [0, 1],
    [-2.5, 3],
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    [1e-300, 1e300],
  ],
};

describe('bounds of values', () => {
  it.each(['int32', 'float32', 'float64'] as const)('hold for random %s arithmetic', (dtype) => {
    let decided = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const below = generator(seed);
      const bounds = cases[dtype];
      const vars = bounds.map(([lo, hi]) => variable('v', dtype, lo, hi));
      const made = build(below, [...vars, constant(dtype, 7), constant(dtype, -1)]);
      const inside = ([lo, hi]: [number, number]): number => {
        const edges = [lo, hi, ...(dtype !== 'int32' ? [Number.NaN] : [])];
        const between = Number.isFinite(hi - lo) ? lo + ((hi - lo) * below(1000)) / 1000 : 17;
        const v = below(4) > 0 ? between : edges[below(edges.length)];
        return dtype === 'int32' ? Math.trunc(v) : dtype === 'float32' ? Math.fround(v) : v;
      };
      const rounds = Array.from({ length: 20 }, () => bounds.map(inside));
      for (const e of made) {
        const value = compileScalar(e, vars);
        const found = rounds.map((r) => value(...r)).filter((v) => !Number.isNaN(v));
        expect(Math.min(...found)).toBeGreaterThanOrEqual(e.lo);
        expect(Math.max(...found)).toBeLessThanOrEqual(e.hi);
      }
      decided += made.filter((e) => e.hi - e.lo < 2 ** 31).length;
    }
    // Bounds that say nothing would hold, too.
    expect(decided).toBeGreaterThan(200);
  });

  it('say nothing of integers that may wrap', () => {
    const x = variable('x', 'int32', 0, 2 ** 30);
    const sum = binary('add', x, binary('add', x, x));
    expect([sum.lo, sum.hi]).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect(binary('add', x, int(-1)).lo).toBe(-1);
  });

  it('decide comparisons, but none that NaN would answer otherwise', () => {
    const x = clip(variable('x', 'float32'), 0.25, 0.75);
    expect(compare('lt', x, constant('float32', 0.25))).toBe(bool(false));
    expect(compare('eq', x, constant('float32', 0))).toBe(bool(false));
    expect(compare('ne', x, constant('float32', 0))).toBe(bool(true));
    expect(compare('lt', x, constant('float32', 1)).op).toBe('lt');
    expect(compare('ge', x, constant('float32', 0)).op).toBe('ge');
    const i = variable('i', 'int32', 3, 5);
    expect(compare('ge', i, int(3))).toBe(bool(true));
    expect(compare('ne', i, int(6))).toBe(bool(true));
  });

  it('count what is below the normal numbers as zero', () => {
    const x = clip(variable('x', 'float32'), 2 ** -140, 1);
    expect(compare('eq', x, constant('float32', 0)).op).toBe('eq');
  });

  it('leave out of a logarithm what its argument cannot be', () => {
    const x = variable('x', 'float32');
    const size = (e: Expr, seen: Set<Expr> = new Set()): number => {
      if (!seen.has(e)) {
        seen.add(e);
        for (const a of e.args) size(a, seen);
      }
      return seen.size;
    };
    const clipped = clip(x, 1e-7, 1 - 1e-7);
    const short = log(clipped);
    expect(size(short) - size(clipped)).toBeLessThan(size(log(x)) - size(x) - 5);
    const run = compileScalar(short, [x]);
    expect(run(0.5)).toBeCloseTo(Math.log(0.5), 6);
    expect(run(-3)).toBeCloseTo(Math.log(1e-7), 5);
    expect(run(Number.NaN)).toBeNaN();
  });

  it('of a choice are those of both sides', () => {
    const c = convert('bool', variable('c'));
    const e = select(c, int(3), variable('i', 'int32', -2, 1));
    expect([e.lo, e.hi]).toEqual([-2, 3]);
  });
});

describe('index arithmetic', () => {
  const x = variable('x', 'int32', 0, 4095);
  it('joins what a reshape took apart', () => {
    expect(iadd(imulc(idivc(x, 8), 80), imulc(imodc(x, 8), 10))).toBe(imulc(x, 10));
    // Twice: x/64, (x/8)%8, x%8.
    const parts = [imulc(idivc(x, 64), 640), imulc(imodc(idivc(x, 8), 8), 80)];
    expect(iadd(iadd(parts[0], parts[1]), imulc(imodc(x, 8), 10))).toBe(imulc(x, 10));
    expect(iadd(imulc(imodc(x, 8), 10), iadd(parts[1], parts[0]))).toBe(imulc(x, 10));
    const other = iadd(imulc(idivc(x, 8), 81), imulc(imodc(x, 8), 10));
    expect(other).not.toBe(imulc(x, 10));
    expect(compileScalar(other, [x])(77)).toBe(9 * 81 + 50);
  });

  it('divides sums as numbers are divided', () => {
    const below = generator(5);
    const [i, j, k] = [7, 8, 64].map((n, d) => variable('ijk'[d], 'int32', 0, n - 1));
    for (let round = 0; round < 300; round++) {
      const coefs = [i, j, k].map((v) => ({ v, c: [0, 1, 8, 64, 100, 512][below(6)] }));
      const sum = coefs.reduce((e, { v, c }) => iadd(e, imulc(v, c)), int(below(3) * 32));
      const by = [2, 8, 64, 96, 128, 512][below(6)];
      const again = [3, 4, 8][below(3)];
      const [q, r] = [idivc(sum, by), imodc(idivc(sum, by), again)];
      const run = [sum, q, r, imodc(sum, by)].map((e) => compileScalar(e, [i, j, k]));
      for (let n = 0; n < 20; n++) {
        const at = [below(7), below(8), below(64)];
        const [s, ...rest] = run.map((f) => f(...at));
        expect(rest).toEqual([Math.floor(s / by), Math.floor(s / by) % again, s % by]);
      }
    }
  });

  it('knows the bounds of what it clamps, also after a change of variables', () => {
    const row = clampIndex(variable('r'), 511);
    const at = iadd(imulc(row, 784), variable('c', 'int32', 0, 783));
    expect([at.lo, at.hi]).toEqual([0, 512 * 784 - 1]);
  });
});
