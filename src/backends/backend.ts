/** The contract between tensors and a backend. */
import type { DType } from '../dtype.ts';
import type { Graph } from '../graph/graph.ts';

/** Memory on a backend. Sizes are in bytes; contents are dense, little endian. */
export interface DeviceBuffer {
  readonly byteLength: number;
  /** Copies `bytes` in (its length must equal byteLength). */
  write(bytes: Uint8Array): void;
  /** A copy of the contents. */
  read(): Promise<Uint8Array>;
  /**
   * A copy of the contents, at once, in `into` (of byteLength bytes) when that is given. Only where
   * `Backend.sync` is true.
   */
  readSync(into?: Uint8Array): Uint8Array;
  /** Frees the memory; a second call does nothing. Using the buffer afterwards is an error. */
  dispose(): void;
  readonly disposed: boolean;
}

export interface CompileOptions {
  /** A readable name for dumps and errors. */
  readonly name?: string;
  /** donate[i]: input i may be overwritten; its buffer must not be used after the run. */
  readonly donate?: readonly boolean[];
  /**
   * Run often, so worth the slowest and best compilation. Unset for the one-off graphs of lazy
   * tensors, which a backend may run in a cheaper way.
   */
  readonly optimize?: boolean;
  /**
   * Subnormal numbers (float32 below 2^-126) may count as zero, as in programs compiled by XLA: on
   * some processors each of them costs a hundred cycles, and what an optimizer remembers of a weight
   * that is no longer used decays into them for good.
   */
  readonly flushSubnormals?: boolean;
}

export interface Executable {
  /**
   * For each output the donated input whose memory it takes over, or -1. Where this is known, `run` can
   * be told to run several times, so that no time is lost in between.
   */
  readonly inPlace?: readonly number[];
  /**
   * Runs the program. `inputs` are in the order of `graph.inputs`; the result is in the order of
   * `graph.outputs`. A donated input's buffer comes back as an output or is disposed of. Of several
   * `times` (default 1; only with `inPlace`), each finds in the inputs what the last has left there.
   * Output i is put in `places[i]`, a `Backend.part`, when that is given, which then is the result.
   */
  run(
    inputs: readonly DeviceBuffer[],
    times?: number,
    places?: readonly (DeviceBuffer | undefined)[],
  ): DeviceBuffer[];
  dispose(): void;
}

export interface Backend {
  readonly name: string;
  /** Whether `readSync` works (every CPU backend). */
  readonly sync: boolean;
  /** Whether its device is lost or disposed of, and with it all that its buffers held. */
  readonly ended?: boolean;
  /** What it can compute; absent: every dtype. Compiling a graph with another one throws `dtype`. */
  readonly dtypes?: ReadonlySet<DType>;
  allocate(byteLength: number): DeviceBuffer;
  /**
   * A stretch of a buffer as a buffer of its own, for `Executable.run` to put an output in, where that
   * can be done. It is good until the whole is disposed of; its own disposal frees nothing.
   */
  part?(whole: DeviceBuffer, start: number, byteLength: number): DeviceBuffer;
  compile(graph: Graph, options?: CompileOptions): Executable;
  /** Bytes held by live buffers. */
  memory(): { readonly buffers: number; readonly bytes: number };
  dispose(): void;
}
