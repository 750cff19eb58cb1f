/**
 * Functions of functions: `graph` shows what a function computes, `compile` makes one executable of
 * it. Both run the function once on stand-ins, so it must do the same operations whatever the
 * numbers are.
 */
import type { Backend, DeviceBuffer, Executable } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import { type Aval, Graph, type Node, type Value } from '../graph/index.ts';
import * as lax from '../graph/lax.ts';
import { sizeOf } from '../shape.ts';
import { asTensor } from './make.ts';
import { isConcrete } from './pending.ts';
import { isRecording, realize, storageOf } from './runtime.ts';
import {
  type StateCell,
  StateScope,
  stateScope,
  type TracedState,
  withStateScope,
} from './state.ts';
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
  readonly state: TracedState;
}

/** Runs `body`, which builds `outputs` from `inputs`, and finds out what else they hang on. */
function trace(inputs: readonly Value[], body: () => readonly Value[]): Traced {
  // Nodes are numbered as they are made: what is older than this comes from outside.
  const start = lax.scalar(0, 'int32').node.id;
  const scope = new StateScope();
  const outputs = withStateScope(scope, body);
  const state = scope.finish();
  const own = new Set([...inputs, ...state.inputs]);
  const seen = new Set<Node>();
  const captured = new Set<Value>();
  const pending = new Set<Value>();
  const foreign: Value[] = [];
  const stack = [...outputs, ...state.outputs];
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
  return { inputs, outputs, captured: [...captured], foreign, state };
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
 * Tensors that it closes over become inputs behind its arguments; so does state, whose new values
 * are outputs behind its results.
 */
export function graph<A extends unknown[]>(
  fn: (...args: A) => unknown,
  name?: string,
): (...examples: { [K in keyof A]: TensorLike | Tree }) => Graph {
  return (...examples) => {
    const traced = traceFunction(fn as never, examples.map(asExample));
    return graphOf(traced, name ?? (fn.name || 'graph'));
  };
}

function graphOf({ inputs, outputs, captured, state }: Traced, name: string): Graph {
  return new Graph([...inputs, ...state.inputs, ...captured], [...outputs, ...state.outputs], name);
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
  readonly state: TracedState;
}

/**
 * A function that runs as one executable. It is traced once for each structure, shape and dtype of
 * its arguments (tensors, numbers, and nested arrays and plain objects of them). Numbers among the
 * arguments are float32 scalars inside. Tensors it closes over are inputs; state (the weights and
 * seeds of layers, metrics, optimizers) is read and changed at each call; everything else it closes
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
      const traced = traceFunction(fn as never, args);
      const { captured, foreign, result, state } = traced;
      // It closes over stand-ins of an enclosing trace, or changes its state: part of that.
      if (foreign.length > 0 || (state.inputs.length > 0 && stateScope())) return fn(...args);
      const run = new TracedExecutable(graphOf(traced, name), [
        ...donate,
        ...state.changed.map(() => true),
        ...state.read.map(() => false),
        ...captured.map(() => false),
      ]);
      entry = { run, result, captured, state };
      cache.set(key, entry);
      all.push(entry);
    }
    const passing: DeviceBuffer[] = [];
    const { state, captured } = entry;
    // The state's buffers are taken last, when nothing else can fail.
    const given = inputBuffers(leaves, donate, captured, backend, name, passing);
    const buffers = [
      ...given.slice(0, leaves.length),
      ...stateBuffers(state, backend),
      ...given.slice(leaves.length),
    ];
    let results: DeviceBuffer[];
    try {
      results = entry.run.run(buffers);
    } finally {
      for (const b of passing) b.dispose();
    }
    const behind = results.length - state.changed.length;
    state.changed.forEach((c, i) => {
      c.put(results[behind + i], backend);
    });
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

function stateBuffers(state: TracedState, backend: Backend): DeviceBuffer[] {
  return [...state.changed.map((c) => c.take(backend)), ...state.read.map((c) => c.peek(backend))];
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
    this.#executable = getBackend().compile(g, {
      name: g.name,
      donate,
      optimize: true,
      flushSubnormals: true,
    });
  }
  /** Whether the first `count` outputs take over the memory of as many first inputs, each its own. */
  inPlace(count: number): boolean {
    const { inPlace } = this.#executable;
    return inPlace?.slice(0, count).every((from, i) => from === i) ?? false;
  }
  /** Buffers in the order of graph.inputs to buffers in the order of graph.outputs. */
  run(
    inputs: readonly DeviceBuffer[],
    times = 1,
    places?: readonly (DeviceBuffer | undefined)[],
  ): DeviceBuffer[] {
    return this.#executable.run(inputs, times, places);
  }
  dispose(): void {
    this.#executable.dispose();
  }
}

