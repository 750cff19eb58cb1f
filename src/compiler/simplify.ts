/**
 * Graph to graph: local rewrites, common subexpressions and dead code, in one walk.
 *
 * The walk rebuilds the graph from its inputs upward. Every node is first offered to the rewrite
 * rules, then looked up among the nodes already built (same primitive, attributes and inputs), so
 * equal work is done once. What no output needs is never reached.
 */
import { constant as constantExpr, type Expr, int, scalarOf, withExprs } from '../expr/expr.ts';
import { apply, applyAll, Graph, type Node, type Value } from '../graph/graph.ts';
import * as lax from '../graph/lax.ts';
import { stopGradient } from '../graph/primitives/elementwise.ts';
import { sameShape, sizeOf } from '../shape.ts';
import { rewriteConvolution } from './rewrite-convolution.ts';
import { rewriteWindow } from './rewrite-window.ts';
import { mergeExtended, pruneControl, simplifyControl } from './simplify-control.ts';

/** Every output a value of its own: an input, or an output named twice, is copied. */
export function ownOutputs(graph: Graph): Graph {
  const seen = new Set<Value>(graph.inputs);
  const outputs = graph.outputs.map((v) => {
    const own = seen.has(v) ? apply(stopGradient, [v], {}) : v;
    seen.add(own);
    return own;
  });
  return new Graph(graph.inputs, outputs, graph.name);
}

export function simplify(original: Graph): Graph {
  const graph = pruneControl(mergeExtended(original));
  const built = new Map<Value, Value>();
  const known = new Map<string, readonly Value[]>();
  const ids = new Map<Value, number>();
  const id = (v: Value): number => {
    let n = ids.get(v);
    if (n === undefined) {
      n = ids.size;
      ids.set(v, n);
    }
    return n;
  };
  // Inputs become plain parameters: how a given value was once computed must not be looked at.
  const inputs = graph.inputs.map((v) => {
    const known = built.get(v);
    if (known) return known;
    const p = lax.parameter(v.shape, v.dtype, v.node.label);
    built.set(v, p);
    built.set(p, p);
    return p;
  });
  const given = new Set(graph.inputs);

  /** Rebuilds what a rule made, so that its pieces are shared too. */
  const share = (v: Value): Value => {
    if (built.get(v) === v) return v;
    const node = v.node;
    const operands = node.inputs.map(share);
    const key = `${node.key}(${operands.map(id).join()})`;
    let outs = known.get(key);
    if (!outs) {
      const same = operands.every((o, i) => o === node.inputs[i]);
      outs = same ? node.outputs : applyAll(node.primitive, operands, node.attrs);
      known.set(key, outs);
      for (const o of outs) built.set(o, o);
    }
    return outs[v.index];
  };

  return withExprs(() => {
    for (const node of graph.computed) {
      const operands = node.inputs.map((v) => built.get(v)!);
      const simpler = node.outputs.length === 1 ? rewrite(node, operands) : undefined;
      if (simpler) {
        built.set(node.outputs[0], share(simpler));
        continue;
      }
      const control = node.primitive.lowering.kind === 'control';
      const plain = control ? simplifyControl(node, operands, simplify) : undefined;
      if (Array.isArray(plain)) {
        node.outputs.forEach((o, i) => {
          if (!given.has(o)) built.set(o, share(plain[i]));
        });
        continue;
      }
      const key = `${node.key}(${operands.map(id).join()})`;
      let outs = known.get(key);
      if (!outs) {
        outs = plain
          ? applyAll(node.primitive, plain.operands, plain.attrs)
          : applyAll(node.primitive, operands, node.attrs);
        known.set(key, outs);
        for (const o of outs) built.set(o, o);
      }
      node.outputs.forEach((o, i) => {
        if (!given.has(o)) built.set(o, outs[i]);
      });
    }
    return new Graph(
      inputs,
      graph.outputs.map((v) => built.get(v)!),
      graph.name,
    );
  });
}

const name = (v: Value): string => v.node.primitive.name;

