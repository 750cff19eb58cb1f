/**
 * Tensor: an array that may not have been computed yet.
 *
 * An operation on tensors only adds a node to the graph. Reading (`await t.data()`, printing,
 * `fit`) compiles and runs what is needed. On CPU backends a tensor can also be read at once with
 * `dataSync()`. Memory is freed when the garbage collector finds a tensor dead, or earlier by
 * `dispose()` or `using`.
 */
import { awaitedBackend, getBackend } from '../backends/registry.ts';
import { checkDType, type DType, isFloat, type TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import type { Value } from '../graph/index.ts';
import * as lax from '../graph/lax.ts';
import {
  checkShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  showShape,
  sizeOf,
} from '../shape.ts';
import * as arith from './arith.ts';
import { type IndexLike, parseIndices } from './index-like.ts';
import { assignValue, contiguousPart, indexValue } from './indexing.ts';
import { asTensor, fromData, toNested } from './make.ts';
import { isConcrete, isHeavy } from './pending.ts';
import { formatArray } from './print.ts';
import type { ArgOptions, Axis, ReduceOptions, VarianceOptions } from './reductions.ts';
import * as reductions from './reductions.ts';
import { realize, storageOf } from './runtime.ts';
import { breathe } from './storage.ts';

export type Scalar = number | boolean;
/** What holds a tensor and stands for it: a variable. */
export interface TensorHolder {
  readonly tensor: Tensor;
}
export type TensorLike =
  | Tensor
  | Scalar
  | NestedArray
  | TypedArray
  | ArrayBufferView
  | TensorHolder;
export type NestedArray = readonly (Scalar | NestedArray)[];
export type { Axis, IndexLike, ReduceOptions };

/** How many tensors share a value, where that is more than one: reshaping to the same shape, say. */
const sharers = new WeakMap<Value, number>();

export class Tensor {
  readonly #value: Value;
  #disposed = false;

  /** Wraps a graph value. Users make tensors with `tensor`, `np.array` and the like. */
  constructor(value: Value) {
    this.#value = value;
  }

  /** Wraps a value built from other tensors, running it when too much is pending. */
  static of(value: Value, ...from: readonly unknown[]): Tensor {
    if (from.some((f) => f instanceof Tensor && f.#value === value))
      sharers.set(value, (sharers.get(value) ?? 1) + 1);
    else if (value.storage === undefined && isHeavy(value)) realize([value]);
    return new Tensor(value);
  }

  /** The edge of the graph. Throws `disposed` when the tensor has been disposed of. */
  get value(): Value {
    if (this.#disposed) {
      throw new GradloomError(
        'disposed',
        `This tensor, ${this.#value.describe()}, has been disposed of. Use a tensor that is still alive, or dispose later.`,
      );
    }
    return this.#value;
  }

  get shape(): readonly number[] {
    return this.#value.shape;
  }
  get dtype(): DType {
    return this.#value.dtype;
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }
  get ndim(): number {
    return this.shape.length;
  }
  get rank(): number {
    return this.shape.length;
  }
  get T(): Tensor {
    return this.transpose();
  }

  // ---- reading

  /**
   * A copy of the elements, row-major; bool as 0 and 1. Throws `traced` for a tensor inside a traced
   * function.
   */
  async data(): Promise<TypedArray> {
    await breathe();
    if (awaitedBackend()) await awaitedBackend();
    realize([this.value]);
    return storageOf(this.value)!.read();
  }
  /** `data` at once; throws `sync-read` on a backend that cannot. */
  dataSync(): TypedArray {
    realize([this.value]);
    return storageOf(this.value)!.readSync();
  }
  /** The elements without a copy where they lie on the host: not to be written to. */
  #peek(): TypedArray {
    realize([this.value]);
    return storageOf(this.value)!.peek();
  }
  /** Nested arrays of numbers (booleans for bool); a single one for a 0-d tensor. */
  async array(): Promise<unknown> {
    return toNested(await this.data(), this.shape, this.dtype);
  }
  arraySync(): unknown {
    return toNested(this.#peek(), this.shape, this.dtype);
  }
  /** The only element, as a number. Throws `shape` when there are more. */
  item(): number {
    if (this.size !== 1) {
      throw new GradloomError(
        'shape',
        `item() takes a tensor of one element; this one has shape ${showShape(this.shape)}. Index it first, or use data().`,
        { shape: [...this.shape] },
      );
    }
    return this.#peek()[0];
  }
  /** Computes the tensor now, if it is not yet, and returns it. */
  realize(): this {
    realize([this.value]);
    return this;
  }
  /** As NumPy prints it. What cannot be read (yet, or at once) is shown by its type. */
  toString(): string {
    const type = this.#value.describe();
    if (this.disposed) return `<disposed ${type}>`;
    if (!isConcrete(this.#value)) return `<traced ${type}>`;
    if (!getBackend().sync && storageOf(this.#value)?.host === undefined) return `<${type}>`;
    return formatArray(this.#peek(), this.shape, this.dtype);
  }
  toJSON(): unknown {
    return this.arraySync();
  }
  /**
   * Frees the memory now (when no other tensor shares it). Using the tensor afterwards throws
   * `disposed`.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const others = (sharers.get(this.#value) ?? 1) - 1;
    if (others > 0) sharers.set(this.#value, others);
    else storageOf(this.#value)?.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  get disposed(): boolean {
    return this.#disposed || (storageOf(this.#value)?.disposed ?? false);
  }

  // ---- arithmetic

  #binary(f: (a: arith.Operand, b: arith.Operand) => Value, other: TensorLike): Tensor {
    return binaryOp(f, this, other);
  }
  #unary(f: (x: Value) => Value): Tensor {
    return Tensor.of(f(this.value), this);
  }
  #float(f: (x: Value) => Value): Tensor {
    return this.#unary((x) => f(lax.convert(x, arith.floatOf(x.dtype))));
  }
  #number(f: (x: Value) => Value): Tensor {
    return this.#unary((x) => f(x.dtype === 'bool' ? lax.convert(x, 'int32') : x));
  }

  add(other: TensorLike): Tensor {
    return this.#binary(arith.arithmetic(lax.add), other);
  }
  sub(other: TensorLike): Tensor {
    return this.#binary(arith.arithmetic(lax.sub), other);
  }
  mul(other: TensorLike): Tensor {
    return this.#binary(arith.arithmetic(lax.mul), other);
  }
  /** True division: integers become float32. */
  div(other: TensorLike): Tensor {
    return this.#binary(arith.floating(lax.div), other);
  }
  floorDiv(other: TensorLike): Tensor {
    return this.#binary(arith.floorDivide, other);
  }
  /** NumPy's mod: the result has the sign of the divisor. */
  mod(other: TensorLike): Tensor {
    return this.#binary(arith.modulo, other);
  }
  pow(other: TensorLike): Tensor {
    return this.#binary(arith.power, other);
  }
  maximum(other: TensorLike): Tensor {
    return this.#binary(arith.plain(lax.max), other);
  }
  minimum(other: TensorLike): Tensor {
    return this.#binary(arith.plain(lax.min), other);
  }
  eq(other: TensorLike): Tensor {
    return this.#binary(arith.comparing(lax.eq), other);
  }
  ne(other: TensorLike): Tensor {
    return this.#binary(arith.comparing(lax.ne), other);
  }
  lt(other: TensorLike): Tensor {
    return this.#binary(arith.comparing(lax.lt), other);
  }
  le(other: TensorLike): Tensor {
    return this.#binary(arith.comparing(lax.le), other);
  }
  gt(other: TensorLike): Tensor {
    return this.#binary(arith.comparing(lax.gt), other);
  }
  ge(other: TensorLike): Tensor {
    return this.#binary(arith.comparing(lax.ge), other);
  }
  logicalAnd(other: TensorLike): Tensor {
    return this.#binary(arith.logical(lax.and), other);
  }
  logicalOr(other: TensorLike): Tensor {
    return this.#binary(arith.logical(lax.or), other);
  }
  logicalXor(other: TensorLike): Tensor {
    return this.#binary(arith.logical(lax.xor), other);
  }
  logicalNot(): Tensor {
    return this.#unary((x) => lax.not(lax.convert(x, 'bool')));
  }
  neg(): Tensor {
    return this.#number(lax.neg);
  }
  abs(): Tensor {
    return this.#number(lax.abs);
  }
  sign(): Tensor {
    return this.#number(lax.sign);
  }
  square(): Tensor {
    return this.#number((x) => lax.mul(x, x));
  }
  exp(): Tensor {
    return this.#float(lax.exp);
  }
  log(): Tensor {
    return this.#float(lax.log);
  }
  log1p(): Tensor {
    return this.#float(lax.log1p);
  }
  expm1(): Tensor {
    return this.#float(lax.expm1);
  }
  sqrt(): Tensor {
    return this.#float(lax.sqrt);
  }
  rsqrt(): Tensor {
    return this.#float(lax.rsqrt);
  }
  sin(): Tensor {
    return this.#float(lax.sin);
  }
  cos(): Tensor {
    return this.#float(lax.cos);
  }
  tan(): Tensor {
    return this.#float(lax.tan);
  }
  tanh(): Tensor {
    return this.#float(lax.tanh);
  }
  sigmoid(): Tensor {
    return this.#float(lax.logistic);
  }
  erf(): Tensor {
    return this.#float(lax.erf);
  }
  floor(): Tensor {
    return isFloat(this.dtype) ? this.#unary(lax.floor) : this;
  }
  ceil(): Tensor {
    return isFloat(this.dtype) ? this.#unary(lax.ceil) : this;
  }
  /** To the nearest whole number, halves to even. */
  round(): Tensor {
    return isFloat(this.dtype) ? this.#unary(lax.roundNearestEven) : this;
  }
  /** Held between lo and hi; null leaves a side open. */
  clip(lo: TensorLike | null, hi: TensorLike | null): Tensor {
    const up = lo === null ? this : this.maximum(lo);
    return hi === null ? up : up.minimum(hi);
  }
  /** Matrix product, as NumPy's `@`. */
  matmul(other: TensorLike): Tensor {
    const o = asTensor(other);
    return Tensor.of(arith.matmul(this.value, o.value), this, o);
  }
  /** NumPy's dot: for arrays of more than two dimensions the last of this with the second last of the other. */
  dot(other: TensorLike): Tensor {
    const o = asTensor(other);
    if (this.ndim === 0 || o.ndim === 0) return this.mul(o);
    if (o.ndim <= 2) return this.matmul(o);
    const y = o.transpose([
      o.ndim - 2,
      ...o.shape.map((_, d) => d).filter((d) => d !== o.ndim - 2),
    ]);
    return this.matmul(y.reshape([o.shape[o.ndim - 2], -1])).reshape([
      ...this.shape.slice(0, -1),
      ...y.shape.slice(1),
    ]);
  }

  // ---- reductions

  #reduce(
    f: reductions.Reduction,
    x: Value,
    given: Axis | ReduceOptions | undefined,
    more: ReduceOptions | undefined,
  ): Tensor {
    const over = reductions.overAxes(this.shape, given, more);
    return Tensor.of(reductions.reduce(f, x, over), this);
  }
  #extreme(
    name: 'max' | 'min',
    given: Axis | ReduceOptions | undefined,
    more: ReduceOptions | undefined,
  ): Tensor {
    reductions.checkNonEmpty(name, this.shape, reductions.overAxes(this.shape, given, more).axes);
    return this.#reduce(reductions.extreme(name, this.dtype), this.value, given, more);
  }
  /** Sum over `axis` (default all). bool and uint8 add up as int32. */
  sum(axis?: Axis | ReduceOptions, options?: ReduceOptions): Tensor {
    return this.#reduce(lax.reduceSum, reductions.counted(this.value), axis, options);
  }
  prod(axis?: Axis | ReduceOptions, options?: ReduceOptions): Tensor {
    return this.#reduce(lax.reduceProd, reductions.counted(this.value), axis, options);
  }
  mean(axis?: Axis | ReduceOptions, options?: ReduceOptions): Tensor {
    const x = lax.convert(this.value, arith.floatOf(this.dtype));
    return this.#reduce(reductions.mean, x, axis, options);
  }
  max(axis?: Axis | ReduceOptions, options?: ReduceOptions): Tensor {
    return this.#extreme('max', axis, options);
  }
  min(axis?: Axis | ReduceOptions, options?: ReduceOptions): Tensor {
    return this.#extreme('min', axis, options);
  }
  any(axis?: Axis | ReduceOptions, options?: ReduceOptions): Tensor {
    return this.#reduce(lax.reduceOr, lax.convert(this.value, 'bool'), axis, options);
  }
  all(axis?: Axis | ReduceOptions, options?: ReduceOptions): Tensor {
    return this.#reduce(lax.reduceAnd, lax.convert(this.value, 'bool'), axis, options);
  }
  /** Variance over `axis`; divided by N - ddof. */
  var(axis?: Axis | VarianceOptions, options?: VarianceOptions): Tensor {
    const { axes, ddof } = reductions.overAxes(this.shape, axis, options);
    const d = this.sub(this.mean(axes, { keepdims: true }));
    const total = d.square().sum(axis, options);
    return total.div(sizeOf(axes.map((a) => this.shape[a])) - ddof);
  }
  std(axis?: Axis | VarianceOptions, options?: VarianceOptions): Tensor {
    return this.var(axis, options).sqrt();
  }
  /** Position of the first maximum along `axis`; without one, in the flattened array. int32. */
  argmax(axis?: number | null | ArgOptions): Tensor {
    return Tensor.of(reductions.arg(lax.argmax, 'argmax', this.value, axis), this);
  }
  argmin(axis?: number | null | ArgOptions): Tensor {
    return Tensor.of(reductions.arg(lax.argmin, 'argmin', this.value, axis), this);
  }

  // ---- shape

  /** The same elements in another shape; one dimension may be -1. */
  reshape(shape: readonly number[] | number, ...more: number[]): Tensor {
    const wanted = typeof shape === 'number' ? [shape, ...more] : [...shape];
    const holes = wanted.filter((n) => n === -1).length;
    const known = wanted.filter((n) => n !== -1).reduce((a, b) => a * b, 1);
    const at = wanted.indexOf(-1);
    const fits =
      holes === 0 ? known === this.size : holes === 1 && known > 0 && this.size % known === 0;
    if (!fits || wanted.some((n) => !Number.isInteger(n) || n < -1)) {
      throw new GradloomError(
        'shape',
        `Cannot reshape an array of ${this.size} elements, shape ${showShape(this.shape)}, into ${showShape(wanted)}.`,
        {
          from: [...this.shape],
          to: wanted,
        },
      );
    }
    if (at >= 0) wanted[at] = this.size / known;
    return Tensor.of(lax.reshape(this.value, wanted), this);
  }
  flatten(): Tensor {
    return this.reshape([this.size]);
  }
  ravel(): Tensor {
    return this.flatten();
  }
  /** Dimensions in another order; reversed when none is given. */
  transpose(axes?: readonly number[] | number, ...more: number[]): Tensor {
    const given =
      axes === undefined
        ? this.shape.map((_, d) => this.ndim - 1 - d)
        : typeof axes === 'number'
          ? [axes, ...more]
          : axes;
    const perm = given.map((a) => normalizeAxis(a, this.ndim));
    if (perm.length !== this.ndim || new Set(perm).size !== perm.length) {
      throw new GradloomError(
        'axis',
        `transpose: [${given}] is not an order of the ${this.ndim} dimensions.`,
        { axes: [...given] },
      );
    }
    return Tensor.of(lax.transpose(this.value, perm), this);
  }
  squeeze(axis?: number | readonly number[]): Tensor {
    const axes =
      axis === undefined
        ? this.shape.map((n, d) => (n === 1 ? d : -1)).filter((d) => d >= 0)
        : normalizeAxes(axis, this.ndim);
    for (const a of axes) {
      if (this.shape[a] !== 1)
        throw new GradloomError(
          'shape',
          `Cannot squeeze axis ${a} of size ${this.shape[a]}; only axes of size 1.`,
          { shape: [...this.shape], axis: a },
        );
    }
    return this.reshape(this.shape.filter((_, d) => !axes.includes(d)));
  }
  expandDims(axis: number): Tensor {
    const a = normalizeAxis(axis, this.ndim + 1);
    return this.reshape([...this.shape.slice(0, a), 1, ...this.shape.slice(a)]);
  }
  /** Repeated along dimensions of size 1, and new ones at the front. Throws `shape`. */
  broadcastTo(shape: Shape): Tensor {
    checkShape(shape);
    const rank = shape.length - this.ndim;
    if (rank < 0 || this.shape.some((n, d) => n !== 1 && n !== shape[rank + d])) {
      throw new GradloomError(
        'shape',
        `Cannot broadcast shape ${showShape(this.shape)} to ${showShape(shape)}: dimensions, matched from the right, must be equal or 1.`,
        { from: [...this.shape], to: [...shape] },
      );
    }
    return Tensor.of(lax.broadcastTo(this.value, shape), this);
  }
  /** To another dtype. Floats truncate into integers, saturating; NaN becomes 0. */
  astype(dtype: DType | (string & {})): Tensor {
    return Tensor.of(lax.convert(this.value, checkDType(dtype)), this);
  }
  cast(dtype: DType | (string & {})): Tensor {
    return this.astype(dtype);
  }

  // ---- indexing

  /**
   * NumPy's indexing, an argument an axis: a number picks (negative from the end), `[start, stop]` or
   * `[start, stop, step]` is a range (null for "to the end"), null is newaxis, '...' the ellipsis, an
   * integer or bool tensor (or `{ take: [...] }`) indexes by array. Or one string: `'0:10, ::-1'`.
   */
  slice(...index: readonly (IndexLike | string)[]): Tensor {
    const parsed = parseIndices(index);
    // A part of host data in one piece is a view of it: nothing to run.
    // (Not where it is being differentiated, and has been read on the way.)
    const host = this.value.node.inputs.length === 0 ? storageOf(this.value)?.host : undefined;
    const part = host && contiguousPart(this.shape, parsed);
    if (host && part) {
      const end = part.start + sizeOf(part.shape);
      return fromData(host.subarray(part.start, end), part.shape, this.dtype);
    }
    return Tensor.of(indexValue(this.value, parsed), this);
  }
  /** Element (or sub-array) i of the first axis. */
  at(...index: readonly number[]): Tensor {
    return this.slice(...index);
  }
  /**
   * A new tensor in which the elements that `slice(...index)` would give are `value`, broadcast and
   * in the dtype of this one; where an element is named twice, the last counts. NumPy's
   * `x[index] = value`, but that tensors never change.
   */
  setAt(value: TensorLike, ...index: readonly (IndexLike | string)[]): Tensor {
    const v = asTensor(value).astype(this.dtype);
    return Tensor.of(assignValue(this.value, parseIndices(index), v.value), this, v);
  }
  /** Elements at `indices` along `axis`; out-of-range positions are clipped. */
  take(indices: TensorLike, axis = 0): Tensor {
    const i = asTensor(indices, 'int32');
    return Tensor.of(
      lax.take(this.value, lax.convert(i.value, 'int32'), normalizeAxis(axis, this.ndim)),
      this,
      i,
    );
  }
}

// Node looks for this name when it prints an object.
Object.defineProperty(Tensor.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Tensor): string {
    return this.toString();
  },
});

/** An operation of two operands, of which one may be a plain number that takes the other's dtype. */
export function binaryOp(
  f: (a: arith.Operand, b: arith.Operand) => Value,
  a: TensorLike,
  b: TensorLike,
): Tensor {
  const x = isScalar(a) && !isScalar(b) ? a : asTensor(a);
  const y = isScalar(b) ? b : asTensor(b);
  return Tensor.of(f(x instanceof Tensor ? x.value : x, y instanceof Tensor ? y.value : y), x, y);
}

function isScalar(x: TensorLike): x is Scalar {
  return typeof x === 'number' || typeof x === 'boolean';
}
