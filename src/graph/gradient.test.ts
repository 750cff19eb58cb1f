/** Every gradient against central differences in double precision, first and second order. */
import { describe, expect, it } from 'vitest';
import { Builder, like } from '../backends/compliance/case.ts';
import { interpret } from '../backends/reference/interpret.ts';
import type { TypedArray } from '../dtype.ts';
import { controlCases } from './control-cases.ts';
import { Graph, gradient, lax, primitives, type Value, vjp } from './index.ts';

type Shape = readonly number[];

interface Row {
  /** The primitive under test. */
  readonly name: string;
  readonly note?: string;
  readonly shapes: readonly Shape[];
  /** Where inputs are drawn from: away from kinks and poles. */
  readonly range?: readonly [number, number];
  /** Values put in place of drawn ones. */
  readonly values?: readonly (readonly number[] | undefined)[];
  /** `b` makes inputs that are not differentiated (indices). */
  readonly fn: (b: Builder, ...xs: Value[]) => Value | readonly Value[];
}

const ints = (b: Builder, shape: Shape, values: readonly number[]): Value =>
  b.input('int32', shape, values);

const unary: [string, (x: Value) => Value, [number, number]?][] = [
  ['neg', lax.neg],
  ['exp', lax.exp],
  ['log', lax.log, [0.3, 3]],
  ['expm1', lax.expm1],
  ['log1p', lax.log1p, [-0.5, 2]],
  ['sqrt', lax.sqrt, [0.3, 3]],
  ['rsqrt', lax.rsqrt, [0.3, 3]],
  ['sin', lax.sin],
  ['cos', lax.cos],
  ['tan', lax.tan, [-1, 1]],
  ['asin', lax.asin, [-0.8, 0.8]],
  ['acos', lax.acos, [-0.8, 0.8]],
  ['atan', lax.atan],
  ['sinh', lax.sinh],
  ['cosh', lax.cosh],
  ['tanh', lax.tanh],
  ['logistic', lax.logistic],
  ['erf', lax.erf],
  ['erf_inv', lax.erfInv, [-0.8, 0.8]],
  ['abs', lax.abs, [0.2, 2]],
  ['abs', (x) => lax.abs(lax.neg(x)), [0.2, 2]],
];

const binary: [string, (a: Value, b: Value) => Value, [number, number]?][] = [
  ['add', lax.add],
  ['sub', lax.sub],
  ['mul', lax.mul],
  ['div', lax.div, [0.5, 2]],
  ['pow', lax.pow, [0.5, 2]],
  ['atan2', lax.atan2, [0.3, 2]],
  ['max', lax.max],
  ['min', lax.min],
];

const dot = (
  note: string,
  a: Shape,
  b: Shape,
  [lhsContract, rhsContract, lhsBatch, rhsBatch]: readonly (readonly number[])[],
): Row => ({
  name: 'dot_general',
  note,
  shapes: [a, b],
  fn: (_, x, y) => lax.dotGeneral(x, y, { lhsContract, rhsContract, lhsBatch, rhsBatch }),
});

const conv = (
  note: string,
  x: Shape,
  w: Shape,
  o: Partial<Parameters<typeof lax.convGeneralDilated>[2]>,
): Row => ({
  name: 'conv_general_dilated',
  note,
  shapes: [x, w],
  fn: (_, a, b) =>
    lax.convGeneralDilated(a, b, {
      strides: x.slice(2).map(() => 1),
      padding: x.slice(2).map(() => [0, 0] as const),
      ...o,
    }),
});

/** Windows that overlap, leave gaps, and reach into the padding. */
const overlapping = {
  window: [1, 3],
  strides: [1, 2],
  padding: [[0, 0] as const, [1, 1] as const],
};
const apart = {
  window: [2, 2],
  strides: [3, 2],
  padding: [[1, 0] as const, [0, 1] as const],
  windowDilation: [1, 2],
};

const flat = { windowDims: [], insertedDims: [0], indexMap: [0] };
const rowsOf = { windowDims: [1], insertedDims: [0], indexMap: [0] };

