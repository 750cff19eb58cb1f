/**
 * Small one-off programs without the C compiler. It takes a tenth of a second, which a graph that is
 * run once, or a few times, never earns back. Such graphs run elsewhere until they have cost as much
 * as a compilation would:
 * - on an embedded WebAssembly backend, inputs copied in and outputs copied back;
 * - a little work on much data (a slice of a whole data set) in JavaScript, where the data lies.
 */
import { bytesOf } from '../../dtype.ts';
import { graphsOf } from '../../graph/describe.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import { sizeOf } from '../../shape.ts';
import type { Backend, CompileOptions, DeviceBuffer, Executable } from '../backend.ts';

export interface Estimate {
  /** Scalar operations, roughly. */
  readonly operations: number;
  /** Bytes that would be copied. */
  readonly bytes: number;
}

/** WebAssembly computes this in about 5 ms, and the bytes are copied in 1 ms. */
const smallToCopy: Estimate = { operations: 2e7, bytes: 4e6 };
/** The interpreter takes a few milliseconds. */
const smallToInterpret = 1e5;

/** Operations after which a small program has cost about as much as compiling it would. */
const promoteAfter = 4e8;
/** What a run costs besides its operations: calls and copies, in operations. */
const runCost = 50_000;
/** Operations of compiled code in the time of one that is interpreted. */
const interpreterCost = 40;

export interface Tier {
  readonly place: 'copied' | 'interpreted' | 'compiled';
  /** What a run costs, in operations of WebAssembly. */
  readonly operations: number;
}

/** @param canCopy whether there is another backend to copy to */
export function chooseTier(graph: Graph, canCopy: boolean): Tier {
  const { operations, bytes } = estimate(graph);
  if (canCopy && operations <= smallToCopy.operations && bytes <= smallToCopy.bytes)
    return { place: 'copied', operations: operations + bytes };
  if (operations <= smallToInterpret)
    return { place: 'interpreted', operations: operations * interpreterCost };
  return { place: 'compiled', operations };
}

export function estimate(graph: Graph): Estimate {
  let operations = 0;
  for (const node of graph.computed) operations += costOf(node);
  let bytes = 0;
  for (const v of [...graph.inputs, ...graph.outputs]) bytes += sizeOf(v.shape) * bytesOf(v.dtype);
  return { operations, bytes };
}

function costOf(node: Node): number {
  const total = (values: readonly { shape: readonly number[] }[]): number =>
    values.reduce((n, v) => n + sizeOf(v.shape), 0);
  const out = total(node.outputs);
  const read = total(node.inputs);
  const { lowering } = node.primitive;
  switch (lowering.kind) {
    case 'leaf':
      return 0;
    case 'pointwise':
      return out * (1 + lowering.cost);
    case 'fold':
      return 2 * read;
    case 'contract':
      // sqrt(m*k * k*n / m*n) = k, and near it with batches.
      return (
        2 *
        out *
        Math.sqrt(
          Math.max(1, node.inputs.reduce((n, v) => n * sizeOf(v.shape), 1) / Math.max(1, out)),
        )
      );
    case 'loops':
      return 20 * (out + read);
    case 'control': {
      const { length } = node.attrs as { length?: number };
      // How often a while loop runs nobody knows.
      const rounds = length ?? (node.primitive.name === 'while' ? 10 : 1);
      return graphsOf(node).reduce((n, [, g]) => n + rounds * estimate(g).operations, out);
    }
  }
}

/** An executable of another backend behind buffers of this one. */
export class CopiedExecutable implements Executable {
  readonly #other: Backend;
  readonly #own: Backend;
  readonly #executable: Executable;
  readonly #donate: readonly boolean[];

  constructor(own: Backend, other: Backend, graph: Graph, options: CompileOptions) {
    this.#own = own;
    this.#other = other;
    this.#executable = other.compile(graph, options);
    this.#donate = options.donate ?? [];
  }

  run(
    inputs: readonly DeviceBuffer[],
    _times?: number,
    places: readonly (DeviceBuffer | undefined)[] = [],
  ): DeviceBuffer[] {
    const given = inputs.map((b) => {
      const copy = this.#other.allocate(b.byteLength);
      copy.write(b.readSync());
      return copy;
    });
    const results = this.#executable.run(given);
    const outputs = results.map((r, i) => {
      const bytes = r.readSync();
      const own = places[i] ?? this.#own.allocate(bytes.byteLength);
      own.write(bytes);
      return own;
    });
    for (const b of [...given, ...results]) b.dispose();
    for (const [i, b] of inputs.entries()) if (this.#donate[i]) b.dispose();
    return outputs;
  }

  dispose(): void {
    this.#executable.dispose();
  }
}

/**
 * Starts on the other backend and moves to machine code once it has been run so often that the
 * compilation pays. When is decided by counting, not by the clock, so that a program gives the same
 * results every time.
 */
export class PromotedExecutable implements Executable {
  #current: Executable;
  #compile: (() => Executable) | undefined;
  #left: number;
  readonly #perRun: number;

  constructor(start: Executable, operations: number, compile: () => Executable) {
    this.#current = start;
    this.#compile = compile;
    this.#left = promoteAfter;
    this.#perRun = operations + runCost;
  }

  run(...[inputs, , places]: Parameters<Executable['run']>): DeviceBuffer[] {
    this.#left -= this.#perRun;
    if (this.#left < 0 && this.#compile) {
      const compile = this.#compile;
      this.#compile = undefined;
      const faster = compile();
      this.#current.dispose();
      this.#current = faster;
    }
    return this.#current.run(inputs, 1, places);
  }

  dispose(): void {
    this.#compile = undefined;
    this.#current.dispose();
  }
}
