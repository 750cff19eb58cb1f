/**
 * Functions of functions: `graph` shows what a function computes, `compile` makes one executable of
 * it, `grad` differentiates it. All of them run the function once on stand-ins, so it must do the
 * same operations whatever the numbers are.
 */
import type { DeviceBuffer, Executable } from '../backends/backend.ts';
import { getBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import {
  type Aval,
  apply,
  Graph,
  gradient,
  lax,
  type Value,
  vjp as vjpValues,
} from '../graph/index.ts';
import { reshape } from '../graph/primitives/index.ts';
import { sizeOf } from '../shape.ts';
import { differentiable, realize, storageOf } from './runtime.ts';
import { Storage } from './storage.ts';
import { asTensor, isConcrete, Tensor, type TensorLike } from './tensor.ts';

/** Tensors (or plain numbers) in nested arrays and plain objects. */
export type Tree =
  | Tensor
  | number
  | boolean
  | null
  | undefined
  | readonly Tree[]
  | { readonly [key: string]: Tree };

function isLeaf(x: unknown): x is Tensor | number | boolean {
  return x instanceof Tensor || typeof x === 'number' || typeof x === 'boolean';
}

/** The leaves of a tree in a fixed order, and its shape as text. */
export function flattenTree(tree: unknown): {
  leaves: (Tensor | number | boolean)[];
  structure: string;
} {
  const leaves: (Tensor | number | boolean)[] = [];
  const walk = (t: unknown): string => {
    if (isLeaf(t)) {
      leaves.push(t);
      return '*';
    }
    if (t === null || t === undefined) return '-';
    if (Array.isArray(t)) return `[${t.map(walk).join()}]`;
    if (typeof t === 'object' && Object.getPrototypeOf(t) === Object.prototype) {
      return `{${Object.keys(t)
        .sort()
        .map((k) => `${k}:${walk((t as Record<string, unknown>)[k])}`)
        .join()}}`;
    }
    throw new GradloomError(
      'tree',
      `Arguments and results must be tensors, numbers, or nested arrays and plain objects of them; found ${typeof t === 'object' ? t.constructor?.name : typeof t}.`,
    );
  };
  return { leaves, structure: walk(tree) };
}

/** The tree with its leaves replaced, in the order of `flattenTree`. */
export function mapTree(
  tree: unknown,
  f: (leaf: Tensor | number | boolean, i: number) => unknown,
): unknown {
  let i = 0;
  const walk = (t: unknown): unknown => {
    if (isLeaf(t)) return f(t, i++);
    if (t === null || t === undefined) return t;
    if (Array.isArray(t)) return t.map(walk);
    const o = t as Record<string, unknown>;
    const out: Record<string, unknown> = {};
    for (const k of Object.keys(o).sort()) out[k] = walk(o[k]);
    return out;
  };
  return walk(tree);
}

interface Traced {
  readonly inputs: Value[];
  readonly outputs: Value[];
  /** What the function returned, with stand-ins at its leaves. */
  readonly result: unknown;
  /** Concrete values the function closed over. */
  readonly captured: Value[];
}

function trace(fn: (...args: never[]) => unknown, args: readonly unknown[], labels = true): Traced {
  const inputs: Value[] = [];
  const standIns = args.map((a, k) =>
    mapTree(a, (leaf, i) => {
      const t = asTensor(leaf);
      const p = lax.parameter(
        t.shape,
        t.dtype,
        labels ? `arg${k}${i > 0 ? `_${i}` : ''}` : undefined,
      );
      inputs.push(p);
      return new Tensor(p);
    }),
  );
  const result = fn(...(standIns as never[]));
  if (result instanceof Promise)
    throw new GradloomError(
      'trace',
      'A traced function cannot be async: it only describes the computation. Read results after it.',
    );
  const outputs = flattenTree(result).leaves.map((l) => asTensor(l).value);
  return { inputs, outputs, result, captured: capturedBy(inputs, outputs) };
}

/** Computed values that the outputs need besides the inputs. */
function capturedBy(inputs: readonly Value[], outputs: readonly Value[]): Value[] {
  const given = new Set(inputs);
  const found = new Set<Value>();
  const seen = new Set<unknown>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (given.has(v)) continue;
    if (v.storage !== undefined) {
      found.add(v);
      continue;
    }
    if (seen.has(v.node)) continue;
    seen.add(v.node);
    stack.push(...v.node.inputs);
  }
  return [...found];
}

/** The computation graph of a function of tensors, for the shapes of the examples. */
export function graph<A extends unknown[]>(
  fn: (...args: A) => unknown,
  name?: string,
): (...examples: { [K in keyof A]: TensorLike | Tree }) => Graph {
  return (...examples) => {
    const { inputs, outputs, captured } = trace(fn as never, examples as unknown[]);
    return new Graph([...inputs, ...captured], outputs, name ?? (fn.name || 'graph'));
  };
}

export interface CompileOptions {
  /** Which arguments may be overwritten by the results; their tensors are disposed of. */
  readonly donate?: readonly number[];
  readonly name?: string;
}

/**
 * A function that runs as one executable. It is traced once for each structure, shape and dtype of
 * its arguments; tensors it closes over are read at each call, other values are fixed at the trace.
 */
