/**
 * Expressions of one kernel as C text.
 *
 * Expressions are DAGs; a node used more than once becomes a local, declared in the outermost block
 * where its operands live and mean the same (never out of a branch that might not be taken). Values
 * read from memory that the kernel writes, or from accumulators, are dropped from the known locals
 * as soon as they may have changed.
 */
import type { Expr } from '../../expr/expr.ts';
import type { KernelBuffers } from './buffers.ts';
import { atom, choose, number, operation, type Text } from './expr-text.ts';
import type { ExprFacts, KernelFacts } from './facts.ts';
import { reservedNames, scalarType } from './prelude.ts';
import { indent, Scope } from './scope.ts';

/** A longer piece of text is given a name of its own. */
const longText = 72;

export class Values {
  readonly #buffers: KernelBuffers;
  readonly #facts: KernelFacts;
  readonly #helper: (name: string) => void;
  readonly #names = new Map<Expr, Text>();
  readonly #mutable = new Set<Expr>();
  readonly #taken: Set<string>;
  #counter = 0;

  /** @param helper called with the name of each helper function the text uses */
  constructor(buffers: KernelBuffers, helper: (name: string) => void) {
    this.#buffers = buffers;
    this.#facts = buffers.facts;
    this.#helper = helper;
    this.#taken = new Set([...reservedNames, ...buffers.names()]);
  }

  fresh(prefix: string): string {
    for (;;) {
      const name = `${prefix}${this.#counter++}`;
      if (!this.#taken.has(name)) {
        this.#taken.add(name);
        return name;
      }
    }
  }

  /** Gives a variable its C name; names must not depend on how many graphs came before. */
  define(scope: Scope, v: Expr): string {
    const stem = v.name.replace(/[0-9]+$/, '').replace(/[^A-Za-z0-9_]/g, '_');
    const name = this.fresh(/^[A-Za-z]/.test(stem) ? stem : 'v');
    this.bind(scope, v, atom(name));
    return name;
  }

  /** Says how a variable is read. */
  bind(scope: Scope, v: Expr, text: Text, mutable = false): void {
    this.#names.set(v, text);
    scope.defined.add(v);
    if (mutable) this.#mutable.add(v);
  }

  /** Whether a value is computed from variables that may be assigned again. */
  changes(e: Expr): boolean {
    for (const v of this.#facts.of(e).vars) if (this.#mutable.has(v)) return true;
    return false;
  }

  /**
   * The text of a value, for use at the end of `scope`.
   *
   * @param named whether it must be a name, because the text will be used twice
   */
  text(e: Expr, scope: Scope, named = false): Text {
    if (e.op === 'const') return number(e);
    if (e.op === 'var') {
      const name = this.#names.get(e);
      if (!name) throw new Error(`C printer: variable ${e.name} is unbound`);
      return name;
    }
    const known = scope.lookup(e);
    if (known !== undefined) return atom(known);

    const facts = this.#facts.of(e);
    const home = this.#homeOf(e, facts, scope);
    const shared = named || this.#facts.uses(e) > 1;
    if (shared || (home !== scope && (facts.heavy || facts.size >= 6))) {
      return this.#local(e, this.#compute(e, home), home);
    }
    const text = this.#compute(e, scope);
    return text.text.length > longText ? this.#local(e, text, scope) : text;
  }

  /** Where to compute a value: see Scope. A load that cannot fail may also leave guards. */
  #homeOf(e: Expr, facts: ExprFacts, scope: Scope): Scope {
    const home = scope.homeOf(facts);
    if (e.op !== 'load' || facts.unsafe || home.kind !== 'guard') return home;
    const around = home.aroundGuards(facts);
    const outside = around.homeOf(facts);
    // Only to get out of a loop; otherwise the guard may as well save the load.
    return outside === around ? home : outside;
  }

  /**
   * The index of a load under a guard is computed before the guard when that is mere arithmetic:
   * compilers follow addresses in lanes only through arithmetic that always happens.
   */
  #index(e: Expr, scope: Scope): string {
    if (scope.kind !== 'guard' || e.args.length === 0) return this.text(e, scope).text;
    const facts = this.#facts.of(e);
    if (facts.unsafe || facts.loads || this.changes(e)) return this.text(e, scope).text;
    return this.text(e, scope.aroundGuards(facts), true).text;
  }

  #local(e: Expr, text: Text, scope: Scope): Text {
    if (/^[A-Za-z_]\w*$/.test(text.text)) {
      scope.remember(e, text.text);
      return text;
    }
    const prefix = e.dtype === 'bool' ? 'c' : /int/.test(e.dtype) ? 'n' : 'x';
    const name = this.fresh(prefix);
    scope.lines.push(`const ${scalarType(e.dtype)} ${name} = ${text.text};`);
    scope.remember(e, name);
    return atom(name);
  }

  #compute(e: Expr, scope: Scope): Text {
    if (e.op === 'load') {
      const text = `${this.#buffers.pointer(e.buffer)}[${this.#index(e.args[0], scope)}]`;
      return e.storage === 'bool' ? { text: `${text} != 0`, prec: 9 } : atom(text);
    }
    if (e.op === 'guard') return this.#guard(e, scope);
    // A float min or max with a constant names its other side twice.
    const twice =
      (e.op === 'min' || e.op === 'max') &&
      !/int|bool/.test(e.dtype) &&
      e.args.some((a) => a.op === 'const');
    // Both sides of a select are wanted, but C's ternary would read memory only for the side taken:
    // compilers then keep a branch, and neither the loop is vectorised nor the branch foreseen.
    const eager = (a: Expr, i: number): boolean =>
      e.op === 'select' && i > 0 && this.#facts.of(a).loads;
    const args = e.args.map((a, i) => this.text(a, scope, twice || eager(a, i)));
    return operation(e, args, (name) => this.#helper(name));
  }

  /** Only the side taken is evaluated: a ternary when both sides fit in it, else an if. */
  #guard(e: Expr, scope: Scope): Text {
    const cond = this.text(e.args[0], scope);
    const yes = new Scope(scope, 'guard');
    const a = this.text(e.args[1], yes);
    const no = new Scope(scope, 'guard');
    const b = this.text(e.args[2], no);
    if (yes.lines.length + no.lines.length === 0) return choose(cond, a, b);
    const name = this.fresh(e.dtype === 'bool' ? 'c' : /int/.test(e.dtype) ? 'n' : 'x');
    scope.lines.push(
      `${scalarType(e.dtype)} ${name};`,
      `if (${cond.text}) {`,
      ...indent([...yes.lines, `${name} = ${a.text};`]),
      '} else {',
      ...indent([...no.lines, `${name} = ${b.text};`]),
      '}',
    );
    return atom(name);
  }
}
