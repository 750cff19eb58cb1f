/** Loops and branches: bodies of every kind, and loops long enough to be shared among threads. */
import { controlCases } from '../../graph/control-cases.ts';
import { gradient, lax, type Value } from '../../graph/index.ts';
import { type Case, float64, makeCase } from './case.ts';

const sum = (vs: readonly Value[]): Value =>
  vs.map((v) => lax.reduceSum(lax.mul(v, lax.sin(v)))).reduce((a, v) => lax.add(a, v));
const num = (v: number, like: Value): Value => lax.full(like.shape, v, like.dtype);

/** The cases of the gradient tests, with their first and second gradients. */
function differentiable(): Case[] {
  return controlCases.map((c) =>
    makeCase(
      `${c.name}: ${c.note}, with gradients`,
      (b) => {
        const xs = c.shapes.map((s) => b.input('float64', s, b.uniform(-1, 1)));
        const outs = c.fn(...xs);
        const first = gradient(sum(outs), xs);
        return [...outs, ...first, ...gradient(sum(first), xs)];
      },
      float64,
    ),
  );
}

/** A recurrent layer of so many units over so many steps, with the gradients of a loss. */
function recurrent(batch: number, units: number, steps: number): Case {
  return makeCase(
    `recurrent layer ${batch}x${units}, ${steps} steps, with gradients`,
    (b) => {
      const scale = 1 / Math.sqrt(units);
      const xs = b.input('float32', [steps, batch, units], b.uniform(-1, 1));
      const w = b.input('float32', [units, units], b.uniform(-scale, scale));
      const h = b.input('float32', [batch, units], b.uniform(-1, 1));
      const r = lax.scan(
        ([c], [x]) => {
          const n = lax.tanh(lax.add(x, lax.dot(c, w)));
          return { carry: [n], ys: [n] };
        },
        [h],
        [xs],
      );
      const loss = lax.reduceSum(lax.mul(r.ys[0], xs));
      return [r.carry[0], loss, ...gradient(loss, [w, h, xs])];
    },
    { rel: 1e-4, abs: 2e-5 },
  );
}

const dtypes = ['float32', 'float64', 'int32', 'uint32', 'uint8', 'bool'] as const;

