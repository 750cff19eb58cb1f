/** Convolutions and sliding windows: awkward sizes, every attribute, gradients, what fuses around. */
import type { DType } from '../../dtype.ts';
import { gradient, lax, type Value } from '../../graph/index.ts';
import type { ConvOptions, WindowOptions } from '../../graph/lax.ts';
import { type Builder, type Case, float64, like, makeCase, relu, rowWise, scale } from './case.ts';

type Pair = readonly [number, number];

interface ConvRow {
  readonly note: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly o: Partial<ConvOptions>;
}

const pairs = (n: number, pair: Pair): Pair[] => Array.from({ length: n }, () => pair);

const convRows: readonly ConvRow[] = [
  { note: 'valid 3x3', x: [2, 9, 7, 3], w: [3, 3, 3, 5], o: {} },
  {
    note: 'same 3x3, whole tiles',
    x: [2, 8, 16, 16],
    w: [3, 3, 16, 32],
    o: { padding: pairs(2, [1, 1]) },
  },
  {
    note: 'same 3x3, many features',
    x: [3, 13, 14, 32],
    w: [3, 3, 32, 64],
    o: { padding: pairs(2, [1, 1]) },
  },
  { note: 'one input feature', x: [3, 14, 13, 1], w: [3, 3, 1, 32], o: {} },
  {
    note: 'three input features, 7x7 by 2',
    x: [2, 17, 19, 3],
    w: [7, 7, 3, 16],
    o: {
      strides: [2, 2],
      padding: [
        [3, 2],
        [2, 3],
      ],
    },
  },
  {
    note: 'even kernel, asymmetric padding',
    x: [1, 6, 5, 4],
    w: [2, 4, 4, 9],
    o: {
      padding: [
        [0, 1],
        [2, 1],
      ],
    },
  },
  {
    note: 'strides 2 by 3',
    x: [2, 11, 13, 4],
    w: [3, 2, 4, 8],
    o: {
      strides: [2, 3],
      padding: [
        [1, 0],
        [0, 2],
      ],
    },
  },
  {
    note: 'kernel dilation',
    x: [2, 12, 11, 5],
    w: [3, 3, 5, 6],
    o: { rhsDilation: [2, 3], padding: pairs(2, [2, 2]) },
  },
  {
    note: 'input dilation',
    x: [2, 5, 4, 6],
    w: [3, 3, 6, 5],
    o: {
      lhsDilation: [2, 3],
      padding: [
        [2, 1],
        [1, 2],
      ],
    },
  },
  {
    note: 'input dilation with strides',
    x: [2, 5, 4, 6],
    w: [4, 3, 6, 5],
    o: { lhsDilation: [3, 2], strides: [2, 2], padding: pairs(2, [2, 2]) },
  },
  {
    note: 'negative padding',
    x: [2, 9, 9, 4],
    w: [3, 3, 4, 4],
    o: {
      padding: [
        [-1, 2],
        [1, -2],
      ],
    },
  },
  { note: 'one by one', x: [3, 5, 7, 8], w: [1, 1, 8, 20], o: {} },
  { note: 'one by one, strides 2', x: [3, 5, 7, 8], w: [1, 1, 8, 20], o: { strides: [2, 2] } },
  { note: 'as large as the image', x: [5, 4, 3, 6], w: [4, 3, 6, 10], o: {} },
  {
    note: 'larger than the image',
    x: [2, 2, 2, 3],
    w: [5, 5, 3, 4],
    o: { padding: pairs(2, [2, 2]) },
  },
  {
    note: 'groups',
    x: [2, 7, 6, 8],
    w: [3, 3, 4, 10],
    o: { featureGroupCount: 2, padding: pairs(2, [1, 1]) },
  },
  {
    note: 'groups of 16',
    x: [2, 7, 6, 32],
    w: [3, 3, 16, 32],
    o: { featureGroupCount: 2, padding: pairs(2, [1, 1]) },
  },
  {
    note: 'depthwise',
    x: [2, 9, 8, 7],
    w: [3, 3, 1, 7],
    o: { featureGroupCount: 7, padding: pairs(2, [1, 1]) },
  },
  {
    note: 'depthwise by 2',
    x: [2, 9, 8, 16],
    w: [3, 3, 1, 16],
    o: {
      featureGroupCount: 16,
      strides: [2, 2],
      padding: [
        [0, 1],
        [1, 1],
      ],
    },
  },
  {
    note: 'depthwise, multiplier 3',
    x: [2, 7, 8, 5],
    w: [3, 2, 1, 15],
    o: { featureGroupCount: 5 },
  },
  { note: 'batch groups', x: [6, 6, 5, 4], w: [3, 2, 4, 9], o: { batchGroupCount: 3 } },
  {
    note: 'one dimension',
    x: [3, 21, 5],
    w: [4, 5, 7],
    o: { padding: [[3, 0]], rhsDilation: [2] },
  },
  { note: 'one dimension, wide', x: [2, 50, 16], w: [5, 16, 32], o: { padding: [[2, 2]] } },
  {
    note: 'three dimensions',
    x: [2, 5, 6, 4, 3],
    w: [2, 3, 2, 3, 4],
    o: {
      strides: [1, 2, 1],
      padding: [
        [1, 0],
        [1, 1],
        [0, 1],
      ],
    },
  },
  { note: 'no spatial dimensions', x: [3, 5], w: [5, 7], o: {} },
  { note: 'no images', x: [0, 6, 5, 4], w: [3, 3, 4, 5], o: {} },
  { note: 'no places', x: [2, 2, 5, 4], w: [3, 3, 4, 5], o: {} },
];

