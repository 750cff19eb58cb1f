/** Products: MatMul, Gemm, Einsum. */
import { lax, type Value } from '../../graph/index.ts';
import type { Op, Ops } from './call.ts';
import { type Bounds, commonShape, like } from './values.ts';

/** NumPy's matmul. */
export function matmul(c: Bounds, a: Value, b: Value): Value {
  if (a.shape.length === 0 || b.shape.length === 0) throw c.fail('multiplies a scalar');
  const x = a.shape.length === 1 ? lax.reshape(a, [1, ...a.shape]) : a;
  const y = b.shape.length === 1 ? lax.reshape(b, [...b.shape, 1]) : b;
  const [m, k, n] = [x.shape.at(-2)!, x.shape.at(-1)!, y.shape.at(-1)!];
  const batch = commonShape(c, [x.shape.slice(0, -2), y.shape.slice(0, -2)]);
  const shape = c.sizes([...batch, m, n]);
  let out: Value;
  if (y.shape.length === 2) {
    const dims = {
      lhsContract: [x.shape.length - 1],
      rhsContract: [0],
      lhsBatch: [],
      rhsBatch: [],
    };
    out = lax.dotGeneral(x, y, dims);
  } else {
    const r = batch.length;
    const lead = batch.map((_, d) => d);
    out = lax.dotGeneral(
      lax.broadcastTo(x, [...batch, m, k]),
      lax.broadcastTo(y, [...batch, y.shape.at(-2)!, n]),
      { lhsContract: [r + 1], rhsContract: [r], lhsBatch: lead, rhsBatch: lead },
    );
  }
  const keep = shape.filter(
    (_, d) =>
      !(a.shape.length === 1 && d === shape.length - 2) &&
      !(b.shape.length === 1 && d === shape.length - 1),
  );
  return lax.reshape(out, keep);
}

const gemm: Op = (c) => {
  const [a, b, bias] = [c.get(0), c.get(1), c.inputs[2]];
  const turned = (v: Value, name: string): Value =>
    c.flag(name, false) ? lax.transpose(v, [1, 0]) : v;
  let y = lax.dot(turned(a, 'transA'), turned(b, 'transB'));
  const [alpha, beta] = [c.float('alpha', 1), c.float('beta', 1)];
  if (alpha !== 1) y = lax.mul(y, like(y, alpha));
  if (!bias) return y;
  const scaled = beta === 1 ? bias : lax.mul(bias, like(bias, beta));
  return lax.add(y, lax.broadcastTo(scaled, y.shape));
};

interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** Dimensions that `...` stands for get labels that no letter has. */
function labelsOf(c: Bounds, text: string, rank: number): string[] {
  const [before, after, more] = text.trim().split('...');
  if (more !== undefined) throw c.fail(`has an equation with two ellipses in a term: ${text}`);
  const letters = (s: string): string[] => [...s.replaceAll(' ', '')];
  if (after === undefined) return letters(before);
  const hidden = rank - letters(before).length - letters(after).length;
  const dots = Array.from({ length: Math.max(0, hidden) }, (_, i) => `.${hidden - i}`);
  return [...letters(before), ...dots, ...letters(after)];
}

/** Repeated labels as a diagonal; labels that nobody else wants summed. */
function reduced(c: Bounds, t: Term, wanted: ReadonlySet<string>): Term {
  let { value, labels } = t;
  for (;;) {
    const twice = labels.findIndex((l, i) => labels.indexOf(l) !== i);
    if (twice < 0) break;
    const first = labels.indexOf(labels[twice]);
    const [i, j] = [first, twice].map((d) => lax.iota(value.shape, d, 'int32'));
    const diagonal = lax.select(lax.eq(i, j), value, like(value, 0));
    value = lax.reduceSum(diagonal, [twice]);
    labels = labels.filter((_, d) => d !== twice);
  }
  if (labels.length !== value.shape.length)
    throw c.fail('has an equation that does not fit its operands');
  const gone = labels.map((_, d) => d).filter((d) => !wanted.has(labels[d]));
  return { value: lax.reduceSum(value, gone), labels: labels.filter((_, d) => !gone.includes(d)) };
}

function product(a: Term, b: Term, later: ReadonlySet<string>): Term {
  const shared = a.labels.filter((l) => b.labels.includes(l));
  const batch = shared.filter((l) => later.has(l));
  const contract = shared.filter((l) => !later.has(l));
  const at = (t: Term, ls: readonly string[]): number[] => ls.map((l) => t.labels.indexOf(l));
  const value = lax.dotGeneral(a.value, b.value, {
    lhsContract: at(a, contract),
    rhsContract: at(b, contract),
    lhsBatch: at(a, batch),
    rhsBatch: at(b, batch),
  });
  const free = (t: Term): string[] => t.labels.filter((l) => !shared.includes(l));
  return { value, labels: [...batch, ...free(a), ...free(b)] };
}

/** The product that an equation such as `bij,bjk->bik` says. */
export function einsum(c: Bounds, equation: string, values: readonly Value[]): Value {
  const [left, right] = equation.split('->');
  const inputs = left.split(',');
  if (inputs.length !== values.length) throw c.fail('has an equation with another number of terms');
  let terms: Term[] = values.map((value, i) => ({
    value,
    labels: labelsOf(c, inputs[i], value.shape.length),
  }));
  const all = terms.flatMap((t) => t.labels);
  const dots = [...new Set(all.filter((l) => l.startsWith('.')))].sort(
    (p, q) => Number(q.slice(1)) - Number(p.slice(1)),
  );
  const once = [...new Set(all)].filter(
    (l) => !l.startsWith('.') && all.indexOf(l) === all.lastIndexOf(l),
  );
  const result =
    right === undefined
      ? [...dots, ...once.sort()]
      : labelsOf(c, right, dots.length + right.replaceAll(/[. ]/g, '').length);
  const others = (i: number): Set<string> =>
    new Set([...result, ...terms.flatMap((t, k) => (k === i ? [] : t.labels))]);
  terms = terms.map((t, i) => reduced(c, t, others(i)));
  let [now, ...rest] = terms;
  while (rest.length > 0) {
    const [next, ...more] = rest;
    now = product(now, next, new Set([...result, ...more.flatMap((t) => t.labels)]));
    rest = more;
  }
  c.sizes(now.value.shape);
  const perm = result.map((l) => now.labels.indexOf(l));
  return lax.transpose(now.value, perm);
}

export const products: Ops = {
  MatMul: (c) => matmul(c, c.get(0), c.get(1)),
  Gemm: gemm,
  Einsum: (c) => einsum(c, c.string('equation', ''), c.all),
};
