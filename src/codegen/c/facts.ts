/**
 * What must be known of a kernel's expressions and statements before printing: who uses what, and
 * what a value depends on. Decides where a value may be computed.
 */

import { exprsOf, type Stmt, visitStmts } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';

export interface ExprFacts {
  /** Variables below this node. */
  readonly vars: ReadonlySet<Expr>;
  /** Memory that this node reads and that the kernel also writes. */
  readonly mem: ReadonlySet<string>;
  /**
   * May trap when evaluated where it was not asked for: a load that may be out of bounds, an
   * integer division.
   */
  readonly unsafe: boolean;
  /** Holds a load. */
  readonly loads: boolean;
  /** Operations below and including this node, shared ones counted once per use. */
  readonly size: number;
  /** Holds an operation worth taking out of a loop even when used once. */
  readonly heavy: boolean;
}

export interface Writes {
  readonly vars: ReadonlySet<Expr>;
  readonly mem: ReadonlySet<string>;
}

const heavyOps = new Set(['load', 'div', 'rem', 'sqrt', 'guard']);
const noVars: ReadonlySet<Expr> = new Set();
const noMem: ReadonlySet<string> = new Set();

function union<T>(sets: readonly ReadonlySet<T>[], none: ReadonlySet<T>): ReadonlySet<T> {
  let result = none;
  let copied = false;
  for (const s of sets) {
    if (s.size === 0 || s === result) continue;
    if (result.size === 0) {
      result = s;
      continue;
    }
    for (const v of s) {
      if (result.has(v)) continue;
      if (!copied) {
        result = new Set(result);
        copied = true;
      }
      (result as Set<T>).add(v);
    }
  }
  return result;
}

export class KernelFacts {
  readonly #memory: (buffer: number) => string;
  readonly #length: (buffer: number) => number;
  readonly #written: Set<string>;
  readonly #uses = new Map<Expr, number>();
  readonly #facts = new Map<Expr, ExprFacts>();
  readonly #writes = new Map<readonly Stmt[], Writes>();

  /**
   * @param memory names the memory behind a buffer: two buffers with one name may overlap
   * @param length elements of a buffer
   */
  constructor(
    body: readonly Stmt[],
    memory: (buffer: number) => string,
    length: (buffer: number) => number,
  ) {
    this.#memory = memory;
    this.#length = length;
    this.#written = new Set(this.writesOf(body).mem);
    visitStmts(body, (s) => {
      for (const e of exprsOf(s)) this.#count(e);
    });
  }

  uses(e: Expr): number {
    return this.#uses.get(e) ?? 0;
  }

  #count(e: Expr): void {
    const n = this.#uses.get(e);
    this.#uses.set(e, (n ?? 0) + 1);
    if (n === undefined) for (const a of e.args) this.#count(a);
  }

  of(e: Expr): ExprFacts {
    const known = this.#facts.get(e);
    if (known) return known;
    const args = e.args.map((a) => this.of(a));
    const mem = union(
      args.map((a) => a.mem),
      noMem,
    );
    const own = e.op === 'load' ? this.#memory(e.buffer) : undefined;
    const divides = (e.op === 'div' || e.op === 'rem') && /int/.test(e.dtype);
    const facts: ExprFacts = {
      vars:
        e.op === 'var'
          ? new Set([e])
          : union(
              args.map((a) => a.vars),
              noVars,
            ),
      mem: own !== undefined && this.#written.has(own) ? new Set([...mem, own]) : mem,
      unsafe:
        (e.op === 'load' && !(e.args[0].lo >= 0 && e.args[0].hi < this.#length(e.buffer))) ||
        (divides && !(e.args[1].op === 'const' && e.args[1].value !== 0)) ||
        args.some((a) => a.unsafe),
      loads: e.op === 'load' || args.some((a) => a.loads),
      size: args.reduce((n, a) => n + a.size, 1),
      heavy: heavyOps.has(e.op) || args.some((a) => a.heavy),
    };
    this.#facts.set(e, facts);
    return facts;
  }

  /** Everything that a list of statements assigns. */
  writesOf(body: readonly Stmt[]): Writes {
    const known = this.#writes.get(body);
    if (known) return known;
    const vars = new Set<Expr>();
    const mem = new Set<string>();
    visitStmts(body, (s) => {
      if (s.kind === 'update' || s.kind === 'set' || s.kind === 'accum') vars.add(s.variable);
      else if (s.kind === 'store') mem.add(this.#memory(s.buffer));
      else if (s.kind === 'tile') mem.add(this.#memory(s.out.buffer));
    });
    const writes = { vars, mem };
    this.#writes.set(body, writes);
    return writes;
  }
}
