/**
 * A program: what the compiler hands to a backend. Kernels in order over numbered buffers, with
 * temporaries already placed in one arena.
 */
import type { DType } from '../dtype.ts';
import type { Expr } from '../expr/expr.ts';
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

export type Step = KernelStep | ControlStep;

export interface KernelStep {
  readonly kernel: Kernel;
  readonly control?: undefined;
  /**
   * Kernels since the last barrier neither write what this one reads nor touch what it writes when
   * false; when true every thread must have finished all earlier steps first.
   */
  readonly barrier: boolean;
}

/** Steps inside of steps. Their first step always has a barrier. */
export interface ControlStep {
  readonly control: Control;
  readonly kernel?: undefined;
  readonly barrier: boolean;
}

export type Control =
  /** `steps` for index = 0 .. extent - 1, in order; kernels inside may use the index. */
  | {
      readonly kind: 'loop';
      readonly index: Expr;
      readonly extent: number;
      readonly steps: readonly Step[];
    }
  /**
   * One of two lists, after a bool in element 0 of a buffer. These run on one thread: what a thread
   * that comes late would read may have changed.
   */
  | {
      readonly kind: 'branch';
      readonly predicate: number;
      readonly then: readonly Step[];
      readonly otherwise: readonly Step[];
    }
  /** `steps` as long as element 0 of a buffer is true. On one thread, like a branch. */
  | { readonly kind: 'while'; readonly predicate: number; readonly steps: readonly Step[] };

/** The lists of steps inside of one. */
export function stepsOf(c: Control): readonly (readonly Step[])[] {
  return c.kind === 'branch' ? [c.then, c.otherwise] : [c.steps];
}

/** Every kernel of a program, in the order of the text. */
export function kernelsOf(steps: readonly Step[]): Kernel[] {
  return steps.flatMap((s) => (s.control ? stepsOf(s.control).flatMap(kernelsOf) : [s.kernel]));
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
  /** The processor is to be told to take subnormal numbers for zero while this runs. */
  readonly flush?: boolean;
}

/** What the lowering must know of a target. */
export interface CpuTarget {
  readonly name: 'wasm' | 'native' | 'webgpu';
  /**
   * Every result is an iteration of its kernel's parallel index, to be computed by an invocation of
   * its own; products are left to the printer (`Kernel.product`). The sizes below mean nothing then.
   */
  readonly gpu?: boolean;
  /** Buffers begin at multiples of so many bytes of the arena. Default 64. */
  readonly arenaAlign?: number;
  /** No buffer goes over a multiple of so many bytes of the arena, which may lie in pieces. */
  readonly arenaSegment?: number;
  /** float32 lanes of a vector register. */
  readonly lanes: number;
  /** Rows x columns (columns a multiple of lanes) of the largest product tile kept in registers. */
  readonly tileRows: number;
  readonly tileCols: number;
  /** How fast tiles of 1, 2, … rows are, against one another. Default: the same from 60% of the largest on. */
  readonly tileRates?: readonly number[];
  /** Vector registers, where they bound how wide tiles of few rows are. */
  readonly registers?: number;
  /** How subnormal numbers are flushed where that is asked for; absent: they cost nothing here. */
  readonly flush?: 'mode' | 'state';
  /** Kernels cheaper than this many scalar operations run on one thread. */
  readonly parallelThreshold: number;
}
