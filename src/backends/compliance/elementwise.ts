/** Elementwise primitives: ordinary values, edges of the domain, awkward shapes. */
import { type DType, dtypes } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import {
  type Builder,
  type Case,
  exact,
  type Fill,
  float32,
  float64,
  like,
  makeCase,
  relative32,
  relative64,
  scale,
  type Tolerance,
  toleranceOf,
} from './case.ts';

const nan = Number.NaN;
const inf = Number.POSITIVE_INFINITY;
const floats: readonly DType[] = ['float32', 'float64'];

/** An odd length that is no multiple of any vector width. */
const length = 1003;

interface UnaryRow {
  readonly fn: (x: Value) => Value;
  readonly fill: (b: Builder) => Fill;
  /** Edges of the domain: poles, overflow, where the function is not defined. */
  readonly edges: readonly number[];
  /** Results near zero lose relative precision (sin near pi), so an absolute bound is right. */
  readonly abs?: number;
}

const usual = [0, 1, -1, inf, -inf, nan];
const unit = (b: Builder): Fill => b.uniform(-1, 1);
const any = (b: Builder): Fill => b.uniform(-10, 10);
const tiny = (b: Builder): Fill => b.decades(1e-12, 5, true);

const unaryRows: Record<string, UnaryRow> = {
  neg: { fn: lax.neg, fill: any, edges: usual },
  exp: { fn: lax.exp, fill: (b) => b.uniform(-80, 80), edges: [...usual, 1000, -1000] },
  log: { fn: lax.log, fill: (b) => b.decades(1e-30, 1e30), edges: usual },
  expm1: { fn: lax.expm1, fill: tiny, edges: [...usual, 60, -60, 1000] },
  log1p: {
    fn: lax.log1p,
    fill: (b) => b.decades(1e-12, 1e12),
    edges: [...usual, -2, -0.75, -1e-6],
  },
  sqrt: { fn: lax.sqrt, fill: (b) => b.decades(1e-30, 1e30), edges: usual },
  rsqrt: { fn: lax.rsqrt, fill: (b) => b.decades(1e-30, 1e30), edges: usual },
  sin: { fn: lax.sin, fill: (b) => b.uniform(-300, 300), edges: usual, abs: 1e-6 },
  cos: { fn: lax.cos, fill: (b) => b.uniform(-300, 300), edges: usual, abs: 1e-6 },
  tan: { fn: lax.tan, fill: (b) => b.uniform(-1.5, 1.5), edges: usual },
  asin: { fn: lax.asin, fill: unit, edges: [...usual, 2, 1e-9] },
  acos: { fn: lax.acos, fill: (b) => b.uniform(-1, 0.99), edges: [...usual, 2] },
  atan: { fn: lax.atan, fill: (b) => b.decades(1e-9, 1e9, true), edges: usual },
  sinh: { fn: lax.sinh, fill: tiny, edges: [...usual, 80, -80, 1000] },
  cosh: { fn: lax.cosh, fill: any, edges: [...usual, 80, -80, 1000] },
  tanh: { fn: lax.tanh, fill: tiny, edges: [...usual, 40, -40] },
  logistic: { fn: lax.logistic, fill: (b) => b.uniform(-60, 60), edges: [...usual, 1000, -1000] },
  erf: { fn: lax.erf, fill: (b) => b.decades(1e-9, 5, true), edges: [...usual, 10, -10] },
  erf_inv: {
    fn: lax.erfInv,
    fill: (b) => b.uniform(-0.9999, 0.9999),
    edges: [...usual, 2, 1e-9, 0.9999999403953552, -0.9999998807907104],
  },
  abs: { fn: lax.abs, fill: any, edges: usual },
  sign: { fn: lax.sign, fill: any, edges: usual },
  floor: { fn: lax.floor, fill: any, edges: [...usual, 1e10, -1e10, -0.5] },
  ceil: { fn: lax.ceil, fill: any, edges: [...usual, 1e10, -1e10, -0.5] },
  round_nearest_even: {
    fn: lax.roundNearestEven,
    fill: any,
    edges: [...usual, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1e10, 8388609, -8388609],
  },
  stop_gradient: { fn: lax.stopGradient, fill: any, edges: usual },
};

