/** Loops and choices that tests share: differentiable functions of float64 arrays. */
import { lax, type Value } from './index.ts';

export interface ControlCase {
  readonly name: 'scan' | 'cond';
  readonly note: string;
  readonly shapes: readonly (readonly number[])[];
  readonly fn: (...xs: Value[]) => readonly Value[];
}

const part = (v: Value, from: number, to: number): Value =>
  lax.slice(v, [0, from], [v.shape[0], to]);
const last = (v: Value): Value => lax.reshape(lax.slice(v, [0], [1]), []);

/** One step of an LSTM of `units`: z = x + h U. */
function lstm(u: Value, units: number) {
  return ([h, c]: Value[], [x]: Value[]) => {
    const z = lax.add(x, lax.dot(h, u));
    const gate = (k: number): Value => part(z, k * units, (k + 1) * units);
    const next = lax.add(
      lax.mul(lax.logistic(gate(0)), lax.tanh(gate(2))),
      lax.mul(lax.logistic(gate(1)), c),
    );
    const out = lax.mul(lax.logistic(gate(3)), lax.tanh(next));
    return { carry: [out, next], ys: [out] };
  };
}

export const controlCases: readonly ControlCase[] = [
  {
    name: 'scan',
    note: 'a running product over rows, with the last carry',
    shapes: [[3], [4, 3]],
    fn: (h, xs) => {
      const r = lax.scan(
        ([c], [x]) => {
          const n = lax.mul(c, lax.add(x, lax.full([3], 0.5, x.dtype)));
          return { carry: [n], ys: [lax.mul(n, n)] };
        },
        [h],
        [xs],
      );
      return [...r.carry, ...r.ys];
    },
  },
  {
    name: 'scan',
    note: 'a recurrent product with weights from outside, in reverse',
    shapes: [[2, 3], [3, 3], [3], [4, 2, 3]],
    fn: (h, w, b, xs) => {
      const r = lax.scan(
        ([c], [x]) => {
          const z = lax.add(lax.add(lax.dot(c, w), x), lax.broadcastInDim(b, [2, 3], [1]));
          const n = lax.tanh(z);
          return { carry: [n], ys: [n] };
        },
        [h],
        [xs],
        { reverse: true },
      );
      return [...r.ys];
    },
  },
  {
    name: 'scan',
    note: 'an LSTM',
    shapes: [
      [3, 2, 8],
      [2, 8],
    ],
    fn: (xs, u) => {
      const zero = lax.full([2, 2], 0, xs.dtype);
      const r = lax.scan(lstm(u, 2), [zero, zero], [xs]);
      return [...r.carry, ...r.ys];
    },
  },
  {
    name: 'scan',
    note: 'xs multiplied by weights inside; a carry that is not read; values of the step unused',
    shapes: [[3, 2], [2, 2], [2]],
    fn: (xs, w, h) => {
      const r = lax.scan(
        ([c, count], [x]) => {
          const row = lax.reshape(x, [1, 2]);
          const n = lax.sin(lax.add(c, lax.reshape(lax.dot(row, w), [2])));
          return {
            carry: [n, lax.add(count, lax.scalar(1, 'int32'))],
            ys: [lax.mul(n, lax.convert(lax.broadcastTo(count, [2]), n.dtype)), x],
          };
        },
        [h, lax.scalar(0, 'int32')],
        [xs],
      );
      return [r.ys[0]];
    },
  },
  {
    name: 'scan',
    note: 'no xs, a length, a weight used as it is and transposed',
    shapes: [
      [2, 2],
      [2, 2],
    ],
    fn: (h, w) => {
      const r = lax.scan(
        ([c]) => ({
          carry: [lax.tanh(lax.add(lax.dot(c, w), lax.dot(lax.transpose(w, [1, 0]), c)))],
          ys: [],
        }),
        [h],
        [],
        { length: 3 },
      );
      return r.carry;
    },
  },
  {
    name: 'scan',
    note: 'a weight that is not multiplied but added up',
    shapes: [[2], [2], [3, 2]],
    fn: (h, w, xs) => {
      const r = lax.scan(
        ([c], [x]) => ({ carry: [lax.mul(lax.exp(w), lax.add(c, x))], ys: [lax.mul(w, c)] }),
        [h],
        [xs],
      );
      return [...r.carry, ...r.ys];
    },
  },
  {
    name: 'scan',
    note: 'a scan in a scan',
    shapes: [[2], [2, 3, 2], [2]],
    fn: (h, xs, w) => {
      const r = lax.scan(
        ([c], [x]) => {
          const inner = lax.scan(
            ([d], [y]) => {
              const n = lax.sin(lax.add(lax.mul(d, w), lax.mul(y, c)));
              return { carry: [n], ys: [n] };
            },
            [c],
            [x],
            { reverse: true },
          );
          return { carry: inner.carry, ys: [lax.reduceSum(inner.ys[0], [0])] };
        },
        [h],
        [xs],
      );
      return [...r.carry, ...r.ys];
    },
  },
  {
    name: 'scan',
    note: 'a cond in a scan',
    shapes: [[2], [4, 2]],
    fn: (h, xs) => {
      const r = lax.scan(
        ([c], [x]) => {
          const n = lax.cond(
            lax.gt(last(x), lax.scalar(0, x.dtype)),
            [c, x],
            (a, b) => [lax.mul(a, lax.sin(b))],
            (a) => [lax.mul(a, a)],
          );
          return { carry: n, ys: n };
        },
        [h],
        [xs],
      );
      return [...r.carry, ...r.ys];
    },
  },
  {
    name: 'scan',
    note: 'two layers, one over the results of the other',
    shapes: [
      [3, 1, 4],
      [1, 4],
      [1, 4],
    ],
    fn: (xs, u, v) => {
      const zero = lax.full([1, 1], 0, xs.dtype);
      const a = lax.scan(lstm(u, 1), [zero, zero], [xs]);
      const wide = lax.broadcastInDim(a.ys[0], [3, 1, 4], [0, 1, 2]);
      const b = lax.scan(lstm(v, 1), [zero, zero], [wide], { reverse: true });
      return [...b.carry, ...b.ys];
    },
  },
  {
    name: 'scan',
    note: 'no steps at all',
    shapes: [[2], [0, 2]],
    fn: (h, xs) => {
      const r = lax.scan(
        ([c], [x]) => ({ carry: [lax.mul(c, x)], ys: [c] }),
        [lax.mul(h, h)],
        [xs],
      );
      return r.carry;
    },
  },
  {
    name: 'cond',
    note: 'with a value from outside',
    shapes: [[3], [3]],
    fn: (x, y) => {
      const choose = (c: boolean): Value[] =>
        lax.cond(
          lax.scalar(c ? 1 : 0, 'bool'),
          [x],
          (a) => [lax.mul(lax.sin(a), y)],
          (a) => [lax.exp(a)],
        );
      const dynamic = lax.cond(
        lax.lt(last(x), last(y)),
        [x, y],
        (a, b) => [lax.mul(a, b), a],
        (a, b) => [lax.tanh(lax.mul(a, b)), b],
      );
      return [...choose(true), ...choose(false), ...dynamic];
    },
  },
];
