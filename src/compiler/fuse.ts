/**
 * Which values become buffers, and which operations share a kernel.
 *
 * Pointwise nodes are free to be computed wherever they are read. A *group* is what one kernel
 * computes: at most one heavy node (a fold, a product, or a `loops` primitive) and any number of
 * pointwise values over the same elements, in the same order. Fusion is then two questions:
 *
 * 1. Which pointwise values are worth a buffer? Outputs; what is read by many or read repeatedly
 *    and is dear to compute; what a `loops` kernel reads.
 * 2. Which groups may be one? A group may swallow the producer of a value that it reads at its own
 *    index only (*aligned*): that is how a product gets its epilogue (bias, activation, even the
 *    optimizer's update) and how an update of three arrays becomes one loop.
 */
import type { Graph, Node, Value } from '../graph/graph.ts';
import { isConstant } from '../graph/lax.ts';
import { sizeOf } from '../shape.ts';

/** Above this many scalar operations an element, computing twice costs more than a store and a load. */
const dear = 8;
/** Bounds the size of one kernel's expression. */
const largest = 400;

export interface Group {
  readonly id: number;
  /** The fold, product or loops node, if the group has one. */
  heavy: Node | undefined;
  /** Values that get a buffer. */
  stored: Value[];
  /** Values computed here, stored or not, that other nodes may name. */
  members: Set<Value>;
}

export interface Fusion {
  /** In an order in which they can run. */
  readonly groups: readonly Group[];
  readonly groupOf: ReadonlyMap<Value, Group>;
}

const kind = (n: Node): string => n.primitive.lowering.kind;
/** Operands and results are whole buffers, and nothing fuses with it. */
const takesWhole = (n: Node): boolean => kind(n) === 'loops' || kind(n) === 'control';

/** Convolutions read overlapping windows over and over: their operands lie in memory. */
const readsInPlace = (n: Node): boolean => n.primitive.name === 'conv_general_dilated';

/**
 * Whether an operand is one small matrix for each of a batch, as in attention: such are read where they
 * lie, and who computes one would pack it for that alone. What makes it can often finish it in passing.
 */
function isSmallMatrix(v: Value, node: Node): boolean {
  const { lhsBatch } = node.attrs as { lhsBatch?: readonly number[] };
  if (!lhsBatch?.length) return false;
  const batch = sizeOf(node.outputs[0].shape.slice(0, lhsBatch.length));
  return sizeOf(v.shape) <= batch << 16;
}

/** How `node` reads an operand: at its own element, elsewhere, or many times over. */
function reading(node: Node, operand: number): { aligned: boolean; repeats: boolean } {
  const { lowering, name } = node.primitive;
  if (lowering.kind !== 'pointwise')
    return { aligned: false, repeats: lowering.kind === 'contract' };
  const size = sizeOf(node.outputs[0].shape);
  const repeats = lowering.repeats === true || sizeOf(node.inputs[operand].shape) < size;
  if (lowering.elementwise || name === 'reshape') return { aligned: true, repeats: false };
  return { aligned: false, repeats };
}

