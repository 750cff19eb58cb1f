/** Dynamic slices, gather, scatter, sorting and random bits. */
import type { DType } from '../../dtype.ts';
import { lax } from '../../graph/index.ts';
import { type Case, exact, float32, like, makeCase, scale } from './case.ts';

const stored: readonly DType[] = ['float32', 'float64', 'int32', 'uint8', 'bool'];

function* dynamic(): Generator<Case> {
  for (const dtype of stored)
    for (const [i, j] of [
      [0, 0],
      [2, 3],
      [-5, 100],
      [7, -1],
      [2 ** 31 - 1, -(2 ** 31)],
    ]) {
      yield makeCase(
        `dynamic slices ${dtype} at ${i}, ${j}`,
        (b) => {
          const x = b.input(dtype, [6, 9]);
          const starts = [b.input('int32', [], [i]), b.input('int32', [], [j])];
          const update = b.input(dtype, [2, 4]);
          return [
            lax.dynamicSlice(x, starts, [2, 4]),
            lax.dynamicSlice(x, starts, [6, 1]),
            lax.dynamicSlice(x, starts, [0, 3]),
            lax.dynamicUpdateSlice(x, update, starts),
            lax.dynamicUpdateSlice(x, x, starts),
          ];
        },
        exact,
      );
    }
  yield makeCase(
    'dynamic slices of scalars and of computed values',
    (b) => {
      const s = b.input('float32', []);
      const x = b.input('float32', [40], b.grid());
      const at = lax.argmax(x, 0);
      const window = lax.dynamicSlice(lax.add(x, x), [at], [5]);
      return [
        lax.dynamicSlice(s, [], []),
        lax.dynamicUpdateSlice(s, b.input('float32', []), []),
        window,
        lax.dynamicUpdateSlice(x, lax.neg(window), [lax.add(at, at)]),
      ];
    },
    exact,
  );
}

const outside = [0, 3, 4, -1, -7, 9, 2, 2, 2 ** 31 - 1, -(2 ** 31)];

function* gathers(): Generator<Case> {
  for (const dtype of stored)
    yield makeCase(
      `gather ${dtype}`,
      (b) => {
        const x = b.input(dtype, [5, 6, 7]);
        const i = b.input('int32', [10], outside);
        const grid = b.input('uint8', [2, 3], b.ints(0, 8));
        const unsigned = b.input('uint32', [4], [0, 3, 4, 2]);
        const along = b.input('int32', [5, 2, 7], b.ints(-2, 8));
        return [
          ...[0, 1, 2].map((axis) => lax.take(x, i, axis)),
          lax.take(x, grid, 1),
          lax.take(x, unsigned, 0),
          lax.take(x, b.input('int32', [], [3]), 2),
          lax.take(x, b.input('int32', [0]), 1),
          lax.takeAlongAxis(x, along, 1),
        ];
      },
      exact,
    );
  yield makeCase(
    'gather windows',
    (b) => {
      const x = b.input('float32', [8, 9, 10]);
      const pairs = b.input('int32', [6, 2], b.ints(-3, 12));
      return [
        lax.gather(x, pairs, {
          offsetDims: [1, 2],
          collapsedDims: [1],
          startIndexMap: [0, 2],
          sliceSizes: [3, 1, 4],
        }),
        lax.gather(x, pairs, {
          offsetDims: [0, 1, 3],
          collapsedDims: [],
          startIndexMap: [2, 0],
          sliceSizes: [2, 9, 3],
        }),
      ];
    },
    exact,
  );
  yield makeCase(
    'gather with a fill',
    (b) => {
      const x = b.input('float32', [5, 6]);
      const pairs = b.input('int32', [7, 2], b.ints(-2, 7));
      const window = { offsetDims: [1, 2], collapsedDims: [], startIndexMap: [0, 1] };
      return [
        lax.take(x, b.input('int32', [10], outside), 0, Number.NaN),
        lax.take(b.input('int32', [5, 3]), b.input('uint8', [4], [0, 5, 4, 255]), 0, -7),
        lax.take(lax.exp(x), b.input('int32', [2, 3], b.ints(-1, 6)), 1, 0.5),
        lax.gather(x, pairs, { ...window, sliceSizes: [2, 3], fill: 0 }),
      ];
    },
    float32,
  );
  yield makeCase(
    'gather of computed rows, fused on both sides',
    (b) => {
      const x = b.input('float32', [300, 17]);
      const rows = lax.take(lax.exp(x), b.input('int32', [200], b.ints(0, 299)), 0);
      return [lax.neg(rows), lax.reduceSum(rows, [1])];
    },
    float32,
  );
}

