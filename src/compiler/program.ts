/**
 * A program: what the compiler hands to a backend. Kernels in order over numbered buffers, with
 * temporaries already placed in one arena.
 */
import type { DType } from '../dtype.ts';
import type { Kernel } from './loopnest.ts';

export type BufferPlace =
  /** The caller's n-th input. Read only, unless an output says `donatedFrom: n`. */
  | { readonly kind: 'input'; readonly slot: number }
  /**
   * The n-th output. With `donatedFrom` the output is written over that input: the backend passes
   * the same memory for both, and the input is no longer valid afterwards.
   */
  | { readonly kind: 'output'; readonly slot: number; readonly donatedFrom?: number }
  /** A temporary at a byte offset of the program's arena; its contents mean nothing between runs. */
  | { readonly kind: 'arena'; readonly offset: number }
  /** Fixed data that belongs to the program (large constants). */
  | { readonly kind: 'constant'; readonly data: Uint8Array };

export interface BufferDecl {
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
  readonly place: BufferPlace;
}

export interface Step {
  readonly kernel: Kernel;
  /**
   * Kernels since the last barrier neither write what this one reads nor touch what it writes when
   * false; when true every thread must have finished all earlier steps first.
   */
  readonly barrier: boolean;
}

export interface Program {
  readonly name: string;
  readonly buffers: readonly BufferDecl[];
  readonly steps: readonly Step[];
  /** Bytes of the arena (64-byte aligned). */
  readonly arenaBytes: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Total of the kernels' costs. */
  readonly cost: number;
}

/** What the CPU part of the lowering must know of a target. */
export interface CpuTarget {
  readonly name: 'wasm' | 'native';
  /** float32 lanes of a vector register. */
  readonly lanes: number;
  /** Rows x columns (columns a multiple of lanes) of the largest product tile kept in registers. */
  readonly tileRows: number;
  readonly tileCols: number;
  /** Kernels cheaper than this many scalar operations run on one thread. */
  readonly parallelThreshold: number;
}
