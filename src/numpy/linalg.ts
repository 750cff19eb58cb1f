/** Products and what belongs to them. */
import { isFloat, promoteTypes } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax, type Value } from '../graph/index.ts';
import { normalizeAxis, showShape } from '../shape.ts';
import { type Axis, asTensor, Tensor, type TensorLike } from '../tensor/index.ts';

export const matmul = (a: TensorLike, b: TensorLike): Tensor => asTensor(a).matmul(b);
export const dot = (a: TensorLike, b: TensorLike): Tensor => asTensor(a).dot(b);
export function inner(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)];
  if (x.ndim === 0 || y.ndim === 0) return x.mul(y);
  return tensordot(x, y, [[-1], [-1]]);
}
export function outer(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = [asTensor(a).flatten(), asTensor(b).flatten()];
  return x.reshape([x.size, 1]).mul(y.reshape([1, y.size]));
}
/** Contracts the last `axes` axes of a with the first of b, or the axes named as [[of a], [of b]]. */
export function tensordot(
  a: TensorLike,
  b: TensorLike,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)];
  const [p, q] =
    typeof axes === 'number'
      ? [
          Array.from({ length: axes }, (_, i) => x.ndim - axes + i),
          Array.from({ length: axes }, (_, i) => i),
        ]
      : axes;
  const lhs = p.map((d) => normalizeAxis(d, x.ndim));
  const rhs = q.map((d) => normalizeAxis(d, y.ndim));
  return product(x, y, lhs, rhs, [], []);
}
function product(
  x: Tensor,
  y: Tensor,
  lhsContract: number[],
  rhsContract: number[],
  lhsBatch: number[],
  rhsBatch: number[],
): Tensor {
  const t = promoteTypes(x.dtype, y.dtype);
  const dtype = isFloat(t) ? t : 'int32';
  return Tensor.of(
    lax.dotGeneral(lax.convert(x.value, dtype), lax.convert(y.value, dtype), {
      lhsContract,
      rhsContract,
      lhsBatch,
      rhsBatch,
    }),
    x,
    y,
  );
}

/** Sum of the diagonal. */
export const trace = (x: TensorLike, offset = 0): Tensor => diagonal(x, offset).sum(-1);
export function diagonal(x: TensorLike, offset = 0): Tensor {
  const t = asTensor(x);
  if (t.ndim < 2)
    throw new GradloomError(
      'shape',
      `diagonal takes an array of two dimensions or more; received ${showShape(t.shape)}.`,
    );
  const [n, m] = t.shape.slice(0, 2);
  const count = Math.max(0, offset >= 0 ? Math.min(n, m - offset) : Math.min(n + offset, m));
  const i = new Tensor(
    lax.add(lax.iota([count], 0, 'int32'), lax.full([count], Math.max(0, -offset), 'int32')),
  );
  const j = new Tensor(
    lax.add(lax.iota([count], 0, 'int32'), lax.full([count], Math.max(0, offset), 'int32')),
  );
  const d = t.slice(i, j);
  return d.transpose([...Array.from({ length: d.ndim - 1 }, (_, k) => k + 1), 0]);
}
/** A matrix with the vector on its k-th diagonal, or the diagonal of a matrix. */
export function diag(x: TensorLike, k = 0): Tensor {
  const t = asTensor(x);
  if (t.ndim !== 1) return diagonal(t, k);
  const n = t.size + Math.abs(k);
  const shape = [n, n];
  const padded = lax.pad(t.value, 0, [Math.max(0, k)], [Math.max(0, -k)]);
  const spread = lax.broadcastInDim(padded, shape, [1]);
  const hit = lax.eq(
    lax.add(lax.iota(shape, 0, 'int32'), lax.full(shape, k, 'int32')),
    lax.iota(shape, 1, 'int32'),
  );
  return Tensor.of(lax.select(hit, spread, lax.full(shape, 0, t.dtype)), t);
}
/** The 2-norm (Frobenius for matrices), or ord 1 and Infinity for vectors along `axis`. */
export function norm(
  x: TensorLike,
  o: { ord?: number; axis?: Axis; keepdims?: boolean } = {},
): Tensor {
  const t = asTensor(x).abs();
  const { axis = null, keepdims = false, ord = 2 } = o;
  if (ord === 1) return t.sum(axis, { keepdims });
  if (ord === Number.POSITIVE_INFINITY) return t.max(axis, { keepdims });
  if (ord === 2) return t.square().sum(axis, { keepdims }).sqrt();
  return t
    .pow(ord)
    .sum(axis, { keepdims })
    .pow(1 / ord);
}