function* scatters(): Generator<Case> {
  for (const dtype of ['float32', 'float64', 'int32', 'uint32', 'uint8'] as const)
    for (const op of ['set', 'add', 'mul', 'min', 'max'] as const)
      yield makeCase(
        `scatter ${op} ${dtype}`,
        (b) => {
          const fill = dtype.startsWith('float') ? b.grid() : undefined;
          const x = b.input(dtype, [6, 5], fill);
          const i = b.input('int32', [10, 1], outside);
          const rows = b.input(dtype, [10, 5], fill);
          const points = b.input('int32', [12, 2], b.ints(-1, 6));
          const line = b.input(dtype, [7], fill);
          return [
            lax.scatter(x, i, rows, op, { windowDims: [1], insertedDims: [0], indexMap: [0] }),
            lax.scatter(x, points, b.input(dtype, [12], fill), op, {
              windowDims: [],
              insertedDims: [0, 1],
              indexMap: [0, 1],
            }),
            lax.scatter(
              line,
              b.input('uint8', [4, 1], [0, 6, 6, 7]),
              b.input(dtype, [4], fill),
              op,
              {
                windowDims: [],
                insertedDims: [0],
                indexMap: [0],
              },
            ),
          ];
        },
        // Products of multiples of 1/64 soon need more bits than float32 has.
        op === 'mul' ? float32 : exact,
      );
  yield makeCase(
    'scatter of windows, bool, and none',
    (b) => {
      const x = b.input('float32', [8, 9]);
      const at = b.input('int32', [5, 2], [0, 0, 6, 6, 7, 2, 2, 7, -1, 3]);
      const mask = b.input('bool', [20]);
      const spots = b.input('int32', [6, 1], b.ints(0, 25));
      const flat = { windowDims: [], insertedDims: [0], indexMap: [0] };
      return [
        lax.scatter(x, at, b.input('float32', [5, 2, 3], b.grid()), 'add', {
          windowDims: [1, 2],
          insertedDims: [],
          indexMap: [0, 1],
        }),
        lax.scatter(x, at, b.input('float32', [3, 5], b.grid()), 'set', {
          windowDims: [0],
          insertedDims: [0],
          indexMap: [0, 1],
        }),
        lax.scatter(mask, spots, b.input('bool', [6], [1, 0, 1, 1, 0, 1]), 'set', flat),
        lax.scatter(x, b.input('int32', [0, 1]), b.input('float32', [0, 9]), 'add', {
          windowDims: [1],
          insertedDims: [0],
          indexMap: [0],
        }),
      ];
    },
    float32,
  );
  yield makeCase(
    'scatter of wide rows, into nothing and something',
    (b) => {
      // 100 columns are shared out in stretches, the last one shorter.
      const rows = b.input('float32', [4, 9, 100], b.grid());
      const at = b.input('int32', [4, 9, 1], b.ints(-1, 7));
      const dims = { windowDims: [2], insertedDims: [0], indexMap: [0] };
      const blocks = b.input('float32', [3, 2, 64], b.grid());
      const top = b.input('int32', [3, 1], [0, 4, 5]);
      return [
        lax.scatter(lax.full([7, 100], 0, 'float32'), at, rows, 'add', dims),
        lax.scatter(lax.full([7, 100], 2, 'float32'), at, rows, 'max', dims),
        lax.scatter(b.input('float32', [6, 64]), top, blocks, 'add', {
          windowDims: [1, 2],
          insertedDims: [],
          indexMap: [0],
        }),
        lax.scatter(b.input('float32', [6, 64]), top, lax.exp(blocks), 'set', {
          windowDims: [1, 2],
          insertedDims: [],
          indexMap: [0],
        }),
      ];
    },
    float32,
  );
  yield makeCase(
    'histogram by scatter, between other work',
    (b) => {
      const x = b.input('float32', [5000], b.uniform(0, 10));
      const bin = lax.reshape(lax.convert(lax.floor(x), 'int32'), [5000, 1]);
      const zeros = lax.full([10], 0, 'float32');
      const flat = { windowDims: [], insertedDims: [0], indexMap: [0] };
      const counts = lax.scatter(zeros, bin, lax.full([5000], 1, 'float32'), 'add', flat);
      return [scale(counts, 0.5), lax.reduceSum(counts)];
    },
    exact,
  );
}

