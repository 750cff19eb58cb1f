/** Every gradient against central differences in double precision, first and second order. */
import { describe, expect, it } from 'vitest';
import { Builder, like } from '../backends/compliance/case.ts';
import { interpret } from '../backends/reference/interpret.ts';
import type { TypedArray } from '../dtype.ts';
import { elements, flatRows, rows } from './gradient-cases.ts';
import { Graph, gradient, lax, primitives, type Value, vjp } from './index.ts';

/** Runs a graph whose one output is a scalar. */
function scalarFunction(
  params: readonly Value[],
  output: Value,
): (arrays: readonly TypedArray[]) => number {
  const program = interpret(new Graph(params, [output]));
  return (arrays) => program.run(arrays)[0][0];
}

/** Compares the gradient of `output` with central differences; returns it as graph values. */
function checkGradient(
  output: Value,
  b: Builder,
  wanted: readonly Value[],
  step: number,
): readonly Value[] {
  const grads = gradient(output, wanted);
  const analytic = interpret(new Graph(b.params, grads)).run(b.arrays);
  const f = scalarFunction(b.params, output);
  wanted.forEach((v, k) => {
    expect(grads[k].shape).toEqual(v.shape);
    expect(grads[k].dtype).toBe(v.dtype);
    const array = b.arrays[b.params.indexOf(v)];
    for (let i = 0; i < array.length; i++) {
      const x = array[i];
      array[i] = x + step;
      const up = f(b.arrays);
      array[i] = x - step;
      const down = f(b.arrays);
      array[i] = x;
      const numeric = (up - down) / (2 * step);
      const error = Math.abs(analytic[k][i] - numeric);
      expect(
        error,
        `operand ${k}, element ${i}: ${analytic[k][i]} against ${numeric}`,
      ).toBeLessThan(2e-7 * Math.max(1, Math.abs(numeric)));
    }
  });
  return grads;
}

/** sum(c * y) over all outputs, with weights c that tell the elements apart. */
function weighed(b: Builder, ys: readonly Value[]): Value {
  return ys
    .map((y) => lax.reduceSum(lax.mul(b.input(y.dtype, y.shape, b.uniform(0.5, 1.5)), y)))
    .reduce((s, v) => lax.add(s, v));
}

describe('gradients against central differences', () => {
  for (const row of rows) {
    it(`${row.name}${row.note ? `: ${row.note}` : ''}`, () => {
      const b = new Builder(`${row.name} ${row.note}`);
      const xs = row.shapes.map((shape, k) =>
        b.input('float64', shape, row.values?.[k] ?? b.uniform(...(row.range ?? [-1.5, 1.5]))),
      );
      const out = row.fn(b, ...xs);
      const outputs = Array.isArray(out) ? (out as Value[]) : [out as Value];
      const used = new Graph(b.params, outputs).nodes.map((n) => n.primitive.name);
      expect(used).toContain(row.name);
      const step = row.name === 'convert' ? 2 ** -14 : 1e-5;
      const first = checkGradient(weighed(b, outputs), b, xs, step);
      // The first gradient of convert has been rounded to float32: no place for differences.
      if (row.name !== 'convert') checkGradient(weighed(b, first), b, xs, step);
    });
  }

  it('covers every primitive that has a gradient', () => {
    const tested = new Set([...rows, ...flatRows.map(([name]) => ({ name }))].map((r) => r.name));
    const missing = [...primitives().values()].filter(
      (p) => p.vjp && !tested.has(p.name) && p.name !== 'while',
    );
    expect(missing.map((p) => p.name)).toEqual([]);
  });
});

/** The gradient of sum(fn(x)) as numbers. */
function gradientAt(fn: (...xs: Value[]) => Value, ...inputs: number[][]): number[][] {
  const params = inputs.map((x) => lax.parameter([x.length], 'float64'));
  const grads = gradient(lax.reduceSum(fn(...params)), params);
  const arrays = inputs.map((x) => Float64Array.from(x));
  return interpret(new Graph(params, grads))
    .run(arrays)
    .map((g) => Array.from(g as TypedArray));
}

