/**
 * RNN, GRU and LSTM as ONNX has them: x [steps, samples, features], weights [directions, gates * units,
 * features], results [steps, directions, samples, units].
 */
import { lax, type Value } from '../../graph/index.ts';
import type { Call, Op, Ops } from './call.ts';
import { like, slice1, zeros } from './values.ts';

const { add, mul, sub, tanh, logistic } = lax;
type Activation = (x: Value) => Value;

const activations: Readonly<Record<string, Activation>> = {
  sigmoid: logistic,
  tanh,
  relu: (x) => lax.max(x, like(x, 0)),
  softsign: (x) => lax.div(x, add(lax.abs(x), like(x, 1))),
  affine: (x) => x,
};

/** What one direction works with. */
interface Direction {
  readonly w: Value;
  readonly r: Value;
  /** Biases of the input's and of the state's product. */
  readonly wb: Value;
  readonly rb: Value;
  readonly init: readonly Value[];
  readonly f: readonly Activation[];
  readonly peephole: Value | undefined;
  readonly units: number;
  readonly c: Call;
}

type Step = (d: Direction, x: Value, state: readonly Value[]) => Value[];

const times = (x: Value, w: Value): Value =>
  lax.dotGeneral(x, w, { lhsContract: [1], rhsContract: [1], lhsBatch: [], rhsBatch: [] });
const plus = (x: Value, b: Value): Value => add(x, lax.broadcastInDim(b, x.shape, [1]));
const gate = (d: Direction, x: Value, k: number): Value =>
  slice1(x, x.shape.length - 1, k * d.units, (k + 1) * d.units);
const rows = (d: Direction, w: Value, k: number): Value =>
  slice1(w, 0, k * d.units, (k + 1) * d.units);

const rnnStep: Step = (d, x, [h]) => [d.f[0](add(x, plus(times(h, d.r), d.rb)))];

/** Gates z, r, h; `x` has the input's product and bias. */
const gruStep: Step = (d, x, [h]) => {
  const state = (k: number, from: Value): Value =>
    plus(times(from, rows(d, d.r, k)), rows(d, d.rb, k));
  const z = d.f[0](add(gate(d, x, 0), state(0, h)));
  const r = d.f[0](add(gate(d, x, 1), state(1, h)));
  const candidate = d.c.flag('linear_before_reset', false)
    ? mul(r, state(2, h))
    : state(2, mul(r, h));
  const n = d.f[1](add(gate(d, x, 2), candidate));
  return [add(mul(sub(like(z, 1), z), n), mul(z, h))];
};

/** Gates i, o, f, c. */
const lstmStep: Step = (d, x, [h, cell]) => {
  const all = add(x, plus(times(h, d.r), d.rb));
  const peek = (k: number, from: Value): Value =>
    d.peephole
      ? mul(from, lax.broadcastInDim(rows(d, d.peephole, k), from.shape, [1]))
      : like(from, 0);
  const i = d.f[0](add(gate(d, all, 0), peek(0, cell)));
  const forget = d.c.flag('input_forget', false)
    ? sub(like(i, 1), i)
    : d.f[0](add(gate(d, all, 2), peek(2, cell)));
  const next = add(mul(forget, cell), mul(i, d.f[1](gate(d, all, 3))));
  const o = d.f[0](add(gate(d, all, 1), peek(1, next)));
  return [mul(o, d.f[2](next)), next];
};

function recurrent(gates: number, states: number, usual: readonly string[], step: Step): Op {
  return (c) => {
    if (c.given('clip')) throw c.fail('clips, which is not read', 'onnx-op');
    const batchFirst = c.flag('layout', false);
    const given = c.get(0);
    const x = batchFirst ? lax.transpose(given, [1, 0, 2]) : given;
    const [steps, samples] = x.shape;
    const direction = c.string('direction', 'forward');
    const count = direction === 'bidirectional' ? 2 : 1;
    const units = c.int('hidden_size', c.get(2).shape[2]);
    const names = c.strings('activations') ?? Array.from({ length: count }, () => usual).flat();
    const lengths = c.inputs[4] && lax.convert(c.inputs[4], 'int32');
    const pick = (v: Value, k: number): Value =>
      lax.reshape(slice1(v, 0, k, k + 1), v.shape.slice(1));
    const outs: Value[] = [];
    const last: Value[][] = [];
    for (let k = 0; k < count; k++) {
      const bias = c.inputs[3] ? pick(c.inputs[3], k) : zeros([2 * gates * units], x.dtype);
      const d: Direction = {
        c,
        units,
        w: pick(c.get(1), k),
        r: pick(c.get(2), k),
        wb: slice1(bias, 0, 0, gates * units),
        rb: slice1(bias, 0, gates * units, 2 * gates * units),
        init: Array.from({ length: states }, (_, s) => {
          const v = c.inputs[5 + s];
          if (!v) return zeros([samples, units], x.dtype);
          return pick(batchFirst ? lax.transpose(v, [1, 0, 2]) : v, k);
        }),
        f: usual.map((_, i) => {
          const name = names[k * usual.length + i] ?? '';
          const f = activations[name.toLowerCase()];
          if (!f) throw c.fail(`has an activation "${name}" that is not read`, 'onnx-op');
          return f;
        }),
        peephole: states === 2 && c.inputs[7] ? pick(c.inputs[7], k) : undefined,
      };
      const reverse = direction === 'reverse' || k === 1;
      const r = overSteps(d, x, step, { steps, reverse, lengths });
      outs.push(r.ys);
      last.push(r.carry);
    }
    // [directions, steps, samples, units] and [directions, samples, units].
    const stack = (vs: readonly Value[]): Value =>
      lax.concatenate(
        vs.map((v) => lax.reshape(v, [1, ...v.shape])),
        0,
      );
    const ys = lax.transpose(stack(outs), batchFirst ? [2, 1, 0, 3] : [1, 0, 2, 3]);
    const finals = Array.from({ length: states }, (_, s) => {
      const v = stack(last.map((l) => l[s]));
      return batchFirst ? lax.transpose(v, [1, 0, 2]) : v;
    });
    return [ys, ...finals];
  };
}

/** Samples that have ended keep their state and give zeros. */
function overSteps(
  d: Direction,
  x: Value,
  step: Step,
  o: { steps: number; reverse: boolean; lengths: Value | undefined },
): { ys: Value; carry: Value[] } {
  const [steps, samples, features] = x.shape;
  const flat = times(lax.reshape(x, [steps * samples, features]), d.w);
  const product = lax.reshape(plus(flat, d.wb), [steps, samples, flat.shape[1]]);
  const result = lax.scan(
    (carry, [at, position]) => {
      let next = step(d, at, carry);
      let out = next[0];
      if (o.lengths) {
        const here = lax.lt(lax.broadcastInDim(position, [samples], []), o.lengths);
        const live = lax.broadcastInDim(here, out.shape, [0]);
        next = next.map((v, i) => lax.select(live, v, carry[i]));
        out = lax.select(live, out, like(out, 0));
      }
      return { carry: next, ys: [out] };
    },
    d.init,
    [product, lax.iota([steps], 0, 'int32')],
    { length: o.steps, reverse: o.reverse },
  );
  return { ys: result.ys[0], carry: result.carry };
}

export const recurrence: Ops = {
  RNN: recurrent(1, 1, ['Tanh'], rnnStep),
  GRU: recurrent(3, 1, ['Sigmoid', 'Tanh'], gruStep),
  LSTM: recurrent(4, 2, ['Sigmoid', 'Tanh', 'Tanh'], lstmStep),
};