export function compile<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): (...args: A) => R {
  interface Entry {
    readonly run: TracedExecutable;
    readonly result: unknown;
    readonly captured: readonly Value[];
  }
  const cache = new Map<string, Entry>();
  const donated = new Set(options.donate ?? []);
  return (...args: A): R => {
    const flat = args.map((a) => flattenTree(a));
    const leaves = flat.flatMap((f) => f.leaves.map((l) => asTensor(l)));
    if (leaves.some((l) => !isConcrete(l.value))) return fn(...args); // part of an outer trace
    const backend = getBackend();
    const key = `${backendId(backend)}|${flat.map((f) => f.structure).join(';')}|${leaves.map((l) => l.value.describe()).join()}`;
    let entry = cache.get(key);
    if (!entry) {
      const { inputs, outputs, result, captured } = trace(fn as never, args);
      const donate = [
        ...flat.flatMap((f, k) => f.leaves.map(() => donated.has(k))),
        ...captured.map(() => false),
      ];
      const g = new Graph(
        [...inputs, ...captured],
        outputs,
        options.name ?? (fn.name || 'compiled'),
      );
      entry = { run: new TracedExecutable(g, donate), result, captured };
      cache.set(key, entry);
    }
    realize(leaves.map((l) => l.value));
    const { captured } = entry;
    const donate = entry.run.donate;
    const buffers = [...leaves.map((l) => l.value), ...captured].map((v, i) => {
      const s = storageOf(v)!;
      return donate[i] ? s.release(backend) : s.on(backend);
    });
    const outs = entry.run.run(buffers);
    return mapTree(entry.result, (leaf, i) => {
      const aval = asTensor(leaf).value;
      return fromBuffer(outs[i], aval);
    }) as R;
  };
}

const backendIds = new WeakMap<object, number>();
let nextBackend = 0;
function backendId(b: object): number {
  let id = backendIds.get(b);
  if (id === undefined) {
    id = nextBackend++;
    backendIds.set(b, id);
  }
  return id;
}

/** A tensor over a buffer of the current backend, which it owns from now on. */
export function fromBuffer(buffer: DeviceBuffer, aval: Aval): Tensor {
  const v = lax.parameter(aval.shape, aval.dtype);
  v.storage = Storage.ofBuffer(buffer, getBackend(), aval.dtype, sizeOf(aval.shape));
  return new Tensor(v);
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
  const outputs = fn(inputs.map((v) => new Tensor(v))).map((t) => t.value);
  const captured = capturedBy(inputs, outputs);
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

// ---- gradients

function pick(
  args: readonly unknown[],
  argnums: number | readonly number[],
): { nums: readonly number[]; single: boolean } {
  const single = typeof argnums === 'number';
  const nums = single ? [argnums] : argnums;
  for (const n of nums) {
    if (!(n >= 0 && n < args.length))
      throw new GradloomError(
        'gradient',
        `argnums names argument ${n}, but the function was given ${args.length}.`,
        { argnums, received: args.length },
      );
  }
  return { nums, single };
}

/**
 * The value of a scalar function and its gradient with respect to the arguments `argnums` (default
 * the first), in their own structure. Composes: the gradient of a gradient, inside compile, and so on.
 */
export function valueAndGrad<A extends unknown[]>(
  fn: (...args: A) => Tensor,
  argnums: number | readonly number[] = 0,
): (...args: A) => [Tensor, unknown] {
  return (...args) => {
    const { nums, single } = pick(args, argnums);
    const wrt: Value[] = [];
    // Only what is differentiated becomes a stand-in; numbers are lifted to tensors.
    const standIns = args.map((a, k) =>
      nums.includes(k)
        ? mapTree(a, (leaf) => {
            const t = asTensor(leaf);
            // A node of its own, so that the gradient is with respect to this use alone.
            const v = apply(reshape, [t.value], { shape: t.shape });
            wrt.push(v);
            return new Tensor(v);
          })
        : a,
    ) as A;
    const [out, gs] = differentiable(() => {
      const y = fn(...standIns);
      if (!(y instanceof Tensor)) {
        throw new GradloomError('gradient', 'The function must return one tensor (a scalar).');
      }
      return [y, gradient(y.value, wrt)] as const;
    });
    let i = 0;
    const grads = nums.map((k) => mapTree(standIns[k], () => Tensor.of(gs[i++])));
    return [out, single ? grads[0] : grads];
  };
}

/** The gradient alone: see `valueAndGrad`. */
export function grad<A extends unknown[]>(fn: (...args: A) => Tensor): (...args: A) => Tensor;
export function grad<A extends unknown[]>(
  fn: (...args: A) => Tensor,
  argnums: number | readonly number[],
): (...args: A) => unknown;
export function grad<A extends unknown[]>(
  fn: (...args: A) => Tensor,
  argnums: number | readonly number[] = 0,
): (...args: A) => unknown {
  const both = valueAndGrad(fn, argnums);
  return (...args) => both(...args)[1];
}

/** [outputs, pull]: pull(cotangents) gives the cotangents of the arguments. */
export function vjp(
  fn: (...args: Tensor[]) => Tensor,
  ...args: Tensor[]
): [Tensor, (cotangent: Tensor) => Tensor[]] {
  const out = fn(...args);
  return [
    out,
    (g) =>
      vjpValues(
        [out.value],
        args.map((a) => a.value),
        [g.value],
      ).map((v) => Tensor.of(v)),
  ];
}

/** The same values, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return Tensor.of(lax.stopGradient(x.value), x);
}
