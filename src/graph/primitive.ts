/**
 * What a primitive is. Each is defined once, in `primitives/`: its shape and dtype rule, its
 * gradient, and its lowering. Nothing else in the compiler or in a printer knows a primitive by
 * name (but `dot_general` and `conv_general_dilated`, which the tiler takes whole).
 */

import type { Stmt } from '../compiler/loopnest.ts';
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import type { Expr, Scalar } from '../expr/expr.ts';
import type { Aval, Node, Value } from './graph.ts';

/** Plain data: what JSON can hold, and typed arrays. */
export type Attrs = { readonly [name: string]: unknown };

/** Reads operand `k` at an index (one int32 expression a dimension). */
export type Reader = (operand: number, index: readonly Expr[]) => Expr;

/**
 * How a primitive becomes loops.
 *
 * - `pointwise`: each element of the output is an expression of elements of the inputs. With
 *   `elementwise` the inputs are read at the output's own index. Arithmetic, and everything that
 *   only moves data: such nodes cost no kernel of their own, they fuse into whoever reads them.
 * - `fold`: each element is an accumulation over `axes` of the first operand. More operands of the
 *   same shape may be read alongside it.
 * - `contract`: a matrix product or a convolution, left whole for the tiler.
 * - `loops`: statements of its own (sorting, scattering, running sums); operands and results are
 *   whole buffers.
 * - `control`: graphs of its own, run in a loop or by choice; the compiler lowers those.
 * - `leaf`: no computation (parameters).
 */
export type Lowering<A extends Attrs = Attrs> =
  | {
      readonly kind: 'pointwise';
      readonly elementwise: boolean;
      /** Scalar operations an element costs, beyond reading the operands. */
      readonly cost: number;
      /** Reads an element of an operand for several of its own: dear operands are stored first. */
      readonly repeats?: boolean;
      at(node: Node & { readonly attrs: A }, index: readonly Expr[], read: Reader): Expr;
    }
  | {
      readonly kind: 'fold';
      axes(attrs: A): readonly number[];
      /** The accumulators: type, start value and, for a plain reduction, its operator. */
      accumulators(node: Node & { readonly attrs: A }): readonly FoldState[];
      /**
       * For accumulators with an operator: what to combine in. For others: the next state.
       * `position` is the index along the folded axes, row-major.
       */
      step(
        node: Node & { readonly attrs: A },
        elements: readonly Expr[],
        position: Expr,
        state: readonly Expr[],
      ): readonly Expr[];
      /** Which accumulator is the result. */
      readonly result: number;
    }
  | { readonly kind: 'contract' }
  | {
      readonly kind: 'loops';
      build(node: Node & { readonly attrs: A }, io: LoopIO): LoopKernel;
    }
  | { readonly kind: 'control' }
  | { readonly kind: 'leaf' };

export interface FoldState {
  readonly scalar: Scalar;
  readonly init: number;
  readonly op?: 'add' | 'mul' | 'min' | 'max' | 'and' | 'or';
}

/** Buffers of a `loops` kernel, addressed by row-major position. */
export interface LoopIO {
  /** Whether a parallel iteration should do as little as it can: there are thousands at a time. */
  readonly fine?: boolean;
  load(operand: number, position: Expr): Expr;
  store(output: number, position: Expr, value: Expr): Stmt;
  /** Reads back what this kernel has stored. */
  loadOutput(output: number, position: Expr): Expr;
  /** A private array. */
  scratch(
    dtype: DType,
    length: number,
  ): { load(position: Expr): Expr; store(position: Expr, value: Expr): Stmt };
}

export interface LoopKernel {
  readonly body: readonly Stmt[];
  readonly parallel?: { readonly index: Expr; readonly extent: number };
  readonly cost: number;
}

export interface Primitive<A extends Attrs = Attrs> {
  readonly name: string;
  /** Shapes and dtypes of the outputs; throws GradloomError for operands it cannot take. */
  infer(inputs: readonly Aval[], attrs: A): readonly Aval[];
  /**
   * Cotangents of the inputs from those of the outputs (undefined: zero). Absent where the
   * primitive has no derivative (integers, comparisons): its inputs get none.
   */
  vjp?(
    node: Node & { readonly attrs: A },
    cotangents: readonly (Value | undefined)[],
  ): readonly (Value | undefined)[];
  readonly lowering: Lowering<A>;
}

const registry = new Map<string, Primitive>();

export function definePrimitive<A extends Attrs>(p: Primitive<A>): Primitive<A> {
  if (registry.has(p.name)) throw new Error(`primitive ${p.name} is defined twice`);
  registry.set(p.name, p as unknown as Primitive);
  return p;
}

/** Every primitive there is, by name. */
export function primitives(): ReadonlyMap<string, Primitive> {
  return registry;
}

export function operandError(op: string, message: string, inputs: readonly Aval[]): GradloomError {
  return new GradloomError('operand', `${op}: ${message}`, {
    op,
    operands: inputs.map((v) => ({ shape: [...v.shape], dtype: v.dtype })),
  });
}
