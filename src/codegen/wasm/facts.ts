/** What the printer must know about the expressions of one kernel. */
import type { BufferRef, Kernel, Stmt } from '../../compiler/loopnest.ts';
import { exprsOf, visitStmts } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';
import { linear } from '../../expr/index-math.ts';

export interface LoopFacts {
  readonly index: Expr | undefined;
  /** Variables that are bound inside; the index is one of them. */
  readonly inside: ReadonlySet<Expr>;
  /** What the body changes, as a mask of `Facts`. */
  readonly kills: number;
  readonly invariant: Map<Expr, boolean>;
}

/**
 * Values that can change while the kernel runs (elements of buffers it writes, accumulators) each
 * have a bit; the last bit stands for all beyond the thirtieth.
 */
export class Facts {
  readonly #bits = new Map<BufferRef | Expr, number>();
  readonly #masks = new Map<Expr, number>();
  readonly #uses = new Map<Expr, number>();
  readonly #loops = new Map<readonly Stmt[], LoopFacts>();
  readonly #speculable = new Map<Expr, boolean>();
  /** `let` variables whose value cannot change: they are just names for it. */
  readonly alias: Map<Expr, Expr> = new Map();

  constructor(kernel: Kernel) {
    visitStmts(kernel.body, (s) => {
      if (s.kind === 'store') this.#give(s.buffer);
      else if (s.kind === 'tile') this.#give(s.out.buffer);
      else if (s.kind === 'accum') this.#give(s.variable);
    });
    visitStmts(kernel.body, (s) => {
      if (s.kind === 'let' && this.mask(s.value) === 0) {
        this.alias.set(s.variable, s.value);
        return;
      }
      for (const e of exprsOf(s)) this.#count(e);
    });
  }

  #give(key: BufferRef | Expr): void {
    if (!this.#bits.has(key)) this.#bits.set(key, 1 << Math.min(30, this.#bits.size));
  }

  /** The bit of a buffer or an accumulator; 0 when nothing in the kernel changes it. */
  bit(key: BufferRef | Expr): number {
    return this.#bits.get(key) ?? 0;
  }

  /** Which changing things the value of `e` rests on. */
  mask(e: Expr): number {
    const known = this.#masks.get(e);
    if (known !== undefined) return known;
    let m = 0;
    if (e.op === 'var') m = this.bit(e);
    else {
      if (e.op === 'load') m = this.bit(e.buffer);
      for (const a of e.args) m |= this.mask(a);
    }
    this.#masks.set(e, m);
    return m;
  }

  /** What is known of a loop over `body`, whichever way it is emitted. */
  loop(body: readonly Stmt[], index?: Expr): LoopFacts {
    let known = this.#loops.get(body);
    if (!known) {
      known = {
        index,
        inside: boundIn(body, index),
        kills: this.#kills(body),
        invariant: new Map(),
      };
      this.#loops.set(body, known);
    }
    return known;
  }

  #kills(body: readonly Stmt[]): number {
    let m = 0;
    visitStmts(body, (s) => {
      if (s.kind === 'store') m |= this.bit(s.buffer);
      else if (s.kind === 'tile') m |= this.bit(s.out.buffer);
      else if (s.kind === 'accum' || s.kind === 'update' || s.kind === 'set')
        m |= this.bit(s.variable);
    });
    return m;
  }

  /** Whether the value of `e` is the same in every iteration of a loop. */
  invariant(e: Expr, loop: LoopFacts): boolean {
    const known = loop.invariant.get(e);
    if (known !== undefined) return known;
    let r = true;
    if (e.op === 'var') {
      const value = this.alias.get(e);
      r = value
        ? this.invariant(value, loop)
        : !loop.inside.has(e) && (this.bit(e) & loop.kills) === 0;
    } else {
      if (e.op === 'load') r = (this.bit(e.buffer) & loop.kills) === 0;
      for (const a of e.args) r = r && this.invariant(a, loop);
    }
    loop.invariant.set(e, r);
    return r;
  }

  #count(e: Expr): void {
    const n = (this.#uses.get(e) ?? 0) + 1;
    this.#uses.set(e, n);
    if (n > 1) return;
    const value = e.op === 'var' ? this.alias.get(e) : undefined;
    if (value) {
      // Once here stands for every use of the name.
      this.#count(value);
      this.#count(value);
    }
    if (e.op === 'load') for (const t of linear(e.args[0]).terms) this.#count(t.atom);
    else for (const a of e.args) this.#count(a);
  }

  /** Whether a value is wanted more than once, as far as is known. */
  shared(e: Expr): boolean {
    return this.#uses.get(e) !== 1;
  }

  /** Whether `e` may be computed where the program would not: it neither loads nor can it trap. */
  speculable(e: Expr): boolean {
    const known = this.#speculable.get(e);
    if (known !== undefined) return known;
    let ok = e.op !== 'load' && e.args.every((a) => this.speculable(a));
    if ((e.op === 'div' || e.op === 'rem') && (e.dtype === 'int32' || e.dtype === 'uint32')) {
      const by = e.args[1];
      ok &&= by.op === 'const' && by.value !== 0 && by.value !== -1;
    }
    if (e.op === 'var') {
      const value = this.alias.get(e);
      if (value) ok = this.speculable(value);
    }
    this.#speculable.set(e, ok);
    return ok;
  }
}

/** The variables bound by statements, and `index`. */
function boundIn(body: readonly Stmt[], index?: Expr): Set<Expr> {
  const bound = new Set<Expr>();
  if (index) bound.add(index);
  visitStmts(body, (s) => {
    if (s.kind === 'for') bound.add(s.index);
    else if (s.kind === 'let' || s.kind === 'accum') bound.add(s.variable);
  });
  return bound;
}
