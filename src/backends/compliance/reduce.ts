/** Reductions over every kind of axis, arg-reductions, running forms, and what fuses into them. */
import type { DType } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import {
  type Builder,
  type Case,
  columnWise,
  exact,
  float32,
  makeCase,
  scale,
  softmax,
  toleranceOf,
} from './case.ts';

const nan = Number.NaN;
const inf = Number.POSITIVE_INFINITY;
const numbers: readonly DType[] = ['float32', 'float64', 'int32', 'uint32', 'uint8'];

type Reduce = (x: Value, axes?: readonly number[]) => Value;
const reductions: Record<string, Reduce> = {
  sum: lax.reduceSum,
  prod: lax.reduceProd,
  max: lax.reduceMax,
  min: lax.reduceMin,
};

const subsets = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];

function* plain(): Generator<Case> {
  for (const [name, fn] of Object.entries(reductions)) {
    for (const dtype of numbers) {
      yield makeCase(
        `reduce_${name} ${dtype}(4,5,6) over every set of axes`,
        (b) => {
          const x = b.input(dtype, [4, 5, 6]);
          return subsets.map((axes) => fn(x, axes));
        },
        toleranceOf(dtype),
      );
      yield makeCase(
        `reduce_${name} ${dtype} of awkward shapes`,
        (b) => [
          fn(b.input(dtype, [1])),
          fn(b.input(dtype, [0])),
          fn(b.input(dtype, [3, 0]), [1]),
          fn(b.input(dtype, [0, 3]), [1]),
          fn(b.input(dtype, [1, 7, 1]), [0, 2]),
          fn(b.input(dtype, [1, 7, 1]), [1]),
          fn(b.input(dtype, [13]), [0]),
          fn(b.input(dtype, [2, 3, 2, 3, 2]), [1, 3]),
        ],
        toleranceOf(dtype),
      );
    }
    for (const [shape, axes] of [
      [[2003, 37], [1]],
      [[37, 2003], [1]],
      [[37, 2003], [0]],
      [[2003, 37], [0]],
      [[17, 301, 13], [1]],
      [
        [17, 301, 13],
        [0, 2],
      ],
      [[5, 70001], [1]],
      [[70001, 2], [0]],
    ]) {
      yield makeCase(
        `reduce_${name} float32(${shape}) over [${axes}]`,
        (b) =>
          // Factors near 1 keep the product in range.
          fn(
            b.input('float32', shape, name === 'prod' ? b.uniform(0.999, 1.001) : undefined),
            axes,
          ),
        { rel: 1e-4, abs: name === 'sum' ? 2e-4 : 0 },
      );
    }
    yield makeCase(
      `reduce_${name} passes NaN and infinities`,
      (b) => {
        const rows = [
          1,
          nan,
          3,
          inf,
          1,
          2,
          -inf,
          5,
          6,
          inf,
          -inf,
          0,
          nan,
          inf,
          1,
          -inf,
          -inf,
          -inf,
        ];
        const x = b.input('float32', [6, 3], rows);
        const long = b.input('float32', [2, 100], (i) => (i === 137 ? nan : 1));
        return [fn(x, [1]), fn(x, [0]), fn(long, [1]), fn(long)];
      },
      float32,
    );
  }
  yield makeCase(
    'reduce_and and reduce_or',
    (b) => {
      const x = b.input('bool', [6, 70], (i) =>
        i < 70 || i === 200 ? 1 : b.random() < 0.1 ? 1 : 0,
      );
      return [lax.reduceAnd, lax.reduceOr].flatMap((f) => [
        f(x, [0]),
        f(x, [1]),
        f(x),
        f(b.input('bool', [0, 2]), [0]),
      ]);
    },
    exact,
  );
  for (const dtype of ['float32', 'float64'] as const)
    yield makeCase(
      `reduce 100000 elements to a scalar ${dtype}`,
      (b) => {
        const x = b.input(dtype, [100000], b.uniform(0, 1));
        return [lax.reduceSum(x), lax.reduceMax(x), lax.reduceMin(x)];
      },
      dtype === 'float64' ? { rel: 1e-12, abs: 0 } : { rel: 5e-5, abs: 0 },
    );
  yield makeCase(
    'reduce 100000 integers to a scalar',
    (b) => {
      const x = b.input('int32', [100000], b.ints(-(2 ** 31), 2 ** 31 - 1));
      return [lax.reduceSum(x), lax.reduceProd(lax.or(x, lax.full(x.shape, 1, 'int32')))];
    },
    exact,
  );
  yield makeCase(
    'a uint8 sum has wrapped before it is read',
    (b) => {
      const s = lax.reduceSum(b.input('uint8', [7, 30]), [1]);
      return [lax.convert(s, 'int32'), lax.gt(s, lax.full([7], 100, 'uint8'))];
    },
    exact,
  );
}

