/**
 * Gradients of control flow, graph to graph. The gradient of a scan is a scan in the other direction
 * over what an extended forward scan has kept; that of a cond is a cond.
 */
import { bytesOf, isFloat } from '../../dtype.ts';
import { sizeOf } from '../../shape.ts';
import * as control from '../control.ts';
import { vjpOrNone } from '../gradient.ts';
import { applyAll, type Node, type Value } from '../graph.ts';
import * as lax from '../lax.ts';
import { dependsOnAny, inline, ownGraph, substitute } from '../subgraph.ts';
import { type CondAttrs, extended, type ScanAttrs, scan } from './control.ts';
import type { DotAttrs } from './dot.ts';

type Maybe = Value | undefined;

const standIn = (v: Value): Value => lax.parameter(v.shape, v.dtype);
const zeros = (v: Value): Value => lax.full(v.shape, 0, v.dtype);
const bytes = (v: Value): number => sizeOf(v.shape) * bytesOf(v.dtype);

/** Above this many scalar operations an element, a value is kept for the way back, not recomputed. */
const dear = 8;

export function condVjp(
  node: Node & { readonly attrs: CondAttrs },
  cotangents: readonly Maybe[],
): Maybe[] {
  const [pred, ...operands] = node.inputs;
  const outs = [...cotangents.keys()].filter(
    (i) => cotangents[i] && isFloat(node.outputs[i].dtype),
  );
  const wanted = [...operands.keys()].filter((i) => isFloat(operands[i].dtype));
  const back =
    (graph: CondAttrs['then']) =>
    (...given: Value[]) => {
      const inputs = given.slice(0, operands.length);
      const cts = given.slice(operands.length);
      const results = inline(graph, inputs);
      const grads = vjpOrNone(
        outs.map((i) => results[i]),
        wanted.map((i) => inputs[i]),
        cts,
      );
      return grads.map((g, k) => g ?? zeros(inputs[wanted[k]]));
    };
  const grads = control.cond(
    pred,
    [...operands, ...outs.map((i) => cotangents[i]!)],
    back(node.attrs.then),
    back(node.attrs.otherwise),
  );
  const result: Maybe[] = node.inputs.map(() => undefined);
  wanted.forEach((i, k) => {
    result[i + 1] = grads[k];
  });
  return result;
}

/**
 * With the body (constants, carry, x) -> (carry', y), the way back is a scan over the steps in
 * reverse that carries the cotangent of the carry. Of the forward values it reads, those that are
 * dear are kept by an extended forward scan, the others are recomputed. Cotangents of the constants
 * are sums over the steps: where such a sum ends in products or reductions of what the steps give,
 * it is done after the loop, in one product over all steps.
 */