/** The number that fills `v` throughout, if it is known. */
export function fillOf(v: Value): number | undefined {
  let x = v;
  while (name(x) === 'broadcast_in_dim' || name(x) === 'reshape') x = x.node.inputs[0];
  return name(x) === 'constant' ? (x.node.attrs.value as number) : undefined;
}

/** A simpler value equal to applying `node` to `xs`, or undefined. */
function rewrite(node: Node, xs: readonly Value[]): Value | undefined {
  const out = node.outputs[0];
  const folded = foldConstants(node, xs);
  if (folded !== undefined) return lax.full(out.shape, folded, out.dtype);
  const [x, y] = xs;
  const inner = x?.node;
  switch (node.primitive.name) {
    case 'stop_gradient':
      return x;
    case 'convert':
      return x.dtype === out.dtype ? x : undefined;
    case 'reshape':
      if (sameShape(x.shape, out.shape)) return x;
      return name(x) === 'reshape' ? lax.reshape(inner.inputs[0], out.shape) : undefined;
    case 'transpose': {
      const perm = node.attrs.permutation as readonly number[];
      if (perm.every((d, i) => d === i)) return x;
      if (name(x) === 'transpose') {
        const first = inner.attrs.permutation as readonly number[];
        return lax.transpose(
          inner.inputs[0],
          perm.map((d) => first[d]),
        );
      }
      // Moving only dimensions of size 1 keeps the memory order.
      const kept = perm.filter((d) => x.shape[d] !== 1);
      return kept.every((d, i) => i === 0 || d > kept[i - 1])
        ? lax.reshape(x, out.shape)
        : undefined;
    }
    case 'broadcast_in_dim': {
      if (sizeOf(x.shape) === sizeOf(out.shape)) return lax.reshape(x, out.shape);
      if (name(x) !== 'broadcast_in_dim') return undefined;
      const outer = node.attrs.dimensions as readonly number[];
      const first = inner.attrs.dimensions as readonly number[];
      const root = inner.inputs[0];
      // A size-1 dimension may have grown in the first step; then it must not be read as 1 again.
      return lax.broadcastInDim(
        root,
        out.shape,
        first.map((d) => outer[d]),
      );
    }
    case 'add':
      if (fillOf(y) === 0) return x;
      return fillOf(x) === 0 ? y : undefined;
    case 'sub':
      if (fillOf(y) === 0) return x;
      return fillOf(x) === 0 && Object.is(fillOf(x), -0) ? lax.neg(y) : undefined;
    case 'mul':
      if (fillOf(y) === 1) return x;
      if (fillOf(x) === 1) return y;
      if (fillOf(y) === -1) return lax.neg(x);
      return fillOf(x) === -1 ? lax.neg(y) : undefined;
    case 'div': {
      const d = fillOf(y);
      if (d === 1) return x;
      // Dividing by a power of two is multiplying by its inverse, exactly.
      const float = out.dtype === 'float32' || out.dtype === 'float64';
      if (float && d !== undefined && isPowerOfTwo(d))
        return lax.mul(x, lax.full(out.shape, 1 / d, out.dtype));
      return undefined;
    }
    case 'neg':
      return name(x) === 'neg' ? inner.inputs[0] : undefined;
    case 'select': {
      const c = fillOf(x);
      return c === undefined ? undefined : c ? xs[1] : xs[2];
    }
    case 'reduce_sum':
    case 'reduce_max':
    case 'reduce_min':
    case 'reduce_prod':
    case 'reduce_and':
    case 'reduce_or':
      if (sizeOf(out.shape) === sizeOf(x.shape)) return lax.reshape(x, out.shape);
      return splitReduction(node, x);
    case 'dot_general':
      return splitContraction(node, xs);
    case 'conv_general_dilated':
      return rewriteConvolution(node, xs);
    case 'reduce_window':
    case 'arg_window':
      return rewriteWindow(node, x);
    default:
      return undefined;
  }
}

function isPowerOfTwo(v: number): boolean {
  const l = Math.log2(Math.abs(v));
  return Number.isInteger(l) && Math.abs(l) < 100;
}