/** Einstein's sums: 'ij,jk->ik', implicit outputs, repeated letters, '...'. */
export function einsum(subscripts: string, ...operands: TensorLike[]): Tensor {
  const text = subscripts.replace(/\s/g, '');
  const [left, right] = text.split('->');
  const terms = left.split(',');
  const ts = operands.map((x) => asTensor(x));
  if (terms.length !== ts.length)
    throw new GradloomError(
      'einsum',
      `einsum "${subscripts}" names ${terms.length} operands; received ${ts.length}.`,
    );
  // The dots become letters of their own, matched from the right.
  const dots = 'ZYXWVUTSRQPONMLK';
  let most = 0;
  const spelled = terms.map((term, i) => {
    if (!term.includes('...')) return term;
    const n = ts[i].ndim - term.replace('...', '').length;
    if (n < 0)
      throw new GradloomError(
        'einsum',
        `einsum "${subscripts}": operand ${i} has too few dimensions.`,
      );
    most = Math.max(most, n);
    return term.replace('...', dots.slice(0, n).split('').reverse().join(''));
  });
  const all = dots.slice(0, most).split('').reverse().join('');
  const letters = spelled.join('');
  const once = [...new Set(letters)]
    .filter((c) => letters.split(c).length === 2 && !all.includes(c))
    .sort();
  const output = right === undefined ? all + once.join('') : right.replace('...', all);
  for (const c of output)
    if (!letters.includes(c))
      throw new GradloomError('einsum', `einsum "${subscripts}": output "${c}" is in no operand.`);

  const sizes = new Map<string, number>();
  let parts = spelled.map((term, i): { v: Tensor; term: string } => {
    const t = ts[i];
    if (term.length !== t.ndim)
      throw new GradloomError(
        'einsum',
        `einsum "${subscripts}": operand ${i} has ${t.ndim} dimensions, "${terms[i]}" names ${term.length}.`,
      );
    [...term].forEach((c, d) => {
      const n = sizes.get(c);
      if (n !== undefined && n !== t.shape[d] && n !== 1 && t.shape[d] !== 1)
        throw new GradloomError(
          'einsum',
          `einsum "${subscripts}": "${c}" is ${n} in one place and ${t.shape[d]} in another.`,
        );
      sizes.set(c, Math.max(n ?? 1, t.shape[d]));
    });
    return takeDiagonals(t, term);
  });
  while (parts.length > 1) {
    const [p, q, ...rest] = parts;
    const later = rest.map((r) => r.term).join('') + output;
    parts = [multiply(p, q, later), ...rest];
  }
  const [last] = parts;
  const gone = [...last.term].map((c, d) => (output.includes(c) ? -1 : d)).filter((d) => d >= 0);
  const summed = gone.length > 0 ? last.v.sum(gone) : last.v;
  const term = [...last.term].filter((c) => output.includes(c)).join('');
  const r = summed.transpose([...output].map((c) => term.indexOf(c)));
  return r.broadcastTo([...output].map((c) => sizes.get(c)!));
}

/** A letter named twice in one operand keeps only its diagonal. */
function takeDiagonals(t: Tensor, term: string): { v: Tensor; term: string } {
  let v: Value = t.value;
  let letters = [...term];
  for (;;) {
    const d = letters.findIndex((c, i) => letters.indexOf(c) !== i);
    if (d < 0) return { v: Tensor.of(v, t), term: letters.join('') };
    const first = letters.indexOf(letters[d]);
    const hit = lax.eq(lax.iota(v.shape, first, 'int32'), lax.iota(v.shape, d, 'int32'));
    v = lax.reduceSum(lax.select(hit, v, lax.full(v.shape, 0, v.dtype)), [d]);
    letters = letters.filter((_, i) => i !== d);
  }
}

function multiply(
  p: { v: Tensor; term: string },
  q: { v: Tensor; term: string },
  later: string,
): { v: Tensor; term: string } {
  // What only one of the two has and nobody wants later is summed first.
  const drop = (a: { v: Tensor; term: string }, other: string): { v: Tensor; term: string } => {
    const gone = [...a.term]
      .map((c, d) => (other.includes(c) || later.includes(c) ? -1 : d))
      .filter((d) => d >= 0);
    return gone.length === 0
      ? a
      : { v: a.v.sum(gone), term: [...a.term].filter((_, d) => !gone.includes(d)).join('') };
  };
  const a = drop(p, q.term);
  const b = drop(q, p.term);
  const shared = [...a.term].filter((c) => b.term.includes(c));
  const same = shared.every((c) => a.v.shape[a.term.indexOf(c)] === b.v.shape[b.term.indexOf(c)]);
  if (!same) {
    const term = [...new Set(a.term + b.term)].join('');
    const align = (x: { v: Tensor; term: string }): Tensor => {
      const own = [...term].filter((c) => x.term.includes(c));
      const t = x.v.transpose(own.map((c) => x.term.indexOf(c)));
      return t.reshape(
        [...term].map((c) => (x.term.includes(c) ? x.v.shape[x.term.indexOf(c)] : 1)),
      );
    };
    return { v: align(a).mul(align(b)), term };
  }
  const batch = shared.filter((c) => later.includes(c));
  const contract = shared.filter((c) => !later.includes(c));
  const at = (t: string, cs: readonly string[]): number[] => cs.map((c) => t.indexOf(c));
  const v = product(
    a.v,
    b.v,
    at(a.term, contract),
    at(b.term, contract),
    at(a.term, batch),
    at(b.term, batch),
  );
  const free = (t: string): string => [...t].filter((c) => !shared.includes(c)).join('');
  return { v, term: batch.join('') + free(a.term) + free(b.term) };
}
