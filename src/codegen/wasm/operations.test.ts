/** Every operation on every type, in and out of vector loops, against the interpreter. */
import { describe, expect, it } from 'vitest';
import { differences, loop, ProgramMaker, store } from '../../backends/wasm/testing.ts';
import { type DType, makeArray, type TypedArray } from '../../dtype.ts';
import {
  type BinaryOp,
  binary,
  bitcast,
  type CompareOp,
  compare,
  constant,
  convert,
  type Expr,
  load,
  type Scalar,
  select,
  toInt,
  type UnaryOp,
  unary,
} from '../../expr/expr.ts';

const floats = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3.49999,
  7,
  -7.25,
  1e-40,
  -1e-40,
  1e-45,
  3e38,
  -3e38,
  2147483520,
  2147483648,
  -2147483648,
  4294967040,
  5e9,
  -5e9,
  255,
  256.5,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  0.1,
  8388608.5,
  1e16,
];
const integers = [
  0, 1, -1, 2, -2, 3, 7, -7, 10, 31, 32, 100, 255, 256, 1000, -1000, 65535, 65536, 16777217,
  2147483647, -2147483648, -2147483647, 1431655765,
];

function samples(dtype: DType): number[] {
  if (dtype === 'bool') return [0, 1, 1, 0, 1];
  if (dtype === 'uint8') return [0, 1, 2, 127, 128, 200, 255];
  return dtype === 'float32' || dtype === 'float64' ? floats : integers;
}

/** Every pair of samples (with a few left over, so that vector loops have a remainder). */
function pairs(dtype: DType): { a: TypedArray; b: TypedArray } {
  const s = samples(dtype);
  const n = s.length ** 2 + 3;
  const a = makeArray(dtype, n);
  const b = makeArray(dtype, n);
  for (let i = 0; i < n; i++) {
    a[i] = s[i % s.length];
    b[i] = s[Math.floor(i / s.length) % s.length];
  }
  return { a, b };
}

interface Row {
  readonly name: string;
  readonly result: DType;
  of(a: Expr, b: Expr): Expr;
}

/** A program that computes all rows over all pairs, in lanes and one by one. */
function check(dtype: DType, rows: readonly Row[]): string[] {
  const found: string[] = [];
  for (const vector of [true, false]) {
    const p = new ProgramMaker();
    const { a, b } = pairs(dtype);
    const [x, y] = [p.input(a, dtype), p.input(b, dtype)];
    for (const row of rows) {
      const out = p.output(row.result, a.length);
      p.kernel([
        loop(
          a.length,
          (i) => [store(out, row.result, i, row.of(load(x, dtype, i), load(y, dtype, i)))],
          { vector },
        ),
      ]);
    }
    found.push(...differences(p, 0, (i) => `${rows[i].name} ${dtype}${vector ? ' in lanes' : ''}`));
  }
  return found;
}

const un = (op: UnaryOp, result: DType): Row => ({ name: op, result, of: (a) => unary(op, a) });
const bin = (op: BinaryOp, result: DType): Row => ({
  name: op,
  result,
  of: (a, b) => binary(op, a, b),
});
const cmp = (op: CompareOp): Row => ({ name: op, result: 'bool', of: (a, b) => compare(op, a, b) });
const compares: CompareOp[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];

/** A divisor that is neither 0 nor -1. */
function divisor(b: Expr): Expr {
  const c = (v: number): Expr => constant(b.dtype, v);
  const bad = binary('or', compare('eq', b, c(0)), compare('eq', b, c(-1)));
  return select(bad, c(3), b);
}