export function scanVjp(
  node: Node & { readonly attrs: ScanAttrs },
  cotangents: readonly Maybe[],
): Maybe[] {
  const { body, constants: nc, carry: nh, length, reverse } = node.attrs;
  const outerConstants = node.inputs.slice(0, nc);
  const init = node.inputs.slice(nc, nc + nh);
  const xs = node.inputs.slice(nc + nh);

  // One step forward and back, from parameters.
  const params = body.inputs.map(standIn);
  const outs = inline(body, params);
  const carried = [...init.keys()].filter((i) => isFloat(init[i].dtype));
  const given = [...cotangents.keys()].filter(
    (i) => i >= nh && cotangents[i] && isFloat(node.outputs[i].dtype),
  );
  const ctCarry = carried.map((i) => standIn(outs[i]));
  const ctYs = given.map((i) => standIn(outs[i]));
  const grads = vjpOrNone(
    [...carried, ...given].map((i) => outs[i]),
    params,
    [...ctCarry, ...ctYs],
  );
  const gradOf = (i: number): Maybe => (isFloat(params[i].dtype) ? grads[i] : undefined);

  const isBack = dependsOnAny(
    grads.filter((g) => g !== undefined),
    [...ctCarry, ...ctYs],
  );
  const constantParams = params.slice(0, nc);
  const xParams = params.slice(nc + nh);
  const kept = keep(grads, isBack, params.slice(nc, nc + nh), xParams);

  // Forward again, with what is kept as further ys. The compiler runs it in place of `node`.
  let keptStacks: readonly Value[] = [];
  if (kept.length > 0) {
    const forward = applyAll(scan, node.inputs, {
      ...node.attrs,
      body: ownGraph(params, [...outs, ...kept]),
      [extended]: body,
    } as ScanAttrs);
    keptStacks = forward.slice(outs.length);
  }

  const sums = new Sums(isBack);
  for (let i = 0; i < nc; i++) {
    const g = gradOf(i);
    if (g) sums.take(g);
  }
  const ys: Value[] = [];
  const y = (v: Value): number => {
    const at = ys.indexOf(v);
    return at >= 0 ? at : ys.push(v) - 1;
  };
  /** Where a value of the step is found stacked: among xs, among what is kept, or a result. */
  const stackOf = new Map<Value, Value>();
  xParams.forEach((p, i) => {
    stackOf.set(p, xs[i]);
  });
  kept.forEach((v, i) => {
    stackOf.set(v, keptStacks[i]);
  });
  for (const v of sums.stacked) if (!stackOf.has(v)) y(v);
  for (let i = nc + nh; i < params.length; i++) {
    const g = gradOf(i);
    if (g && !stackOf.has(g)) y(g);
  }

  const backXs = [...given.map((i) => cotangents[i]!), ...keptStacks, ...xs];
  const start = [
    ...carried.map((i) => cotangents[i] ?? zeros(init[i])),
    ...sums.accumulated.map(zeros),
  ];
  const back = control.scan(
    (carry, x) => {
      const map = new Map<Value, Value>();
      ctCarry.forEach((v, i) => {
        map.set(v, carry[i]);
      });
      [...ctYs, ...kept, ...xParams].forEach((v, i) => {
        map.set(v, x[i]);
      });
      constantParams.forEach((v, i) => {
        map.set(v, outerConstants[i]);
      });
      // An outer value may be a replaced one of another loop: nothing above them is looked at.
      for (const v of [...carry, ...x, ...outerConstants]) map.set(v, v);
      const [...made] = substitute(
        [...carried.map((i) => gradOf(nc + i) ?? zeros(init[i])), ...sums.accumulated, ...ys],
        map,
      );
      const next = made.slice(0, carried.length);
      const terms = made.slice(carried.length, start.length);
      return {
        carry: [...next, ...terms.map((t, i) => lax.add(carry[carried.length + i], t))],
        ys: made.slice(start.length),
      };
    },
    start,
    backXs,
    { length, reverse: !reverse },
  );
  ys.forEach((v, i) => {
    stackOf.set(v, back.ys[i]);
  });

  const result: Maybe[] = node.inputs.map(() => undefined);
  const totals = sums.finish(
    stackOf,
    back.carry.slice(carried.length),
    outerConstants,
    constantParams,
  );
  for (let i = 0; i < nc; i++) {
    const g = gradOf(i);
    if (g) result[i] = totals(g);
  }
  carried.forEach((i, k) => {
    result[nc + i] = back.carry[k];
  });
  for (let i = nc + nh; i < params.length; i++) {
    const g = gradOf(i);
    if (g) result[i] = stackOf.get(g);
  }
  return result;
}

/**
 * Which forward values to keep for the way back, all of the same step: dear ones, and of the cheap
 * ones those that take fewer bytes than what they would be recomputed from.
 */
function keep(
  grads: readonly Maybe[],
  isBack: (v: Value) => boolean,
  carry: readonly Value[],
  xs: readonly Value[],
): Value[] {
  const varies = dependsOnAny(
    grads.filter((g) => g !== undefined),
    [...carry, ...xs],
  );
  const available = new Set(xs);
  const isCarry = new Set(carry);
  const kept = new Set<Value>();
  const mustKeep = (v: Value): boolean => {
    if (isCarry.has(v)) return true;
    const { lowering } = v.node.primitive;
    return lowering.kind !== 'pointwise' || lowering.cost > dear;
  };
  const cheap: Value[] = [];
  for (const v of readByBack(grads, isBack)) {
    if (!varies(v) || available.has(v)) continue;
    if (mustKeep(v)) kept.add(v);
    else cheap.push(v);
  }
  for (const v of cheap) {
    const frontier = new Set<Value>();
    const seen = new Set<Value>();
    const stack = [v];
    while (stack.length > 0) {
      const u = stack.pop()!;
      if (seen.has(u) || kept.has(u) || available.has(u) || !varies(u)) continue;
      seen.add(u);
      if (mustKeep(u)) frontier.add(u);
      else stack.push(...u.node.inputs);
    }
    let cost = 0;
    for (const f of frontier) cost += bytes(f);
    if (cost <= bytes(v)) for (const f of frontier) kept.add(f);
    else kept.add(v);
  }
  return [...kept];
}