export function controlFlowCases(): Case[] {
  return [
    ...differentiable(),
    recurrent(3, 5, 4),
    recurrent(33, 65, 7),
    recurrent(32, 128, 9),
    ...dtypes.map((dtype) =>
      makeCase(`scan over ${dtype}, in both directions`, (b) => {
        const xs = b.input(dtype, [5, 3]);
        const h = b.input(dtype, [3]);
        const fold = (reverse: boolean): Value[] => {
          const r = lax.scan(
            ([c], [x]) => {
              const n = dtype === 'bool' ? lax.xor(c, x) : lax.max(c, x);
              return { carry: [n], ys: [n, x] };
            },
            [h],
            [xs],
            { reverse },
          );
          return [...r.carry, ...r.ys];
        };
        return [...fold(false), ...fold(true)];
      }),
    ),
    makeCase('scan with random bits of a key that moves', (b) => {
      const key = b.input('uint32', [2], b.ints(0, 4e9));
      const r = lax.scan(
        ([k]) => {
          const next = lax.add(k, lax.literal(Uint32Array.of(1, 7), [2], 'uint32'));
          return { carry: [next], ys: [lax.randomBits(k, [3]), lax.randomBits(key, [2])] };
        },
        [key],
        [],
        { length: 4 },
      );
      return [...r.carry, ...r.ys];
    }),
    makeCase('scan of many carries that change places', (b) => {
      const [p, q, r] = [0, 1, 2].map(() => b.input('float32', [4]));
      const s = lax.scan(
        ([x, y, z]) => ({ carry: [y, z, lax.add(x, y)], ys: [x, x, y] }),
        [p, q, r],
        [],
        { length: 5 },
      );
      return [...s.carry, ...s.ys];
    }),
    makeCase('scan of one step, and of none', (b) => {
      const h = b.input('float32', [3]);
      const one = b.input('float32', [1, 3]);
      const none = b.input('float32', [0, 3]);
      const body = ([c]: Value[], [x]: Value[]) => ({ carry: [lax.mul(c, x)], ys: [c] });
      const s = lax.scan(body, [h], [one]);
      const t = lax.scan(body, [h], [none]);
      return [...s.carry, ...s.ys, ...t.carry];
    }),
    makeCase('scan that folds, sorts and gathers in its body', (b) => {
      const xs = b.input('float32', [6, 4, 5], b.grid());
      const order = b.input('int32', [6, 2], b.ints(0, 3));
      const s = lax.scan(
        ([c], [x, i]) => {
          const [sorted] = lax.sort([x], 1);
          const rows = lax.take(sorted, i, 0);
          return {
            carry: [lax.add(c, lax.reduceMax(x, [0]))],
            ys: [rows, lax.cumulative(lax.reduceSum(x, [1]), 0, 'add')],
          };
        },
        [num(0, lax.parameter([5], 'float32'))],
        [xs, order],
      );
      return [...s.carry, ...s.ys];
    }),
    makeCase('scan whose weights come packed and transposed', (b) => {
      const w = b.input('float32', [48, 40], b.uniform(-0.2, 0.2));
      const h = b.input('float32', [20, 40], b.uniform(-1, 1));
      const s = lax.scan(
        ([c]) => {
          const y = lax.dotGeneral(c, w, {
            lhsContract: [1],
            rhsContract: [1],
            lhsBatch: [],
            rhsBatch: [],
          });
          return { carry: [lax.tanh(lax.dot(y, w))], ys: [y] };
        },
        [h],
        [],
        { length: 12 },
      );
      return [...s.carry, ...s.ys];
    }),
    makeCase('cond on both sides, with scans inside', (b) => {
      const x = b.input('float32', [4, 3]);
      const flags = b.input('bool', [2], [1, 0]);
      const flag = (i: number): Value => lax.reshape(lax.slice(flags, [i], [i + 1]), []);
      const choose = (p: Value): Value[] =>
        lax.cond(
          p,
          [x],
          (a) => {
            const s = lax.scan(
              ([c], [r]) => ({ carry: [lax.add(c, r)], ys: [c] }),
              [num(0, lax.parameter([3], 'float32'))],
              [a],
            );
            return [s.ys[0], s.carry[0]];
          },
          (a) => [a, lax.reduceMax(a, [0])],
        );
      return [...choose(flag(0)), ...choose(flag(1))];
    }),
    makeCase('while: the digits of a number, and a series that converges', (b) => {
      const n = b.input('int32', [], [987654]);
      const ten = lax.scalar(10, 'int32');
      const zero = lax.scalar(0, 'int32');
      const [, digits] = lax.whileLoop(
        (m) => lax.gt(m, zero),
        (m, count) => [lax.div(m, ten), lax.add(count, lax.scalar(1, 'int32'))],
        [n, zero],
      );
      const x = b.input('float32', [3], [2, 3, 5]);
      const [root] = lax.whileLoop(
        (r) =>
          lax.gt(lax.reduceMax(lax.abs(lax.sub(lax.mul(r, r), x))), lax.scalar(1e-3, 'float32')),
        (r) => [lax.mul(num(0.5, r), lax.add(r, lax.div(x, r)))],
        [x],
      );
      const [never] = lax.whileLoop(
        () => lax.scalar(0, 'bool'),
        (v) => [lax.add(v, v)],
        [x],
      );
      return [digits, root, never];
    }),
    makeCase(
      'a loop over a large array, between two others',
      (b) => {
        // Sums of 120,000 terms of both signs.
        const x = b.input('float32', [300, 400], b.uniform(-1, 1));
        const a = lax.tanh(x);
        const s = lax.scan(
          ([c], [row]) => {
            const n = lax.mul(lax.add(c, lax.broadcastInDim(row, [300, 400], [1])), num(0.5, c));
            return { carry: [n], ys: [lax.reduceSum(n, [0])] };
          },
          [a],
          [lax.slice(x, [0, 0], [6, 400])],
          { reverse: true },
        );
        return [lax.exp(s.carry[0]), lax.reduceSum(s.ys[0], [1]), a];
      },
      { rel: 2e-4, abs: 1e-4 },
    ),
  ];
}
