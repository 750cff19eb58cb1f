/**
 * Where code is being emitted: a chain of frames from the kernel inwards, each with the values it
 * holds in locals.
 *
 * What a loop does not change is computed before it. To that end each loop collects its body apart
 * from `pre`, the code that goes right before the loop; a value found to be invariant while the body
 * is being emitted is put there on the spot.
 */
import type { Expr } from '../../expr/expr.ts';
import { Code } from './assembler.ts';
import type { Facts, LoopFacts } from './facts.ts';

/** The value of a variable: a local (or nothing) plus a constant. */
export interface Binding {
  readonly local: number | undefined;
  readonly add: number;
}

/** A byte address that moves with a loop. */
export interface Pointer {
  readonly local: number;
  /** Bytes for one more in the loop's index. */
  readonly stride: number;
}

export interface Loop {
  readonly facts: LoopFacts;
  readonly pre: Code;
  /** A loop in the machine code, not one that is unrolled. */
  readonly real: boolean;
  /** Of real loops that hold no other real loop. */
  readonly pointers: Map<string, Pointer> | undefined;
  /** Where the index starts. */
  readonly start: Binding;
}

export class Frame {
  readonly parent: Frame | undefined;
  readonly loop: Loop | undefined;
  /** Whether its code may be skipped although that around it runs. */
  readonly branch: boolean;
  /** In lane frames: which lane. */
  readonly lane: number | undefined;
  readonly depth: number;
  readonly values: Map<Expr, number> = new Map();
  /** Vectors of 32-bit lanes (bool: masks), and of 64-bit lanes. */
  readonly vectors: Map<Expr, number> = new Map();
  readonly pairs: Map<Expr, number> = new Map();
  readonly bindings: Map<Expr, Binding> = new Map();
  /** The scalar views of a vector iteration, one a lane. */
  readonly lanes: (Frame | undefined)[] = [];

  constructor(
    parent: Frame | undefined,
    options: { loop?: Loop; branch?: boolean; lane?: number } = {},
  ) {
    this.parent = parent;
    this.loop = options.loop;
    this.branch = options.branch ?? false;
    this.lane = options.lane;
    this.depth = (parent?.depth ?? 0) + (options.loop ? 1 : 0);
  }

  /** Forgets held values that rest on something that has changed. */
  forget(mask: number, facts: Facts): void {
    for (let f: Frame | undefined = this; f; f = f.parent) {
      f.#forgetOwn(mask, facts);
      for (const l of f.lanes) if (l) l.#forgetOwn(mask, facts);
    }
  }

  #forgetOwn(mask: number, facts: Facts): void {
    for (const held of [this.values, this.vectors, this.pairs])
      for (const e of held.keys()) if (e.op !== 'var' && facts.mask(e) & mask) held.delete(e);
  }
}

export function makeLoop(
  facts: LoopFacts,
  start: Binding,
  kind: 'straight' | 'outer' | 'innermost',
): Loop {
  return {
    facts,
    pre: new Code(),
    real: kind !== 'straight',
    pointers: kind === 'innermost' ? new Map() : undefined,
    start,
  };
}
