/**
 * What is known of a pending graph without walking it: whether it hangs on a parameter that is being
 * traced, and about how much work and memory it holds back.
 */
import { bytesOf } from '../dtype.ts';
import type { Node, Value } from '../graph/index.ts';
import { sizeOf } from '../shape.ts';

export interface Pending {
  /** Depends on a parameter that has no value yet. */
  readonly traced: boolean;
  /** Operations to run; shared ones are counted once a path, so at least that many. */
  readonly nodes: number;
  /** Bytes of computed values that cannot be freed before it has run; counted likewise. */
  readonly bytes: number;
}

const notes = new WeakMap<Node, Pending>();

const sizeInBytes = (v: Value): number => sizeOf(v.shape) * bytesOf(v.dtype);

export function pendingOf(v: Value): Pending {
  if (v.storage !== undefined) return { traced: false, nodes: 0, bytes: sizeInBytes(v) };
  const known = notes.get(v.node);
  if (known) return known;
  // Gradients arrive as deep graphs that nobody has looked at yet: no recursion.
  const stack = [v.node];
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (notes.has(node)) {
      stack.pop();
      continue;
    }
    const open = node.inputs.filter((i) => i.storage === undefined && !notes.has(i.node));
    if (open.length > 0) {
      for (const i of open) stack.push(i.node);
      continue;
    }
    stack.pop();
    let traced = node.primitive.name === 'parameter';
    let nodes = 1;
    let bytes = 0;
    for (const i of node.inputs) {
      if (i.storage !== undefined) {
        bytes += sizeInBytes(i);
        continue;
      }
      const p = notes.get(i.node)!;
      traced ||= p.traced;
      nodes += p.nodes;
      bytes += p.bytes;
    }
    notes.set(node, { traced, nodes, bytes });
  }
  return notes.get(v.node)!;
}

/** Whether the value can be computed: nothing above it is a parameter being traced. */
export function isConcrete(v: Value): boolean {
  return !pendingOf(v).traced;
}

const mostNodes = 500;
/** Memory is worth running for only when there is more than a handful of operations to run. */
const mostBytes = 512 * 2 ** 20;
const fewNodes = 32;

const heavy = (p: Pending): boolean =>
  p.nodes > mostNodes || (p.bytes > mostBytes && p.nodes > fewNodes);

/**
 * Whether so much is pending that it should be run now, so that a loop that never reads stays
 * bounded in memory and in the depth of its graph.
 */
export function isHeavy(v: Value): boolean {
  const estimate = pendingOf(v);
  if (estimate.traced || !heavy(estimate)) return false;
  // The estimate doubles with every operation that uses a value twice: count exactly.
  const exact = count(v);
  notes.set(v.node, exact);
  return heavy(exact);
}

function count(v: Value): Pending {
  const seen = new Set<Node>([v.node]);
  const leaves = new Set<Value>();
  let bytes = 0;
  for (const node of seen) {
    for (const i of node.inputs) {
      if (i.storage === undefined) seen.add(i.node);
      else if (!leaves.has(i)) {
        leaves.add(i);
        bytes += sizeInBytes(i);
      }
    }
  }
  return { traced: false, nodes: seen.size, bytes };
}
