/**
 * Convolutions in the form that compiles best: as products where they are nothing else, feature by
 * feature where there is nothing to sum over, and else without padding or gaps in the input.
 */
import type { Node, Value } from '../graph/graph.ts';
import * as lax from '../graph/lax.ts';
import type { ConvAttrs, ConvLayout } from '../graph/primitives/conv.ts';

export function rewriteConvolution(node: Node, [x, w]: readonly Value[]): Value | undefined {
  const a = node.attrs as ConvAttrs;
  return asProduct(node, x, w, a) ?? explicitPadding(x, w, a);
}

const options = (a: ConvAttrs): Omit<lax.ConvOptions, 'padding'> => ({
  strides: a.strides,
  lhsDilation: a.lhsDilation,
  rhsDilation: a.rhsDilation,
  featureGroupCount: a.featureGroupCount,
  batchGroupCount: a.batchGroupCount,
  layouts: { lhs: a.lhs, rhs: a.rhs, out: a.out },
});

/** Zeros around and between the elements of the input become elements of an array. */
function explicitPadding(x: Value, w: Value, a: ConvAttrs): Value | undefined {
  if (a.padding.every(([lo, hi]) => lo <= 0 && hi <= 0) && a.lhsDilation.every((d) => d === 1))
    return undefined;
  const low = x.shape.map(() => 0);
  const high = x.shape.map(() => 0);
  const interior = x.shape.map(() => 0);
  a.lhs.spatial.forEach((d, i) => {
    [low[d], high[d]] = a.padding[i];
    interior[d] = a.lhsDilation[i] - 1;
  });
  return lax.convGeneralDilated(lax.pad(x, 0, low, high, interior), w, {
    ...options(a),
    padding: a.padding.map(() => [0, 0] as const),
    lhsDilation: a.lhsDilation.map(() => 1),
  });
}

/**
 * Each spatial dimension has a kernel of size 1 (so it is one more batch dimension) or a kernel as
 * large as the image (so it is summed over): then the convolution is a matrix product.
 */
function asProduct(node: Node, x: Value, w: Value, a: ConvAttrs): Value | undefined {
  if (a.featureGroupCount !== 1 || a.batchGroupCount !== 1) return undefined;
  const out = node.outputs[0];
  const free: number[] = [];
  const summed: number[] = [];
  const plain = a.lhs.spatial.every((d, i) => {
    const dense = a.lhsDilation[i] === 1 && a.padding[i][0] === 0 && a.padding[i][1] === 0;
    const taps = w.shape[a.rhs.spatial[i]];
    if (!dense) return false;
    if (taps === 1) free.push(i);
    else if (taps === x.shape[d] && a.rhsDilation[i] === 1) summed.push(i);
    else return false;
    return true;
  });
  if (!plain) return undefined;
  const strided = lax.slice(
    x,
    x.shape.map(() => 0),
    x.shape,
    x.shape.map((_, d) => {
      const i = a.lhs.spatial.indexOf(d);
      return i >= 0 && free.includes(i) ? a.strides[i] : 1;
    }),
  );
  // The kernel without its dimensions of size 1; their places in what is left.
  const gone = free.map((i) => a.rhs.spatial[i]);
  const kernel = lax.reshape(
    w,
    w.shape.filter((_, d) => !gone.includes(d)),
  );
  const place = (d: number): number => d - gone.filter((g) => g < d).length;
  const product = lax.dotGeneral(strided, kernel, {
    lhsContract: [...summed.map((i) => a.lhs.spatial[i]), a.lhs.feature],
    rhsContract: [...summed.map((i) => place(a.rhs.spatial[i])), place(a.rhs.feature)],
    lhsBatch: [],
    rhsBatch: [],
  });
  // Free dimensions come in the order in which they stand in x, then the output features.
  const rows = [a.lhs.batch, ...free.map((i) => a.lhs.spatial[i])].sort((p, q) => p - q);
  const inOut = (d: number, l: ConvLayout): number =>
    d === l.batch ? a.out.batch : a.out.spatial[l.spatial.indexOf(d)];
  const order = [...rows.map((d) => inOut(d, a.lhs)), a.out.feature];
  const sorted = [...order].sort((p, q) => p - q);
  const moved = lax.transpose(
    product,
    sorted.map((d) => order.indexOf(d)),
  );
  return lax.reshape(moved, out.shape);
}
