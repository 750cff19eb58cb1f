/**
 * Running pending graphs. What is asked for is collected down to values that are already computed;
 * the executable is found again by the structure of the graph, so a loop compiles once.
 */
import type { Backend, DeviceBuffer, Executable } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import { makeArray, type TypedArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { Graph, type Node, type Value } from '../graph/index.ts';
import { sizeOf } from '../shape.ts';
import { Storage, upload } from './storage.ts';

const caches = new WeakMap<Backend, Map<string, Executable>>();
const mostExecutables = 1024;

export function storageOf(v: Value): Storage | undefined {
  return v.storage as Storage | undefined;
}

// ---- keeping graphs that will be differentiated

let recording = 0;
const recorded: Node[] = [];

/**
 * Runs `f`, in which values may be read while the graph above them is still needed: a function is
 * being differentiated. Otherwise a value that has been computed forgets where it came from.
 */
export function recordingGraph<T>(f: () => T): T {
  recording++;
  try {
    return f();
  } finally {
    if (--recording === 0) {
      for (const n of recorded.splice(0))
        if (n.outputs.every((o) => o.storage !== undefined)) n.inputs = [];
    }
  }
}

/** Whether a function is being differentiated outside any trace. */
export function isRecording(): boolean {
  return recording > 0;
}

function bind(v: Value, storage: Storage): void {
  if (recording === 0) v.bind(storage);
  else {
    v.storage = storage;
    recorded.push(v.node);
  }
}

// ---- collecting

/**
 * Numbers worth baking into code; any other scalar of a lazy graph is an input, so that a changing
 * number (a decaying learning rate, a position) does not compile anew each time.
 */
function isBaked(node: Node): boolean {
  const { value, dtype } = node.attrs as { value: number; dtype: string };
  switch (dtype) {
    case 'float32':
    case 'float64':
      return [0, 1, -1, 2, 0.5].includes(value) || !Number.isFinite(value);
    case 'int32':
      return [0, 1, -1].includes(value);
    default:
      return true;
  }
}

/** Whether an operand is where a slice starts: a loop over positions compiles once, for 0 and 1 too. */
function isPosition(node: Node, operand: number): boolean {
  if (node.primitive.name !== 'dynamic_slice' || operand === 0) return false;
  const { sizes } = node.attrs as { sizes: readonly number[] };
  return sizes[operand - 1] !== node.inputs[0].shape[operand - 1];
}

interface Collected {
  readonly inputs: Value[];
  readonly order: Node[];
}

/** The nodes to run for `roots`, and the values they start from. */
function collect(roots: readonly Value[]): Collected {
  const inputs = new Set<Value>();
  const done = new Set<Node>();
  const order: Node[] = [];
  const stack: Node[] = [];
  const need = (v: Value, loose: boolean): void => {
    const number = v.node.primitive.name === 'constant';
    if (v.storage !== undefined || (number && (loose || !isBaked(v.node)))) {
      inputs.add(v);
    } else if (!done.has(v.node)) stack.push(v.node);
  };
  for (const root of roots) {
    need(root, false);
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (done.has(node)) {
        stack.pop();
        continue;
      }
      if (node.primitive.name === 'parameter') throw traced(node.outputs[0]);
      const depth = stack.length;
      for (let i = node.inputs.length - 1; i >= 0; i--) need(node.inputs[i], isPosition(node, i));
      if (stack.length === depth) {
        stack.pop();
        done.add(node);
        order.push(node);
      }
    }
  }
  return { inputs: [...inputs], order };
}

function traced(v: Value): GradloomError {
  const name = v.node.label ? ` "${v.node.label}"` : '';
  return new GradloomError(
    'traced',
    `The value of ${v.describe()}${name} is not known yet: it is being traced inside compile, graph or a model's training step. Return it from the function and read it there.`,
    { shape: [...v.shape], dtype: v.dtype },
  );
}

// ---- not computing the same thing over and over

/** Nodes that have been run on the way to something else, without keeping their results. */
const passed = new WeakSet<Node>();

const cheap = new Set(['broadcast_in_dim', 'reshape', 'transpose', 'reverse', 'slice', 'convert']);

/**
 * Values to keep besides those asked for: what an earlier run has computed in passing and something
 * newer is built upon. The user holds on to such a value, and without this each further read would
 * compute it again. It is computed twice, never three times.
 */
function worthKeeping(order: readonly Node[], roots: ReadonlySet<Value>): Value[] {
  const found = new Set<Value>();
  for (const node of order) {
    if (passed.has(node)) continue;
    for (const input of node.inputs) {
      let v = input;
      // What only moves elements costs nothing to repeat; what it moves may.
      while (v.storage === undefined && cheap.has(v.node.primitive.name)) v = v.node.inputs[0];
      if (v.storage !== undefined || roots.has(v) || !passed.has(v.node)) continue;
      if (v.node.inputs.length > 0) found.add(v);
    }
  }
  return [...found];
}

// ---- running

function structureKey(
  inputs: readonly Value[],
  order: readonly Node[],
  roots: readonly Value[],
): string {
  const ids = new Map<Value, number>();
  let key = '';
  for (const v of inputs) {
    ids.set(v, ids.size);
    key += `${v.dtype}[${v.shape.join()}];`;
  }
  for (const n of order) {
    key += n.key;
    for (const v of n.inputs) key += `,${ids.get(v)}`;
    key += ';';
    for (const o of n.outputs) if (!ids.has(o)) ids.set(o, ids.size);
  }
  return key + roots.map((r) => ids.get(r)).join();
}

function executableFor(
  backend: Backend,
  inputs: readonly Value[],
  order: readonly Node[],
  roots: readonly Value[],
): Executable {
  let cache = caches.get(backend);
  if (!cache) {
    cache = new Map();
    caches.set(backend, cache);
  }
  const key = structureKey(inputs, order, roots);
  let executable = cache.get(key);
  if (executable) cache.delete(key);
  else executable = backend.compile(new Graph(inputs, roots, 'lazy'));
  // Last in the map is used last.
  cache.set(key, executable);
  if (cache.size > mostExecutables) {
    const [oldest, old] = cache.entries().next().value!;
    cache.delete(oldest);
    old.dispose();
  }
  return executable;
}

/** Computes every value of `roots` and binds it to its storage. */
export function realize(roots: readonly Value[]): void {
  const pending = new Set<Value>();
  for (const v of roots) if (v.storage === undefined) pending.add(v);
  if (pending.size === 0) return;
  const backend = getBackend();
  // A number that is itself asked for needs no backend.
  for (const v of pending) {
    if (v.node.primitive.name !== 'constant') continue;
    v.bind(Storage.ofHost(constantData(v), v.dtype));
    pending.delete(v);
  }
  if (pending.size === 0) return;
  const { inputs, order } = collect([...pending]);
  const outputs = [...pending, ...worthKeeping(order, pending)];
  const executable = executableFor(backend, inputs, order, outputs);

  const passing: DeviceBuffer[] = [];
  const buffers = inputs.map((v) => {
    const s = storageOf(v);
    if (s) return s.forRun(backend, passing);
    const b = upload(constantData(v));
    passing.push(b);
    return b;
  });
  let results: DeviceBuffer[];
  try {
    results = executable.run(buffers);
  } finally {
    for (const b of passing) b.dispose();
  }
  for (const n of order) passed.add(n);
  outputs.forEach((v, i) => {
    bind(v, Storage.ofResult(results[i], backend, v.dtype, sizeOf(v.shape)));
  });
}

function constantData(v: Value): TypedArray {
  const a = makeArray(v.dtype, 1);
  a[0] = v.node.attrs.value as number;
  return a;
}