function* unaryCases(): Generator<Case> {
  for (const [name, row] of Object.entries(unaryRows)) {
    for (const dtype of floats) {
      const base = dtype === 'float64' ? relative64 : relative32;
      // Double precision keeps the same ratio of absolute to relative slack.
      const slack = row.abs && { abs: dtype === 'float64' ? row.abs * 1e-7 : row.abs };
      const tolerance: Tolerance = { ...base, ...slack };
      yield makeCase(
        `${name} ${dtype}`,
        (b) => row.fn(b.input(dtype, [length], row.fill(b))),
        tolerance,
      );
      yield makeCase(
        `${name} ${dtype} at the edges`,
        (b) => row.fn(b.input(dtype, [row.edges.length], row.edges)),
        tolerance,
      );
    }
  }
  for (const dtype of floats) {
    yield makeCase(`is_finite ${dtype}`, (b) => lax.isFinite(b.input(dtype, [13], [...usual, 3])));
    yield makeCase(
      `zeros keep their sign ${dtype}`,
      (b) => {
        const x = b.input(dtype, [4], [0, -0, 1, -1]);
        const signed = [x, lax.neg(x), lax.sqrt(x), lax.sin(x), lax.tanh(x), lax.expm1(x)];
        // 1/x tells -0 from 0.
        return signed.map((v) => lax.div(like(v, 1), v));
      },
      toleranceOf(dtype),
    );
  }
}

const powBase = [0, 1, -1, 2, -2, 0.5, -0.5, 10, inf, -inf, nan];
const powExponent = [0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 100, inf, -inf, nan];
const edge = [0, -0, 1, -1, 2.5, -2.5, 1e-20, 1e20, inf, -inf, nan];

function* binaryFloatCases(): Generator<Case> {
  const ops: Record<string, (a: Value, b: Value) => Value> = {
    add: lax.add,
    sub: lax.sub,
    mul: lax.mul,
    div: lax.div,
    rem: lax.rem,
    max: lax.max,
    min: lax.min,
    atan2: lax.atan2,
  };
  for (const dtype of floats) {
    const tolerance = dtype === 'float64' ? relative64 : relative32;
    for (const [name, fn] of Object.entries(ops)) {
      // One float32 rounding is all the slack that plain arithmetic has.
      const bound = name === 'atan2' ? tolerance : { ...tolerance, rel: tolerance.rel / 100 };
      yield makeCase(
        `${name} ${dtype}`,
        (b) => fn(b.input(dtype, [length], any(b)), b.input(dtype, [length], any(b))),
        // The remainder jumps where the quotient is whole: take exact numbers apart from that.
        name === 'rem' ? { rel: tolerance.rel, abs: dtype === 'float64' ? 1e-13 : 1e-6 } : bound,
      );
      // fmod of very unlike magnitudes takes hundreds of steps: not asked of anyone.
      const values = name === 'rem' ? edge.filter((v) => Math.abs(v) !== 1e20) : edge;
      yield makeCase(
        `${name} ${dtype} at the edges`,
        (b) => {
          const [x, y] = b.pairs(
            dtype,
            values,
            name === 'rem' ? values.filter((v) => v !== 1e-20) : values,
          );
          return fn(x, y);
        },
        tolerance,
      );
    }
    yield makeCase(
      `pow ${dtype}`,
      (b) => [
        lax.pow(
          b.input(dtype, [length], b.decades(0.01, 100)),
          b.input(dtype, [length], b.uniform(-6, 6)),
        ),
        lax.pow(b.input(dtype, [101], b.uniform(-9, 9)), b.input(dtype, [101], b.ints(-4, 5))),
        lax.pow(b.input(dtype, [33], b.uniform(1, 1.5)), b.input(dtype, [33], b.ints(50, 200))),
      ],
      dtype === 'float64' ? { rel: 1e-11, abs: 0 } : { rel: 5e-5, abs: 0 },
    );
    yield makeCase(
      `pow ${dtype} at the edges`,
      (b) => {
        const [x, y] = b.pairs(dtype, powBase, powExponent);
        return lax.pow(x, y);
      },
      { rel: 2e-5, abs: 1e-30 },
    );
  }
}

