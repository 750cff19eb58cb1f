/** Tensors of a model that is being put together: a shape, a dtype and where they come from. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import type { IndexLike, ReduceOptions, TensorLike } from '../../tensor/index.ts';
import { autoName } from '../naming.ts';
import type { Node } from './node.ts';
import { callMethod } from './operation.ts';

/** What stands beside a KerasTensor in arithmetic. */
export type Operand = TensorLike | KerasTensor;
type Axis = number | readonly number[] | null;

/**
 * Made by `keras.input` and by applying layers to others. Arithmetic on it is written down as part of
 * the model; it holds no values. null in the shape is a size that is not known yet.
 */
export class KerasTensor {
  readonly shape: readonly (number | null)[];
  readonly dtype: DType;
  readonly name: string;
  #node: Node | undefined;
  #index = 0;

  constructor(shape: readonly (number | null)[], dtype: DType, name?: string) {
    this.shape = shape;
    this.dtype = dtype;
    this.name = name ?? autoName('KerasTensor');
  }

  get ndim(): number {
    return this.shape.length;
  }
  get rank(): number {
    return this.shape.length;
  }

  /** The call that it is a result of. */
  get node(): Node {
    if (this.#node) return this.#node;
    throw new GradloomError('graph', `${this} belongs to no model. Make inputs with keras.input.`);
  }
  /** Its place among the results of that call. */
  get index(): number {
    return this.#index;
  }
  /** Says where it comes from. */
  made(node: Node, index: number): void {
    this.#node = node;
    this.#index = index;
  }

  toString(): string {
    return `<KerasTensor "${this.name}" ${showShape(this.shape)} ${this.dtype}>`;
  }

  // ---- arithmetic and movement, as on Tensor

  add(other: Operand): KerasTensor {
    return callMethod('add', this, other);
  }
  sub(other: Operand): KerasTensor {
    return callMethod('sub', this, other);
  }
  mul(other: Operand): KerasTensor {
    return callMethod('mul', this, other);
  }
  div(other: Operand): KerasTensor {
    return callMethod('div', this, other);
  }
  floorDiv(other: Operand): KerasTensor {
    return callMethod('floorDiv', this, other);
  }
  mod(other: Operand): KerasTensor {
    return callMethod('mod', this, other);
  }
  pow(other: Operand): KerasTensor {
    return callMethod('pow', this, other);
  }
  matmul(other: Operand): KerasTensor {
    return callMethod('matmul', this, other);
  }
  maximum(other: Operand): KerasTensor {
    return callMethod('maximum', this, other);
  }
  minimum(other: Operand): KerasTensor {
    return callMethod('minimum', this, other);
  }
  eq(other: Operand): KerasTensor {
    return callMethod('eq', this, other);
  }
  ne(other: Operand): KerasTensor {
    return callMethod('ne', this, other);
  }
  lt(other: Operand): KerasTensor {
    return callMethod('lt', this, other);
  }
  le(other: Operand): KerasTensor {
    return callMethod('le', this, other);
  }
  gt(other: Operand): KerasTensor {
    return callMethod('gt', this, other);
  }
  ge(other: Operand): KerasTensor {
    return callMethod('ge', this, other);
  }
  logicalAnd(other: Operand): KerasTensor {
    return callMethod('logicalAnd', this, other);
  }
  logicalOr(other: Operand): KerasTensor {
    return callMethod('logicalOr', this, other);
  }
  logicalNot(): KerasTensor {
    return callMethod('logicalNot', this);
  }
  neg(): KerasTensor {
    return callMethod('neg', this);
  }
  abs(): KerasTensor {
    return callMethod('abs', this);
  }
  sign(): KerasTensor {
    return callMethod('sign', this);
  }
  square(): KerasTensor {
    return callMethod('square', this);
  }
  exp(): KerasTensor {
    return callMethod('exp', this);
  }
  log(): KerasTensor {
    return callMethod('log', this);
  }
  log1p(): KerasTensor {
    return callMethod('log1p', this);
  }
  sqrt(): KerasTensor {
    return callMethod('sqrt', this);
  }
  rsqrt(): KerasTensor {
    return callMethod('rsqrt', this);
  }
  sin(): KerasTensor {
    return callMethod('sin', this);
  }
  cos(): KerasTensor {
    return callMethod('cos', this);
  }
  tanh(): KerasTensor {
    return callMethod('tanh', this);
  }
  sigmoid(): KerasTensor {
    return callMethod('sigmoid', this);
  }
  clip(lo: Operand | null, hi: Operand | null): KerasTensor {
    return callMethod('clip', this, lo, hi);
  }
  sum(axis?: Axis | ReduceOptions, o?: ReduceOptions): KerasTensor {
    return callMethod('sum', this, axis, o);
  }
  mean(axis?: Axis | ReduceOptions, o?: ReduceOptions): KerasTensor {
    return callMethod('mean', this, axis, o);
  }
  max(axis?: Axis | ReduceOptions, o?: ReduceOptions): KerasTensor {
    return callMethod('max', this, axis, o);
  }
  min(axis?: Axis | ReduceOptions, o?: ReduceOptions): KerasTensor {
    return callMethod('min', this, axis, o);
  }
  prod(axis?: Axis | ReduceOptions, o?: ReduceOptions): KerasTensor {
    return callMethod('prod', this, axis, o);
  }
  argmax(axis?: number): KerasTensor {
    return callMethod('argmax', this, axis);
  }
  /** -1 stands for what is left, which the number of samples is best left to. */
  reshape(shape: readonly number[]): KerasTensor {
    return callMethod('reshape', this, shape);
  }
  transpose(axes?: readonly number[]): KerasTensor {
    return callMethod('transpose', this, axes);
  }
  squeeze(axis?: number | readonly number[]): KerasTensor {
    return callMethod('squeeze', this, axis);
  }
  expandDims(axis: number): KerasTensor {
    return callMethod('expandDims', this, axis);
  }
  astype(dtype: DType | (string & {})): KerasTensor {
    return callMethod('astype', this, dtype);
  }
  cast(dtype: DType | (string & {})): KerasTensor {
    return callMethod('astype', this, dtype);
  }
  /** NumPy's indexing, as on Tensor; the first axis is that of the samples. */
  slice(...index: readonly (IndexLike | string)[]): KerasTensor {
    return callMethod('slice', this, ...index);
  }
  take(indices: Operand, axis?: number): KerasTensor {
    return callMethod('take', this, indices, axis);
  }
}
