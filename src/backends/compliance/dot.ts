/** dot_general: every arrangement of dimensions, awkward sizes, and what fuses around it. */
import type { DType } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import {
  type Case,
  columnWise,
  exact,
  like,
  makeCase,
  relu,
  rowWise,
  scale,
  softmax,
  type Tolerance,
} from './case.ts';

/** Errors of K terms grow as sqrt(K); sums of signed terms may end up near zero. */
const terms = (k: number, dtype: DType = 'float32'): Tolerance => {
  const grow = Math.sqrt(Math.max(1, k));
  if (dtype === 'int32') return exact;
  return dtype === 'float64' ? { rel: 1e-12, abs: 1e-14 * grow } : { rel: 2e-5, abs: 1e-6 * grow };
};

/** M, N, K. */
const sizes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [3, 5, 7],
  [1, 10, 784],
  [64, 128, 784],
  [13, 33, 65],
  [100, 10, 128],
  [784, 128, 64],
  [128, 10, 64],
  [1, 1, 1000],
  [5, 1, 300],
  [1, 64, 3],
  [17, 1, 1],
  [2, 257, 19],
  [131, 127, 129],
  [8, 16, 300],
  [6, 16, 1],
  [4, 5, 0],
  [0, 5, 3],
  [4, 0, 3],
];

/** x^(transposed) * y^(transposed) as one dot_general. */
function product(x: Value, y: Value, tx: boolean, ty: boolean): Value {
  return lax.dotGeneral(x, y, {
    lhsContract: [tx ? 0 : 1],
    rhsContract: [ty ? 1 : 0],
    lhsBatch: [],
    rhsBatch: [],
  });
}

function* matrices(): Generator<Case> {
  for (const [m, n, k] of sizes) {
    for (const tx of [false, true]) {
      for (const ty of [false, true]) {
        const mark = `${tx ? 't' : 'n'}${ty ? 't' : 'n'}`;
        yield makeCase(
          `dot ${m}x${n}x${k} ${mark}`,
          (b) => {
            const x = b.input('float32', tx ? [k, m] : [m, k], b.uniform(-1, 1));
            const y = b.input('float32', ty ? [n, k] : [k, n], b.uniform(-1, 1));
            return product(x, y, tx, ty);
          },
          terms(k),
        );
      }
    }
    if (m * n * k > 100_000) continue;
    for (const dtype of ['float64', 'int32'] as const)
      yield makeCase(
        `dot ${dtype} ${m}x${n}x${k}`,
        (b) => {
          const fill = dtype === 'int32' ? b.ints(-(2 ** 31), 2 ** 31 - 1) : undefined;
          const x = b.input(dtype, [m, k], fill);
          return [
            lax.dot(x, b.input(dtype, [k, n], fill)),
            product(x, b.input(dtype, [n, k], fill), false, true),
          ];
        },
        terms(k, dtype),
      );
  }
  yield makeCase('dot passes NaN and infinities', (b) => {
    const x = b.input('float32', [4, 5], (i) => [1, 2, 3, Number.NaN, 5, 6, Infinity][i % 7]);
    const y = b.input('float32', [5, 3], (i) => (i === 7 ? 0 : i - 3));
    return lax.dot(x, y);
  });
}

interface General {
  readonly lhs: readonly number[];
  readonly rhs: readonly number[];
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
}

const general: Record<string, General> = {
  'vector with vector': {
    lhs: [37],
    rhs: [37],
    lhsContract: [0],
    rhsContract: [0],
    lhsBatch: [],
    rhsBatch: [],
  },
  'matrix with vector': {
    lhs: [11, 37],
    rhs: [37],
    lhsContract: [1],
    rhsContract: [0],
    lhsBatch: [],
    rhsBatch: [],
  },
  'vector with matrix': {
    lhs: [37],
    rhs: [37, 11],
    lhsContract: [0],
    rhsContract: [0],
    lhsBatch: [],
    rhsBatch: [],
  },
  'outer product': {
    lhs: [5],
    rhs: [7],
    lhsContract: [],
    rhsContract: [],
    lhsBatch: [],
    rhsBatch: [],
  },
  'scalar with matrix': {
    lhs: [],
    rhs: [3, 4],
    lhsContract: [],
    rhsContract: [],
    lhsBatch: [],
    rhsBatch: [],
  },
  'batched matrices': {
    lhs: [6, 9, 20],
    rhs: [6, 20, 17],
    lhsContract: [2],
    rhsContract: [1],
    lhsBatch: [0],
    rhsBatch: [0],
  },
  'batch in the middle and last': {
    lhs: [9, 4, 20],
    rhs: [20, 17, 4],
    lhsContract: [2],
    rhsContract: [0],
    lhsBatch: [1],
    rhsBatch: [2],
  },
  'attention scores': {
    lhs: [2, 10, 3, 16],
    rhs: [2, 12, 3, 16],
    lhsContract: [3],
    rhsContract: [3],
    lhsBatch: [0, 2],
    rhsBatch: [0, 2],
  },
  'batch dimensions out of order': {
    lhs: [2, 3, 5, 8],
    rhs: [3, 2, 8, 4],
    lhsContract: [3],
    rhsContract: [2],
    lhsBatch: [1, 0],
    rhsBatch: [0, 1],
  },
  'two contracted dimensions': {
    lhs: [5, 6, 7],
    rhs: [6, 7, 9],
    lhsContract: [1, 2],
    rhsContract: [0, 1],
    lhsBatch: [],
    rhsBatch: [],
  },
  'contracted dimensions out of order': {
    lhs: [7, 5, 6],
    rhs: [6, 9, 7],
    lhsContract: [2, 0],
    rhsContract: [0, 2],
    lhsBatch: [],
    rhsBatch: [],
  },
  'several free dimensions': {
    lhs: [3, 8, 4],
    rhs: [5, 8, 2, 3],
    lhsContract: [1],
    rhsContract: [1],
    lhsBatch: [],
    rhsBatch: [],
  },
  'only batch dimensions': {
    lhs: [4, 5],
    rhs: [5, 4],
    lhsContract: [],
    rhsContract: [],
    lhsBatch: [0, 1],
    rhsBatch: [1, 0],
  },
  'everything contracted': {
    lhs: [4, 5, 6],
    rhs: [4, 5, 6],
    lhsContract: [0, 1, 2],
    rhsContract: [0, 1, 2],
    lhsBatch: [],
    rhsBatch: [],
  },
  'batch of none': {
    lhs: [0, 3, 4],
    rhs: [0, 4, 5],
    lhsContract: [2],
    rhsContract: [1],
    lhsBatch: [0],
    rhsBatch: [0],
  },
  'sizes of one': {
    lhs: [1, 1, 5],
    rhs: [1, 5, 1],
    lhsContract: [2],
    rhsContract: [1],
    lhsBatch: [0],
    rhsBatch: [0],
  },
};

