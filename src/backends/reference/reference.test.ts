import { describe, expect, it } from 'vitest';
import { type DType, makeArray, type TypedArray } from '../../dtype.ts';
import { Graph, lax, primitives, type Value } from '../../graph/index.ts';
import { interpret, rules } from './interpret.ts';
import { threefry2x32 } from './random.ts';
import { createReferenceBackend } from './reference.ts';
import { erf, erfc, erfInv, pow, roundHalfEven } from './special.ts';

/** Runs `fn` on arrays of one dtype and gives the first output as plain numbers. */
function run(
  dtype: DType,
  inputs: readonly (readonly number[])[],
  fn: (...xs: Value[]) => Value,
): number[] {
  const params = inputs.map((x) => lax.parameter([x.length], dtype));
  const arrays = inputs.map((x) => {
    const a = makeArray(dtype, x.length);
    a.set(x);
    return a;
  });
  return Array.from(interpret(new Graph(params, [fn(...params)])).run(arrays)[0] as TypedArray);
}

describe('special functions', () => {
  it('erf, erfc and erfInv to 15 digits', () => {
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15);
    expect(erf(-2)).toBeCloseTo(-0.9953222650189527, 15);
    expect(erf(1e-10) / 1.1283791670955126e-10).toBeCloseTo(1, 15);
    expect(erf(7)).toBe(1);
    expect(erfc(2) / 0.004677734981047266).toBeCloseTo(1, 13);
    expect(erfc(5) / 1.5374597944280349e-12).toBeCloseTo(1, 13);
    for (const x of [1e-8, 0.01, 0.3, 0.47, 0.5, 1, 2, 3, 4]) {
      expect(erfInv(erf(x)) / x).toBeCloseTo(1, x > 2 ? 8 : 12);
      expect(erfInv(-erf(x))).toBe(-erfInv(erf(x)));
    }
    expect(erfInv(1 - 2 ** -24) / 3.8325069).toBeCloseTo(1, 7);
    expect(erfInv(1)).toBe(Number.POSITIVE_INFINITY);
    expect(erfInv(1.5)).toBeNaN();
    expect(erfInv(0)).toBe(0);
  });

  it('pow follows C where JavaScript does not', () => {
    expect(pow(1, Number.NaN)).toBe(1);
    expect(pow(-1, Number.POSITIVE_INFINITY)).toBe(1);
    expect(pow(-2, 3)).toBe(-8);
    expect(pow(-2, 0.5)).toBeNaN();
  });

  it('rounds halves to even', () => {
    const xs = [0.5, 1.5, 2.5, -0.5, -1.5, 0.4, -0.4, 2 ** 52 + 1];
    expect(xs.map(roundHalfEven)).toEqual([0, 2, 2, -0, -2, 0, -0, 2 ** 52 + 1]);
  });

  it('threefry2x32 gives the known answers of Random123', () => {
    expect(threefry2x32([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe]);
    const ones = 0xffffffff;
    expect(threefry2x32([ones, ones], [ones, ones])).toEqual([0x1cb996fc, 0xbb002be7]);
    expect(threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toEqual([
      0xc4923a9c, 0x483df7a0,
    ]);
  });
});

describe('reference backend', () => {
  it('knows every primitive but parameter', () => {
    const missing = [...primitives().keys()].filter((name) => !Object.hasOwn(rules, name));
    expect(missing).toEqual(['parameter']);
  });

  it('wraps integers', () => {
    expect(run('int32', [[2 ** 31 - 1], [1]], lax.add)).toEqual([-(2 ** 31)]);
    expect(run('int32', [[65537], [65537]], lax.mul)).toEqual([131073]);
    expect(run('uint8', [[3], [5]], lax.sub)).toEqual([254]);
    expect(run('uint32', [[0], [1]], lax.sub)).toEqual([2 ** 32 - 1]);
    expect(
      run(
        'int32',
        [
          [-7, 7, -(2 ** 31), 5],
          [2, -2, -1, 0],
        ],
        lax.div,
      ),
    ).toEqual([-3, -3, -(2 ** 31), -1]);
    expect(
      run(
        'int32',
        [
          [-7, 7, -(2 ** 31), 5],
          [2, -2, -1, 0],
        ],
        lax.rem,
      ),
    ).toEqual([-1, 1, 0, 5]);
    expect(run('uint8', [[200], [100]], lax.add)).toEqual([44]);
  });

  it('passes NaN through max and min', () => {
    const nan = Number.NaN;
    expect(
      run(
        'float32',
        [
          [nan, 1, 2],
          [1, nan, 1],
        ],
        lax.max,
      ),
    ).toEqual([nan, nan, 2]);
    expect(run('float32', [[1, nan, 3]], (x) => lax.reduceMin(x))).toEqual([nan]);
  });

  it('saturates floats into integers', () => {
    const xs = [1e20, -1e20, Number.NaN, 2.9, -2.9, -0.5];
    const to = (dtype: DType): number[] => run('float32', [xs], (x) => lax.convert(x, dtype));
    expect(to('int32')).toEqual([2 ** 31 - 1, -(2 ** 31), 0, 2, -2, 0]);
    expect(to('uint8')).toEqual([255, 0, 0, 2, 0, 0]);
    expect(to('uint32')).toEqual([2 ** 32 - 1, 0, 0, 2, 0, 0]);
    expect(to('bool')).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('multiplies matrices', () => {
    const x = lax.parameter([2, 3], 'float32');
    const y = lax.parameter([3, 2], 'float32');
    const [z] = interpret(new Graph([x, y], [lax.dot(x, y)])).run([
      Float32Array.of(1, 2, 3, 4, 5, 6),
      Float32Array.of(7, 8, 9, 10, 11, 12),
    ]);
    expect(Array.from(z)).toEqual([58, 64, 139, 154]);
  });

  it('runs buffers, disposes of donated ones and counts memory', () => {
    const backend = createReferenceBackend();
    const x = lax.parameter([2], 'float32');
    const exe = backend.compile(new Graph([x], [lax.add(x, x)]), { donate: [true] });
    const a = backend.allocate(8);
    a.write(new Uint8Array(Float32Array.of(1, 2.5).buffer));
    const [out] = exe.run([a]);
    expect(Array.from(new Float32Array(out.readSync().buffer))).toEqual([2, 5]);
    expect(a.disposed).toBe(true);
    expect(backend.memory()).toEqual({ buffers: 1, bytes: 8 });
    expect(() => exe.run([a])).toThrow(/disposed/);
    out.dispose();
    out.dispose();
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 });
    expect(() => exe.run([backend.allocate(4)])).toThrow(/8 bytes; received 4/);
    expect(() => exe.run([])).toThrow(/takes 1 inputs; received 0/);
  });

  it('keeps working after the graph lets go of what it computed', () => {
    const x = lax.parameter([1], 'float32');
    const y = lax.neg(x);
    const program = interpret(new Graph([x], [y]));
    y.bind({});
    expect(Array.from(program.run([Float32Array.of(3)])[0])).toEqual([-3]);
    expect(() => interpret(new Graph([x], [lax.neg(y)]))).toThrow(/must be an input/);
  });
});
