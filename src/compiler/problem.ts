/**
 * What is multiplied: products and convolutions as C[b, m, n] = sum over k of A[b, m, k] * B[b, k, n],
 * with the elements of A and B as expressions.
 */
import { binary, compare, constant, type Expr, guard, int, type Scalar } from '../expr/expr.ts';
import { delinearize, iadd, idivc, imodc, imulc, isub } from '../expr/index-math.ts';
import type { Node, Value } from '../graph/graph.ts';
import type { ConvAttrs } from '../graph/primitives/conv.ts';
import { type DotAttrs, freeDims } from '../graph/primitives/dot.ts';
import { sizeOf } from '../shape.ts';
import type { Elements } from './elements.ts';

export interface Problem {
  readonly node: Node;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  a(b: Expr, m: Expr, k: Expr): Expr;
  b(b: Expr, k: Expr, n: Expr): Expr;
  outIndex(b: Expr, m: Expr, n: Expr): Expr[];
}

function describeDot(node: Node, elements: Elements): Problem {
  const [x, y] = node.inputs;
  const attrs = node.attrs as DotAttrs;
  const { lhsFree, rhsFree } = freeDims(x, y, attrs);
  const shapeOf = (v: Value, dims: readonly number[]): number[] => dims.map((d) => v.shape[d]);
  const batchShape = shapeOf(x, attrs.lhsBatch);
  const mShape = shapeOf(x, lhsFree);
  const nShape = shapeOf(y, rhsFree);
  const kShape = shapeOf(x, attrs.lhsContract);
  const element = (
    v: Value,
    parts: readonly [readonly number[], Expr, readonly number[]][],
  ): Expr => {
    const index: Expr[] = v.shape.map(() => int(0));
    for (const [dims, position, shape] of parts) {
      const at = delinearize(position, shape);
      dims.forEach((d, i) => {
        index[d] = at[i];
      });
    }
    return elements.at(v, index);
  };
  return {
    node,
    batch: sizeOf(batchShape),
    m: sizeOf(mShape),
    n: sizeOf(nShape),
    k: sizeOf(kShape),
    a: (b, m, k) =>
      element(x, [
        [attrs.lhsBatch, b, batchShape],
        [lhsFree, m, mShape],
        [attrs.lhsContract, k, kShape],
      ]),
    b: (b, k, n) =>
      element(y, [
        [attrs.rhsBatch, b, batchShape],
        [attrs.rhsContract, k, kShape],
        [rhsFree, n, nShape],
      ]),
    outIndex: (b, m, n) => [
      ...delinearize(b, batchShape),
      ...delinearize(m, mShape),
      ...delinearize(n, nShape),
    ],
  };
}

/** A convolution: rows are output places, and what is summed over are taps and input features. */
function describeConv(node: Node, elements: Elements): Problem {
  const [x, w] = node.inputs;
  const out = node.outputs[0];
  const a = node.attrs as ConvAttrs;
  const groups = a.featureGroupCount * a.batchGroupCount;
  const batch = out.shape[a.out.batch];
  const places = a.out.spatial.map((d) => out.shape[d]);
  const taps = a.rhs.spatial.map((d) => w.shape[d]);
  const features = w.shape[a.rhs.feature];
  const n = w.shape[a.rhs.batch] / groups;
  const mShape = [batch, ...places];
  const kShape = [...taps, features];
  const zero = constant(out.dtype as Scalar, 0);
  return {
    node,
    batch: groups,
    m: sizeOf(mShape),
    n,
    k: sizeOf(kShape),
    a(b, m, k) {
      const place = delinearize(m, mShape);
      const tap = delinearize(k, kShape);
      const index: Expr[] = x.shape.map(() => int(0));
      const feature = tap[taps.length];
      index[a.lhs.batch] = a.batchGroupCount > 1 ? iadd(imulc(b, batch), place[0]) : place[0];
      index[a.lhs.feature] = a.featureGroupCount > 1 ? iadd(imulc(b, features), feature) : feature;
      let inside: Expr | undefined;
      const require = (c: Expr): void => {
        inside = inside ? binary('and', inside, c) : c;
      };
      a.lhs.spatial.forEach((d, i) => {
        let p = isub(
          iadd(imulc(place[i + 1], a.strides[i]), imulc(tap[i], a.rhsDilation[i])),
          int(a.padding[i][0]),
        );
        const step = a.lhsDilation[i];
        require(compare('ge', p, int(0)));
        require(compare('le', p, int((x.shape[d] - 1) * step)));
        if (step > 1) {
          require(compare('eq', imodc(p, step), int(0)));
          p = idivc(p, step);
        }
        index[d] = p;
      });
      const element = elements.at(x, index);
      return inside ? guard(inside, element, zero) : element;
    },
    b(b, k, column) {
      const tap = delinearize(k, kShape);
      const index: Expr[] = w.shape.map(() => int(0));
      index[a.rhs.batch] = groups > 1 ? iadd(imulc(b, n), column) : column;
      index[a.rhs.feature] = tap[taps.length];
      a.rhs.spatial.forEach((d, i) => {
        index[d] = tap[i];
      });
      return elements.at(w, index);
    },
    outIndex(b, m, column) {
      const place = delinearize(m, mShape);
      const index: Expr[] = out.shape.map(() => int(0));
      index[a.out.batch] = place[0];
      index[a.out.feature] = groups > 1 ? iadd(imulc(b, n), column) : column;
      a.out.spatial.forEach((d, i) => {
        index[d] = place[i + 1];
      });
      return index;
    },
  };
}

export function describe(node: Node, elements: Elements): Problem {
  return node.primitive.name === 'dot_general'
    ? describeDot(node, elements)
    : describeConv(node, elements);
}