export function fuse(graph: Graph): Fusion {
  const inputs = new Set(graph.inputs);
  const nodes = graph.computed;
  const users = new Map<Value, [Node, number][]>();
  for (const n of nodes) {
    n.inputs.forEach((v, k) => {
      const list = users.get(v);
      if (list) list.push([n, k]);
      else users.set(v, [[n, k]]);
    });
  }
  const outputs = new Set(graph.outputs);

  // Question 1.
  const kept = new Set<Value>();
  const cost = new Map<Value, number>();
  /** What looks at a window of elements for each of its own, if it is not stored. */
  const windows = new Set<Value>();
  for (const n of nodes) {
    const { lowering } = n.primitive;
    if (lowering.kind !== 'pointwise') {
      for (const o of n.outputs) kept.add(o);
      continue;
    }
    const v = n.outputs[0];
    // Windows are computed in their own shape, where their places are plain sums of loop indices.
    if (n.primitive.name === 'reshape' && windows.delete(n.inputs[0])) kept.add(n.inputs[0]);
    let c = lowering.cost;
    for (const x of new Set(n.inputs)) c += kept.has(x) || inputs.has(x) ? 0 : (cost.get(x) ?? 0);
    cost.set(v, c);
    const uses = users.get(v) ?? [];
    const readers = new Set(uses.map(([u]) => u)).size;
    const repeated = uses.some(([u, k]) => reading(u, k).repeats);
    const whole =
      (uses.some(([u]) => takesWhole(u)) && !isConstant(v)) || uses.some(([u]) => readsInPlace(u));
    if (lowering.repeats || n.inputs.some((x) => windows.has(x))) windows.add(v);
    // A product reads each element once, while packing, if nobody else needs it. But it packs across
    // rows, where a window would be gathered from far apart.
    const prologue =
      uses.length === 1 &&
      kind(uses[0][0]) === 'contract' &&
      c <= 64 &&
      !windows.has(v) &&
      !isSmallMatrix(v, uses[0][0]);
    const worth =
      outputs.has(v) ||
      whole ||
      (c > 0 && !prologue && uses.some(([u]) => kind(u) === 'contract')) ||
      (c > dear && readers > 1) ||
      (c > dear && repeated && !prologue) ||
      c > largest;
    if (worth) {
      kept.add(v);
      windows.delete(v);
    }
  }

  return group(nodes, inputs, outputs, kept);
}

function group(
  nodes: readonly Node[],
  inputs: ReadonlySet<Value>,
  outputs: ReadonlySet<Value>,
  kept: ReadonlySet<Value>,
): Fusion {
  const parent = new Map<Group, Group>();
  const find = (g: Group): Group => {
    let r = g;
    for (let p = parent.get(r); p; p = parent.get(r)) r = p;
    return r;
  };
  const first = new Map<Value, Group>();
  const order: Group[] = [];
  /** For each group: the kept values it reads from others, and whether only at its own index. */
  const reads = new Map<Group, Map<Value, boolean>>();
  const weight = new Map<Group, number>();

  for (const n of nodes) {
    if (!n.outputs.some((o) => kept.has(o))) continue;
    const g: Group = {
      id: order.length,
      heavy: kind(n) === 'pointwise' ? undefined : n,
      stored: [],
      members: new Set(n.outputs),
    };
    order.push(g);
    for (const o of n.outputs) first.set(o, g);
    const [r, w] = readsOf(n, inputs, kept);
    reads.set(g, r);
    weight.set(g, w);
  }

  const producers = (g: Group): Group[] => {
    const out: Group[] = [];
    for (const v of reads.get(g)!.keys()) {
      const p = first.get(v);
      if (p) {
        const q = find(p);
        if (q !== g) out.push(q);
      }
    }
    return out;
  };
  /** The groups that read what each group makes. */
  const consumers = new Map<Group, Set<Group>>();
  for (const g of order)
    for (const v of reads.get(g)!.keys()) {
      const p = first.get(v);
      if (!p || p === g) continue;
      const of = consumers.get(p);
      if (of) of.add(g);
      else consumers.set(p, new Set([g]));
    }
  /** The newest member of a group and of all that it needs: what is newer, it cannot need. */
  const newestOf = new Map<Group, number>();
  const newest = (g: Group): number => newestOf.get(g) ?? g.id;
  const oldestOf = new Map<Group, number>();
  const oldest = (g: Group): number => oldestOf.get(g) ?? g.id;
  /** A merged group has members newer than groups that read it: these now need them too. */
  const raise = (from: Group): void => {
    const stack = [from];
    for (let g = stack.pop(); g; g = stack.pop())
      for (const u of consumers.get(g) ?? []) {
        const c = find(u);
        if (newest(c) >= newest(from)) continue;
        newestOf.set(c, newest(from));
        stack.push(c);
      }
  };
  /** Whether `from` needs `to` by way of another group than `from` itself reading it. */
  const reachesIndirectly = (from: Group, to: Group): boolean => {
    const seen = new Set<Group>();
    const stack = producers(from).filter((g) => g !== to);
    while (stack.length > 0) {
      const g = stack.pop()!;
      if (g === to) return true;
      if (seen.has(g) || newest(g) < oldest(to)) continue;
      seen.add(g);
      stack.push(...producers(g));
    }
    return false;
  };

  const canMerge = (p: Group, c: Group): boolean => {
    if (p.heavy && takesWhole(p.heavy)) return false;
    if (c.heavy) {
      if (p.heavy || takesWhole(c.heavy)) return false;
    }
    const sizeP = sizeOf([...p.members][0].shape);
    const sizeC = sizeOf([...c.members][0].shape);
    if (sizeP !== sizeC) return false;
    for (const [v, aligned] of reads.get(c)!) if (!aligned && p.members.has(v)) return false;
    if (weight.get(p)! + weight.get(c)! > largest) return false;
    return !reachesIndirectly(c, p);
  };

  // Question 2, in order of the consumers.
  for (const g of order) {
    for (const v of [...reads.get(g)!.keys()]) {
      const c = find(g);
      const p0 = first.get(v);
      if (!p0) continue;
      const p = find(p0);
      if (p === c || reads.get(c)!.get(v) !== true || !canMerge(p, c)) continue;
      parent.set(p, c);
      newestOf.set(c, Math.max(newest(c), newest(p)));
      oldestOf.set(c, Math.min(oldest(c), oldest(p)));
      const readers = consumers.get(c) ?? new Set<Group>();
      for (const u of consumers.get(p) ?? []) readers.add(u);
      consumers.set(c, readers);
      raise(c);
      c.heavy ??= p.heavy;
      for (const m of p.members) c.members.add(m);
      weight.set(c, weight.get(c)! + weight.get(p)!);
      const rc = reads.get(c)!;
      for (const [w, aligned] of reads.get(p)!) rc.set(w, (rc.get(w) ?? true) && aligned);
      for (const m of c.members) if (rc.get(m)) rc.delete(m);
    }
  }

  // A member gets a buffer only if someone outside its group reads it.
  const finals = [...new Set(order.map(find))];
  const groupOf = new Map<Value, Group>();
  for (const g of finals) for (const m of g.members) groupOf.set(m, g);
  const needed = new Set<Value>(outputs);
  for (const g of finals)
    for (const v of reads.get(g)!.keys()) if (!g.members.has(v)) needed.add(v);
  for (const g of finals) {
    g.stored = [...g.members].filter((m) => needed.has(m));
    // A loops kernel writes all its outputs, read or not.
    if (g.heavy && takesWhole(g.heavy)) g.stored = [...g.heavy.outputs];
  }
  return { groups: topological(finals, producers), groupOf };
}

