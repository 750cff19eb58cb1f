/**
 * Convolutions in which features do not mix, as the compiler writes them (rewrite-convolution.ts):
 * there is nothing to sum over but the taps, so they are arithmetic on vectors of features. Made
 * after gradients have been taken, so they have none.
 */
import { binary, bool, constant, type Expr, int, scalarOf } from '../../expr/expr.ts';
import { clampIndex, idivc } from '../../expr/index-math.ts';
import { where } from '../../expr/where.ts';
import type { Aval, Node } from '../graph.ts';
import { definePrimitive, type Primitive, type Reader } from '../primitive.ts';
import type { ConvAttrs, ConvSpec } from './conv.ts';
import { dilated, elementAt, elementsOf, type Hit, type WindowSpec, windowsIn } from './window.ts';

const windowOf = (taps: readonly number[], a: ConvSpec): WindowSpec => ({
  window: taps,
  strides: a.strides,
  padding: a.padding,
  baseDilation: a.lhsDilation,
  windowDilation: a.rhsDilation,
});

/** The element of x in image `n` and feature `c` under one hit a dimension; 0 where there is none. */
function masked(x: Aval, a: ConvSpec, n: Expr, c: Expr, hits: readonly Hit[], read: Reader): Expr {
  const at: Expr[] = x.shape.map(() => int(0));
  at[a.lhs.batch] = n;
  at[a.lhs.feature] = c;
  let valid = bool(true);
  hits.forEach((h, i) => {
    at[a.lhs.spatial[i]] = h.at;
    valid = binary('and', valid, h.valid);
  });
  return where(valid, read(0, at), 0);
}

/** conv_general_dilated with one input feature a group. */
export const depthwiseConv: Primitive<ConvAttrs> = definePrimitive<ConvAttrs>({
  name: 'depthwise_conv',
  infer([x, w], a) {
    const shape = new Array<number>(x.shape.length);
    shape[a.out.batch] = x.shape[a.lhs.batch];
    shape[a.out.feature] = w.shape[a.rhs.batch];
    a.out.spatial.forEach((d, i) => {
      shape[d] = windowsIn(
        dilated(x.shape[a.lhs.spatial[i]], a.lhsDilation[i]) + a.padding[i][0] + a.padding[i][1],
        dilated(w.shape[a.rhs.spatial[i]], a.rhsDilation[i]),
        a.strides[i],
      );
    });
    return [{ shape, dtype: x.dtype }];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 18,
    repeats: true,
    at(node, index, read) {
      const [x, w] = node.inputs;
      const a = node.attrs;
      const spec = windowOf(
        a.rhs.spatial.map((d) => w.shape[d]),
        a,
      );
      const o = index[a.out.feature];
      const c = idivc(o, w.shape[a.rhs.batch] / x.shape[a.lhs.feature]);
      let places: Hit[][] = [[]];
      a.lhs.spatial.forEach((d, i) => {
        const hits = elementsOf(index[a.out.spatial[i]], x.shape[d], spec, i);
        places = places.flatMap((p) => hits.map((h) => [...p, h]));
      });
      let sum: Expr | undefined;
      for (const hits of places) {
        const tap: Expr[] = w.shape.map(() => int(0));
        tap[a.rhs.batch] = o;
        hits.forEach((h, i) => {
          tap[a.rhs.spatial[i]] = clampIndex(h.tap, spec.window[i] - 1);
        });
        const product = binary(
          'mul',
          masked(x, a, index[a.out.batch], c, hits, read),
          read(1, tap),
        );
        sum = sum ? binary('add', sum, product) : product;
      }
      return sum ?? constant(scalarOf(x.dtype), 0);
    },
  },
});

export type ViewAttrs = ConvAttrs & {
  taps: readonly number[];
  places: readonly number[];
  features: number;
};

/** [batch, ...taps, ...places, features]: the input's element under each tap of each place. */
export const convView: Primitive<ViewAttrs> = definePrimitive<ViewAttrs>({
  name: 'conv_view',
  infer: ([x], a) => [
    { shape: [x.shape[a.lhs.batch], ...a.taps, ...a.places, a.features], dtype: x.dtype },
  ],
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 2,
    repeats: true,
    at(node: Node & { readonly attrs: ViewAttrs }, index, read) {
      const [x] = node.inputs;
      const a = node.attrs;
      const rank = a.taps.length;
      const spec = windowOf(a.taps, a);
      const hits = a.lhs.spatial.map((d, i) =>
        elementAt(index[1 + rank + i], index[1 + i], x.shape[d], spec, i),
      );
      const c = idivc(index[1 + 2 * rank], a.features / x.shape[a.lhs.feature]);
      return masked(x, a, index[0], c, hits, read);
    },
  },
});
