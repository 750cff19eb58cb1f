/**
 * Expressions of one kernel as WGSL text. As in C (codegen/c/values.ts), a node used more than once
 * becomes a local, declared in the outermost block where its operands live and mean the same.
 */
import { type Expr, exprOrder } from '../../expr/expr.ts';
import type { ExprFacts, KernelFacts } from '../c/facts.ts';
import { indent, Scope } from '../c/scope.ts';
import { operation } from './expr-text.ts';
import type { Memory } from './memory.ts';
import { literal, scalarType } from './prelude.ts';

/** A longer piece of text is given a name of its own: parsers bound how deep parentheses go. */
const longText = 72;

export class Values {
  readonly #memory: Memory;
  readonly #facts: KernelFacts;
  readonly #helper: (name: string) => void;
  readonly #names = new Map<Expr, string>();
  readonly #mutable = new Set<Expr>();
  #counter = 0;

  /** @param helper called with the name of each helper function the text uses */
  constructor(memory: Memory, facts: KernelFacts, helper: (name: string) => void) {
    this.#memory = memory;
    this.#facts = facts;
    this.#helper = helper;
  }

  fresh(prefix: string): string {
    return `${prefix}_${this.#counter++}`;
  }

  /** Gives a variable its name; names must not depend on how many graphs came before. */
  define(scope: Scope, v: Expr, mutable = false): string {
    const name = this.fresh(v.name.replace(/[0-9]+$/, '').replace(/[^A-Za-z0-9]/g, '') || 'v');
    this.bind(scope, v, name, mutable);
    return name;
  }

  /** Says how a variable is read. */
  bind(scope: Scope, v: Expr, text: string, mutable = false): void {
    this.#names.set(v, text);
    scope.defined.add(v);
    if (mutable) this.#mutable.add(v);
  }

  nameOf(v: Expr): string {
    const name = this.#names.get(v);
    if (name === undefined) throw new Error(`WGSL printer: variable ${v.name} is unbound`);
    return name;
  }

  /** Whether a value is computed from variables that may be assigned again. */
  changes(e: Expr): boolean {
    return exprOrder([e]).some((v) => this.#mutable.has(v));
  }

  /** The text of a value, for use at the end of `scope`. */
  text(e: Expr, scope: Scope): string {
    if (e.op === 'const') return literal(e.dtype, e.value, this.#helper);
    if (e.op === 'var') return this.nameOf(e);
    const known = scope.lookup(e);
    if (known !== undefined) return known;
    const facts = this.#facts.of(e);
    const home = scope.homeOf(facts);
    if (this.#shared(e, facts, home !== scope)) return this.#local(e, this.#compute(e, home), home);
    const text = this.#compute(e, scope);
    return text.length > longText ? this.#local(e, text, scope) : text;
  }

  #shared(e: Expr, facts: ExprFacts, outside: boolean): boolean {
    return this.#facts.uses(e) > 1 || (outside && (facts.heavy || facts.size >= 6));
  }

  #local(e: Expr, text: string, scope: Scope): string {
    if (/^[A-Za-z]\w*$/.test(text)) {
      scope.remember(e, text);
      return text;
    }
    const name = this.fresh(e.dtype === 'bool' ? 'c' : /int/.test(e.dtype) ? 'n' : 'x');
    scope.lines.push(`let ${name}: ${scalarType(e.dtype)} = ${text};`);
    scope.remember(e, name);
    return name;
  }

  #compute(e: Expr, scope: Scope): string {
    if (e.op === 'load') return this.#memory.load(e.buffer, this.text(e.args[0], scope));
    if (e.op === 'guard') return this.#guard(e, scope);
    return operation(
      e,
      e.args.map((a) => this.text(a, scope)),
      this.#helper,
    );
  }

  /** Only the side taken is evaluated. */
  #guard(e: Expr, scope: Scope): string {
    const cond = this.text(e.args[0], scope);
    const yes = new Scope(scope, 'guard');
    const a = this.text(e.args[1], yes);
    const no = new Scope(scope, 'guard');
    const b = this.text(e.args[2], no);
    const name = this.fresh('g');
    scope.lines.push(
      `var ${name}: ${scalarType(e.dtype)};`,
      `if (${cond}) {`,
      ...indent([...yes.lines, `${name} = ${a};`]),
      '} else {',
      ...indent([...no.lines, `${name} = ${b};`]),
      '}',
    );
    return name;
  }
}
