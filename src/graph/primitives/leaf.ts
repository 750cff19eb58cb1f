/** Values that come from nowhere else: parameters, constants, iota. */
import type { DType, TypedArray } from '../../dtype.ts';
import { isInteger } from '../../dtype.ts';
import {
  binary,
  compare,
  constant as constantExpr,
  convert,
  type Expr,
  int,
  scalarOf,
  select,
} from '../../expr/expr.ts';
import { linearize } from '../../expr/index-math.ts';
import { checkShape, type Shape, sizeOf } from '../../shape.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';

type Typed = { shape: Shape; dtype: DType } & Attrs;

/** An input of a graph. */
export const parameter: Primitive<Typed> = definePrimitive<Typed>({
  name: 'parameter',
  infer(_, { shape, dtype }) {
    checkShape(shape);
    return [{ shape, dtype }];
  },
  lowering: { kind: 'leaf' },
});

/** A scalar known when the graph is built. Filled arrays are broadcasts of it. */
export const constant: Primitive<{ dtype: DType; value: number } & Attrs> = definePrimitive({
  name: 'constant',
  infer: (_, { dtype }) => [{ shape: [], dtype }],
  lowering: {
    kind: 'pointwise',
    elementwise: true,
    cost: 0,
    at: (node) => constantExpr(scalarOf(node.attrs.dtype), node.attrs.value),
  },
});

/** A small table known when the graph is built, inlined as a chain of selects (at most 16 elements). */
export const literal: Primitive<Typed & { data: TypedArray }> = definePrimitive<
  Typed & { data: TypedArray }
>({
  name: 'literal',
  infer(inputs, { shape, dtype, data }) {
    if (data.length !== sizeOf(shape) || data.length > 16 || data.length === 0) {
      throw operandError(
        'literal',
        `takes 1 to 16 elements that fill its shape; received ${data.length}.`,
        inputs,
      );
    }
    return [{ shape, dtype }];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 4,
    at(node, index) {
      const { dtype, shape, data } = node.attrs;
      const position = linearize(index, shape);
      let e: Expr = constantExpr(scalarOf(dtype), data[0]);
      for (let i = 1; i < data.length; i++) {
        e = select(compare('eq', position, int(i)), constantExpr(scalarOf(dtype), data[i]), e);
      }
      return e;
    },
  },
});

/** 0, 1, 2, … along `dimension`, the same along the others. */
export const iota: Primitive<Typed & { dimension: number }> = definePrimitive<
  Typed & { dimension: number }
>({
  name: 'iota',
  infer(inputs, { shape, dtype, dimension }) {
    if (dimension < 0 || dimension >= shape.length)
      throw operandError('iota', `has no dimension ${dimension}.`, inputs);
    return [{ shape, dtype }];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 1,
    at(node, index) {
      const { dtype, dimension } = node.attrs;
      const i = index[dimension];
      if (dtype === 'uint8') return binary('and', i, int(255));
      return isInteger(dtype) || dtype === 'bool'
        ? convert(scalarOf(dtype), i)
        : convert(scalarOf(dtype), i);
    },
  },
});
