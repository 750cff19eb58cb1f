import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileScalar } from './evaluate.ts';
import { binary, constant, convert, type Expr, exprOrder, variable } from './expr.ts';
import { atan2, bitsToUniform, erfInv, pow, threefry2x32 } from './math.ts';
import {
  bounds32,
  compileBinary,
  compileUnary,
  error32,
  floatOf,
  type Golden,
  type Unary,
  ulp32,
  unaryExpr,
  worst32,
  worst64,
} from './test-ulp.ts';

const nan = Number.NaN;
const inf = Number.POSITIVE_INFINITY;
const names = Object.keys(bounds32) as Unary[];
const types = ['float32', 'float64'] as const;
const goldens = JSON.parse(
  readFileSync(new URL('../../test/goldens/math.json', import.meta.url), 'utf8'),
) as Record<string, Golden[]>;

/** A repeatable stream of numbers in [0, 1). */
function stream(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

describe('the measure itself', () => {
  it('counts in units of the last place', () => {
    expect(ulp32(1)).toBe(2 ** -23);
    expect(ulp32(0.9999)).toBe(2 ** -24);
    expect(ulp32(1e-40)).toBe(2 ** -149);
    expect(error32(1 + 2 ** -23, 1)).toBe(1);
    expect(error32(1, 1 + 2 ** -25)).toBe(0.25);
    expect(error32(inf, 2 ** 128)).toBeLessThanOrEqual(1);
    expect(error32(inf, 1e30)).toBeGreaterThan(1e6);
    expect(error32(0, 2 ** -149)).toBe(1);
    expect(error32(nan, 1)).toBe(inf);
    expect(error32(1, nan)).toBe(inf);
    expect(error32(nan, nan)).toBe(0);
    expect(worst64((x) => x * (1 + 2 ** -51), [[1, 1, 0.25]]).ulp).toBe(1.75);
    expect(worst64(() => nan, [[1, 1, 0]]).ulp).toBe(inf);
  });
});

describe('float32', () => {
  // 2^17 arguments, evenly over all bit patterns, for either way to round a*b+c.
  const step = 2 ** 15 + 1;
  for (const name of names) {
    it(`${name} within ${bounds32[name].ulp} ULP over all exponents`, () => {
      const plain = worst32(name, false, step);
      expect(plain.ulp, JSON.stringify(plain)).toBeLessThanOrEqual(bounds32[name].ulp);
      const fused = worst32(name, true, step, 12345);
      expect(fused.ulp, JSON.stringify(fused)).toBeLessThanOrEqual(bounds32[name].ulp);
    });
  }

  it('pow within 2 ULP', () => {
    const random = stream(1);
    for (const contract of [false, true]) {
      const fn = compileBinary(pow, 'float32', contract);
      let worst = 0;
      for (let i = 0; i < 100_000; i++) {
        // Any base, bases near 1, and negative bases; results over the whole range.
        let a = floatOf(Math.floor(random() * 0x7f800000));
        if (i % 4 === 1) a = 1 + (random() - 0.5) * 2 ** (-random() * 23);
        if (i % 4 === 2) a = random() * 4;
        if (i % 4 === 3) a = -random() * 10;
        a = Math.fround(a);
        let b = (random() * 200 - 105) / Math.log(Math.abs(a));
        if (i % 4 === 3) b = Math.round(b) % 41;
        b = Math.fround(b);
        if (a === 1) continue;
        worst = Math.max(worst, error32(fn(a, b), a ** b));
      }
      expect(worst).toBeLessThanOrEqual(2);
      expect(worst).toBeGreaterThan(0.5);
    }
  });

  it('atan2 within 3 ULP', () => {
    const random = stream(2);
    for (const contract of [false, true]) {
      const fn = compileBinary(atan2, 'float32', contract);
      let worst = 0;
      for (let i = 0; i < 100_000; i++) {
        const y = floatOf(Math.floor(random() * 2 ** 32));
        const far = floatOf(Math.floor(random() * 2 ** 32));
        const x = i % 2 ? Math.fround(y * (random() - 0.5) * 4) : far;
        worst = Math.max(worst, error32(fn(y, x), Math.atan2(y, x)));
      }
      expect(worst).toBeLessThanOrEqual(3);
    }
  });

  it('exp goes through the subnormals to 0', () => {
    const fn = compileUnary('exp', 'float32');
    for (let x = -86; x > -104; x -= 0.013) {
      const v = Math.fround(x);
      expect(error32(fn(v), Math.exp(v))).toBeLessThanOrEqual(2);
    }
    expect(fn(-103.9)).toBe(2 ** -149);
    expect(fn(-104)).toBe(0);
    expect(fn(88.72283)).toBeGreaterThan(3.4e38);
    expect(fn(88.8)).toBe(inf);
  });

  it('tanh and erf stay within -1 and 1, logistic within 0 and 1', () => {
    for (const contract of [false, true]) {
      for (const [name, lo] of [
        ['tanh', -1],
        ['erf', -1],
        ['logistic', 0],
      ] as const) {
        const fn = compileUnary(name, 'float32', contract);
        for (let x = -20; x < 20; x += 0.0011) {
          const y = fn(Math.fround(x));
          if (!(y >= lo && y <= 1)) expect.fail(`${name}(${x}) = ${y}`);
        }
      }
    }
  });
});

describe('float64', () => {
  const bounds: Record<string, number> = { pow: 16 };
  for (const [name, rows] of Object.entries(goldens)) {
    const bound = bounds[name] ?? 4;
    it(`${name} within ${bound} ULP of ${rows.length} golden values`, () => {
      expect(rows.length).toBeGreaterThan(100);
      for (const contract of [false, true]) {
        const fn =
          name === 'pow' || name === 'atan2'
            ? compileBinary(name === 'pow' ? pow : atan2, 'float64', contract)
            : compileUnary(name as Unary, 'float64', contract);
        const worst = worst64(fn as (...args: number[]) => number, rows);
        expect(worst.ulp, JSON.stringify(worst)).toBeLessThanOrEqual(bound);
      }
    });
  }

  it('has goldens for every function', () => {
    expect(Object.keys(goldens).sort()).toEqual([...names, 'pow', 'atan2'].sort());
  });
});

describe('special values', () => {
  const max = Number.MAX_VALUE;
  /** Results at NaN, inf, -inf, 0, -0, 1, -1 and the largest float. */
  const table: Record<Unary, (number | undefined)[]> = {
    exp: [nan, inf, 0, 1, 1, undefined, undefined, inf],
    expm1: [nan, inf, -1, 0, -0, undefined, undefined, inf],
    log: [nan, inf, nan, -inf, -inf, 0, nan, undefined],
    log1p: [nan, inf, nan, 0, -0, undefined, -inf, undefined],
    sin: [nan, nan, nan, 0, -0, undefined, undefined, undefined],
    cos: [nan, nan, nan, 1, 1, undefined, undefined, undefined],
    tan: [nan, nan, nan, 0, -0, undefined, undefined, undefined],
    tanh: [nan, 1, -1, 0, -0, undefined, undefined, 1],
    sinh: [nan, inf, -inf, 0, -0, undefined, undefined, inf],
    cosh: [nan, inf, inf, 1, 1, undefined, undefined, inf],
    asin: [nan, nan, nan, 0, -0, undefined, undefined, nan],
    acos: [nan, nan, nan, undefined, undefined, 0, undefined, nan],
    atan: [nan, Math.PI / 2, -Math.PI / 2, 0, -0, undefined, undefined, Math.PI / 2],
    logistic: [nan, 1, 0, 0.5, 0.5, undefined, undefined, 1],
    erf: [nan, 1, -1, 0, -0, undefined, undefined, 1],
    erfc: [nan, 0, 2, 1, 1, undefined, undefined, 0],
    erfInv: [nan, nan, nan, 0, -0, inf, -inf, nan],
    rsqrt: [nan, 0, nan, inf, -inf, 1, nan, undefined],
  };
  for (const dtype of types) {
    for (const name of names) {
      it(`${name} in ${dtype}`, () => {
        const fn = compileUnary(name, dtype);
        const round = dtype === 'float32' ? Math.fround : (v: number): number => v;
        const big = dtype === 'float32' ? 3.4028234663852886e38 : max;
        const got = [nan, inf, -inf, 0, -0, 1, -1, big].map(fn);
        const want = table[name].map((v, i) => (v === undefined ? got[i] : round(v)));
        expect(got).toEqual(want);
      });
    }

    it(`small ${dtype} arguments come back as they are`, () => {
      const tiny = dtype === 'float32' ? [1e-45, 1e-40, 1e-30] : [5e-324, 1e-310, 1e-200];
      const odd: Unary[] = ['expm1', 'log1p', 'sin', 'tan', 'tanh', 'sinh', 'asin', 'atan'];
      for (const name of odd) {
        const fn = compileUnary(name, dtype);
        for (const v of tiny.map((t) => (dtype === 'float32' ? Math.fround(t) : t))) {
          expect(fn(v), name).toBe(v);
          expect(fn(-v), name).toBe(-v);
        }
      }
    });

    it(`sin and cos of ${dtype} arguments beyond the range are bounded`, () => {
      for (const name of ['sin', 'cos'] as const) {
        const fn = compileUnary(name, dtype);
        for (let x = 1; x < 3e38; x *= 1.37) {
          expect(Math.abs(fn(Math.fround(x)))).toBeLessThanOrEqual(1);
          expect(Math.abs(fn(Math.fround(-x)))).toBeLessThanOrEqual(1);
        }
      }
    });

    it(`pow in ${dtype} follows C`, () => {
      const fn = compileBinary(pow, dtype);
      const all = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, 2.5, -2.5, 1e-40, 1e30, inf, -inf, nan];
      const round = dtype === 'float32' ? Math.fround : (v: number): number => v;
      for (const a of all.map(round)) {
        for (const b of all.map(round)) {
          // JavaScript departs from C in that 1 to NaN and ±1 to infinity are NaN.
          const one = a === 1 || (a === -1 && Math.abs(b) === inf);
          const want = one ? 1 : round(a ** b);
          const got = fn(a, b);
          const label = `${a} ** ${b} = ${got}, not ${want}`;
          if (want === 0 || !Number.isFinite(want)) expect(Object.is(got, want), label).toBe(true);
          else
            expect(Math.abs(got / want - 1), label).toBeLessThan(
              dtype === 'float32' ? 3e-7 : 1e-14,
            );
        }
      }
      // Whole exponents too large to be odd, and large odd ones.
      expect(fn(-1, 2 ** 60)).toBe(1);
      expect(fn(-1, 16777215)).toBe(-1);
      expect(fn(-1, 16777216)).toBe(1);
      expect(fn(-inf, -3)).toBe(-0);
      expect(fn(-0, -3)).toBe(-inf);
      expect(fn(-0, -4)).toBe(inf);
      expect(fn(-inf, 0.5)).toBe(inf);
    });

    it(`atan2 in ${dtype} follows C`, () => {
      const fn = compileBinary(atan2, dtype);
      const all = [0, -0, 1, -1, 2.5, -2.5, 1e-40, -1e-40, 1e38, -1e38, inf, -inf, nan];
      const round = dtype === 'float32' ? Math.fround : (v: number): number => v;
      for (const y of all.map(round)) {
        for (const x of all.map(round)) {
          const want = Math.atan2(y, x);
          const got = fn(y, x);
          const label = `atan2(${y}, ${x}) = ${got}, not ${want}`;
          if (want === 0 || Number.isNaN(want)) expect(Object.is(got, want), label).toBe(true);
          else {
            // Quotients may be subnormal in float32.
            const slack = dtype === 'float32' ? 2e-45 : 0;
            const error = Math.abs(got - want);
            expect(error, label).toBeLessThanOrEqual(
              Math.abs(want) * (slack ? 3e-7 : 1e-15) + slack,
            );
          }
        }
      }
    });
  }
});

