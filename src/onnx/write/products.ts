/** Matrix products and convolutions. */
import { type DotAttrs, freeDims } from '../../graph/primitives/dot.ts';
import type { Rule, Rules } from './emitter.ts';
import { transposed } from './movement.ts';

/**
 * MatMul where the operands are matrices, or become such by a transpose, else Einsum.
 */
const dotGeneral: Rule = (e, node) => {
  const [x, y] = node.inputs;
  const a = node.attrs as DotAttrs;
  const { lhsFree, rhsFree } = freeDims(x, y, a);
  const out = node.outputs[0];
  const [names, batch] = [[e.whole(x), e.whole(y)], a.lhsBatch.length];
  // All dimensions of the left side may stay where the right side is one matrix.
  const matrices =
    a.lhsContract.length === 1 && rhsFree.length === 1 && (batch === 0 || lhsFree.length === 1);
  if (matrices && lhsFree.length > 0) {
    const left = transposed(e, names[0], [...a.lhsBatch, ...lhsFree, ...a.lhsContract]);
    const right = transposed(e, names[1], [...a.rhsBatch, ...a.rhsContract, ...rhsFree]);
    return [e.made(e.node('MatMul', [left, right]), out)];
  }
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  let used = 0;
  const [left, right]: string[][] = [[], []];
  const pair = (p: readonly number[], q: readonly number[]): void => {
    p.forEach((d, i) => {
      left[d] = letters[used++];
      right[q[i]] = left[d];
    });
  };
  pair(a.lhsBatch, a.rhsBatch);
  pair(a.lhsContract, a.rhsContract);
  for (const d of lhsFree) left[d] = letters[used++];
  for (const d of rhsFree) right[d] = letters[used++];
  const result = [
    ...a.lhsBatch.map((d) => left[d]),
    ...lhsFree.map((d) => left[d]),
    ...rhsFree.map((d) => right[d]),
  ];
  const equation = `${left.join('')},${right.join('')}->${result.join('')}`;
  return [e.made(e.node('Einsum', names, { equation }), out)];
};

export const products: Rules = { dot_general: dotGeneral };
