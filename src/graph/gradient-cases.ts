/** For tests: functions around every primitive that has a gradient, at places where differences tell it. */
import { type Builder, like } from '../backends/compliance/case.ts';
import { controlCases } from './control-cases.ts';
import { lax, type Value } from './index.ts';

type Shape = readonly number[];

export interface Row {
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

/** Updates and slices of single elements of a vector. */
export const elements: Parameters<typeof lax.scatter>[4] = {
  windowDims: [],
  insertedDims: [0],
  indexMap: [0],
};
const rowsOf = { windowDims: [1], insertedDims: [0], indexMap: [0] };

export const rows: readonly Row[] = [
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
      fn: (b, x, u) =>
        lax.scatter(lax.sin(x), ints(b, [3, 1], [2, 2, 0]), lax.sin(u), op, elements),
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
  ...controlCases.map((c): Row => ({ ...c, fn: (_, ...xs) => c.fn(...xs) })),
];

/** Primitives whose gradient is zero or that have none: sign and rounding, integers, comparisons. */
export const flatRows: readonly [string, (x: Value) => Value][] = [
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