/** A function as a graph, with what it hangs on beside its arguments. */
export interface TracedGraph {
  /** Its inputs: the arguments, the state (what changes first), then `captured`. */
  readonly graph: Graph;
  readonly captured: readonly Tensor[];
  readonly changed: readonly StateCell[];
  readonly read: readonly StateCell[];
  /** How many of the graph's outputs are results; behind them stand the new values of `changed`. */
  readonly results: number;
}

/** The graph of a function of flat tensors, not compiled: for those who write it down. */
export function traceGraph(
  fn: (inputs: Tensor[]) => readonly Tensor[],
  avals: readonly Aval[],
  name = 'graph',
): TracedGraph {
  const inputs = avals.map((a, i) => lax.parameter(a.shape, a.dtype, `in${i}`));
  const traced = trace(inputs, () => fn(inputs.map((v) => new Tensor(v))).map((t) => t.value));
  const { changed, read } = traced.state;
  return {
    graph: graphOf(traced, name),
    captured: traced.captured.map((v) => new Tensor(v)),
    changed,
    read,
    results: traced.outputs.length,
  };
}

/** What `traceToExecutable` makes. */
export interface TracedProgram {
  readonly executable: TracedExecutable;
  /** Concrete tensors that the function closed over: inputs behind all others. */
  readonly captured: readonly Tensor[];
  /** What the function returned. */
  readonly outputs: readonly Aval[];
  /** State that every run changes, and state that it reads. */
  readonly changed: readonly StateCell[];
  readonly read: readonly StateCell[];
  /** Whether it can run several times at once: its state is changed where it lies. */
  readonly repeats: boolean;
  /**
   * The declared inputs to the results, those of the last of `times` runs, in `places` where they are
   * given (see `Executable.run`); moves the state.
   */
  run(
    inputs: readonly DeviceBuffer[],
    times?: number,
    places?: readonly DeviceBuffer[],
  ): DeviceBuffer[];
}

/**
 * Traces a function of flat tensors and compiles it: the low-level form for training loops, which
 * hold the buffers themselves. donate[i]: input i may be overwritten. State that the function
 * touches is taken from where it lies and put back at every run.
 */
export function traceToExecutable(
  fn: (inputs: Tensor[]) => readonly Tensor[],
  avals: readonly Aval[],
  options: { readonly donate?: readonly boolean[]; readonly name?: string } = {},
): TracedProgram {
  const backend = getBackend();
  const inputs = avals.map((a, i) => lax.parameter(a.shape, a.dtype, `in${i}`));
  const { outputs, captured, state } = trace(inputs, () =>
    fn(inputs.map((v) => new Tensor(v))).map((t) => t.value),
  );
  const { changed, read } = state;
  const g = new Graph(
    [...state.inputs, ...inputs, ...captured],
    [...state.outputs, ...outputs],
    options.name ?? 'step',
  );
  const executable = new TracedExecutable(g, [
    ...changed.map(() => true),
    ...read.map(() => false),
    ...inputs.map((_, i) => options.donate?.[i] ?? false),
    ...captured.map(() => false),
  ]);
  const held = captured.map((v) => new Tensor(v));
  const buffers: DeviceBuffer[] = new Array(g.inputs.length);
  const [nc, nr, ni, nh] = [changed.length, read.length, inputs.length, held.length];
  const repeats = executable.inPlace(nc);
  const run: TracedProgram['run'] = (given, times = 1, places?) => {
    let at = nc;
    for (let i = 0; i < nr; i++) buffers[at++] = read[i].peek(backend);
    for (let i = 0; i < ni; i++) buffers[at++] = given[i];
    for (let i = 0; i < nh; i++) buffers[at++] = bufferOf(held[i]);
    for (let i = 0; i < nc; i++) buffers[i] = changed[i].take(backend);
    const out = executable.run(
      buffers,
      times,
      places && [...changed.map(() => undefined), ...places],
    );
    for (let i = 0; i < nc; i++) changed[i].put(out[i], backend);
    return nc === 0 ? out : out.slice(nc);
  };
  return { executable, captured: held, outputs, changed, read, repeats, run };
}
