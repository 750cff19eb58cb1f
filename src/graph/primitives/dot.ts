/** dot_general: the matrix product in its general form (XLA's DotGeneral). */
import { isFloat } from '../../dtype.ts';
import { showShape } from '../../shape.ts';
import type { Aval, Value } from '../graph.ts';
import * as lax from '../lax.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';

export interface DotSpec {
  readonly lhsContract: readonly number[];
  readonly rhsContract: readonly number[];
  readonly lhsBatch: readonly number[];
  readonly rhsBatch: readonly number[];
}

export type DotAttrs = DotSpec & Attrs;

export interface DotDims {
  /** Dimensions of lhs and rhs that are neither batch nor contracted, in order. */
  readonly lhsFree: readonly number[];
  readonly rhsFree: readonly number[];
}

export function freeDims(lhs: Aval, rhs: Aval, a: DotAttrs): DotDims {
  const free = (v: Aval, used: readonly number[][]): number[] =>
    v.shape.map((_, d) => d).filter((d) => !used.some((u) => u.includes(d)));
  return {
    lhsFree: free(lhs, [[...a.lhsBatch], [...a.lhsContract]]),
    rhsFree: free(rhs, [[...a.rhsBatch], [...a.rhsContract]]),
  };
}

/** Output dimensions: batch, then lhs free, then rhs free. */
export const dotGeneral: Primitive<DotAttrs> = definePrimitive<DotAttrs>({
  name: 'dot_general',
  infer(inputs, a) {
    const [x, y] = inputs;
    if (!isFloat(x.dtype) && x.dtype !== 'int32')
      throw operandError(
        'dot_general',
        `takes float32, float64 or int32; received ${x.dtype}.`,
        inputs,
      );
    if (x.dtype !== y.dtype)
      throw operandError(
        'dot_general',
        `operands must have one dtype; received ${x.dtype} and ${y.dtype}.`,
        inputs,
      );
    const agree = (xs: readonly number[], ys: readonly number[]): boolean =>
      xs.length === ys.length && xs.every((d, i) => x.shape[d] === y.shape[ys[i]]);
    if (!agree(a.lhsContract, a.rhsContract) || !agree(a.lhsBatch, a.rhsBatch)) {
      throw operandError(
        'dot_general',
        `contracted and batch dimensions must match: ${showShape(x.shape)} over [${a.lhsContract}] with ${showShape(y.shape)} over [${a.rhsContract}].`,
        inputs,
      );
    }
    const distinct = (v: Aval, dims: readonly number[]): boolean =>
      dims.every((d, i) => d in v.shape && dims.indexOf(d) === i);
    if (
      !distinct(x, [...a.lhsBatch, ...a.lhsContract]) ||
      !distinct(y, [...a.rhsBatch, ...a.rhsContract])
    ) {
      throw operandError(
        'dot_general',
        `batch [${a.lhsBatch}], [${a.rhsBatch}] and contracted [${a.lhsContract}], [${a.rhsContract}] dimensions must be distinct ones of ${showShape(x.shape)} and ${showShape(y.shape)}.`,
        inputs,
      );
    }
    const { lhsFree, rhsFree } = freeDims(x, y, a);
    return [
      {
        shape: [
          ...a.lhsBatch.map((d) => x.shape[d]),
          ...lhsFree.map((d) => x.shape[d]),
          ...rhsFree.map((d) => y.shape[d]),
        ],
        dtype: x.dtype,
      },
    ];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const [x, y] = node.inputs;
    const a = node.attrs;
    const { lhsFree, rhsFree } = freeDims(x, y, a);
    const nb = a.lhsBatch.length;
    const gBatch = a.lhsBatch.map((_, i) => i);
    const gLhs = lhsFree.map((_, i) => nb + i);
    const gRhs = rhsFree.map((_, i) => nb + lhsFree.length + i);
    // Each operand's cotangent is g times the other operand, over the other's free dimensions; the
    // result has dimensions (batch, own free, contracted) and is put back in the operand's order.
    const lhs = (): Value => {
      const order = [...a.lhsBatch, ...lhsFree, ...sortedBy(a.lhsContract, a.rhsContract)];
      const d = lax.dotGeneral(g, y, {
        lhsContract: gRhs,
        rhsContract: rhsFree,
        lhsBatch: gBatch,
        rhsBatch: a.rhsBatch,
      });
      return lax.transpose(
        d,
        order.map((_, dim) => order.indexOf(dim)),
      );
    };
    const rhs = (): Value => {
      const order = [...a.rhsBatch, ...sortedBy(a.rhsContract, a.lhsContract), ...rhsFree];
      const d = lax.dotGeneral(x, g, {
        lhsContract: lhsFree,
        rhsContract: gLhs,
        lhsBatch: a.lhsBatch,
        rhsBatch: gBatch,
      });
      return lax.transpose(
        d,
        order.map((_, dim) => order.indexOf(dim)),
      );
    };
    return [lhs(), rhs()];
  },
  lowering: { kind: 'contract' },
});

/** `values` in the order in which their partners `keys` ascend. */
function sortedBy(values: readonly number[], keys: readonly number[]): number[] {
  return values
    .map((v, i) => [v, keys[i]] as const)
    .sort((p, q) => p[1] - q[1])
    .map(([v]) => v);
}