/** Values at which integer arithmetic goes wrong. */
const intValues: Record<string, readonly number[]> = {
  int32: [0, 1, -1, 2, -2, 7, -7, 2 ** 31 - 1, -(2 ** 31), 123456789, -987654321, 65537],
  uint32: [0, 1, 2, 7, 255, 65537, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 3000000000],
  uint8: [0, 1, 2, 7, 16, 100, 127, 128, 200, 255],
  bool: [0, 1],
};
const shiftCounts: Record<string, readonly number[]> = {
  int32: [0, 1, 5, 8, 31, 32, 33, 100, -1, -(2 ** 31)],
  uint32: [0, 1, 5, 8, 31, 32, 33, 100, 2 ** 31, 2 ** 32 - 1],
  uint8: [0, 1, 5, 7, 8, 31, 32, 100, 255],
};

function* integerCases(): Generator<Case> {
  for (const dtype of ['int32', 'uint32', 'uint8'] as const) {
    const values = intValues[dtype];
    yield makeCase(
      `${dtype} arithmetic`,
      (b) => {
        const [x, y] = b.pairs(dtype, values);
        return [lax.add, lax.sub, lax.mul, lax.div, lax.rem, lax.max, lax.min].map((f) => f(x, y));
      },
      exact,
    );
    yield makeCase(
      `${dtype} of one operand`,
      (b) => {
        const x = b.input(dtype, [values.length], values);
        return [lax.neg, lax.abs, lax.sign, lax.not, lax.stopGradient].map((f) => f(x));
      },
      exact,
    );
    yield makeCase(
      `${dtype} shifts`,
      (b) => {
        const [x, n] = b.pairs(dtype, values, shiftCounts[dtype]);
        const fns = [lax.shiftLeft, lax.shiftRightLogical, lax.shiftRightArithmetic];
        return fns.map((f) => f(x, n));
      },
      exact,
    );
    yield makeCase(
      `${dtype} arithmetic by constants`,
      (b) => {
        const x = b.input(dtype, [values.length], values);
        const divisors = [1, 2, 3, 10, 64].flatMap((n) => [
          lax.div(x, like(x, n)),
          lax.rem(x, like(x, n)),
        ]);
        const zero = [lax.div(x, like(x, 0)), lax.rem(x, like(x, 0))];
        const minus = dtype === 'int32' ? [lax.div(x, like(x, -1)), lax.rem(x, like(x, -1))] : [];
        const shifts = [0, 3, 31, 32].map((n) => lax.shiftLeft(x, like(x, n)));
        return [...divisors, ...zero, ...minus, ...shifts];
      },
      exact,
    );
    yield makeCase(
      `${dtype} chain that wraps in between`,
      (b) => {
        const x = b.input(dtype, [values.length], values);
        // Comparing and dividing see whether the sum was wrapped before it was stored.
        const sum = lax.add(lax.add(x, x), like(x, 100));
        return [lax.lt(sum, x), lax.div(sum, like(x, 3)), lax.convert(sum, 'float64')];
      },
      exact,
    );
  }
  for (const dtype of ['int32', 'uint32', 'uint8', 'bool'] as const) {
    yield makeCase(
      `${dtype} bits`,
      (b) => {
        const [x, y] = b.pairs(dtype, intValues[dtype]);
        return [
          lax.and(x, y),
          lax.or(x, y),
          lax.xor(x, y),
          lax.not(x),
          lax.max(x, y),
          lax.min(x, y),
        ];
      },
      exact,
    );
  }
}

const convertible: Record<DType, readonly number[]> = {
  float32: [
    0,
    -0,
    0.5,
    -0.5,
    0.99,
    1.5,
    -1.5,
    2.5,
    255,
    256,
    300.7,
    2147483520,
    2147483648,
    -2147483648,
    -2147483904,
    4294967040,
    4294967296,
    1e20,
    -1e20,
    inf,
    -inf,
    nan,
  ],
  float64: [
    0,
    -0,
    0.5,
    -0.5,
    1.9999999,
    -1.5,
    255.9,
    256,
    2147483647.5,
    -2147483648.5,
    4294967295.5,
    1e20,
    -1e20,
    0.1,
    1e300,
    inf,
    -inf,
    nan,
  ],
  int32: [...intValues.int32, 16777217, 255, 256, -256],
  uint32: [...intValues.uint32, 16777217, 256],
  uint8: intValues.uint8,
  bool: intValues.bool,
};