function* fused(): Generator<Case> {
  yield makeCase('reduce with work before and after', (b) => {
    const x = b.input('float32', [37, 101]);
    const y = b.input('float32', [37, 101]);
    const e = lax.reduceSum(lax.exp(lax.mul(x, y)), [1]);
    return [lax.log(e), lax.sqrt(lax.reduceSum(lax.mul(x, x), [0])), lax.reduceMax(lax.abs(x))];
  });
  yield makeCase('several reductions of one value', (b) => {
    const x = lax.tanh(b.input('float32', [50, 40]));
    const square = lax.mul(x, x);
    return [[0], [1], [0, 1]].flatMap((axes) => [
      lax.reduceSum(x, axes),
      lax.reduceSum(square, axes),
      lax.reduceMin(x, axes),
    ]);
  });
  yield makeCase('broadcast then reduce', (b) => {
    const row = b.input('float32', [13]);
    const column = b.input('float32', [29]);
    const outer = lax.mul(
      lax.broadcastInDim(column, [29, 13], [0]),
      lax.broadcastInDim(row, [29, 13], [1]),
    );
    return [
      lax.reduceSum(outer, [0]),
      lax.reduceSum(outer, [1]),
      lax.reduceSum(lax.full([1000], 1.5, 'float32')),
      lax.reduceSum(lax.iota([300], 0, 'float32')),
    ];
  });
  yield makeCase('reduce of a transpose, a slice, a reverse', (b) => {
    const x = b.input('float32', [11, 22, 33]);
    const t = lax.transpose(x, [2, 0, 1]);
    return [
      lax.reduceSum(t, [0]),
      lax.reduceSum(t, [1, 2]),
      lax.reduceMax(lax.slice(x, [1, 2, 3], [10, 20, 30], [2, 3, 4]), [0, 1]),
      lax.reduceSum(lax.reshape(lax.reverse(x, [0, 2]), [121, 66]), [1]),
    ];
  });
  yield makeCase('softmax, logsumexp, mean and variance', (b) => {
    const x = b.input('float32', [64, 10], b.uniform(-30, 30));
    const wide = b.input('float32', [3, 1001]);
    const max = lax.reduceMax(x, [1]);
    const sum = lax.reduceSum(lax.exp(lax.sub(x, columnWise(x, max))), [1]);
    const mean = scale(lax.reduceSum(wide, [1]), 1 / 1001);
    const centred = lax.sub(wide, columnWise(wide, mean));
    const variance = scale(lax.reduceSum(lax.mul(centred, centred), [1]), 1 / 1001);
    return [softmax(x), softmax(wide), lax.add(lax.log(sum), max), mean, variance];
  });
  yield makeCase('counting hits', (b) => {
    const x = b.input('float32', [100, 10], b.grid());
    const labels = b.input('int32', [100], b.ints(0, 9));
    const hit = lax.eq(lax.argmax(x, 1), labels);
    return scale(lax.reduceSum(lax.convert(hit, 'float32')), 1 / 100);
  });
}

function* positions(): Generator<Case> {
  for (const [name, fn] of Object.entries({ argmax: lax.argmax, argmin: lax.argmin })) {
    for (const dtype of numbers)
      yield makeCase(
        `${name} ${dtype}`,
        (b) => {
          // Few distinct values, so that ties are everywhere.
          const x = b.input(dtype, [6, 7, 8], b.ints(0, 3));
          const y = b.input(dtype, [301, 10]);
          return [0, 1, 2]
            .map((a) => fn(x, a))
            .concat([fn(y, 1), fn(y, 0), fn(lax.reshape(y, [3010]), 0)]);
        },
        exact,
      );
    yield makeCase(
      `${name} with NaN and infinities`,
      (b) => {
        const rows = [1, nan, 3, nan, -inf, -inf, -inf, -inf, inf, inf, 0, inf, 5, inf, -inf, nan];
        const x = b.input('float32', [4, 4], rows);
        const long = b.input('float32', [2, 50], (i) => (i === 77 || i === 88 ? nan : i));
        return [fn(x, 0), fn(x, 1), fn(long, 1), fn(lax.exp(x), 1)];
      },
      exact,
    );
    yield makeCase(
      `${name} of integer extremes`,
      (b) => {
        const x = b.input(
          'int32',
          [2, 3],
          [-(2 ** 31), -(2 ** 31), 0, 2 ** 31 - 1, 1, 2 ** 31 - 1],
        );
        return [
          fn(x, 1),
          fn(x, 0),
          fn(b.input('float32', [0, 3]), 1),
          fn(b.input('uint8', [1]), 0),
        ];
      },
      exact,
    );
  }
}

function* running(): Generator<Case> {
  for (const op of ['add', 'mul', 'min', 'max'] as const) {
    for (const dtype of numbers)
      yield makeCase(
        `cumulative ${op} ${dtype}`,
        (b) => {
          const fill = (bb: Builder) =>
            op === 'mul' && dtype.startsWith('float') ? bb.uniform(0.5, 1.5) : undefined;
          const x = b.input(dtype, [4, 5, 6], fill(b));
          const odd = [b.input(dtype, [1], fill(b)), b.input(dtype, [0], fill(b))];
          return [0, 1, 2]
            .flatMap((axis) => [false, true].map((r) => lax.cumulative(x, axis, op, r)))
            .concat(odd.map((v) => lax.cumulative(v, 0, op)));
        },
        toleranceOf(dtype),
      );
    yield makeCase(
      `cumulative ${op} passes NaN`,
      (b) => {
        const x = b.input('float32', [8], [1, 3, -inf, 2, nan, 5, inf, 0]);
        return [lax.cumulative(x, 0, op), lax.cumulative(x, 0, op, true)];
      },
      float32,
    );
  }
  yield makeCase(
    'cumulative add of a long line and of many lines',
    (b) => {
      const x = b.input('float32', [3001], b.grid());
      const y = b.input('int32', [500, 61]);
      return [
        lax.cumulative(x, 0, 'add'),
        lax.cumulative(y, 1, 'add', true),
        lax.cumulative(y, 0, 'add'),
        // Between fusible neighbours.
        lax.neg(lax.cumulative(lax.mul(x, x), 0, 'add')),
      ];
    },
    float32,
  );
}

export function reduceCases(): Case[] {
  return [...plain(), ...fused(), ...positions(), ...running()];
}
