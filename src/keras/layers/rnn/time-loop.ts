/** Goes through the steps of a sequence, as Keras's backends do: with masks, and backwards. */
import { lax, type Value } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';

/** [output, new states] of the inputs at one step and the states before it. */
export type Step = (x: Tensor, states: readonly Tensor[]) => readonly [Tensor, readonly Tensor[]];

export interface TimeLoopOptions {
  /** (time, batch): steps that are false change nothing. */
  readonly mask?: Tensor;
  readonly reverse: boolean;
  /** As many copies of the step as there are steps, instead of a loop. */
  readonly unroll: boolean;
  /** Whether the outputs of all steps are wanted. */
  readonly collect: boolean;
  /** Outputs of masked steps are 0 instead of those before. */
  readonly zeroOutput: boolean;
  /** Which state is the output, if one is. */
  readonly outputState: number | undefined;
}

export interface TimeLoopResult {
  readonly last: Tensor;
  /** (time, batch, …) in the order in which the steps were taken. */
  readonly outputs: Tensor | undefined;
  readonly states: readonly Tensor[];
}

/** xs (time, batch, …). */
export function timeLoop(
  step: Step,
  xs: Tensor,
  states: readonly Tensor[],
  o: TimeLoopOptions,
): TimeLoopResult {
  return o.unroll ? unrolled(step, xs, states, o) : looped(step, xs, states, o);
}

/** which ? a : b, `which` (batch, 1) or (batch). */
function choose(which: Tensor, a: Tensor, b: Tensor): Tensor {
  const spread = lax.broadcastInDim(which.value, a.shape, [0]);
  return Tensor.of(lax.select(spread, a.value, b.value), which, a, b);
}

const zerosLike = (t: Tensor): Tensor => Tensor.of(lax.full(t.shape, 0, t.dtype));

function at(xs: Tensor, t: number): Tensor {
  const start = xs.shape.map((_, d) => (d === 0 ? t : 0));
  const limit = xs.shape.map((n, d) => (d === 0 ? t + 1 : n));
  return Tensor.of(lax.reshape(lax.slice(xs.value, start, limit), xs.shape.slice(1)), xs);
}

function stack(list: readonly Tensor[]): Tensor {
  const one = list.map((t) => lax.reshape(t.value, [1, ...t.shape]));
  return Tensor.of(lax.concatenate(one, 0), ...list);
}

function unrolled(
  step: Step,
  xs: Tensor,
  initial: readonly Tensor[],
  o: TimeLoopOptions,
): TimeLoopResult {
  const n = xs.shape[0];
  let states = initial;
  const outputs: Tensor[] = [];
  for (let k = 0; k < n; k++) {
    const t = o.reverse ? n - 1 - k : k;
    const [y, next] = step(at(xs, t), states);
    if (!o.mask) {
      outputs.push(y);
      states = next;
      continue;
    }
    const m = at(o.mask, t);
    // Here Keras gives a masked step the output before it, whatever zeroOutputForMask says.
    outputs.push(choose(m, y, k === 0 ? zerosLike(y) : outputs[k - 1]));
    states = next.map((s, i) => choose(m, s, states[i]));
  }
  return {
    last: outputs[n - 1],
    outputs: o.collect ? stack(outputs) : undefined,
    states,
  };
}

function looped(
  step: Step,
  xs: Tensor,
  initial: readonly Tensor[],
  o: TimeLoopOptions,
): TimeLoopResult {
  const { mask } = o;
  const masked = (y: Tensor, m: Tensor, before: readonly Tensor[]): Tensor =>
    choose(m, y, o.zeroOutput ? zerosLike(y) : before[o.outputState ?? 0]);
  // The last output is a state already, unless something else is put out where the mask is.
  const known = o.outputState !== undefined && !(mask && o.zeroOutput);
  const carried = !o.collect && !known;
  const body = (carry: readonly Value[], [x, m]: readonly Value[]) => {
    const before = carry.slice(0, initial.length).map((v) => Tensor.of(v));
    const [y, next] = step(Tensor.of(x), before);
    const seen = m && Tensor.of(m);
    const out = seen ? masked(y, seen, before) : y;
    const states = seen ? next.map((s, i) => choose(seen, s, before[i])) : next;
    return {
      carry: [...states, ...(carried ? [out] : [])].map((t) => t.value),
      ys: o.collect ? [out.value] : [],
    };
  };
  const first = (): Value => {
    const [y] = step(at(xs, 0), initial);
    return lax.full(y.shape, 0, y.dtype);
  };
  const init = [...initial.map((t) => t.value), ...(carried ? [first()] : [])];
  const { carry, ys } = lax.scan(body, init, mask ? [xs.value, mask.value] : [xs.value], {
    reverse: o.reverse,
  });
  const end = carry.map((v) => Tensor.of(v, xs, ...initial));
  const states = end.slice(0, initial.length);
  if (!o.collect)
    return {
      last: known ? states[o.outputState!] : end[initial.length],
      outputs: undefined,
      states,
    };
  const all = o.reverse ? lax.reverse(ys[0], [0]) : ys[0];
  const outputs = Tensor.of(all, xs, ...initial);
  return { last: at(outputs, outputs.shape[0] - 1), outputs, states };
}