describe('what the expressions are made of', () => {
  it('only ops that vectorise, and no float64 in float32', () => {
    const a = variable('a', 'float32');
    const b = variable('b', 'float32');
    const roots = [...names.map((name) => unaryExpr(name, a)), pow(a, b), atan2(a, b)];
    const nodes = exprOrder(roots);
    const ops = new Set(nodes.map((e) => e.op));
    for (const op of ['guard', 'toInt', 'min', 'max', 'rem', 'load'] as const) {
      expect(ops.has(op), op).toBe(false);
    }
    expect(new Set(nodes.map((e) => e.dtype))).toEqual(new Set(['float32', 'int32', 'bool']));
    for (const e of nodes.filter((n) => n.op === 'convert')) expect(e.dtype).toBe('float32');
  });

  it('keeps the dtype', () => {
    for (const dtype of types) {
      for (const name of names) expect(unaryExpr(name, variable('x', dtype)).dtype).toBe(dtype);
    }
  });
});

describe('threefry2x32', () => {
  const word = (v: number): Expr => constant('uint32', v);
  const folded = (...v: number[]): number[] => {
    const [k0, k1, x0, x1] = v.map(word);
    return threefry2x32(k0, k1, x0, x1).map((e) => e.value);
  };
  const computed = (...v: number[]): number[] => {
    const inputs = v.map(() => variable('w', 'uint32'));
    const [k0, k1, x0, x1] = inputs;
    return threefry2x32(k0, k1, x0, x1).map((e) => compileScalar(e, inputs)(...v));
  };
  const ones = 0xffffffff;

  it('gives the known answers of Random123', () => {
    for (const fn of [folded, computed]) {
      expect(fn(0, 0, 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
      expect(fn(ones, ones, ones, ones)).toEqual([0x1cb996fc, 0xbb002be7]);
      expect(fn(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
    }
  });

  // jax.random.{bits,uniform,normal}(jax.random.key(0), (6,)) of JAX 0.10.2 on a CPU.
  const drawBits = (i: number): Expr => {
    const [x0, x1] = threefry2x32(word(0), word(0), word(0), word(i));
    return binary('xor', x0, x1);
  };
  const value = (e: Expr): number => compileScalar(e, [])();
  const six = [0, 1, 2, 3, 4, 5];

  it("gives JAX's bits and uniform numbers", () => {
    expect(six.map((i) => value(drawBits(i)))).toEqual([
      4070199207, 4202968722, 1427181096, 2012915765, 2447653815, 710830403,
    ]);
    expect(six.map((i) => value(bitsToUniform(drawBits(i))))).toEqual([
      0.9476670026779175, 0.9785798788070679, 0.33229148387908936, 0.46866846084594727,
      0.569888710975647, 0.16550302505493164,
    ]);
    expect(value(bitsToUniform(word(0)))).toBe(0);
    expect(value(bitsToUniform(word(ones)))).toBe(1 - 2 ** -23);
  });

  it("gives JAX's normal numbers", () => {
    const want = [
      1.622642159461975, 2.0252647399902344, -0.4335944354534149, -0.07861734926700592,
      0.17609089612960815, -0.9720892310142517,
    ];
    six.forEach((i) => {
      const u = bitsToUniform(drawBits(i));
      const lo = constant('float32', -1 + 2 ** -24);
      const width = binary('sub', constant('float32', 1), lo);
      const signed = binary('max', lo, binary('add', binary('mul', u, width), lo));
      const normal = binary('mul', erfInv(signed), constant('float32', Math.SQRT2));
      expect(Math.abs(value(normal) - want[i]) / ulp32(want[i])).toBeLessThanOrEqual(3);
    });
  });

  it('erfInv follows XLA, noise included', () => {
    const fn = compileUnary('erfInv', 'float32');
    // jax.lax.erf_inv of JAX 0.10.2 on a CPU.
    const rows = [
      [1.0000000031710769e-30, 8.862268201809777e-31],
      [0.0010000000474974513, 0.0008862271206453443],
      [0.10000000149011612, 0.08885598927736282],
      [-0.30000001192092896, -0.27246275544166565],
      [0.5, 0.4769362807273865],
      [-0.8343513011932373, -0.9802774786949158],
      [0.8999999761581421, 1.163087010383606],
      [-0.949999988079071, -1.3859037160873413],
      [0.9900000095367432, 1.821386694908142],
      [0.9950000047683716, 1.9848722219467163],
      [0.9990000128746033, 2.3267576694488525],
      [-0.9994999766349792, -2.4612553119659424],
      [0.9997000098228455, 2.55641770362854],
      [0.9998291730880737, 2.657757520675659],
      [-0.9998300075531006, -2.6586241722106934],
      [0.9998999834060669, 2.7510268688201904],
      [0.9999989867210388, 3.4570746421813965],
      [0.9999999403953552, 3.8325066566467285],
    ];
    for (const [x, y] of rows) {
      expect(Math.abs(fn(x) - y) / ulp32(y), `${x}`).toBeLessThanOrEqual(2);
    }
  });

  it('takes uint32 and gives float32', () => {
    const bits = convert('uint32', variable('i'));
    expect(bitsToUniform(bits).dtype).toBe('float32');
  });
});