describe('operations', () => {
  it.each(['float32', 'float64'] as const)('%s', (t) => {
    const rows: Row[] = [
      ...(['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest'] as const).map((o) =>
        un(o, t),
      ),
      ...(['add', 'sub', 'mul', 'div', 'rem', 'min', 'max'] as const).map((o) => bin(o, t)),
      ...compares.map(cmp),
      { name: 'select', result: t, of: (a, b) => select(compare('lt', a, b), a, b) },
      {
        name: 'select or zero',
        result: t,
        of: (a, b) => select(compare('lt', a, b), a, constant(t, 0)),
      },
      {
        name: 'zero or select',
        result: t,
        of: (a, b) => select(compare('lt', a, b), constant(t, 0), a),
      },
      ...[0, -0, 1.5, -2, Number.NaN, Number.POSITIVE_INFINITY].flatMap((c): Row[] => [
        { name: `max ${c}`, result: t, of: (a) => binary('max', a, constant(t, c)) },
        { name: `max of ${c}`, result: t, of: (a) => binary('max', constant(t, c), a) },
        { name: `min ${c}`, result: t, of: (a) => binary('min', a, constant(t, c)) },
      ]),
    ];
    expect(check(t, rows)).toEqual([]);
  });

  it.each(['int32', 'uint32'] as const)('%s', (t) => {
    const rows: Row[] = [
      ...(['neg', 'abs', 'not'] as const).map((o) => un(o, t)),
      ...(['add', 'sub', 'mul', 'min', 'max', 'and', 'or', 'xor'] as const).map((o) => bin(o, t)),
      ...(['div', 'rem'] as const).map(
        (o): Row => ({ name: o, result: t, of: (a, b) => binary(o, a, divisor(b)) }),
      ),
      ...[1, 2, 7, 10, 64, 784].flatMap((c): Row[] => [
        { name: `div ${c}`, result: t, of: (a) => binary('div', a, constant(t, c)) },
        { name: `rem ${c}`, result: t, of: (a) => binary('rem', a, constant(t, c)) },
      ]),
      ...(['shl', 'shr'] as const).flatMap((o): Row[] => [
        {
          name: `${o} by a value`,
          result: t,
          of: (a, b) => binary(o, a, binary('and', b, constant(t, 31))),
        },
        { name: `${o} 5`, result: t, of: (a) => binary(o, a, constant(t, 5)) },
        { name: `${o} 31`, result: t, of: (a) => binary(o, a, constant(t, 31)) },
      ]),
      ...compares.map(cmp),
      { name: 'select', result: t, of: (a, b) => select(compare('ge', a, b), a, b) },
    ];
    expect(check(t, rows)).toEqual([]);
  });

  it('bool', () => {
    const rows: Row[] = [
      un('not', 'bool'),
      ...(['and', 'or', 'xor', 'min', 'max'] as const).map((o) => bin(o, 'bool')),
      ...compares.map(cmp),
      { name: 'select', result: 'bool', of: (a, b) => select(a, b, unary('not', b)) },
    ];
    expect(check('bool', rows)).toEqual([]);
  });

  it('bool storage other than 0 and 1 counts as true', () => {
    const p = new ProgramMaker();
    const x = p.input(Uint8Array.from([0, 1, 2, 255, 128, 0, 4, 1, 3]), 'bool');
    const out = p.output('bool', 9);
    p.kernel([loop(9, (i) => [store(out, 'bool', i, load(x, 'bool', i))])]);
    expect(differences(p)).toEqual([]);
  });

  it('uint8 is computed as int32 and stored by its low byte', () => {
    const rows: Row[] = [
      bin('add', 'uint8'),
      bin('sub', 'uint8'),
      bin('mul', 'uint8'),
      { name: 'widened', result: 'int32', of: (a, b) => binary('sub', a, b) },
    ];
    expect(check('uint8', rows)).toEqual([]);
  });

  const scalars: Scalar[] = ['float32', 'float64', 'int32', 'uint32', 'bool'];
  it.each([...scalars, 'uint8' as const])('convert from %s', (from) => {
    const rows = scalars.map(
      (to): Row => ({ name: `convert to ${to} from`, result: to, of: (a) => convert(to, a) }),
    );
    expect(check(from, rows)).toEqual([]);
  });

  it('bitcast', () => {
    const words: Scalar[] = ['float32', 'int32', 'uint32'];
    for (const from of words) {
      const rows = words.map(
        (to): Row => ({
          name: `bitcast to ${to}`,
          result: 'int32',
          of: (a) => bitcast('int32', bitcast(to, a)),
        }),
      );
      // NaN has many representations, and an interpreter in JavaScript does not keep them.
      const ok = rows.map(
        (r): Row => ({
          ...r,
          of: (a, b) =>
            select(
              compare('eq', convert('float64', a), convert('float64', a)),
              r.of(a, b),
              constant('int32', 0),
            ),
        }),
      );
      expect(check(from, from === 'float32' ? ok : rows)).toEqual([]);
    }
  });

  it('toInt', () => {
    for (const t of ['float32', 'float64'] as const) {
      const small = (a: Expr): Expr =>
        select(compare('lt', unary('abs', a), constant(t, 1e9)), a, constant(t, 3.7));
      expect(check(t, [{ name: 'toInt', result: 'int32', of: (a) => toInt(small(a)) }])).toEqual(
        [],
      );
    }
  });
});
