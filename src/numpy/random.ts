/**
 * Random numbers: threefry2x32 of a key and a position, so that a seed gives the same numbers on
 * every backend. The streams differ from NumPy's; the distributions are the same.
 *
 * A generator's state is its seed and how many draws it has made. Numbers are drawn on the device,
 * when they are first needed.
 */
import { checkDType, type DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax, type Value } from '../graph/index.ts';
import { checkShape, normalizeAxis, showShape, sizeOf } from '../shape.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../tensor/index.ts';
import { given, make, type ShapeLike, shapeOf, wholeNumber } from './support.ts';

export type Size = ShapeLike | null | undefined;
const sizeOrScalar = (size: Size): readonly number[] => (size == null ? [] : shapeOf(size));

export interface DrawOptions {
  readonly dtype?: DType | (string & {});
}
export interface IntegerOptions extends DrawOptions {
  /** Whether `high` may be drawn too. */
  readonly endpoint?: boolean;
}
/** The arguments of a draw by name: `normal({ loc: 1, size: [2, 3] })`. */
export interface SizeArgs extends DrawOptions {
  readonly size?: Size;
}
export interface UniformArgs extends SizeArgs {
  readonly low?: number;
  readonly high?: number;
}
export interface NormalArgs extends SizeArgs {
  /** The mean. */
  readonly loc?: number;
  /** The standard deviation. */
  readonly scale?: number;
}
export interface ExponentialArgs extends SizeArgs {
  /** The mean. */
  readonly scale?: number;
}
export interface IntegerArgs extends SizeArgs, IntegerOptions {
  readonly high?: number | null;
}
export interface ChoiceOptions {
  readonly size?: Size;
  /** Whether an element may be drawn more than once; default true. */
  readonly replace?: boolean;
  /** How likely each is; must add up to 1. */
  readonly p?: TensorLike;
  readonly axis?: number;
}

function floatType(name: string, o: DrawOptions): 'float32' | 'float64' {
  const dtype = checkDType(o.dtype ?? 'float32');
  if (dtype !== 'float32' && dtype !== 'float64')
    throw new GradloomError('dtype', `${name} draws float32 or float64; received ${dtype}.`, {
      dtype,
    });
  return dtype;
}

export class Generator {
  readonly #seed: number;
  #draws = 0;