const rows: Row[] = [
  ...unary.map(([name, fn, range]): Row => ({ name, shapes: [[6]], range, fn: (_, x) => fn(x) })),
  ...binary.map(
    ([name, fn, range]): Row => ({ name, shapes: [[6], [6]], range, fn: (_, x, y) => fn(x, y) }),
  ),
  {
    name: 'rem',
    shapes: [[5], [5]],
    values: [
      [7.3, -7.3, 7.3, -7.3, 1],
      [2, 2, -2, -2, 3],
    ],
    fn: (_, x, y) => lax.rem(x, y),
  },
  {
    name: 'pow',
    note: 'a whole exponent of a negative base',
    shapes: [[3]],
    values: [[-1.5, 0.7, -0.2]],
    fn: (_, x) => lax.pow(x, like(x, 3)),
  },
  {
    name: 'pow',
    note: 'squares at zero',
    shapes: [[3]],
    values: [[0, 1, -1]],
    fn: (_, x) => lax.pow(x, like(x, 2)),
  },
  {
    name: 'select',
    shapes: [[4], [4]],
    fn: (b, x, y) => lax.select(b.input('bool', [4], [1, 0, 0, 1]), x, y),
  },
  {
    name: 'convert',
    note: 'to float32 and back',
    shapes: [[4]],
    // The step is a power of two as well, so that float32 holds every point.
    values: [[0.5, 1, -2, 4]],
    fn: (_, x) => {
      const y = lax.convert(lax.convert(x, 'float32'), 'float64');
      return lax.mul(y, y);
    },
  },
  ...[
    [[], [2, 3], []],
    [[3], [3, 4], [0]],
    [[4], [3, 4], [1]],
    [
      [1, 4],
      [3, 4],
      [0, 1],
    ],
    [
      [3, 1],
      [2, 3, 4],
      [1, 2],
    ],
    [[1], [1, 1], [1]],
  ].map(
    ([from, to, dims]): Row => ({
      name: 'broadcast_in_dim',
      note: `(${from}) to (${to})`,
      shapes: [from],
      fn: (_, x) => lax.broadcastInDim(lax.mul(x, x), to, dims),
    }),
  ),
  { name: 'reshape', shapes: [[2, 6]], fn: (_, x) => lax.reshape(lax.sin(x), [3, 4]) },
  { name: 'transpose', shapes: [[2, 3, 4]], fn: (_, x) => lax.transpose(lax.sin(x), [2, 0, 1]) },
  { name: 'reverse', shapes: [[3, 4]], fn: (_, x) => lax.reverse(lax.sin(x), [1]) },
  {
    name: 'slice',
    shapes: [[5, 9]],
    fn: (_, x) => lax.slice(lax.sin(x), [1, 2], [5, 9], [2, 3]),
  },
  {
    name: 'pad',
    note: 'interior and cropping',
    shapes: [[3, 4], []],
    fn: (_, x, v) => lax.padWith(lax.sin(x), lax.sin(v), [-1, 2], [2, -3], [2, 1]),
  },
  {
    name: 'concatenate',
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    fn: (_, ...xs) => lax.concatenate(xs.map(lax.sin), 1),
  },
  {
    name: 'concatenate',
    note: 'one value twice',
    shapes: [[3]],
    fn: (_, x) => lax.concatenate([x, lax.mul(x, x), x], 0),
  },
  dot('matrices', [2, 3], [3, 4], [[1], [0], [], []]),
  dot('both transposed', [3, 2], [4, 3], [[0], [1], [], []]),
  dot('vectors', [3], [3], [[0], [0], [], []]),
  dot('outer', [2], [3], [[], [], [], []]),
  dot('scalar', [], [2, 2], [[], [], [], []]),
  dot('batched', [2, 3, 4], [2, 4, 2], [[2], [1], [0], [0]]),
  dot('batches apart', [3, 2, 4, 2], [2, 4, 2, 3], [[2], [1], [1, 3], [0, 2]]),
  dot('batches out of order', [2, 3, 2], [3, 2, 2], [[2], [2], [1, 0], [0, 1]]),
  dot('contracted out of order', [2, 3, 4], [4, 5, 2], [[2, 0], [0, 2], [], []]),
  dot('contracted crosswise', [2, 3, 4], [2, 5, 4], [[0, 2], [0, 2], [], []]),
  dot('three contracted, cycled', [2, 3, 4], [4, 2, 3], [[0, 1, 2], [1, 2, 0], [], []]),
  ...[[0], [1], [0, 2], [0, 1, 2]].flatMap((axes): Row[] => [
    {
      name: 'reduce_sum',
      note: `over ${axes}`,
      shapes: [[2, 3, 2]],
      fn: (_, x) => lax.reduceSum(lax.sin(x), axes),
    },
    {
      name: 'reduce_prod',
      note: `over ${axes}`,
      shapes: [[2, 3, 2]],
      fn: (_, x) => lax.reduceProd(x, axes),
    },
    {
      name: 'reduce_max',
      note: `over ${axes}`,
      shapes: [[2, 3, 2]],
      fn: (_, x) => lax.reduceMax(lax.sin(x), axes),
    },
    {
      name: 'reduce_min',
      note: `over ${axes}`,
      shapes: [[2, 3, 2]],
      fn: (_, x) => lax.reduceMin(lax.sin(x), axes),
    },
  ]),
  {
    name: 'reduce_prod',
    note: 'with zeros',
    shapes: [[3, 4]],
    values: [[0, 2, 3, 4, 0, 2, 0, 4, 1, 2, 3, 4]],
    fn: (_, x) => lax.reduceProd(x, [1]),
  },
  ...(['add', 'mul', 'max', 'min'] as const).flatMap((op) =>
    [false, true].map(
      (reverse): Row => ({
        name: 'cumulative',
        note: `${op}${reverse ? ' reversed' : ''}`,
        shapes: [[2, 5]],
        fn: (_, x) => lax.cumulative(lax.sin(x), 1, op, reverse),
      }),
    ),
  ),
  ...[false, true].map(
    (reverse): Row => ({
      name: 'cumulative',
      note: `mul with zeros${reverse ? ' reversed' : ''}`,
      shapes: [[7, 2]],
      values: [[1, 2, 0, 3, -1, 0, 2, 2, 0, 0, 3, 1, 1, 2]],
      fn: (_, x) => lax.cumulative(x, 0, 'mul', reverse),
    }),
  ),
  ...[
    [1, 2],
    [-4, 9],
  ].map(
    ([i, j]): Row => ({
      name: 'dynamic_slice',
      note: `at ${i}, ${j}`,
      shapes: [[4, 5]],
      fn: (b, x) => lax.dynamicSlice(lax.sin(x), [ints(b, [], [i]), ints(b, [], [j])], [2, 3]),
    }),
  ),
  ...[
    [1, 2],
    [-4, 9],
  ].map(
    ([i, j]): Row => ({
      name: 'dynamic_update_slice',
      note: `at ${i}, ${j}`,
      shapes: [
        [4, 5],
        [2, 3],
      ],
      fn: (b, x, u) =>
        lax.dynamicUpdateSlice(lax.sin(x), lax.sin(u), [ints(b, [], [i]), ints(b, [], [j])]),
    }),
  ),
  {
    name: 'gather',
    note: 'rows, repeated and out of range',
    shapes: [[4, 3]],
    fn: (b, x) => lax.take(lax.sin(x), ints(b, [6], [0, 2, 2, -3, 7, 1]), 0),
  },
  {
    name: 'gather',
    note: 'uint8 indices into more than 256 rows',
    shapes: [[2]],
    fn: (b, x) => {
      const rows = lax.reshape(lax.broadcastInDim(lax.sin(x), [200, 2], [1]), [400]);
      return lax.take(rows, b.input('uint8', [3], [0, 100, 255]), 0);
    },
  },
  {
    name: 'gather',
    note: 'rows out of range filled',
    shapes: [[4, 3]],
    fn: (b, x) => lax.take(lax.sin(x), ints(b, [6], [0, 2, 2, -3, 7, 1]), 0, 5),
  },
  {
    name: 'gather',
    note: 'windows',
    shapes: [[4, 3, 5]],
    fn: (b, x) =>
      lax.gather(lax.sin(x), ints(b, [3, 2], [0, 0, 3, 4, 1, 2]), {
        offsetDims: [0, 2],
        collapsedDims: [1],
        startIndexMap: [0, 2],
        sliceSizes: [2, 1, 3],
      }),
  },
  {
    name: 'gather',
    note: 'along an axis',
    shapes: [[3, 4]],
    fn: (b, x) => lax.takeAlongAxis(lax.sin(x), ints(b, [3, 2], [0, 3, 2, 2, 1, 0]), 1),
  },
  ...(['add', 'set'] as const).flatMap((op): Row[] => [
    {
      name: 'scatter',
      note: `${op}: rows, repeated and out of range`,
      shapes: [
        [4, 3],
        [5, 3],
      ],
      fn: (b, x, u) =>
        lax.scatter(lax.sin(x), ints(b, [5, 1], [1, 3, 1, -1, 4]), lax.sin(u), op, rowsOf),
    },
    {
      name: 'scatter',
      note: `${op}: windows that overlap`,
      shapes: [
        [4, 4],
        [3, 2, 2],
      ],
      fn: (b, x, u) =>
        lax.scatter(lax.sin(x), ints(b, [3, 2], [0, 0, 1, 1, 3, 3]), lax.sin(u), op, {
          windowDims: [1, 2],
          insertedDims: [],
          indexMap: [0, 1],
        }),
    },
    {
      name: 'scatter',
      note: `${op}: points`,
      shapes: [[4], [3]],
      fn: (b, x, u) => lax.scatter(lax.sin(x), ints(b, [3, 1], [2, 2, 0]), lax.sin(u), op, flat),
    },
  ]),
  conv('strides and padding', [2, 5, 4, 2], [3, 2, 2, 3], {
    strides: [2, 1],
    padding: [
      [1, 0],
      [0, 2],
    ],
  }),
  conv('places that no window covers', [1, 6, 2], [2, 2, 3], { strides: [3] }),
  conv('both dilated', [1, 4, 3, 2], [2, 2, 2, 2], {
    lhsDilation: [2, 1],
    rhsDilation: [1, 2],
    strides: [1, 2],
    padding: [
      [1, 1],
      [2, 1],
    ],
  }),
  conv('feature groups', [2, 4, 4], [2, 2, 6], { featureGroupCount: 2, padding: [[1, 0]] }),
  conv('depthwise', [1, 4, 3], [3, 1, 6], {
    featureGroupCount: 3,
    strides: [2],
    padding: [[1, 1]],
  }),
  conv('batch groups', [4, 3, 2], [2, 2, 4], { batchGroupCount: 2 }),
  conv('cropped', [1, 6, 2], [3, 2, 2], { padding: [[-1, 2]] }),
  ...[overlapping, apart].flatMap((o, i): Row[] => [
    ...(['max', 'min', 'sum'] as const).map(
      (op): Row => ({
        name: 'reduce_window',
        note: `${op} ${i}`,
        shapes: [[4, 7]],
        fn: (_, x) => lax.reduceWindow(lax.sin(x), op, o),
      }),
    ),
    {
      name: 'reduce_window',
      note: `sum of squares, dilated ${i}`,
      shapes: [[4, 4]],
      fn: (_, x) => lax.reduceWindow(lax.mul(x, x), 'sum', { ...o, baseDilation: [1, 3] }),
    },
    {
      name: 'window_scatter_add',
      note: `${i}`,
      shapes: [[4, 7]],
      fn: (b, x) => {
        const places = lax.argWindow(b.input('float64', [4, 7]), 'max', o);
        const source = lax.sin(lax.slice(x, [0, 0], places.shape));
        return lax.windowScatterAdd(source, places, [4, 7], o);
      },
    },
    {
      name: 'window_gather',
      note: `${i}`,
      shapes: [[4, 7]],
      fn: (b, x) =>
        lax.windowGather(lax.sin(x), lax.argWindow(b.input('float64', [4, 7]), 'min', o), o),
    },
  ]),
  ...[false, true].map(
    (descending): Row => ({
      name: 'sort',
      note: descending ? 'descending' : 'ascending',
      shapes: [
        [2, 5],
        [2, 5],
      ],
      fn: (_, x, y) => lax.sort([lax.sin(x), lax.sin(y)], 1, descending),
    }),
  ),
];

/** Primitives whose gradient is zero or that have none: sign and rounding, integers, comparisons. */
const flatRows: [string, (x: Value) => Value][] = [
  ['sign', lax.sign],
  ['floor', lax.floor],
  ['ceil', lax.ceil],
  ['round_nearest_even', lax.roundNearestEven],
  ['stop_gradient', lax.stopGradient],
  ['is_finite', (x) => lax.convert(lax.isFinite(x), x.dtype)],
  ['convert', (x) => lax.convert(lax.convert(x, 'int32'), x.dtype)],
  ['argmax', (x) => lax.convert(lax.argmax(x, 0), x.dtype)],
  ['gt', (x) => lax.convert(lax.gt(x, lax.sin(x)), x.dtype)],
];

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

rows.push(...controlCases.map((c): Row => ({ ...c, fn: (_, ...xs) => c.fn(...xs) })));

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
      lax.scatter(lax.full([3], 0, 'float64'), index(i), u, 'add', flat);
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
      flat,
    );
    expect(() => gradient(lax.reduceSum(m), [x])).toThrow(/scatter "mul" is not defined/);
  });
});
