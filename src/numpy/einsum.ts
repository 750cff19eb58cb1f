/**
 * Einstein's summation, by products of two operands at a time, left to right: indices that only one
 * of the two has, and that nobody needs any more, are summed first.
 */
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { showShape } from '../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../tensor/index.ts';
import { diagonal } from './creation.ts';
import { alike } from './linalg.ts';
import { make } from './support.ts';

/** An operand and a letter for each of its dimensions. */
interface Term {
  readonly t: Tensor;
  readonly letters: readonly string[];
}

function bad(spec: string, why: string): GradloomError {
  return new GradloomError('einsum', `einsum "${spec}": ${why}`, { subscripts: spec });
}

/**
 * einsum('ij,jk->ik', a, b). Letters repeated in one operand take its diagonal; letters missing
 * from the result are summed over; '...' stands for dimensions that broadcast.
 * Throws `einsum` for subscripts that do not fit the operands.
 */
export function einsum(subscripts: string, ...operands: readonly TensorLike[]): Tensor {
  const spec = subscripts.replace(/\s/g, '');
  const [left, right, ...more] = spec.split('->') as [string, string | undefined];
  if (more.length > 0) throw bad(subscripts, 'has more than one "->".');
  const inputs = left.split(',');
  if (inputs.length !== operands.length)
    throw bad(subscripts, `names ${inputs.length} operands, received ${operands.length}.`);
  const ts = operands.map((x) => asTensor(x));

  // Dimensions under an ellipsis get names of their own, counted from the right.
  const named = inputs.map((text, i) => lettersOf(subscripts, text, ts[i]));
  const hidden = [...new Set(named.flatMap((n) => n.filter((l) => l.length > 1)))].sort(
    (a, b) => Number(b.slice(1)) - Number(a.slice(1)),
  );
  const output = right === undefined ? implied(named, hidden) : explicit(subscripts, right, hidden);
  for (const l of output) {
    if (!named.some((n) => n.includes(l)))
      throw bad(subscripts, `the result has "${l}", which no operand has.`);
  }

  const sizes = new Map<string, number>();
  named.forEach((letters, i) => {
    letters.forEach((l, d) => {
      const n = ts[i].shape[d];
      const known = sizes.get(l);
      if (known !== undefined && known !== n && known !== 1 && n !== 1)
        throw bad(
          subscripts,
          `"${l}" is ${known} in one place and ${n} in another (operand ${i}, shape ${showShape(ts[i].shape)}).`,
        );
      if (known === undefined || known === 1) sizes.set(l, n);
    });
  });

  let terms: Term[] = ts.map((t, i) => spread(diagonals({ t, letters: named[i] }), sizes));
  while (terms.length > 1) {
    const [a, b, ...rest] = terms;
    const needed = new Set([...output, ...rest.flatMap((r) => r.letters)]);
    terms = [product(a, b, needed), ...rest];
  }
  const last = sumOver(terms[0], new Set(output));
  return last.t.transpose(output.map((l) => last.letters.indexOf(l)));
}

function lettersOf(spec: string, text: string, t: Tensor): string[] {
  const [before, after, ...more] = text.split('...');
  if (more.length > 0) throw bad(spec, 'an operand has more than one ellipsis.');
  const fixed = [...before, ...(after ?? '')];
  if (fixed.some((l) => !/[a-zA-Z]/.test(l)))
    throw bad(spec, `"${text}" must be letters, at most one "...".`);
  const free = t.ndim - fixed.length;
  if (free < 0 || (after === undefined && free > 0))
    throw bad(
      spec,
      `"${text}" names ${fixed.length} dimensions, the operand has shape ${showShape(t.shape)}.`,
    );
  const dots = Array.from({ length: free }, (_, i) => `.${free - i}`);
  return [...before, ...dots, ...(after ?? '')];
}

/** Without "->": letters that occur once, in order of the alphabet. */
function implied(named: readonly (readonly string[])[], hidden: readonly string[]): string[] {
  const all = named.flat().filter((l) => l.length === 1);
  const once = [...new Set(all)].filter((l) => all.filter((m) => m === l).length === 1);
  return [...hidden, ...once.sort()];
}

function explicit(spec: string, right: string, hidden: readonly string[]): string[] {
  const [before, after] = right.split('...');
  const out = [...before, ...(after === undefined ? [] : [...hidden, ...after])];
  if (new Set(out).size !== out.length) throw bad(spec, 'the result names a dimension twice.');
  return out;
}

/** Each letter once: repeated ones are taken along their diagonal. */
function diagonals(term: Term): Term {
  let { t, letters } = term;
  for (;;) {
    const twice = letters.find((l, d) => letters.indexOf(l) !== d);
    if (twice === undefined) return { t, letters };
    const [a, b] = [letters.indexOf(twice), letters.lastIndexOf(twice)];
    t = diagonal(t, 0, a, b);
    letters = [...letters.filter((_, d) => d !== a && d !== b), twice];
  }
}

/** Dimensions of size 1 under a letter that is larger elsewhere are repeated. */
function spread(term: Term, sizes: ReadonlyMap<string, number>): Term {
  return { t: term.t.broadcastTo(term.letters.map((l) => sizes.get(l)!)), letters: term.letters };
}

function sumOver(term: Term, needed: ReadonlySet<string>): Term {
  const axes = term.letters.map((_, d) => d).filter((d) => !needed.has(term.letters[d]));
  if (axes.length === 0) return term;
  return { t: term.t.sum(axes), letters: term.letters.filter((l) => needed.has(l)) };
}

function product(x: Term, y: Term, needed: ReadonlySet<string>): Term {
  const a = sumOver(x, new Set([...needed, ...y.letters]));
  const b = sumOver(y, new Set([...needed, ...x.letters]));
  const both = a.letters.filter((l) => b.letters.includes(l));
  const batch = both.filter((l) => needed.has(l));
  const contract = both.filter((l) => !needed.has(l));
  const free = (t: Term): string[] => t.letters.filter((l) => !both.includes(l));
  const letters = [...batch, ...free(a), ...free(b)];
  if (contract.length === 0) {
    // No sum: a product with broadcasting.
    const lay = (t: Term): Tensor =>
      t.t
        .transpose(letters.filter((l) => t.letters.includes(l)).map((l) => t.letters.indexOf(l)))
        .reshape(letters.map((l) => (t.letters.includes(l) ? t.t.shape[t.letters.indexOf(l)] : 1)));
    return { t: lay(a).mul(lay(b)), letters };
  }
  const [p, q] = alike(a.t, b.t);
  const at = (t: Term, ls: readonly string[]): number[] => ls.map((l) => t.letters.indexOf(l));
  const t = make(
    lax.dotGeneral(p.value, q.value, {
      lhsContract: at(a, contract),
      rhsContract: at(b, contract),
      lhsBatch: at(a, batch),
      rhsBatch: at(b, batch),
    }),
    p,
    q,
  );
  return { t, letters };
}