/** Forward values that the way back reads directly. */
function readByBack(grads: readonly Maybe[], isBack: (v: Value) => boolean): Value[] {
  const found = new Set<Value>();
  const seen = new Set<Node>();
  const stack: Value[] = [];
  for (const g of grads) {
    if (!g) continue;
    if (isBack(g)) stack.push(g);
    else found.add(g);
  }
  while (stack.length > 0) {
    const { node } = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const v of node.inputs) {
      if (isBack(v)) stack.push(v);
      else found.add(v);
    }
  }
  return [...found];
}

const linear = new Set(['add', 'neg', 'sub', 'transpose', 'reshape']);

/** Sums over the steps, and how to do them after the loop. */
class Sums {
  /** Values whose stacks over all steps are wanted. */
  readonly stacked: Set<Value> = new Set();
  /** Values added up in the loop. */
  readonly accumulated: Value[] = [];
  readonly #isBack: (v: Value) => boolean;
  readonly #leaves = new Set<Value>();
  readonly #after: Value[] = [];

  constructor(isBack: (v: Value) => boolean) {
    this.#isBack = isBack;
  }

  /** What a sum of `v` over the steps needs: `v` is linear in what it ends in. */
  take(v: Value): void {
    const stack = [v];
    const seen = new Set<Value>();
    while (stack.length > 0) {
      const u = stack.pop()!;
      if (seen.has(u)) continue;
      seen.add(u);
      const { primitive, inputs } = u.node;
      if (linear.has(primitive.name) && this.#isBack(u)) stack.push(...inputs);
      else if (!this.#leaves.has(u)) this.#leaf(u);
    }
  }

  #leaf(u: Value): void {
    this.#leaves.add(u);
    const { primitive, inputs } = u.node;
    const whole = primitive.name === 'reduce_sum' || primitive.name === 'dot_general';
    if (whole && this.#isBack(u)) {
      for (const v of inputs) this.stacked.add(v);
      this.#after.push(u);
    } else this.accumulated.push(u);
  }

  /** The sums over all steps of what was taken. */
  finish(
    stackOf: ReadonlyMap<Value, Value>,
    accumulators: readonly Value[],
    constants: readonly Value[],
    constantParams: readonly Value[],
  ): (v: Value) => Value {
    const map = new Map<Value, Value>();
    constantParams.forEach((p, i) => {
      map.set(p, constants[i]);
    });
    for (const c of constants) map.set(c, c);
    this.accumulated.forEach((v, i) => {
      map.set(v, accumulators[i]);
      map.set(accumulators[i], accumulators[i]);
    });
    for (const u of this.#after) {
      const total = overSteps(
        u.node,
        u.node.inputs.map((v) => stackOf.get(v)!),
      );
      map.set(u, total);
      map.set(total, total);
    }
    return (v) => substitute([v], map)[0];
  }
}

/** The sum over all steps of a product or a reduction, from stacked operands. */
function overSteps(node: Node, stacks: readonly Value[]): Value {
  const after = (dims: readonly number[]): number[] => dims.map((d) => d + 1);
  if (node.primitive.name === 'reduce_sum')
    return lax.reduceSum(stacks[0], [0, ...after(node.attrs.axes as readonly number[])]);
  const a = node.attrs as DotAttrs;
  return lax.dotGeneral(stacks[0], stacks[1], {
    lhsContract: [0, ...after(a.lhsContract)],
    rhsContract: [0, ...after(a.rhsContract)],
    lhsBatch: after(a.lhsBatch),
    rhsBatch: after(a.rhsBatch),
  });
}