/** The kept values that computing `n` loads, each with whether it is read at n's own index only. */
function readsOf(
  n: Node,
  inputs: ReadonlySet<Value>,
  kept: ReadonlySet<Value>,
): [Map<Value, boolean>, number] {
  const reads = new Map<Value, boolean>();
  // 1: seen aligned, 2: seen elsewhere, 3: both
  const seen = new Map<Node, number>();
  let weight = 0;
  const stack: [Node, boolean][] = [[n, true]];
  while (stack.length > 0) {
    const [m, aligned] = stack.pop()!;
    const mark = aligned ? 1 : 2;
    const before = seen.get(m) ?? 0;
    if (before & mark) continue;
    seen.set(m, before | mark);
    weight +=
      m.primitive.lowering.kind === 'pointwise' ? Math.max(1, m.primitive.lowering.cost) : 1;
    m.inputs.forEach((v, k) => {
      const here = aligned && reading(m, k).aligned;
      if (kept.has(v) || inputs.has(v)) {
        reads.set(v, (reads.get(v) ?? true) && here);
      } else stack.push([v.node, here]);
    });
  }
  return [reads, weight];
}

function topological(groups: readonly Group[], producers: (g: Group) => Group[]): Group[] {
  const order: Group[] = [];
  const state = new Map<Group, 'open' | 'done'>();
  const stack = [...groups].reverse();
  while (stack.length > 0) {
    const g = stack[stack.length - 1];
    if (state.get(g) === 'done') {
      stack.pop();
      continue;
    }
    if (state.get(g) === 'open') {
      state.set(g, 'done');
      order.push(g);
      stack.pop();
      continue;
    }
    state.set(g, 'open');
    for (const p of producers(g)) {
      const s = state.get(p);
      if (s === 'open') throw new Error('fusion made a cycle between kernels');
      if (s === undefined) stack.push(p);
    }
  }
  return order;
}