const convOptions = (r: ConvRow): ConvOptions => {
  const rank = r.x.length - 2;
  return {
    strides: Array.from({ length: rank }, () => 1),
    padding: pairs(rank, [0, 0]),
    ...r.o,
  };
};

/** Sums of `n` signed products. */
const terms = (n: number): { rel: number; abs: number } => ({
  rel: 2e-5,
  abs: 2e-6 * Math.sqrt(Math.max(1, n)),
});

function* convolutions(): Generator<Case> {
  for (const row of convRows) {
    const o = convOptions(row);
    for (const dtype of ['float32', 'float64'] as const) {
      if (dtype === 'float64' && !/awkward|3x3|groups|dilation/.test(row.note)) continue;
      yield makeCase(
        `convolution, ${row.note}, ${dtype}, and its gradients`,
        (b) => {
          const x = b.input(dtype, row.x, b.uniform(-1, 1));
          const w = b.input(dtype, row.w, b.uniform(-1, 1));
          const y = lax.convGeneralDilated(x, w, o);
          const c = b.input(dtype, y.shape, b.uniform(-1, 1));
          return [y, ...gradient(lax.reduceSum(lax.mul(y, c)), [x, w])];
        },
        dtype === 'float64'
          ? { ...float64, abs: 1e-12 }
          : terms(
              Math.max(
                row.x.reduce((p, n) => p * n, 1),
                row.w.reduce((p, n) => p * n, 1),
              ),
            ),
      );
    }
  }
  yield makeCase(
    'a block of convolutions with bias, relu and an update',
    (b) => {
      const same = { strides: [1, 1], padding: pairs(2, [1, 1]) };
      const x = lax.div(
        lax.convert(b.input('uint8', [4, 10, 10, 3]), 'float32'),
        lax.full([4, 10, 10, 3], 255, 'float32'),
      );
      const w1 = b.donated('float32', [3, 3, 3, 16], b.uniform(-0.5, 0.5));
      const b1 = b.donated('float32', [16]);
      const w2 = b.donated('float32', [3, 3, 16, 16], b.uniform(-0.2, 0.2));
      const h = lax.convGeneralDilated(x, w1, same);
      const a = relu(lax.add(h, rowWise(h, b1)));
      const y = relu(lax.convGeneralDilated(a, w2, { ...same, strides: [2, 2] }));
      const loss = scale(lax.reduceSum(lax.mul(y, y)), 1 / 64);
      const updated = gradient(loss, [w1, b1, w2]).map((g, i) =>
        lax.sub([w1, b1, w2][i], scale(g, 0.01)),
      );
      return [loss, ...updated];
    },
    { rel: 1e-4, abs: 1e-4 },
  );
}

interface WindowRow {
  readonly note: string;
  readonly x: readonly number[];
  readonly o: WindowOptions;
}

