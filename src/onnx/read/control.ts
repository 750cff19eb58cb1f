/** If, Loop and Scan. */

import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import type { GraphProto } from '../messages.ts';
import type { Call, Op, Ops } from './call.ts';

/** What is known beforehand, if it is. */
function known(c: Call, i: number): number | undefined {
  try {
    return c.host(i)[0];
  } catch (e) {
    if (e instanceof GradloomError && e.code === 'onnx-dynamic') return undefined;
    throw e;
  }
}

const either: Op = (c) => {
  const [then, otherwise] = [c.graph('then_branch'), c.graph('else_branch')];
  let which: number | undefined;
  try {
    which = known(c, 0);
  } catch {
    // It hangs on an input: both are built.
  }
  if (which !== undefined) return c.run(which ? then : otherwise, []);
  return lax.cond(
    lax.reshape(c.get(0), []),
    [],
    () => c.run(then, []),
    () => c.run(otherwise, []),
  );
};

/** Whether a body says to go on whatever happens: it gives back the condition, or a constant. */
function goesOn(g: GraphProto): boolean {
  const out = g.output?.[0]?.name;
  const condition = g.input?.[1]?.name;
  let name = out;
  for (let turn = 0; turn < 8; turn++) {
    if (name === condition) return true;
    const node = g.node?.find((n) => n.output?.[0] === name);
    if (node?.opType !== 'Identity') break;
    name = node.input?.[0];
  }
  const made = g.node?.find((n) => n.output?.[0] === name);
  const t = made?.opType === 'Constant' ? made.attribute?.[0]?.t : undefined;
  return t?.rawData?.[0] === 1 || t?.int32Data?.[0] === 1;
}

const loop: Op = (c) => {
  const body = c.graph('body');
  const init = c.inputs.slice(2).map((_, i) => c.get(i + 2));
  const carried = init.length;
  const turns = c.has(0) ? known(c, 0) : undefined;
  const first = c.has(1) ? known(c, 1) : 1;
  const scans = (body.output?.length ?? 0) - 1 - carried;
  if (turns !== undefined && first === 1 && goesOn(body)) {
    if (!(turns >= 0 && turns < 2 ** 24)) throw c.fail(`goes ${turns} times around`);
    const { carry, ys } = lax.scan(
      (state, [i]) => {
        const [, ...out] = c.run(body, [i, lax.scalar(1, 'bool'), ...state]);
        return { carry: out.slice(0, carried), ys: out.slice(carried) };
      },
      init,
      [lax.iota([turns], 0, 'int32')],
      { length: turns },
    );
    return [...carry, ...ys];
  }
  if (scans > 0)
    throw c.fail('collects results over a number of turns that is not known', 'onnx-dynamic');
  const most = c.has(0)
    ? lax.convert(lax.reshape(c.get(0), []), 'int32')
    : lax.scalar(2 ** 31 - 1, 'int32');
  const start = c.has(1) ? lax.reshape(c.get(1), []) : lax.scalar(1, 'bool');
  const [, , ...results] = lax.whileLoop(
    (i, again) => lax.and(again, lax.lt(i, most)),
    (i, again, ...state) => {
      const [next, ...out] = c.run(body, [i, again, ...state]);
      return [lax.add(i, lax.scalar(1, 'int32')), lax.reshape(next, []), ...out];
    },
    [lax.scalar(0, 'int32'), start, ...init],
  );
  return results;
};

const toFront = (v: Value, axis: number): Value =>
  lax.transpose(v, [axis, ...v.shape.map((_, d) => d).filter((d) => d !== axis)]);
function fromFront(v: Value, axis: number): Value {
  const perm = v.shape.map((_, d) => d).slice(1);
  perm.splice(axis, 0, 0);
  return lax.transpose(v, perm);
}

const scan: Op = (c) => {
  if (c.opset < 9) throw c.fail('is of version 8, which is not read', 'onnx-op');
  const body = c.graph('body');
  const count = c.int('num_scan_inputs', 0);
  const states = c.inputs.length - count;
  if (!(count > 0 && states >= 0)) throw c.fail(`has ${count} inputs to scan`);
  const all = c.all;
  const axes = c.ints('scan_input_axes') ?? [];
  const back = c.ints('scan_input_directions') ?? [];
  const xs = all.slice(states).map((v, i) => {
    const front = toFront(v, c.axis(axes[i] ?? 0, v.shape.length));
    return back[i] === 1 ? lax.reverse(front, [0]) : front;
  });
  const { carry, ys } = lax.scan(
    (state, x) => {
      const out = c.run(body, [...state, ...x]);
      return { carry: out.slice(0, states), ys: out.slice(states) };
    },
    all.slice(0, states),
    xs,
  );
  const outAxes = c.ints('scan_output_axes') ?? [];
  const outBack = c.ints('scan_output_directions') ?? [];
  const stacked = ys.map((v, i) => {
    const turned = outBack[i] === 1 ? lax.reverse(v, [0]) : v;
    return fromFront(turned, c.axis(outAxes[i] ?? 0, v.shape.length));
  });
  return [...carry, ...stacked];
};

export const control: Ops = { If: either, Loop: loop, Scan: scan };
