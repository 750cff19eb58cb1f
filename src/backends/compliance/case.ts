/** One compliance case: a graph and its inputs, made from a seed that is the case's name. */
import { type DType, isFloat, makeArray, type TypedArray } from '../../dtype.ts';
import { Graph, lax, type Value } from '../../graph/index.ts';
import { type Shape, sizeOf } from '../../shape.ts';

/** A result passes when |got - want| <= abs + rel * |want|; integers and bools must be equal. */
export interface Tolerance {
  readonly rel: number;
  readonly abs: number;
}

export interface BuiltCase {
  readonly graph: Graph;
  readonly inputs: readonly TypedArray[];
  readonly donate: readonly boolean[];
}

export interface Case {
  readonly name: string;
  readonly tolerance: Tolerance;
  build(): BuiltCase;
}

export const float32: Tolerance = { rel: 2e-5, abs: 1e-6 };
export const float64: Tolerance = { rel: 1e-12, abs: 1e-13 };
/** For functions whose small results matter: no absolute slack but that of the smallest normals. */
export const relative32: Tolerance = { rel: 2e-5, abs: 1e-37 };
export const relative64: Tolerance = { rel: 1e-12, abs: 1e-300 };
export const exact: Tolerance = { rel: 0, abs: 0 };

export const toleranceOf = (dtype: DType): Tolerance =>
  !isFloat(dtype) ? exact : dtype === 'float64' ? float64 : float32;

export type Fill = (position: number) => number;

/** Inputs of a case, and numbers to fill them with. */
export class Builder {
  readonly params: Value[] = [];
  readonly arrays: TypedArray[] = [];
  readonly donate: boolean[] = [];
  #state: number;

  constructor(seed: string) {
    let h = 2166136261;
    for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 16777619);
    this.#state = h >>> 0;
  }

  /** Uniform in [0, 1) (mulberry32). */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  uniform(lo: number, hi: number): Fill {
    return () => lo + (hi - lo) * this.random();
  }

  /** Multiples of 1/64 in -2..2: sums and products of a few are exact, so comparisons agree. */
  grid(): Fill {
    return () => Math.floor(256 * this.random() - 128) / 64;
  }

  /** Whole numbers from lo to hi, both included. */
  ints(lo: number, hi: number): Fill {
    return () => lo + Math.floor((hi - lo + 1) * this.random());
  }

  /** Magnitudes spread evenly over the decades from lo to hi, of both signs if `signed`. */
  decades(lo: number, hi: number, signed = false): Fill {
    const fill = this.uniform(Math.log(lo), Math.log(hi));
    return (i) => Math.exp(fill(i)) * (signed && this.random() < 0.5 ? -1 : 1);
  }

  /** Ordinary values of a dtype: floats in -2..2, integers and bools over a modest range. */
  ordinary(dtype: DType): Fill {
    if (isFloat(dtype)) return this.uniform(-2, 2);
    if (dtype === 'bool') return this.ints(0, 1);
    if (dtype === 'uint8') return this.ints(0, 255);
    return dtype === 'int32' ? this.ints(-1000, 1000) : this.ints(0, 4e9);
  }

  input(dtype: DType, shape: Shape, fill: Fill | readonly number[] = this.ordinary(dtype)): Value {
    const data = makeArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++)
      data[i] = typeof fill === 'function' ? fill(i) : fill[i % fill.length];
    const v = lax.parameter(shape, dtype);
    this.params.push(v);
    this.arrays.push(data);
    this.donate.push(false);
    return v;
  }

  /** Makes an input of a value that has been computed before, as reading a tensor does. */
  given(v: Value, fill: Fill): Value {
    const source = this.input(v.dtype, v.shape, fill);
    this.params[this.params.indexOf(source)] = v;
    return v;
  }

  /** An input that the run may overwrite. */
  donated(dtype: DType, shape: Shape, fill?: Fill | readonly number[]): Value {
    const v = this.input(dtype, shape, fill);
    this.donate[this.donate.length - 1] = true;
    return v;
  }

  /** Two inputs that hold every pair of `values`. */
  pairs(dtype: DType, values: readonly number[], others: readonly number[] = values): Value[] {
    const n = values.length * others.length;
    return [
      this.input(dtype, [n], (i) => values[Math.floor(i / others.length)]),
      this.input(dtype, [n], (i) => others[i % others.length]),
    ];
  }
}

/** A case from a function that declares its inputs on the builder and returns the outputs. */
export function makeCase(
  name: string,
  build: (b: Builder) => Value | readonly Value[],
  tolerance: Tolerance = float32,
): Case {
  return {
    name,
    tolerance,
    build() {
      const b = new Builder(name);
      const out = build(b);
      const outputs = Array.isArray(out) ? (out as readonly Value[]) : [out as Value];
      return { graph: new Graph(b.params, outputs, name), inputs: b.arrays, donate: b.donate };
    },
  };
}

/** Broadcasting arithmetic in the reader's order, for building longer graphs. */
export const like = (x: Value, v: number): Value => lax.full(x.shape, v, x.dtype);
export const scale = (x: Value, v: number): Value => lax.mul(x, like(x, v));
/** A row vector against the rows of x. */
export const rowWise = (x: Value, row: Value): Value => lax.broadcastTo(row, x.shape);
/** One number per row (the last axis reduced away) against x. */
export const columnWise = (x: Value, column: Value): Value =>
  lax.broadcastInDim(column, x.shape, x.shape.map((_, d) => d).slice(0, -1));
export const relu = (x: Value): Value => lax.max(x, like(x, 0));
export function softmax(x: Value): Value {
  const last = [x.shape.length - 1];
  const e = lax.exp(lax.sub(x, columnWise(x, lax.stopGradient(lax.reduceMax(x, last)))));
  return lax.div(e, columnWise(x, lax.reduceSum(e, last)));
}
export function layerNorm(x: Value, gamma: Value, beta: Value): Value {
  const last = [x.shape.length - 1];
  const n = x.shape[x.shape.length - 1];
  const mean = scale(lax.reduceSum(x, last), 1 / n);
  const centred = lax.sub(x, columnWise(x, mean));
  const variance = scale(lax.reduceSum(lax.mul(centred, centred), last), 1 / n);
  const inverse = lax.rsqrt(lax.add(variance, like(variance, 1e-5)));
  const unit = lax.mul(centred, columnWise(x, inverse));
  return lax.add(lax.mul(unit, rowWise(x, gamma)), rowWise(x, beta));
}