function* mixedCases(): Generator<Case> {
  for (const from of dtypes) {
    for (const to of dtypes) {
      if (from === to) continue;
      yield makeCase(
        `convert ${from} to ${to}`,
        (b) => lax.convert(b.input(from, [convertible[from].length], convertible[from]), to),
        exact,
      );
    }
    yield makeCase(
      `compare ${from}`,
      (b) => {
        const values = from === 'float32' || from === 'float64' ? edge : intValues[from];
        const [x, y] = b.pairs(from, values);
        return [lax.eq, lax.ne, lax.lt, lax.le, lax.gt, lax.ge].map((f) => f(x, y));
      },
      exact,
    );
    yield makeCase(
      `select ${from}`,
      (b) => {
        const w = b.input('bool', [5, 7]);
        return lax.select(w, b.input(from, [5, 7]), b.input(from, [5, 7]));
      },
      exact,
    );
    yield makeCase(
      `constants ${from}`,
      (b) => {
        const x = b.input(from, [3]);
        const one = lax.full([3], 1, from);
        return [one, lax.eq(x, one), lax.scalar(1, from), lax.iota([5, 300], 1, from)];
      },
      exact,
    );
  }
  const words = [0, 1, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x80000000, 0xc0490fdb, 0xff800000];
  yield makeCase(
    'bitcast_convert',
    (b) => {
      const u = b.input('uint32', [words.length], words);
      const f = b.input('float32', [6], [0, -0, 1, -1.5, inf, 1e-30]);
      const i = lax.bitcastConvert(u, 'int32');
      const toFloat = lax.bitcastConvert(u, 'float32');
      return [
        i,
        toFloat,
        lax.bitcastConvert(i, 'float32'),
        lax.bitcastConvert(f, 'uint32'),
        lax.bitcastConvert(f, 'int32'),
      ];
    },
    exact,
  );
  yield makeCase(
    'literal',
    (b) => {
      const t = lax.literal(Float32Array.of(3, 1, 4, 1, 5, 9), [2, 3], 'float32');
      const u = lax.literal(Uint8Array.of(1, 0, 1), [3], 'bool');
      return [t, u, lax.mul(b.input('float32', [2, 3]), t), lax.transpose(t, [1, 0])];
    },
    { rel: 1e-7, abs: 0 },
  );
  yield makeCase(
    'NaN and infinity constants',
    (b) => {
      const x = b.input('float32', [4], [1, -inf, inf, nan]);
      return [
        like(x, nan),
        lax.max(x, like(x, -inf)),
        lax.min(x, like(x, inf)),
        lax.add(x, like(x, -0)),
      ];
    },
    exact,
  );
}

export const awkwardShapes: readonly (readonly number[])[] = [
  [],
  [1],
  [0],
  [3, 0, 2],
  [1, 1, 1],
  [7],
  [1, 5, 1],
  [5, 1, 3],
  [2, 3, 5],
  [33, 65],
  [4099],
  [301, 703],
];

function* shapeCases(): Generator<Case> {
  for (const shape of awkwardShapes) {
    for (const dtype of ['float32', 'float64', 'int32', 'uint8', 'bool'] as const) {
      yield makeCase(
        `${dtype}(${shape}) chain`,
        (b) => {
          const fill = dtype.startsWith('float') ? b.grid() : undefined;
          const x = b.input(dtype, shape, fill);
          const y = b.input(dtype, shape, fill);
          if (dtype === 'bool') return lax.xor(lax.and(x, y), lax.not(y));
          const s = lax.add(lax.mul(x, y), lax.sub(x, like(x, 1)));
          return [s, lax.gt(s, x)];
        },
        dtype === 'float64' ? float64 : float32,
      );
    }
  }
  yield makeCase('many roundings in one chain', (b) => {
    let x = b.input('float32', [20011]);
    for (let i = 0; i < 12; i++) x = lax.tanh(scale(lax.add(x, like(x, 0.1)), 1.1));
    return x;
  });
}

export function elementwiseCases(): Case[] {
  return [
    ...unaryCases(),
    ...binaryFloatCases(),
    ...integerCases(),
    ...mixedCases(),
    ...shapeCases(),
  ];
}
