/**
 * Functions of functions: `graph` shows what a function computes, `compile` makes one executable of
 * it. Both run the function once on stand-ins, so it must do the same operations whatever the
 * numbers are.
 */
import type { Backend, DeviceBuffer, Executable } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import { type Aval, Graph, lax, type Node, type Value } from '../graph/index.ts';
import { sizeOf } from '../shape.ts';
import { asTensor } from './make.ts';
import { isConcrete } from './pending.ts';
import { isRecording, realize, storageOf } from './runtime.ts';
import { Storage } from './storage.ts';
import { Tensor, type TensorLike } from './tensor.ts';
import { flattenTree, mapTree, type Tree } from './tree.ts';

interface Traced {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Computed values that the function closed over. */
  readonly captured: readonly Value[];
  /** Stand-ins of an enclosing trace that the function closed over. */
  readonly foreign: readonly Value[];
}

/** Runs `body`, which builds `outputs` from `inputs`, and finds out what else they hang on. */
function trace(inputs: readonly Value[], body: () => readonly Value[]): Traced {
  // Nodes are numbered as they are made: what is older than this comes from outside.
  const start = lax.scalar(0, 'int32').node.id;
  const outputs = body();
  const own = new Set(inputs);
  const seen = new Set<Node>();
  const captured = new Set<Value>();
  const pending = new Set<Value>();
  const foreign: Value[] = [];
  const stack = [...outputs];
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (own.has(v)) continue;
    if (v.storage !== undefined) captured.add(v);
    else if (v.node.primitive.name === 'parameter') foreign.push(v);
    else if (v.node.id < start && v.node.inputs.length > 0 && isConcrete(v)) pending.add(v);
    else if (!seen.has(v.node)) {
      seen.add(v.node);
      stack.push(...v.node.inputs);
    }
  }
  // What was pending outside is computed once, not in every call.
  realize([...pending]);
  for (const v of pending) captured.add(v);
  return { inputs, outputs, captured: [...captured], foreign };
}

/** A tree of stand-ins for a tree of tensors and numbers; `inputs` collects them. */
function standIns(args: readonly unknown[], inputs: Value[]): unknown[] {
  return args.map((a, k) => {
    const several = flattenTree(a).leaves.length > 1;
    return mapTree(a, (leaf, i) => {
      const t = asTensor(leaf);
      const p = lax.parameter(t.shape, t.dtype, several ? `arg${k}_${i}` : `arg${k}`);
      inputs.push(p);
      return new Tensor(p);
    });
  });
}

function traceFunction(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): Traced & { readonly result: unknown } {
  const inputs: Value[] = [];
  const given = standIns(args, inputs);
  let result: unknown;
  const traced = trace(inputs, () => {
    result = fn(...(given as never[]));
    if (result instanceof Promise) {
      throw new GradloomError(
        'trace',
        'A traced function cannot be async: it only describes the computation. Read results after it.',
      );
    }
    return flattenTree(result).leaves.map((l) => asTensor(l).value);
  });
  return { ...traced, result };
}

/**
 * The computation graph of a function, for arguments with the shapes and dtypes of the examples.
 * Tensors that it closes over become inputs behind its arguments.
 */
export function graph<A extends unknown[]>(
  fn: (...args: A) => unknown,
  name?: string,
): (...examples: { [K in keyof A]: TensorLike | Tree }) => Graph {
  return (...examples) => {
    const { inputs, outputs, captured } = traceFunction(fn as never, examples.map(asExample));
    return new Graph([...inputs, ...captured], outputs, name ?? (fn.name || 'graph'));
  };
}

/** Typed arrays and arrays of plain numbers stand for tensors here; other arrays are trees. */
function asExample(x: unknown): unknown {
  return ArrayBuffer.isView(x) ? asTensor(x) : x;
}

export interface CompileOptions {
  /** Which arguments may be overwritten by the results; their tensors are disposed of. */
  readonly donate?: readonly number[];
  /** For listings and errors; default the function's name. */
  readonly name?: string;
}

interface Compiled {
  readonly run: TracedExecutable;
  readonly result: unknown;
  readonly captured: readonly Value[];
}

/**
 * A function that runs as one executable. It is traced once for each structure, shape and dtype of
 * its arguments (tensors, numbers, and nested arrays and plain objects of them). Numbers among the
 * arguments are float32 scalars inside. Tensors it closes over are inputs; everything else it closes
 * over is fixed when it is traced. Results are computed at once. Called inside another traced
 * function, or one that is being differentiated, it becomes part of that.
 *
 * `clear()` frees the executables.
 */
