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
import type { Facts } from './facts.ts';

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
  readonly index: Expr | undefined;
  /** Variables that are bound inside; the index is one of them. */
  readonly inside: ReadonlySet<Expr>;
  /** What the body changes, as a mask of `Facts`. */
  readonly kills: number;
  readonly pre: Code;
  /** A loop in the machine code, not one that is unrolled. */
  readonly real: boolean;
  /** Of real loops that hold no other real loop. */
  readonly pointers: Map<string, Pointer> | undefined;
  /** Where the index starts. */
  readonly start: Binding;
  readonly invariant: Map<Expr, boolean>;
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
  lanes: Frame[] = [];

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
      for (const l of f.lanes) l.#forgetOwn(mask, facts);
    }
  }

  #forgetOwn(mask: number, facts: Facts): void {
    for (const held of [this.values, this.vectors, this.pairs])
      for (const e of held.keys()) if (e.op !== 'var' && facts.mask(e) & mask) held.delete(e);
  }
}

export function invariantIn(e: Expr, loop: Loop, facts: Facts): boolean {
  const known = loop.invariant.get(e);
  if (known !== undefined) return known;
  let r: boolean;
  if (e.op === 'var') {
    const value = facts.alias.get(e);
    r = value
      ? invariantIn(value, loop, facts)
      : !loop.inside.has(e) && (facts.bit(e) & loop.kills) === 0;
  } else
    r =
      (e.op !== 'load' || (facts.bit(e.buffer) & loop.kills) === 0) &&
      e.args.every((a) => invariantIn(a, loop, facts));
  loop.invariant.set(e, r);
  return r;
}

export function makeLoop(options: {
  index?: Expr;
  inside: ReadonlySet<Expr>;
  kills: number;
  real: boolean;
  innermost: boolean;
  start: Binding;
}): Loop {
  return {
    index: options.index,
    inside: options.inside,
    kills: options.kills,
    pre: new Code(),
    real: options.real,
    pointers: options.real && options.innermost ? new Map() : undefined,
    start: options.start,
    invariant: new Map(),
  };
}
