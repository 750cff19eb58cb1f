/**
 * Random arrays. The generator is threefry, the same on every backend and in every engine; its
 * streams are not NumPy's, so a seed gives other numbers than in Python.
 */
import { GradloomError } from '../errors.ts';
import { normal as hostNormal, uniform as hostUniform, randomBits } from '../keras/random/host.ts';
import { checkShape, sizeOf } from '../shape.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../tensor/index.ts';

type ShapeLike = number | readonly number[];
const shapeOf = (s: ShapeLike | undefined): readonly number[] => {
  const shape = s === undefined ? [] : typeof s === 'number' ? [s] : s;
  checkShape(shape);
  return shape;
};

/** A seeded source of random arrays. Each call takes the next key of its stream. */
export class Generator {
  readonly #seed: number;
  #calls = 0;
  constructor(seed?: number) {
    if (seed !== undefined && (!Number.isInteger(seed) || seed < 0))
      throw new GradloomError(
        'seed',
        `A seed must be a whole number of 0 or more; received ${seed}.`,
        { seed },
      );
    this.#seed = seed ?? Math.floor(Math.random() * 2 ** 32);
  }
  #key(): [number, number] {
    return [this.#seed >>> 0, this.#calls++];
  }
  /** Uniform in [0, 1): float32. */
  random(shape?: ShapeLike): Tensor {
    return this.uniform(0, 1, shape);
  }
  uniform(low = 0, high = 1, shape?: ShapeLike): Tensor {
    const s = shapeOf(shape);
    return fromData(hostUniform(this.#key(), sizeOf(s), low, high), s, 'float32');
  }
  normal(mean = 0, std = 1, shape?: ShapeLike): Tensor {
    const s = shapeOf(shape);
    const data = hostNormal(this.#key(), sizeOf(s));
    return fromData(
      data.map((v) => v * std + mean),
      s,
      'float32',
    );
  }
  standardNormal(shape?: ShapeLike): Tensor {
    return this.normal(0, 1, shape);
  }
  /** Whole numbers in [low, high), or [0, low): int32. */
  integers(low: number, high?: number | null, shape?: ShapeLike): Tensor {
    const [from, to] = high == null ? [0, low] : [low, high];
    if (!(to > from))
      throw new GradloomError(
        'range',
        `integers: low must be below high; received ${from} and ${to}.`,
        { low: from, high: to },
      );
    const s = shapeOf(shape);
    const bits = randomBits(this.#key(), sizeOf(s));
    return fromData(
      Int32Array.from(bits, (b) => from + Math.floor((b / 2 ** 32) * (to - from))),
      s,
      'int32',
    );
  }
  /** 0..n-1 in random order, or the rows of an array in random order. */
  permutation(x: number | TensorLike): Tensor {
    const n = typeof x === 'number' ? x : asTensor(x).shape[0];
    const bits = randomBits(this.#key(), n);
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor((bits[i] / 2 ** 32) * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    const p = fromData(order, [n], 'int32');
    return typeof x === 'number' ? p : asTensor(x).take(p, 0);
  }
  /** The rows of an array in random order, as a new array. */
  shuffle(x: TensorLike): Tensor {
    return this.permutation(asTensor(x));
  }
  /** Draws from 0..x-1 or from the rows of x, with or without putting back, with probabilities `p`. */
  choice(
    x: number | TensorLike,
    shape?: ShapeLike,
    o: { replace?: boolean; p?: readonly number[] } = {},
  ): Tensor {
    const s = shapeOf(shape);
    const count = sizeOf(s);
    const n = typeof x === 'number' ? x : asTensor(x).shape[0];
    if (n < 1) throw new GradloomError('empty', 'choice: there is nothing to choose from.');
    let picks: Int32Array;
    if (o.replace === false) {
      if (count > n)
        throw new GradloomError(
          'range',
          `choice: cannot take ${count} of ${n} without putting back.`,
          { count, n },
        );
      picks = (this.permutation(n).dataSync() as Int32Array).slice(0, count);
    } else {
      const u = hostUniform(this.#key(), count);
      const p = o.p ?? Array.from({ length: n }, () => 1 / n);
      if (p.length !== n || Math.abs(p.reduce((a, b) => a + b, 0) - 1) > 1e-5)
        throw new GradloomError(
          'range',
          `choice: p must hold ${n} probabilities that add up to 1.`,
        );
      picks = Int32Array.from(u, (v) => {
        let i = 0;
        for (let sum = p[0]; sum <= v && i < n - 1; sum += p[i]) i++;
        return i;
      });
    }
    const indices = fromData(picks, s, 'int32');
    return typeof x === 'number' ? indices : asTensor(x).take(indices, 0);
  }
}

let shared = new Generator();

export function defaultRng(seed?: number): Generator {
  return new Generator(seed);
}
/** Makes the module's own functions repeatable. */
export function seed(value: number): void {
  shared = new Generator(value);
}
export const rand = (...shape: number[]): Tensor => shared.random(shape);
export const randn = (...shape: number[]): Tensor => shared.normal(0, 1, shape);
export const random = (shape?: ShapeLike): Tensor => shared.random(shape);
export const uniform = (low?: number, high?: number, shape?: ShapeLike): Tensor =>
  shared.uniform(low, high, shape);
export const normal = (mean?: number, std?: number, shape?: ShapeLike): Tensor =>
  shared.normal(mean, std, shape);
export const randint = (low: number, high?: number | null, shape?: ShapeLike): Tensor =>
  shared.integers(low, high, shape);
export const permutation = (x: number | TensorLike): Tensor => shared.permutation(x);
export const shuffle = (x: TensorLike): Tensor => shared.shuffle(x);
export const choice = (
  x: number | TensorLike,
  shape?: ShapeLike,
  o?: { replace?: boolean; p?: readonly number[] },
): Tensor => shared.choice(x, shape, o);