const none: Pair = [0, 0];
const windowRows: readonly WindowRow[] = [
  {
    note: '2x2 by 2',
    x: [2, 8, 6, 5],
    o: { window: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: pairs(4, none) },
  },
  {
    note: '2x2 by 2 with a rest',
    x: [2, 7, 9, 16],
    o: { window: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: pairs(4, none) },
  },
  {
    note: '3x3 by 2, padded',
    x: [2, 9, 8, 6],
    o: { window: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding: [none, [1, 1], [0, 1], none] },
  },
  {
    note: '3x2 by 1',
    x: [2, 6, 7, 3],
    o: { window: [1, 3, 2, 1], strides: [1, 1, 1, 1], padding: [none, [1, 1], [1, 0], none] },
  },
  {
    note: '2 by 3: gaps',
    x: [3, 11, 4],
    o: { window: [1, 2, 1], strides: [1, 3, 1], padding: [none, [1, 0], none] },
  },
  {
    note: 'dilated window',
    x: [2, 11, 9, 3],
    o: {
      window: [1, 3, 2, 1],
      strides: [1, 2, 1, 1],
      padding: [none, [2, 1], [0, 1], none],
      windowDilation: [1, 2, 3, 1],
    },
  },
  {
    note: 'dilated base',
    x: [2, 5, 4, 3],
    o: {
      window: [1, 3, 4, 1],
      strides: [1, 1, 2, 1],
      padding: [none, [2, 1], [1, 3], none],
      baseDilation: [1, 2, 3, 1],
    },
  },
  {
    note: 'both dilated',
    x: [6, 5],
    o: {
      window: [3, 2],
      strides: [2, 1],
      padding: [
        [3, 2],
        [1, 1],
      ],
      baseDilation: [2, 2],
      windowDilation: [2, 3],
    },
  },
  {
    note: 'negative padding',
    x: [9, 8],
    o: {
      window: [2, 3],
      strides: [2, 2],
      padding: [
        [-2, 1],
        [1, -3],
      ],
    },
  },
  {
    note: 'windows of padding alone',
    x: [3, 4],
    o: {
      window: [2, 2],
      strides: [2, 2],
      padding: [
        [4, 3],
        [2, 4],
      ],
    },
  },
  {
    note: 'over every dimension',
    x: [4, 5, 6],
    o: { window: [2, 3, 2], strides: [2, 1, 3], padding: [[1, 0], none, [0, 2]] },
  },
  {
    note: 'a long window',
    x: [2, 40, 3],
    o: { window: [1, 25, 1], strides: [1, 5, 1], padding: [none, [3, 4], none] },
  },
  {
    note: '7x6 by 2, padded',
    x: [2, 15, 14, 3],
    o: {
      window: [1, 7, 6, 1],
      strides: [1, 2, 2, 1],
      padding: [none, [5, 4], [2, 5], none],
    },
  },
  {
    note: '3x3x3 in three dimensions',
    x: [5, 6, 7],
    o: { window: [3, 3, 3], strides: [1, 2, 1], padding: [[1, 1], none, [2, 0]] },
  },
  {
    note: 'a window of stretches',
    x: [2, 90, 2],
    o: { window: [1, 41, 1], strides: [1, 3, 1], padding: [none, [20, 11], none] },
  },
  {
    note: 'a dilated window of whole stretches',
    x: [98, 2],
    o: { window: [48, 1], strides: [2, 1], padding: [[9, 16], none], windowDilation: [2, 1] },
  },
  { note: 'no windows', x: [3, 2], o: { window: [1, 4], strides: [1, 1], padding: [none, none] } },
  {
    note: 'nothing inside',
    x: [2, 0],
    o: { window: [1, 2], strides: [1, 1], padding: [none, [2, 2]] },
  },
];

function windowGradients(b: Builder, row: WindowRow, dtype: DType, ties: boolean): Value[] {
  const x = b.input(dtype, row.x, ties ? b.ints(-2, 2) : b.uniform(-2, 2));
  return (['max', 'min', 'sum'] as const).flatMap((op) => {
    const y = lax.reduceWindow(x, op, row.o);
    // Windows without an element give infinities: they get no cotangent.
    const c = lax.select(lax.isFinite(y), b.input(dtype, y.shape, b.uniform(-1, 1)), like(y, 0));
    const safe = lax.select(lax.isFinite(y), y, like(y, 0));
    return [y, ...gradient(lax.reduceSum(lax.mul(safe, c)), [x])];
  });
}

function* slidingWindows(): Generator<Case> {
  for (const row of windowRows) {
    yield makeCase(`windows, ${row.note}, and gradients`, (b) =>
      windowGradients(b, row, 'float32', false),
    );
    yield makeCase(`windows, ${row.note}, with ties`, (b) =>
      windowGradients(b, row, 'float32', true),
    );
    yield makeCase(`windows, ${row.note}, places`, (b) => {
      const x = b.input('float32', row.x, b.ints(-2, 2));
      const places = lax.argWindow(x, 'max', row.o);
      const y = b.input('float32', row.x);
      return [places, lax.argWindow(x, 'min', row.o), lax.windowGather(y, places, row.o)];
    });
  }
  yield makeCase('windows of integers and doubles', (b) => {
    const o = { window: [1, 3], strides: [1, 2], padding: [none, [1, 1]] } as WindowOptions;
    return (['int32', 'uint32', 'float64'] as const).flatMap((dtype) => {
      const x = b.input(dtype, [5, 9]);
      return (['max', 'min', 'sum'] as const).map((op) => lax.reduceWindow(x, op, o));
    });
  });
  yield makeCase('pooling after bias and relu, and back', (b) => {
    const x = b.input('float32', [3, 8, 8, 16]);
    const o = windowRows[0].o;
    const y = lax.reduceWindow(relu(lax.add(x, rowWise(x, b.input('float32', [16])))), 'max', o);
    const z = scale(lax.reduceWindow(lax.mul(y, y), 'sum', { ...o, strides: [1, 1, 1, 1] }), 0.25);
    return [z, ...gradient(lax.reduceSum(z), [x])];
  });
}

export function windowCases(): Case[] {
  return [...convolutions(), ...slidingWindows()];
}
