/** Primitives that move elements, alone and stacked upon each other. */
import type { DType } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import { type Case, exact, like, makeCase, relu } from './case.ts';

/** One dtype of each storage width and kind. */
const stored: readonly DType[] = ['float32', 'float64', 'int32', 'uint8', 'bool'];

type Shape = readonly number[];

function* broadcasts(): Generator<Case> {
  const rows: [Shape, Shape, number[]][] = [
    [[], [3, 4], []],
    [[], [100, 301], []],
    [[3], [3, 4], [0]],
    [[4], [3, 4], [1]],
    [[1], [3, 4], [0]],
    [
      [1, 4],
      [3, 4],
      [0, 1],
    ],
    [
      [3, 1],
      [3, 4],
      [0, 1],
    ],
    [
      [2, 3],
      [2, 5, 3, 7],
      [0, 2],
    ],
    [
      [2, 1, 3],
      [2, 5, 3],
      [0, 1, 2],
    ],
    [
      [1, 1],
      [1, 1, 1],
      [1, 2],
    ],
    [[3], [0, 3], [1]],
    [[0], [2, 0], [1]],
    [[1], [0], [0]],
    [[513], [7, 513, 3], [1]],
  ];
  for (const [from, to, dims] of rows) {
    yield makeCase(
      `broadcast_in_dim (${from}) to (${to}) along [${dims}]`,
      (b) => [
        lax.broadcastInDim(b.input('float32', from), to, dims),
        lax.broadcastInDim(b.input('bool', from), to, dims),
        lax.add(
          lax.broadcastInDim(b.input('int32', from), to, dims),
          b.input('int32', to, b.ints(0, 99)),
        ),
      ],
      exact,
    );
  }
}

function* reshapes(): Generator<Case> {
  const rows: [Shape, Shape][] = [
    [
      [2, 3, 4],
      [6, 4],
    ],
    [
      [2, 3, 4],
      [4, 6],
    ],
    [[2, 3, 4], [24]],
    [[24], [2, 1, 12, 1]],
    [[], [1, 1]],
    [[1, 1], []],
    [
      [0, 3],
      [5, 0],
    ],
    [
      [101, 37],
      [37, 101],
    ],
  ];
  for (const [from, to] of rows)
    yield makeCase(
      `reshape (${from}) to (${to})`,
      (b) => {
        const x = b.input('float32', from);
        return [lax.reshape(x, to), lax.neg(lax.reshape(lax.neg(x), to))];
      },
      exact,
    );
}

function* transposes(): Generator<Case> {
  const rows: [Shape, number[]][] = [
    [
      [2, 3],
      [1, 0],
    ],
    [
      [257, 129],
      [1, 0],
    ],
    [
      [1, 7],
      [1, 0],
    ],
    [
      [0, 4],
      [1, 0],
    ],
    [
      [2, 3, 5],
      [2, 0, 1],
    ],
    [
      [2, 3, 5],
      [0, 2, 1],
    ],
    [
      [2, 3, 5],
      [1, 0, 2],
    ],
    [
      [3, 2, 5, 4],
      [3, 1, 0, 2],
    ],
    [
      [4, 33, 2, 17],
      [0, 2, 1, 3],
    ],
  ];
  for (const [shape, permutation] of rows)
    for (const dtype of stored)
      yield makeCase(
        `transpose ${dtype}(${shape}) by [${permutation}]`,
        (b) => lax.transpose(b.input(dtype, shape), permutation),
        exact,
      );
}

function* slices(): Generator<Case> {
  const rows: [Shape, Shape, Shape, Shape][] = [
    [[10], [3], [9], [1]],
    [[10], [1], [10], [3]],
    [[10], [4], [4], [1]],
    [[10], [9], [10], [5]],
    [
      [5, 6],
      [1, 2],
      [4, 6],
      [1, 1],
    ],
    [
      [5, 6],
      [0, 0],
      [5, 6],
      [2, 3],
    ],
    [
      [7, 0],
      [2, 0],
      [5, 0],
      [1, 1],
    ],
    [
      [65, 129],
      [1, 1],
      [64, 128],
      [1, 1],
    ],
    [
      [4, 5, 6],
      [1, 0, 5],
      [3, 5, 6],
      [1, 4, 1],
    ],
  ];
  for (const [shape, start, limit, strides] of rows)
    for (const dtype of stored)
      yield makeCase(
        `slice ${dtype}(${shape}) [${start}]..[${limit}] step [${strides}]`,
        (b) => lax.slice(b.input(dtype, shape), start, limit, strides),
        exact,
      );
  for (const dims of [[0], [1], [0, 2], [0, 1, 2]])
    yield makeCase(
      `reverse [${dims}]`,
      (b) => [
        lax.reverse(b.input('float32', [3, 17, 9]), dims),
        lax.reverse(b.input('uint8', [1, 5, 2]), dims),
        lax.reverse(b.input('int32', [2, 0, 3]), dims),
      ],
      exact,
    );
}

