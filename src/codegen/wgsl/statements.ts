/** Statements of a kernel as WGSL text. */
import type { Stmt } from '../../compiler/loopnest.ts';
import type { KernelFacts, Writes } from '../c/facts.ts';
import { indent, Scope } from '../c/scope.ts';
import { combine } from './expr-text.ts';
import type { Memory } from './memory.ts';
import { scalarType } from './prelude.ts';
import type { Values } from './values.ts';

type Of<K extends Stmt['kind']> = Extract<Stmt, { kind: K }>;

export class Statements {
  readonly values: Values;
  readonly #memory: Memory;
  readonly #facts: KernelFacts;
  readonly #helper: (name: string) => void;

  constructor(memory: Memory, facts: KernelFacts, values: Values, helper: (name: string) => void) {
    this.#memory = memory;
    this.#facts = facts;
    this.values = values;
    this.#helper = helper;
  }

  print(body: readonly Stmt[], scope: Scope): void {
    for (const s of body) this.#stmt(s, scope);
  }

  writesOf(body: readonly Stmt[]): Writes {
    return this.#facts.writesOf(body);
  }

  forget(scope: Scope, writes: Writes): void {
    scope.forget(writes, (e) => this.#facts.of(e));
  }

  #stmt(s: Stmt, scope: Scope): void {
    const { values } = this;
    switch (s.kind) {
      case 'for':
        this.#for(s, scope);
        break;
      case 'let': {
        const text = values.text(s.value, scope);
        // The value has a name already, and one that keeps its value.
        const named = s.value.op === 'var' || scope.lookup(s.value) === text;
        if (named && !values.changes(s.value)) values.bind(scope, s.variable, text);
        else {
          const name = values.define(scope, s.variable);
          scope.lines.push(`let ${name}: ${scalarType(s.variable.dtype)} = ${text};`);
        }
        break;
      }
      case 'accum': {
        const init = values.text(s.init, scope);
        const name = values.define(scope, s.variable, true);
        scope.lines.push(`var ${name}: ${scalarType(s.variable.dtype)} = ${init};`);
        break;
      }
      case 'update': {
        const name = values.nameOf(s.variable);
        const value = values.text(s.value, scope);
        const next = combine(s.op, s.variable.dtype, name, value, this.#helper);
        scope.lines.push(`${name} = ${next};`);
        this.forget(scope, this.writesOf([s]));
        break;
      }
      case 'set': {
        const value = values.text(s.value, scope);
        scope.lines.push(`${values.nameOf(s.variable)} = ${value};`);
        this.forget(scope, this.writesOf([s]));
        break;
      }
      case 'store': {
        const value = values.text(s.value, scope);
        const index = values.text(s.index, scope);
        scope.lines.push(this.#memory.store(s.buffer, index, value));
        this.forget(scope, this.writesOf([s]));
        break;
      }
      case 'if':
        this.#if(s, scope);
        break;
      case 'while':
        this.#while(s, scope);
        break;
      case 'tile':
        throw new Error('WGSL printer: register tiles are made for other targets');
    }
  }

  #for(s: Of<'for'>, scope: Scope): void {
    const { values } = this;
    const start = values.text(s.start, scope);
    let end: string;
    if (s.start.op === 'const' && s.extent.op === 'const')
      end = `${s.start.value + s.extent.value}`;
    else {
      const extent = values.text(s.extent, scope);
      end = values.fresh('end');
      scope.lines.push(`let ${end}: i32 = ${start} + ${extent};`);
    }
    const writes = this.writesOf(s.body);
    this.forget(scope, writes);
    const inner = new Scope(scope, 'loop', writes, s.extent.op === 'const' && s.extent.value > 0);
    const i = values.define(inner, s.index);
    this.print(s.body, inner);
    scope.lines.push(
      `for (var ${i}: i32 = ${start}; ${i} < ${end}; ${i} += ${s.step}) {`,
      ...indent(inner.lines),
      '}',
    );
  }

  #if(s: Of<'if'>, scope: Scope): void {
    const cond = this.values.text(s.cond, scope);
    const then = new Scope(scope, 'branch');
    this.print(s.then, then);
    const otherwise = new Scope(scope, 'branch');
    if (s.otherwise) this.print(s.otherwise, otherwise);
    scope.lines.push(`if (${cond}) {`, ...indent(then.lines));
    if (otherwise.lines.length) scope.lines.push('} else {', ...indent(otherwise.lines));
    scope.lines.push('}');
  }

  #while(s: Of<'while'>, scope: Scope): void {
    const writes = this.writesOf(s.body);
    this.forget(scope, writes);
    const inner = new Scope(scope, 'loop', writes);
    const cond = this.values.text(s.cond, inner);
    inner.lines.push(`if (!${cond}) { break; }`);
    this.print(s.body, inner);
    scope.lines.push('loop {', ...indent(inner.lines), '}');
  }
}