/** Evaluates pointwise arithmetic whose operands are all one known number. */
function foldConstants(node: Node, xs: readonly Value[]): number | undefined {
  const { lowering } = node.primitive;
  if (lowering.kind !== 'pointwise' || !lowering.elementwise || xs.length === 0) return undefined;
  const values: number[] = [];
  for (const x of xs) {
    const v = fillOf(x);
    if (v === undefined) return undefined;
    values.push(v);
  }
  const index = node.outputs[0].shape.map(() => int(0));
  const read = (k: number): Expr => constantExpr(scalarOf(xs[k].dtype), values[k]);
  const e = lowering.at(node, index, read);
  return e.op === 'const' ? e.value : undefined;
}

/**
 * A reduction of many elements to few would run on one thread. Done in two stages, the first has a
 * fixed number of independent parts: fixed, so that the result does not depend on the threads.
 */
function splitReduction(node: Node, x: Value): Value | undefined {
  const out = node.outputs[0];
  const axes = node.attrs.axes as readonly number[];
  const reduced = sizeOf(axes.map((a) => x.shape[a]));
  if (sizeOf(out.shape) > 16 || reduced < 65_536) return undefined;
  for (const a of axes) {
    const n = x.shape[a];
    for (const parts of [64, 48, 50, 32, 40, 60, 100, 16, 25, 20, 10, 8]) {
      if (n % parts !== 0) continue;
      const split = lax.reshape(x, [
        ...x.shape.slice(0, a),
        parts,
        n / parts,
        ...x.shape.slice(a + 1),
      ]);
      const first = axes.map((b) => (b >= a ? b + 1 : b));
      const partial = apply(node.primitive, [split], { axes: first });
      // In `partial` the parts stand where `a` was, among the kept dimensions before it.
      const at = x.shape.map((_, d) => d).filter((d) => d < a && !axes.includes(d)).length;
      return apply(node.primitive, [partial], { axes: [at] });
    }
  }
  return undefined;
}

/**
 * Whether a product reads much of B for few rows of A, as a dense layer does with a batch. Each of two
 * threads then takes half of the rows of B: those that it also updates, in the product that makes the
 * gradient of B. Where both read all of B, half of it comes from the other core's cache in every step.
 */
function ownsRows(
  x: Value,
  y: Value,
  a: { readonly lhsContract: readonly number[]; readonly rhsContract: readonly number[] },
): boolean {
  const k = x.shape[a.lhsContract[0]];
  const m = sizeOf(x.shape) / k;
  const plain = y.shape.length === 2 && a.rhsContract[0] === 0 && x.dtype === 'float32';
  return plain && m >= 16 && k >= 4 * m && sizeOf(y.shape) >= 1 << 16;
}

/**
 * A product that contracts over very many elements into a small result: done as a batch of shorter
 * products that are then added up, so that it has parallel work and its panels stay in the cache.
 */
function splitContraction(node: Node, xs: readonly Value[]): Value | undefined {
  const [x, y] = xs;
  const out = node.outputs[0];
  const a = node.attrs as unknown as {
    lhsContract: number[];
    rhsContract: number[];
    lhsBatch: number[];
    rhsBatch: number[];
  };
  if (a.lhsContract.length !== 1 || a.lhsBatch.length !== 0) return undefined;
  const k = x.shape[a.lhsContract[0]];
  if (sizeOf(out.shape) > 1 << 16) return undefined;
  const long = k >= 8192;
  if (!long && !ownsRows(x, y, a)) return undefined;
  const parts = (long ? [16, 8, 32, 12, 10, 20, 24, 25, 4] : [2]).find(
    (p) => k % p === 0 && k / p >= (long ? 512 : 256),
  );
  if (!parts) return undefined;
  const split = (v: Value, d: number): Value =>
    lax.reshape(v, [...v.shape.slice(0, d), parts, k / parts, ...v.shape.slice(d + 1)]);
  const [p, q] = [a.lhsContract[0], a.rhsContract[0]];
  const partial = lax.dotGeneral(split(x, p), split(y, q), {
    lhsContract: [p + 1],
    rhsContract: [q + 1],
    lhsBatch: [p],
    rhsBatch: [q],
  });
  return lax.reduceSum(partial, [0]);
}