function* pads(): Generator<Case> {
  const rows: [Shape, number[], number[], number[]][] = [
    [[5], [2], [1], [0]],
    [[5], [0], [0], [2]],
    [[5], [-1], [-2], [0]],
    [[5], [-2], [3], [1]],
    [[5], [-4], [-4], [3]],
    [[1], [2], [2], [4]],
    [[0], [2], [1], [3]],
    [[5], [-5], [0], [0]],
    [
      [3, 4],
      [1, 0],
      [0, 2],
      [0, 1],
    ],
    [
      [3, 4],
      [-1, 2],
      [2, -3],
      [2, 0],
    ],
    [
      [2, 3, 3],
      [0, 1, 1],
      [0, 1, 1],
      [0, 0, 0],
    ],
    [
      [61, 67],
      [3, 1],
      [2, 5],
      [1, 0],
    ],
  ];
  for (const [shape, low, high, interior] of rows)
    for (const dtype of stored)
      yield makeCase(
        `pad ${dtype}(${shape}) low [${low}] high [${high}] interior [${interior}]`,
        (b) => {
          const x = b.input(dtype, shape);
          return lax.padWith(
            x,
            b.input(dtype, [], [dtype === 'bool' ? 1 : 9]),
            low,
            high,
            interior,
          );
        },
        exact,
      );
  yield makeCase(
    'pad with infinity',
    (b) => lax.pad(b.input('float32', [3, 3]), Number.NEGATIVE_INFINITY, [1, 1], [1, 1]),
    exact,
  );
}

function* concatenations(): Generator<Case> {
  for (const dtype of stored) {
    yield makeCase(
      `concatenate ${dtype}`,
      (b) => {
        const parts = [2, 1, 0, 5].map((n) => b.input(dtype, [3, n, 2]));
        const rows = [1, 4].map((n) => b.input(dtype, [n, 33]));
        const flat = [7, 8].map((n) => b.input(dtype, [n]));
        return [
          lax.concatenate(parts, 1),
          lax.concatenate(rows, 0),
          lax.concatenate(flat, 0),
          lax.concatenate([flat[0], flat[0], flat[0]], 0),
        ];
      },
      exact,
    );
  }
  yield makeCase(
    'concatenate of many',
    (b) => {
      const parts = Array.from({ length: 40 }, (_, i) => b.input('float32', [1 + (i % 3), 5]));
      const columns = parts.map((x) => lax.reshape(lax.slice(x, [0, 0], [1, 5]), [5, 1]));
      return [lax.concatenate(parts, 0), lax.concatenate(columns, 1)];
    },
    exact,
  );
  yield makeCase(
    'concatenate of computed and moved pieces',
    (b) => {
      const x = b.input('float32', [4, 6], b.grid());
      const y = b.input('float32', [6, 4], b.grid());
      const pieces = [lax.add(x, x), lax.transpose(y, [1, 0]), relu(x), lax.reverse(x, [0, 1])];
      return lax.mul(lax.concatenate(pieces, 0), like(lax.concatenate(pieces, 0), 2));
    },
    exact,
  );
}

function* stacks(): Generator<Case> {
  yield makeCase(
    'movement upon movement',
    (b) => {
      const x = b.input('float32', [6, 8, 10], b.grid());
      const t = lax.transpose(x, [2, 0, 1]);
      const r = lax.reshape(t, [20, 24]);
      const s = lax.slice(r, [1, 2], [19, 23], [2, 3]);
      const p = lax.pad(s, 7, [1, 0], [-2, 3], [1, 0]);
      const v = lax.reverse(p, [1]);
      return [v, lax.reshape(lax.transpose(v, [1, 0]), [v.shape[0] * v.shape[1]])];
    },
    exact,
  );
  yield makeCase(
    'a matrix plus its transpose',
    (b) => {
      const x = b.input('float32', [101, 101], b.grid());
      return lax.add(x, lax.transpose(x, [1, 0]));
    },
    exact,
  );
  yield makeCase(
    'differences by slices',
    (b) => {
      const x = b.input('float32', [1000], b.grid());
      return lax.sub(lax.slice(x, [1], [1000]), lax.slice(x, [0], [999]));
    },
    exact,
  );
  yield makeCase(
    'reads of one value through many maps',
    (b) => {
      const x = lax.exp(b.input('float32', [12, 12]));
      const views: Value[] = [
        x,
        lax.transpose(x, [1, 0]),
        lax.reverse(x, [0]),
        lax.broadcastInDim(lax.slice(x, [3, 0], [4, 12]), [12, 12], [0, 1]),
        lax.reshape(lax.transpose(lax.reshape(x, [3, 4, 12]), [1, 0, 2]), [12, 12]),
      ];
      return views.reduce((a, v) => lax.add(a, v));
    },
    { rel: 2e-5, abs: 1e-6 },
  );
}

export function movementCases(): Case[] {
  return [
    ...broadcasts(),
    ...reshapes(),
    ...transposes(),
    ...slices(),
    ...pads(),
    ...concatenations(),
    ...stacks(),
  ];
}
