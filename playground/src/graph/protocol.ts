/** What the third page and its worker say to each other. */
import type { NetworkSpec } from '../model/spec.ts';

/** How much of the computation is shown. */
export const parts = ['forward', 'gradient', 'step'] as const;
export type PartName = (typeof parts)[number];

/** What kernels are printed for. */
export const languages = ['c', 'wgsl', 'loops'] as const;
export type LanguageName = (typeof languages)[number];

export interface GraphQuestion {
  readonly spec: NetworkSpec;
  readonly part: PartName;
  readonly batch: number;
  readonly language: LanguageName;
}

export interface GraphAnswer {
  /** The graph as it is written down; null when it is too large to be read. */
  readonly svg: string | null;
  readonly nodes: number;
  readonly kernels: KernelDrawing;
  /** Bytes of temporary arrays, in one block that they share. */
  readonly arena: number;
}

export interface KernelBox {
  readonly id: string;
  readonly kind: 'input' | 'kernel' | 'output';
  readonly title: string;
  readonly line: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Of a kernel: the text it is printed as. */
  readonly source?: string;
  readonly facts?: KernelFacts;
}

export interface KernelFacts {
  /** Scalar operations, roughly. */
  readonly cost: number;
  /** Ranges that threads can share; 1 for none. */
  readonly parallel: number;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

export interface KernelDrawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly KernelBox[];
  readonly arrows: readonly {
    readonly path: string;
    readonly label: string;
    readonly x: number;
    readonly y: number;
  }[];
}