export function compile<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): ((...args: A) => R) & { clear(): void } {
  let caches = new WeakMap<Backend, Map<string, Compiled>>();
  let all: Compiled[] = [];
  const donated = new Set(options.donate ?? []);
  const name = options.name ?? (fn.name || 'compiled');

  const call = (...args: A): R => {
    let key = '';
    const leaves: Tensor[] = [];
    const donate: boolean[] = [];
    args.forEach((a, k) => {
      const flat = flattenTree(a);
      key += `${flat.structure};`;
      for (const l of flat.leaves) {
        leaves.push(asTensor(l));
        donate.push(donated.has(k) && l instanceof Tensor);
      }
    });
    // Part of an enclosing trace, or of what is being differentiated.
    if (isRecording() || leaves.some((l) => !isConcrete(l.value))) return fn(...args);
    for (const l of leaves) key += `${l.value.describe()},`;

    const backend = getBackend();
    let cache = caches.get(backend);
    if (!cache) {
      cache = new Map();
      caches.set(backend, cache);
    }
    let entry = cache.get(key);
    if (!entry) {
      const { inputs, outputs, captured, foreign, result } = traceFunction(fn as never, args);
      // It closes over stand-ins of an enclosing trace: part of that.
      if (foreign.length > 0) return fn(...args);
      const g = new Graph([...inputs, ...captured], outputs, name);
      const run = new TracedExecutable(g, [...donate, ...captured.map(() => false)]);
      entry = { run, result, captured };
      cache.set(key, entry);
      all.push(entry);
    }
    const passing: DeviceBuffer[] = [];
    const buffers = inputBuffers(leaves, donate, entry.captured, backend, name, passing);
    let results: DeviceBuffer[];
    try {
      results = entry.run.run(buffers);
    } finally {
      for (const b of passing) b.dispose();
    }
    return mapTree(entry.result, (leaf, i) => {
      const { shape, dtype } = asTensor(leaf);
      return computed(
        { shape, dtype },
        Storage.ofResult(results[i], backend, dtype, sizeOf(shape)),
      );
    }) as R;
  };
  const clear = (): void => {
    for (const c of all) c.run.dispose();
    all = [];
    caches = new WeakMap();
  };
  return Object.assign(call, { clear });
}

function inputBuffers(
  leaves: readonly Tensor[],
  donate: readonly boolean[],
  captured: readonly Value[],
  backend: Backend,
  name: string,
  passing: DeviceBuffer[],
): DeviceBuffer[] {
  realize(leaves.map((l) => l.value));
  const stored = [...leaves.map((l) => l.value), ...captured].map((v) => storageOf(v)!);
  const given = new Set(stored.filter((_, i) => donate[i]));
  const uses = stored.filter((s) => given.has(s)).length;
  if (uses > given.size) {
    throw new GradloomError(
      'donate',
      `${name}: a tensor is donated and used a second time in the same call (as another argument, or closed over). Pass a copy (t.add(0)), or do not donate it.`,
    );
  }
  // All that can fail comes before anything is given away.
  const buffers = stored.map((s, i) => (donate[i] ? s.on(backend) : s.forRun(backend, passing)));
  for (const s of given) s.release(backend);
  return buffers;
}

function computed(aval: Aval, storage: Storage): Tensor {
  const v = lax.parameter(aval.shape, aval.dtype);
  v.storage = storage;
  return new Tensor(v);
}

/** A tensor over a buffer of the current backend, which it owns from now on. */
export function fromBuffer(buffer: DeviceBuffer, aval: Aval): Tensor {
  const { shape, dtype } = aval;
  return computed(aval, Storage.ofBuffer(buffer, getBackend(), dtype, sizeOf(shape)));
}

/** The tensor's buffer on the current backend, computed if need be. The tensor still owns it. */
export function bufferOf(t: Tensor): DeviceBuffer {
  realize([t.value]);
  return storageOf(t.value)!.on(getBackend());
}

/** Takes the tensor's buffer: the caller owns it and the tensor counts as disposed. */
export function takeBuffer(t: Tensor): DeviceBuffer {
  realize([t.value]);
  return storageOf(t.value)!.release(getBackend());
}

/** A graph compiled for the current backend. */
export class TracedExecutable {
  readonly graph: Graph;
  readonly donate: readonly boolean[];
  readonly #executable: Executable;

  constructor(g: Graph, donate: readonly boolean[]) {
    this.graph = g;
    this.donate = donate;
    this.#executable = getBackend().compile(g, { name: g.name, donate, optimize: true });
  }
  /** Buffers in the order of graph.inputs to buffers in the order of graph.outputs. */
  run(inputs: readonly DeviceBuffer[]): DeviceBuffer[] {
    return this.#executable.run(inputs);
  }
  dispose(): void {
    this.#executable.dispose();
  }
}

/**
 * Traces a function of flat tensors and compiles it: the low-level form for training loops, which
 * hold the buffers themselves. donate[i]: input i may be overwritten. Concrete tensors that the
 * function closes over become inputs behind the declared ones: see `captured`.
 */
export function traceToExecutable(
  fn: (inputs: Tensor[]) => Tensor[],
  avals: readonly Aval[],
  options: { readonly donate?: readonly boolean[]; readonly name?: string } = {},
): {
  readonly executable: TracedExecutable;
  readonly captured: readonly Tensor[];
  readonly outputs: readonly Aval[];
  run(inputs: readonly DeviceBuffer[]): DeviceBuffer[];
} {
  const inputs = avals.map((a, i) => lax.parameter(a.shape, a.dtype, `in${i}`));
  const { outputs, captured } = trace(inputs, () =>
    fn(inputs.map((v) => new Tensor(v))).map((t) => t.value),
  );
  const g = new Graph([...inputs, ...captured], outputs, options.name ?? 'step');
  const executable = new TracedExecutable(
    g,
    g.inputs.map((_, i) => options.donate?.[i] ?? false),
  );
  const held = captured.map((v) => new Tensor(v));
  return {
    executable,
    captured: held,
    outputs,
    run:
      held.length === 0
        ? (b) => executable.run(b)
        : (b) => executable.run([...b, ...held.map(bufferOf)]),
  };
}