  /** @param seed a whole number from 0 to 2^53 - 1; drawn from the clock's entropy when missing */
  constructor(seed?: number | null) {
    this.#seed = seed ?? Math.floor(Math.random() * 2 ** 32);
    wholeNumber('A seed', this.#seed, 0);
  }

  /** A key that has not been used before: uint32[2]. */
  #key(): Value {
    const low = this.#seed % 2 ** 32;
    const high = Math.floor(this.#seed / 2 ** 32);
    const key = Uint32Array.of((low ^ Math.imul(high, 0x9e3779b9)) >>> 0, this.#draws++ >>> 0);
    return fromData(key, [2], 'uint32').value;
  }

  #bits(shape: readonly number[]): Value {
    checkShape(shape, 'size');
    return lax.randomBits(this.#key(), shape);
  }

  /** Uniform in [0, 1) with every bit of the mantissa drawn. */
  #unit(shape: readonly number[], dtype: 'float32' | 'float64'): Value {
    const shifted = (bits: Value, by: number): Value =>
      lax.convert(lax.shiftRightLogical(bits, lax.full(shape, by, 'uint32')), dtype);
    const times = (x: Value, n: number): Value => lax.mul(x, lax.full(shape, n, dtype));
    if (dtype === 'float32') return times(shifted(this.#bits(shape), 8), 2 ** -24);
    const high = times(shifted(this.#bits(shape), 5), 2 ** -27);
    return lax.add(high, times(shifted(this.#bits(shape), 6), 2 ** -53));
  }

  /** Uniform in (0, 1): never 0, for logarithms. */
  #open(shape: readonly number[], dtype: 'float32' | 'float64'): Value {
    const half = dtype === 'float32' ? 2 ** -25 : 2 ** -54;
    return lax.add(this.#unit(shape, dtype), lax.full(shape, half, dtype));
  }

  /** Uniform in [0, 1). */
  random(shape?: Size | SizeArgs, more?: DrawOptions): Tensor {
    const { size, ...options } = given<SizeArgs>('random', ['size', 'dtype'], [shape, more]);
    return make(this.#unit(sizeOrScalar(size), floatType('random', options)));
  }
  /** Uniform in [low, high). */
  uniform(from?: number | UniformArgs, to?: number, shape?: Size, more?: DrawOptions): Tensor {
    const names = ['low', 'high', 'size', 'dtype'] as const;
    const args = given<UniformArgs>('uniform', names, [from, to, shape, more]);
    const { low = 0, high = 1, size, ...options } = args;
    return this.random(size, options)
      .mul(high - low)
      .add(low);
  }
  /** Normal with mean 0 and deviation 1: sqrt(2) erfinv of a uniform number in (-1, 1). */
  standardNormal(wanted?: Size | SizeArgs, more?: DrawOptions): Tensor {
    const { size, ...options } = given<SizeArgs>(
      'standardNormal',
      ['size', 'dtype'],
      [wanted, more],
    );
    const shape = sizeOrScalar(size);
    const dtype = floatType('standardNormal', options);
    const at = (n: number): Value => lax.full(shape, n, dtype);
    const u = lax.sub(lax.mul(this.#open(shape, dtype), at(2)), at(1));
    return make(lax.mul(lax.erfInv(u), at(Math.SQRT2)));
  }
  normal(mean?: number | NormalArgs, spread?: number, shape?: Size, more?: DrawOptions): Tensor {
    const names = ['loc', 'scale', 'size', 'dtype'] as const;
    const args = given<NormalArgs>('normal', names, [mean, spread, shape, more]);
    const { loc = 0, scale: deviation = 1, size, ...options } = args;
    if (!(deviation >= 0))
      throw new GradloomError(
        'argument',
        `normal: the deviation must be 0 or more; received ${deviation}.`,
        { deviation },
      );
    return this.standardNormal(size, options).mul(deviation).add(loc);
  }
  /** Exponential with the given mean. */
  exponential(mean?: number | ExponentialArgs, shape?: Size, more?: DrawOptions): Tensor {
    const names = ['scale', 'size', 'dtype'] as const;
    const args = given<ExponentialArgs>('exponential', names, [mean, shape, more]);
    const { scale = 1, size, ...options } = args;
    const u = this.#open(sizeOrScalar(size), floatType('exponential', options));
    return make(lax.neg(lax.log(u))).mul(scale);
  }
  /** Whole numbers in [low, high), or [0, low) when only one is given: int32. Throws `range`. */
  integers(
    first: number,
    second?: number | null | IntegerArgs,
    third?: Size | IntegerArgs,
    more?: IntegerOptions,
  ): Tensor {
    const names = ['low', 'high', 'size', 'dtype', 'endpoint'] as const;
    const args = given<IntegerArgs & { low: number }>('integers', names, [
      first,
      second,
      third,
      more,
    ]);
    const { low = 0, high, size, ...options } = args;
    const [from, to] = high == null ? [0, low] : [low, high];
    const span = to - from + (options.endpoint ? 1 : 0);
    const whole = Number.isInteger(from) && Number.isInteger(to);
    if (!whole || span < 1 || from < -(2 ** 31) || from + span > 2 ** 31)
      throw new GradloomError(
        'range',
        `integers needs whole numbers low < high within int32; received ${from} and ${to}.`,
        { low: from, high: to },
      );
    const shape = sizeOrScalar(size);
    const drawn = span === 2 ** 32 ? this.#bits(shape) : this.#below(shape, span);
    const signed = lax.bitcastConvert(
      lax.add(drawn, lax.full(shape, from >>> 0, 'uint32')),
      'int32',
    );
    return make(signed).astype(options.dtype ?? 'int32');
  }
  /** Uniform in [0, span) from 64 bits where that fits in 32-bit arithmetic, so that no number is likelier. */
  #below(shape: readonly number[], span: number): Value {
    const at = (n: number): Value => lax.full(shape, n, 'uint32');
    const low = lax.rem(this.#bits(shape), at(span));
    if (span > 65536) return low;
    const high = lax.rem(this.#bits(shape), at(span));
    return lax.rem(lax.add(lax.mul(high, at(2 ** 32 % span)), low), at(span));
  }

  /** 0 to n-1 in random order, or the rows of x (along `axis`). */
  permutation(x: number | TensorLike, axis = 0): Tensor {
    if (typeof x === 'number') return make(this.#order(wholeNumber('permutation: n', x, 0)));
    const t = asTensor(x);
    const a = normalizeAxis(axis, t.ndim);
    return make(lax.take(t.value, this.#order(t.shape[a]), a), t);
  }
  /** The rows of x (along `axis`) in random order. Tensors never change: the result is a new one. */
  shuffle(x: TensorLike, axis = 0): Tensor {
    return this.permutation(asTensor(x), axis);
  }
  #order(n: number): Value {
    if (n === 0) return fromData(new Int32Array(0), [0], 'int32').value;
    return lax.sort([this.#bits([n]), lax.iota([n], 0, 'int32')], 0)[1];
  }

  /** Elements of x, or of 0 to x-1, drawn at random. Throws `argument`. */
  choice(
    x: number | TensorLike,
    size?: Size | ChoiceOptions,
    again?: boolean | ChoiceOptions,
    shares?: TensorLike,
  ): Tensor {
    const names = ['size', 'replace', 'p', 'axis'] as const;
    const o = given<ChoiceOptions>('choice', names, [size, again, shares]);
    const t = typeof x === 'number' ? undefined : asTensor(x);
    const axis = t ? normalizeAxis(o.axis ?? 0, t.ndim) : 0;
    const n = t ? t.shape[axis] : wholeNumber('choice: n', x as number, 1);
    const shape = sizeOrScalar(o.size);
    const count = sizeOf(shape);
    if (n === 0 && count > 0)
      throw new GradloomError('empty', 'choice: there is nothing to choose from.');
    const replace = o.replace ?? true;
    if (!replace && count > n)
      throw new GradloomError(
        'argument',
        `choice: cannot draw ${count} of ${n} without drawing any twice.`,
        { size: count, n },
      );
    const p = o.p === undefined ? undefined : checkedShares(asTensor(o.p), n);
    let at: Tensor;
    if (!p) {
      at = replace
        ? this.integers(0, n, shape)
        : make(this.#order(n)).slice([0, count]).reshape(shape);
    } else if (replace) {
      let total = 0;
      const upTo = Float64Array.from(p, (v) => {
        total += v;
        return total;
      });
      const edges = fromData(
        Float32Array.from(upTo, (v) => v / total),
        [n],
        'float32',
      );
      at = this.random(count)
        .expandDims(1)
        .ge(edges)
        .sum(1)
        .minimum(n - 1)
        .reshape(shape);
    } else {
      // The elements whose exponential clocks, with rates p, ring first.
      const clocks = make(lax.neg(lax.log(this.#open([n], 'float32')))).div(
        fromData(Float32Array.from(p), [n], 'float32'),
      );
      const order = make(lax.sort([clocks.value, lax.iota([n], 0, 'int32')], 0)[1], clocks);
      at = order.slice([0, count]).reshape(shape);
    }
    if (!t) return at;
    return make(lax.take(t.value, at.value, axis), t, at);
  }
}

function checkedShares(p: Tensor, n: number): ArrayLike<number> {
  if (p.ndim !== 1 || p.size !== n)
    throw new GradloomError(
      'shape',
      `choice: p must hold ${n} numbers; received shape ${showShape(p.shape)}.`,
      { shape: [...p.shape], n },
    );
  const data = p.dataSync();
  let total = 0;
  for (const v of data) {
    if (!(v >= 0))
      throw new GradloomError(
        'argument',
        `choice: every share in p must be 0 or more; found ${v}.`,
        { value: v },
      );
    total += v;
  }
  if (Math.abs(total - 1) > 1e-5)
    throw new GradloomError(
      'argument',
      `choice: the shares in p must add up to 1; they add up to ${total}.`,
      { total },
    );
  return data;
}

/** A generator of its own: the same seed, the same numbers, on every backend. */
export function defaultRng(seed?: number | null): Generator {
  return new Generator(seed);
}

// ---- the functions of one shared generator

let shared: Generator | undefined;
function global(): Generator {
  shared ??= new Generator();
  return shared;
}
/** Starts the shared generator anew. */
export function seed(value: number): void {
  shared = new Generator(value);
}
export function random(size?: Size | SizeArgs, options?: DrawOptions): Tensor {
  return global().random(size, options);
}
/** Uniform in [0, 1): rand(2, 3) has shape (2, 3). */
export function rand(...shape: readonly number[]): Tensor {
  return global().random(shape);
}
/** Standard normal: randn(2, 3) has shape (2, 3). */
export function randn(...shape: readonly number[]): Tensor {
  return global().standardNormal(shape);
}
export function uniform(
  low?: number | UniformArgs,
  high?: number,
  size?: Size,
  options?: DrawOptions,
): Tensor {
  return global().uniform(low, high, size, options);
}
export function normal(
  mean?: number | NormalArgs,
  deviation?: number,
  size?: Size,
  options?: DrawOptions,
): Tensor {
  return global().normal(mean, deviation, size, options);
}
export function standardNormal(size?: Size | SizeArgs, options?: DrawOptions): Tensor {
  return global().standardNormal(size, options);
}
export function exponential(
  scale?: number | ExponentialArgs,
  size?: Size,
  options?: DrawOptions,
): Tensor {
  return global().exponential(scale, size, options);
}
/** Whole numbers in [low, high), or [0, low). */
export function randint(
  low: number,
  high?: number | null | IntegerArgs,
  size?: Size | IntegerArgs,
): Tensor {
  return global().integers(low, high, size);
}
export function integers(
  low: number,
  high?: number | null | IntegerArgs,
  size?: Size | IntegerArgs,
  options?: IntegerOptions,
): Tensor {
  return global().integers(low, high, size, options);
}
export function permutation(x: number | TensorLike, axis = 0): Tensor {
  return global().permutation(x, axis);
}
/** The rows of x in random order, as a new tensor. */
export function shuffle(x: TensorLike, axis = 0): Tensor {
  return global().shuffle(x, axis);
}
export function choice(
  x: number | TensorLike,
  size?: Size | ChoiceOptions,
  replace?: boolean | ChoiceOptions,
  p?: TensorLike,
): Tensor {
  return global().choice(x, size, replace, p);
}