describe('gradients by convention', () => {
  it('is zero for what is flat or not differentiable', () => {
    for (const [name, fn] of flatRows)
      expect(gradientAt(fn, [0.3, -1.7, 2.2]), name).toEqual([[0, 0, 0]]);
  });

  it('halves the cotangent between equal sides of max and min', () => {
    expect(gradientAt(lax.max, [1, 2, 3], [1, 5, 2])).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    expect(gradientAt(lax.min, [1, 2, 3], [1, 5, 2])).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
  });

  it('shares the cotangent among equal extremes of a reduction', () => {
    expect(gradientAt((x) => lax.reduceMax(x), [4, 1, 4, 4, 0])).toEqual([
      [1 / 3, 0, 1 / 3, 1 / 3, 0],
    ]);
    expect(gradientAt((x) => lax.reduceMin(x), [4, 1, 1])).toEqual([[0, 0.5, 0.5]]);
  });

  it('sends the cotangent of a window to its first extreme, and of padding nowhere', () => {
    const pool = (op: 'max' | 'min', strides: number) => (x: Value) =>
      lax.reduceWindow(x, op, { window: [3], strides: [strides], padding: [[1, 1]] });
    expect(gradientAt(pool('max', 1), [2, 2, 1, 1, 1])).toEqual([[2, 1, 1, 1, 0]]);
    expect(gradientAt(pool('min', 2), [2, 2, 1, 1, 1])).toEqual([[1, 0, 1, 1, 0]]);
  });

  it('is zero where abs has its kink, and finite where pow has none', () => {
    expect(gradientAt(lax.abs, [0, -2])).toEqual([[0, -1]]);
    expect(gradientAt((x) => lax.pow(x, like(x, 0)), [0, 2])).toEqual([[0, 0]]);
    expect(gradientAt(lax.pow, [0], [2])).toEqual([[0], [0]]);
  });

  it('gives a running maximum to the latest of equal elements', () => {
    expect(gradientAt((x) => lax.cumulative(x, 0, 'max'), [1, 1, 0, 3])).toEqual([[1, 2, 0, 1]]);
    expect(gradientAt((x) => lax.cumulative(x, 0, 'min', true), [1, 0, 2, 2])).toEqual([
      [0, 2, 1, 1],
    ]);
  });

  it('leaves out updates that scatter skipped, and keeps clipped reads of gather', () => {
    const index = (x: Value): Value =>
      lax.reshape(lax.convert(lax.stopGradient(x), 'int32'), [x.shape[0], 1]);
    const scattered = (u: Value, i: Value): Value =>
      lax.scatter(lax.full([3], 0, 'float64'), index(i), u, 'add', elements);
    expect(gradientAt(scattered, [1, 1, 1, 1], [0, 5, -1, 2])[0]).toEqual([1, 0, 0, 1]);
    const taken = (x: Value, i: Value): Value => lax.take(x, lax.convert(i, 'int32'), 0);
    expect(gradientAt(taken, [1, 1, 1], [0, 5, -1, 2])[0]).toEqual([2, 0, 2]);
  });
});

describe('the structure of gradients', () => {
  it('gives zeros to an input that is not used', () => {
    const x = lax.parameter([2], 'float64');
    const y = lax.parameter([3], 'float32');
    const [gx, gy] = gradient(lax.reduceSum(x), [x, y]);
    expect(gx.shape).toEqual([2]);
    expect(gy.describe()).toBe('float32(3,)');
    const [zeros] = interpret(new Graph([x, y], [gy])).run([
      Float64Array.of(1, 2),
      new Float32Array(3),
    ]);
    expect(Array.from(zeros)).toEqual([0, 0, 0]);
  });

  it('adds up what comes back along several paths, and takes an intermediate as input', () => {
    const x = lax.parameter([], 'float64');
    const y = lax.mul(x, x);
    const z = lax.add(lax.mul(y, x), y);
    const [gx, gy, gz] = vjp([z, y], [x, y, z], [like(z, 1), like(y, 10)]);
    const values = interpret(new Graph([x], [gx, gy, gz])).run([Float64Array.of(3)]);
    // z = x^3 + x^2 and 10 y: 27 + 6 + 60; with y as the variable: x + 1 + 10.
    expect(values.map((v) => v[0])).toEqual([93, 14, 1]);
  });

  it('goes to the third order', () => {
    const x = lax.parameter([], 'float64');
    let d = lax.mul(lax.exp(x), lax.sin(x));
    for (let i = 0; i < 3; i++) [d] = gradient(d, [x]);
    const [v] = interpret(new Graph([x], [d])).run([Float64Array.of(0.7)]);
    expect(v[0]).toBeCloseTo(2 * Math.exp(0.7) * (Math.cos(0.7) - Math.sin(0.7)), 12);
  });

  it('walks a chain of 20,000 operations', () => {
    const x = lax.parameter([], 'float64');
    let y = x;
    for (let i = 0; i < 20_000; i++) y = lax.add(y, x);
    const [g] = gradient(y, [x]);
    expect(interpret(new Graph([x], [g])).run([Float64Array.of(1)])[0][0]).toBe(20_001);
  });

  it('refuses what has no gradient, saying why', () => {
    const x = lax.parameter([2], 'float32');
    const i = lax.parameter([], 'int32');
    expect(() => gradient(x, [x])).toThrow(/one float number; it returned float32\(2,\)/);
    expect(() => gradient(i, [x])).toThrow(/returned int32\(\)/);
    expect(() => gradient(lax.reduceSum(x), [i])).toThrow(/respect to int32\(\)/);
    const m = lax.scatter(
      x,
      lax.full([1, 1], 0, 'int32'),
      lax.full([1], 2, 'float32'),
      'mul',
      elements,
    );
    expect(() => gradient(lax.reduceSum(m), [x])).toThrow(/scatter "mul" is not defined/);
  });
});
