import { describe, expect, it } from 'vitest';
import { compileScalar, evaluate } from './evaluate.ts';
import {
  type BinaryOp,
  binary,
  bitcast,
  compare,
  constant,
  convert,
  type Expr,
  guard,
  int,
  load,
  type Scalar,
  select,
  toInt,
  type UnaryOp,
  unary,
  variable,
} from './expr.ts';

/** The value of `op` on values given from outside, so that nothing is folded beforehand. */
function two(op: BinaryOp, t: Scalar, a: number, b: number): number {
  const x = variable('x', t);
  const y = variable('y', t);
  return compileScalar(binary(op, x, y), [x, y])(a, b);
}
function one(op: UnaryOp, t: Scalar, a: number): number {
  const x = variable('x', t);
  return compileScalar(unary(op, x), [x])(a);
}
function through(t: Scalar, fn: (x: Expr) => Expr, a: number): number {
  const x = variable('x', t);
  return compileScalar(fn(x), [x])(a);
}

describe('compileScalar', () => {
  it('rounds float32 after every operation', () => {
    expect(two('add', 'float32', 1, 2 ** -24)).toBe(1);
    expect(two('add', 'float64', 1, 2 ** -24)).toBe(1 + 2 ** -24);
    expect(two('mul', 'float32', Math.fround(0.1), 3)).toBe(Math.fround(Math.fround(0.1) * 3));
    expect(two('div', 'float32', 1, 3)).toBe(Math.fround(1 / 3));
    expect(one('sqrt', 'float32', 2)).toBe(Math.fround(Math.SQRT2));
    expect(two('mul', 'float32', 2 ** 100, 2 ** 100)).toBe(Number.POSITIVE_INFINITY);
  });

  it('wraps integers', () => {
    expect(two('add', 'int32', 2147483647, 1)).toBe(-2147483648);
    expect(two('add', 'uint32', 4294967295, 2)).toBe(1);
    expect(two('sub', 'uint32', 0, 1)).toBe(4294967295);
    expect(two('mul', 'int32', 123456789, 987654321)).toBe(-67153019);
    expect(two('mul', 'uint32', 4294967295, 4294967295)).toBe(1);
    expect(one('neg', 'int32', -2147483648)).toBe(-2147483648);
    expect(one('abs', 'int32', -2147483648)).toBe(-2147483648);
    expect(one('neg', 'uint32', 1)).toBe(4294967295);
    expect(one('not', 'uint32', 0)).toBe(4294967295);
    expect(one('not', 'bool', 1)).toBe(0);
  });

  it('divides toward zero and refuses a zero divisor', () => {
    expect(two('div', 'int32', -7, 2)).toBe(-3);
    expect(two('rem', 'int32', -7, 2)).toBe(-1);
    expect(two('div', 'uint32', 4294967295, 2)).toBe(2147483647);
    expect(two('rem', 'float32', -7.5, 2)).toBe(-1.5);
    expect(() => two('div', 'int32', 1, 0)).toThrow(/division by zero/);
    expect(() => two('rem', 'uint32', 1, 0)).toThrow(/by zero/);
  });

  it('shifts, masks and compares', () => {
    expect(two('shr', 'int32', -8, 1)).toBe(-4);
    expect(two('shr', 'uint32', 4294967288, 1)).toBe(2147483644);
    expect(two('shl', 'uint32', 1, 31)).toBe(2147483648);
    expect(two('shl', 'int32', 1, 31)).toBe(-2147483648);
    expect(two('or', 'uint32', 0x80000000, 1)).toBe(0x80000001);
    expect(two('xor', 'bool', 1, 1)).toBe(0);
    expect(through('float32', (x) => compare('ne', x, x), Number.NaN)).toBe(1);
    expect(through('float64', (x) => compare('le', x, constant('float64', 2)), 2)).toBe(1);
  });

  it('gives NaN from min and max when either side is', () => {
    for (const op of ['min', 'max'] as const) {
      expect(two(op, 'float32', Number.NaN, 1)).toBeNaN();
      expect(two(op, 'float64', 1, Number.NaN)).toBeNaN();
    }
    expect(two('min', 'int32', -3, 2)).toBe(-3);
  });

  it('rounds to nearest, half to even', () => {
    const cases = [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-0.5, -0],
      [-1.5, -2],
      [-0.2, -0],
      [8388609, 8388609],
      [4503599627370494.5, 4503599627370494],
      [1e300, 1e300],
    ];
    for (const [x, want] of cases) expect(one('nearest', 'float64', x)).toBe(want);
    expect(one('nearest', 'float32', Number.NaN)).toBeNaN();
    expect(one('nearest', 'float32', Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('converts: truncating and saturating to integers, NaN to 0, nonzero to true', () => {
    const to = (t: Scalar, from: Scalar, v: number): number =>
      through(from, (x) => convert(t, x), v);
    expect(to('int32', 'float32', -1.9)).toBe(-1);
    expect(to('int32', 'float64', 3e9)).toBe(2147483647);
    expect(to('uint32', 'float64', 3e9)).toBe(3000000000);
    expect(to('uint32', 'float32', -5)).toBe(0);
    expect(to('int32', 'float32', Number.NaN)).toBe(0);
    expect(to('bool', 'float32', Number.NaN)).toBe(1);
    expect(to('bool', 'float32', -0)).toBe(0);
    expect(to('float32', 'int32', 16777217)).toBe(16777216);
    expect(to('float32', 'float64', 0.1)).toBe(Math.fround(0.1));
    expect(to('uint32', 'int32', -1)).toBe(4294967295);
    expect(through('float32', toInt, -7.8)).toBe(-7);
  });

  it('casts bits', () => {
    expect(through('float32', (x) => bitcast('int32', x), -1)).toBe(0xbf800000 | 0);
    expect(through('float32', (x) => bitcast('uint32', x), -1)).toBe(0xbf800000);
    expect(through('int32', (x) => bitcast('float32', x), 0x3f800000)).toBe(1);
    expect(through('uint32', (x) => bitcast('float32', x), 0xff800000)).toBe(
      Number.NEGATIVE_INFINITY,
    );
    expect(through('int32', (x) => bitcast('uint32', x), -1)).toBe(4294967295);
  });

  it('rounds a*b + c once when contracting', () => {
    for (const [t, e] of [
      ['float32', 2 ** -12],
      ['float64', 2 ** -27],
    ] as const) {
      const [a, c] = [variable('a', t), variable('c', t)];
      const product = binary('mul', a, a);
      const forms = [
        [binary('add', product, c), 1],
        [binary('sub', product, unary('neg', c)), 1],
        [binary('sub', unary('neg', c), product), -1],
        [binary('add', c, product), 1],
      ] as const;
      for (const [form, sign] of forms) {
        // (1+e)^2 - (1+2e) is e^2, which rounding the product loses.
        const args = [1 + e, -(1 + 2 * e)];
        expect(compileScalar(form, [a, c])(...args)).toBe(0);
        expect(compileScalar(form, [a, c], { contract: true })(...args)).toBe(sign * e * e);
      }
    }
  });

  it('evaluates only the side a guard takes', () => {
    const i = variable('i', 'int32', 0, 10);
    const seen: number[] = [];
    const e = guard(compare('lt', i, int(3)), load(2, 'float32', i), constant('float32', 9));
    const fn = compileScalar(binary('add', e, e), [i], {
      load(buffer, index) {
        expect(buffer).toBe(2);
        seen.push(index);
        return index + 0.5;
      },
    });
    expect([fn(1), fn(5)]).toEqual([3, 18]);
    expect(seen).toEqual([1]);
    expect(() => compileScalar(e, [i])).toThrow(/load/);
  });

  it('shares nodes between a guard and what follows it', () => {
    const x = variable('x', 'float32');
    const y = binary('add', x, constant('float32', 1));
    const g = guard(compare('lt', x, constant('float32', 0)), y, x);
    const fn = compileScalar(binary('mul', g, y), [x]);
    expect([fn(-3), fn(3)]).toEqual([4, 12]);
  });

  it('takes any node as an input, and says which variable is missing', () => {
    const x = variable('x', 'float32');
    const root = unary('sqrt', x);
    expect(compileScalar(binary('add', root, root), [root])(4)).toBe(8);
    expect(() => compileScalar(root, [])).toThrow(`The variable ${x.name} was given no value.`);
  });
});

describe('evaluate', () => {
  it('looks values up by node', () => {
    const x = variable('x', 'float32');
    const y = variable('y', 'float32');
    const e = select(compare('gt', x, y), binary('sub', x, y), constant('float32', -0));
    const env = new Map([
      [x, 5],
      [y, 3],
    ]);
    expect(evaluate(e, env)).toBe(2);
    expect(evaluate(e, new Map([...env, [x, 1]]))).toBe(-0);
    expect(evaluate(constant('float32', 0.1))).toBe(Math.fround(0.1));
  });
});
