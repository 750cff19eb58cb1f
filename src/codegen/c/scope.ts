/**
 * A block of C under construction: its lines so far, and the values that are already in a local
 * there. Inner blocks are finished before their text is added to the outer one, so a value that
 * turns out to be invariant in an inner loop can still be placed before that loop.
 */
import type { Expr } from '../../expr/expr.ts';
import type { ExprFacts, Writes } from './facts.ts';

/** `branch` is a side of an if statement, `guard` a side of a guard expression. */
export type ScopeKind = 'block' | 'loop' | 'branch' | 'guard';

export class Scope {
  readonly parent: Scope | undefined;
  readonly kind: ScopeKind;
  /** Loops: what one round of the body assigns. */
  readonly writes: Writes | undefined;
  /** Loops: known to run at least once, so that even a load may be taken out of it. */
  readonly runs: boolean;
  readonly lines: string[] = [];
  readonly defined: Set<Expr> = new Set();
  readonly #locals = new Map<Expr, string>();

  constructor(parent: Scope | undefined, kind: ScopeKind, writes?: Writes, runs = false) {
    this.parent = parent;
    this.kind = kind;
    this.writes = writes;
    this.runs = runs;
  }

  lookup(e: Expr): string | undefined {
    for (let s: Scope | undefined = this; s; s = s.parent) {
      const name = s.#locals.get(e);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  remember(e: Expr, name: string): void {
    this.#locals.set(e, name);
  }

  /** Drops locals that hold what was read before an assignment. */
  forget(writes: Writes, facts: (e: Expr) => ExprFacts): void {
    for (let s: Scope | undefined = this; s; s = s.parent) {
      for (const e of s.#locals.keys()) {
        const f = facts(e);
        if (meets(f.mem, writes.mem) || meets(f.vars, writes.vars)) s.#locals.delete(e);
      }
    }
  }

  /** The outermost block in which a value may be computed for use here. */
  homeOf(f: ExprFacts): Scope {
    let s: Scope = this;
    while (s.parent && s.#lets(f)) s = s.parent;
    return s;
  }

  /**
   * The block around the guards that this one stands in, if a value means the same there; else this
   * one. For arithmetic that may be done whether or not it is wanted.
   */
  aroundGuards(f: ExprFacts): Scope {
    let s: Scope = this;
    while (s.kind === 'guard' && !meets(f.vars, s.defined)) s = s.parent!;
    return s;
  }

  /** Whether a value with these facts is the same, and safe to compute, before this loop. */
  #lets(f: ExprFacts): boolean {
    return (
      this.kind === 'loop' &&
      (this.runs || !f.unsafe) &&
      !meets(f.vars, this.defined) &&
      !meets(f.vars, this.writes!.vars) &&
      !meets(f.mem, this.writes!.mem)
    );
  }
}

function meets<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size > b.size) return meets(b, a);
  for (const v of a) if (b.has(v)) return true;
  return false;
}

/** Lines one level deeper; directives stay at the margin. */
export function indent(lines: readonly string[]): string[] {
  return lines.map((l) => (l.startsWith('#') ? l : `  ${l}`));
}
