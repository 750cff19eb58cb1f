/**
 * Running pending graphs. What is asked for is collected down to values that are already computed;
 * the executable is found again by the structure of the graph, so a loop compiles once.
 */
import type { Backend, DeviceBuffer, Executable } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import { makeArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { Graph, type Node, type Value } from '../graph/index.ts';
import { sizeOf } from '../shape.ts';
import { Storage, upload } from './storage.ts';

const caches = new WeakMap<Backend, Map<string, Executable>>();
const mostExecutables = 1024;

export function storageOf(v: Value): Storage | undefined {
  return v.storage as Storage | undefined;
}

/** Numbers worth baking into code; any other scalar of a lazy graph is an input, so that a changing
 * number (a decaying learning rate) does not compile anew each time. */
function isBaked(node: Node): boolean {
  const { value, dtype } = node.attrs as { value: number; dtype: string };
  if (dtype !== 'float32' && dtype !== 'float64') return true;
  return [0, 1, -1, 2, 0.5].includes(value);
}

let differentiating = 0;

/** Runs `fn` with everything it computes kept differentiable, even what is read on the way. */
export function differentiable<T>(fn: () => T): T {
  differentiating++;
  try {
    return fn();
  } finally {
    differentiating--;
  }
}

/** Whether values must keep the graph above them: see `differentiable`. */
export function isDifferentiating(): boolean {
  return differentiating > 0;
}

interface Collected {
  readonly inputs: Value[];
  readonly order: Node[];
}

/** The nodes to run for `roots`, and the values they start from. */
export function collect(roots: readonly Value[], hoist: boolean): Collected {
  const inputs: Value[] = [];
  const seenInputs = new Set<Value>();
  const done = new Set<Node>();
  const order: Node[] = [];
  const stack: Node[] = [];
  const isInput = (v: Value): boolean => {
    if (v.storage !== undefined) return true;
    return hoist && v.node.primitive.name === 'constant' && !isBaked(v.node);
  };
  const need = (v: Value): void => {
    if (isInput(v)) {
      if (!seenInputs.has(v)) {
        seenInputs.add(v);
        inputs.push(v);
      }
    } else if (!done.has(v.node)) stack.push(v.node);
  };
  for (const root of roots) {
    need(root);
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (done.has(node)) {
        stack.pop();
        continue;
      }
      if (node.primitive.name === 'parameter') throw traced(node.outputs[0]);
      const depth = stack.length;
      for (let i = node.inputs.length - 1; i >= 0; i--) need(node.inputs[i]);
      if (stack.length === depth) {
        stack.pop();
        done.add(node);
        order.push(node);
      }
    }
  }
  return { inputs, order };
}

function traced(v: Value): GradloomError {
  const name = v.node.label ? ` "${v.node.label}"` : '';
  return new GradloomError(
    'traced',
    `The value of ${v.describe()}${name} is not known yet: it is being traced inside compile, grad or a model's training step. Return it from the function and read it there.`,
    { shape: [...v.shape], dtype: v.dtype },
  );
}

function structureKey(
  inputs: readonly Value[],
  order: readonly Node[],
  roots: readonly Value[],
): string {
  const ids = new Map<Value, number>();
  const parts: string[] = [];
  for (const v of inputs) {
    ids.set(v, ids.size);
    parts.push(`${v.dtype}[${v.shape.join()}]`);
  }
  for (const n of order) {
    let p = n.key;
    for (const v of n.inputs) p += `,${ids.get(v)}`;
    parts.push(p);
    for (const o of n.outputs) if (!ids.has(o)) ids.set(o, ids.size);
  }
  parts.push(roots.map((r) => ids.get(r)).join());
  return parts.join(';');
}

/** Computes every value of `roots` and binds it to its storage. */
export function realize(roots: readonly Value[]): void {
  const pending = [...new Set(roots)].filter((v) => v.storage === undefined);
  if (pending.length === 0) return;
  const backend = getBackend();
  const { inputs, order } = collect(pending, true);
  // A scalar constant that is itself asked for was taken for an input.
  const direct = pending.filter((v) => inputs.includes(v));
  for (const v of direct) v.bind(constantStorage(v), true);
  const roots2 = pending.filter((v) => v.storage === undefined);
  if (roots2.length === 0) return;

  let cache = caches.get(backend);
  if (!cache) {
    cache = new Map();
    caches.set(backend, cache);
  }
  const key = structureKey(inputs, order, roots2);
  let executable = cache.get(key);
  if (executable) cache.delete(key);
  else executable = backend.compile(new Graph(inputs, roots2, 'lazy'));
  cache.set(key, executable);
  if (cache.size > mostExecutables) {
    const [oldest, old] = cache.entries().next().value!;
    cache.delete(oldest);
    old.dispose();
  }

  const passing: DeviceBuffer[] = [];
  const buffers = inputs.map((v) => {
    const s = storageOf(v);
    if (s) return s.on(backend);
    const b = upload(constantData(v));
    passing.push(b);
    return b;
  });
  const results = executable.run(buffers);
  for (const b of passing) b.dispose();
  roots2.forEach((v, i) => {
    v.bind(Storage.ofBuffer(results[i], backend, v.dtype, sizeOf(v.shape)), isDifferentiating());
  });
}

function constantData(v: Value): ReturnType<typeof makeArray> {
  const a = makeArray(v.dtype, 1);
  a[0] = v.node.attrs.value as number;
  return a;
}

function constantStorage(v: Value): Storage {
  return Storage.ofHost(constantData(v), v.dtype);
}