function* generalCases(): Generator<Case> {
  for (const [name, g] of Object.entries(general)) {
    const k = g.lhsContract.reduce((n, d) => n * g.lhs[d], 1);
    for (const dtype of ['float32', 'float64', 'int32'] as const)
      yield makeCase(
        `dot_general ${dtype}: ${name}`,
        (b) => lax.dotGeneral(b.input(dtype, g.lhs), b.input(dtype, g.rhs), g),
        // Values reach 2, so terms reach 4.
        dtype === 'int32' ? exact : terms(16 * k, dtype),
      );
  }
}

function* fused(): Generator<Case> {
  for (const [m, n, k] of [
    [64, 128, 784],
    [13, 33, 65],
    [1, 10, 128],
    [3, 1, 5],
  ] as const) {
    const size = `${m}x${n}x${k}`;
    yield makeCase(
      `dense layer with relu ${size}`,
      (b) => {
        const x = b.input('float32', [m, k], b.uniform(-1, 1));
        const w = b.input('float32', [k, n], b.uniform(-1, 1));
        const z = lax.dot(x, w);
        return relu(lax.add(z, rowWise(z, b.input('float32', [n]))));
      },
      terms(k),
    );
    yield makeCase(
      `dense layer with tanh, residual and column scale ${size}`,
      (b) => {
        const x = b.input('float32', [m, k], b.uniform(-0.1, 0.1));
        const z = lax.dot(x, b.input('float32', [k, n]));
        const residual = b.input('float32', [n, m]);
        const scaled = lax.mul(lax.tanh(z), columnWise(z, b.input('float32', [m])));
        return [lax.add(scaled, lax.transpose(residual, [1, 0])), z];
      },
      terms(k),
    );
    yield makeCase(
      `work on both operands ${size}`,
      (b) => {
        const x = b.input('float32', [m, k], b.uniform(-1, 1));
        const mask = b.input('bool', [m, k]);
        const w = b.input('float32', [k, n], b.uniform(-1, 1));
        const left = lax.select(mask, scale(x, 2), like(x, 0));
        return lax.dot(left, lax.sub(w, like(w, 0.5)));
      },
      terms(4 * k),
    );
    yield makeCase(
      `uint8 pictures over 255 ${size}`,
      (b) => {
        const images = lax.convert(b.input('uint8', [m, k]), 'float32');
        return lax.dot(lax.div(images, like(images, 255)), b.input('float32', [k, n]));
      },
      terms(4 * k),
    );
  }
  yield makeCase(
    'rows gathered by index, then multiplied',
    (b) => {
      const data = b.input('float32', [50, 30], b.uniform(-1, 1));
      const rows = lax.take(data, b.input('int32', [16], b.ints(0, 49)), 0);
      return lax.dot(rows, b.input('float32', [30, 12], b.uniform(-1, 1)));
    },
    terms(30),
  );
  yield makeCase(
    'a product of moved operands',
    (b) => {
      const x = lax.reverse(b.input('float32', [4, 3, 10]), [1]);
      const y = lax.slice(b.input('float32', [25, 14]), [2, 1], [22, 13], [2, 1]);
      const z = lax.dot(lax.reshape(x, [12, 10]), y);
      const column = b.input('float32', [10, 1]);
      return [
        lax.transpose(z, [1, 0]),
        lax.reshape(z, [4, 36]),
        lax.dot(lax.broadcastInDim(b.input('float32', [10]), [7, 10], [1]), column),
      ];
    },
    terms(160),
  );
  yield makeCase(
    'two layers, products sharing operands',
    (b) => {
      const x = b.input('float32', [20, 15], b.uniform(-1, 1));
      const w = b.input('float32', [15, 25], b.uniform(-1, 1));
      const h = relu(lax.dot(x, w));
      const y = lax.dot(h, b.input('float32', [25, 5], b.uniform(-1, 1)));
      return [softmax(y), lax.dot(h, lax.transpose(h, [1, 0])), product(x, h, true, false)];
    },
    { rel: 5e-5, abs: 5e-5 },
  );
  yield makeCase(
    'a product reduced',
    (b) => {
      const z = lax.dot(b.input('float32', [33, 20]), b.input('float32', [20, 41]));
      return [lax.reduceSum(z, [0]), lax.reduceMax(z, [1]), lax.argmax(z, 1), lax.reduceSum(z)];
    },
    { rel: 2e-5, abs: 5e-4 },
  );
}

export function dotCases(): Case[] {
  return [...matrices(), ...generalCases(), ...fused()];
}