const nan = Number.NaN;
const inf = Number.POSITIVE_INFINITY;

function* sorts(): Generator<Case> {
  for (const descending of [false, true]) {
    const order = descending ? 'descending' : 'ascending';
    for (const dtype of ['float32', 'float64', 'int32', 'uint32', 'uint8'] as const)
      yield makeCase(
        `sort ${dtype} ${order}`,
        (b) => {
          const x = b.input(dtype, [4, 9, 5]);
          const sorted = [0, 1, 2].map((axis) => lax.sort([x], axis, descending)[0]);
          const sizes = [0, 1, 2, 3, 8, 1000].map(
            (n) => lax.sort([b.input(dtype, [n])], 0, descending)[0],
          );
          return [...sorted, ...sizes, lax.sort([b.input(dtype, [3, 0])], 0)[0]];
        },
        exact,
      );
    yield makeCase(
      `sort ${order} is stable and carries companions`,
      (b) => {
        const keys = b.input('int32', [7, 50], b.ints(0, 4));
        const others = [
          lax.iota([7, 50], 1, 'int32'),
          b.input('float64', [7, 50]),
          b.input('bool', [7, 50]),
        ];
        return [
          ...lax.sort([keys, ...others], 1, descending),
          ...lax.sort([keys, ...others], 0, descending),
        ];
      },
      exact,
    );
    yield makeCase(
      `sort ${order} with NaN, infinities and zeros`,
      (b) => {
        const x = b.input('float32', [11], [nan, 1, -inf, 0, nan, inf, -0, -1, nan, 0, inf]);
        return lax.sort([x, lax.iota([11], 0, 'int32')], 0, descending);
      },
      exact,
    );
  }
  yield makeCase(
    'sort of a computed value, read in pieces',
    (b) => {
      const x = b.input('float32', [300], b.grid());
      const [s, i] = lax.sort([lax.neg(x), lax.iota([300], 0, 'int32')], 0);
      return [lax.slice(s, [0], [10]), lax.take(x, i, 0), lax.add(s, lax.reverse(s, [0]))];
    },
    exact,
  );
}

function* random(): Generator<Case> {
  const keys = [
    [0, 0],
    [0, 42],
    [0xffffffff, 0xffffffff],
    [0x13198a2e, 0x03707344],
  ];
  for (const shape of [[], [1], [0], [5], [3, 7], [2, 1, 9], [100003]])
    yield makeCase(
      `random_bits (${shape})`,
      (b) => keys.map((k) => lax.randomBits(b.input('uint32', [2], k), shape)),
      exact,
    );
  yield makeCase(
    'random_bits made uniform, then moved',
    (b) => {
      const bits = lax.randomBits(b.input('uint32', [2], [7, 9]), [40, 30]);
      const fraction = lax.shiftRightLogical(bits, like(bits, 9));
      const one = lax.bitcastConvert(lax.or(fraction, like(bits, 0x3f800000)), 'float32');
      const uniform = lax.sub(one, like(one, 1));
      const keep = lax.lt(uniform, like(uniform, 0.5));
      return [uniform, keep, lax.transpose(uniform, [1, 0]), lax.slice(bits, [3, 4], [9, 20])];
    },
    exact,
  );
  yield makeCase('normal numbers', (b) => {
    const bits = lax.randomBits(b.input('uint32', [2], [1, 2]), [5000]);
    const u = scale(lax.convert(lax.shiftRightLogical(bits, like(bits, 8)), 'float32'), 2 ** -23);
    const inside = lax.max(lax.sub(u, like(u, 1)), like(u, -0.9999999));
    return scale(lax.erfInv(inside), Math.SQRT2);
  });
  yield makeCase(
    'keys split from a key',
    (b) => {
      const key = b.input('uint32', [2], [0, 3]);
      const pairs = lax.randomBits(key, [3, 2]);
      return [0, 1, 2].map((i) =>
        lax.randomBits(lax.reshape(lax.slice(pairs, [i, 0], [i + 1, 2]), [2]), [33]),
      );
    },
    exact,
  );
}

export function indexingCases(): Case[] {
  return [...dynamic(), ...gathers(), ...scatters(), ...sorts(), ...random()];
}
