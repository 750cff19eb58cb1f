/** One kernel as a C function: its statements. */
import { type Kernel, type Stmt, visitStmts } from '../../compiler/loopnest.ts';
import type { BufferDecl } from '../../compiler/program.ts';
import type { Expr } from '../../expr/expr.ts';
import { KernelBuffers } from './buffers.ts';
import { atom, wrap } from './expr-text.ts';
import type { KernelFacts, Writes } from './facts.ts';
import { scalarType } from './prelude.ts';
import { indent, Scope } from './scope.ts';
import { type TileShape, type TileStrides, tileCallName } from './tile.ts';
import { type TransposingCopy, transposingCopy } from './transpose.ts';
import { Values } from './values.ts';

/** What kernels ask of the file they stand in. */
export interface FileNeeds {
  helper(name: string): void;
  tile(shape: TileShape, strides: TileStrides): void;
}

export class KernelPrinter {
  readonly #kernel: Kernel;
  readonly #needs: FileNeeds;
  readonly #buffers: KernelBuffers;
  readonly #facts: KernelFacts;
  readonly #values: Values;
  /** C names of the accumulators. */
  readonly #accums = new Map<Expr, string>();
  /** Accumulators that the vector loop being printed keeps as integers. */
  #keys: ReadonlyMap<Expr, string> = new Map();

  constructor(kernel: Kernel, buffers: readonly BufferDecl[], needs: FileNeeds) {
    this.#kernel = kernel;
    this.#needs = needs;
    this.#buffers = new KernelBuffers(kernel, buffers);
    this.#facts = this.#buffers.facts;
    this.#values = new Values(this.#buffers, needs.helper);
  }

  print(): string {
    const { name, parallel, cost } = this.#kernel;
    const root = new Scope(undefined, 'block');
    const writes = this.#facts.writesOf(this.#kernel.body);
    const outer = (this.#kernel.outer ?? []).map((v) => `, i32 ${this.#values.define(root, v)}`);
    if (parallel) {
      const body = new Scope(root, 'loop', writes, true);
      const i = this.#values.define(body, parallel.index);
      this.#block(this.#kernel.body, body);
      if (isElementwise(this.#kernel)) root.lines.push('#pragma omp simd');
      root.lines.push(`for (i32 ${i} = lo; ${i} < hi; ${i}++) {`, ...indent(body.lines), '}');
    } else {
      this.#block(this.#kernel.body, root);
    }
    const fused = addsFloats(this.#kernel);
    const how = parallel
      ? `in parallel over ${parallel.extent}: iterations lo to hi - 1 here`
      : 'on one thread';
    return [
      `// ${name}: about ${cost} operations, ${how}`,
      `static __attribute__((noinline)) ${fused ? 'FUSED ' : ''}void ${name}(void *const *t, char *scratch, i32 lo, i32 hi${outer.join('')}) {`,
      ...(fused ? ['  FUSED_BODY'] : []),
      ...indent([...this.#buffers.lines, ...root.lines]),
      '}',
      '',
    ].join('\n');
  }

  #forget(scope: Scope, writes: Writes): void {
    scope.forget(writes, (e) => this.#facts.of(e));
  }

  #block(body: readonly Stmt[], scope: Scope): void {
    for (const s of body) this.#stmt(s, scope);
  }

  #stmt(s: Stmt, scope: Scope): void {
    switch (s.kind) {
      case 'for':
        this.#for(s, scope);
        break;
      case 'let':
        this.#let(s, scope);
        break;
      case 'accum':
        this.#accum(s, scope);
        break;
      case 'update':
        this.#update(s, scope);
        break;
      case 'set': {
        const value = this.#values.text(s.value, scope).text;
        scope.lines.push(`${this.#accumName(s.variable)} = ${value};`);
        this.#forget(scope, this.#facts.writesOf([s]));
        break;
      }
      case 'store': {
        const value = this.#values.text(s.value, scope);
        const index = this.#values.text(s.index, scope).text;
        const narrow = s.storage === 'uint8' && s.value.op !== 'load';
        const text = narrow ? `(u8)${wrap(value, 14)}` : value.text;
        scope.lines.push(`${this.#buffers.pointer(s.buffer)}[${index}] = ${text};`);
        this.#forget(scope, this.#facts.writesOf([s]));
        break;
      }
      case 'if':
        this.#if(s, scope);
        break;
      case 'while':
        this.#while(s, scope);
        break;
      case 'tile':
        this.#tile(s, scope);
        break;
    }
  }

  #let(s: Extract<Stmt, { kind: 'let' }>, scope: Scope): void {
    const { text } = this.#values.text(s.value, scope);
    // The value has a name already, and one that keeps its value.
    if (scope.lookup(s.value) === text && !this.#values.changes(s.value)) {
      this.#values.bind(scope, s.variable, atom(text));
      return;
    }
    const name = this.#values.define(scope, s.variable);
    scope.lines.push(`const ${scalarType(s.variable.dtype)} ${name} = ${text};`);
  }

  #for(s: Extract<Stmt, { kind: 'for' }>, scope: Scope): void {
    const copy = transposingCopy(s);
    if (copy) {
      this.#transpose(copy, scope);
      this.#forget(scope, this.#facts.writesOf([s]));
      return;
    }
    const start = this.#values.text(s.start, scope);
    let end: string;
    if (s.extent.op === 'const' && s.start.op === 'const') {
      end = String(s.start.value + s.extent.value);
    } else {
      const extent = this.#values.text(s.extent, scope);
      const sum =
        s.start.op === 'const' && s.start.value === 0
          ? extent.text
          : `${wrap(start, 12)} + ${wrap(extent, 13)}`;
      end = /^\w+$/.test(sum) ? sum : this.#values.fresh('end');
      if (end !== sum) scope.lines.push(`const i32 ${end} = ${sum};`);
    }
    const writes = this.#facts.writesOf(s.body);
    this.#forget(scope, writes);
    const inner = new Scope(scope, 'loop', writes, s.extent.op === 'const' && s.extent.value > 0);
    const i = this.#values.define(inner, s.index);
    const keys = s.vector ? this.#openKeys(s.body, scope) : new Map<Expr, string>();
    const outerKeys = this.#keys;
    this.#keys = keys;
    this.#block(s.body, inner);
    this.#keys = outerKeys;
    if (s.vector) scope.lines.push(`#pragma omp simd${this.#reductions(s.body, keys)}`);
    const step = s.step === 1 ? `${i}++` : `${i} += ${s.step}`;
    scope.lines.push(
      `for (i32 ${i} = ${start.text}; ${i} < ${end}; ${step}) {`,
      ...indent(inner.lines),
      '}',
    );
    this.#closeKeys(keys, scope);
  }

  /**
   * The reduction clauses of a vector loop. Float minima and maxima are kept as integers in the same
   * order, NaN beyond all others: C's own float reductions lose NaN, and only integers are
   * reassociated by every compiler. `keys` are the accumulators treated so.
   */
  #reductions(body: readonly Stmt[], keys: Map<Expr, string>): string {
    const clauses = new Map<string, string>();
    const visit = (list: readonly Stmt[]): void => {
      for (const s of list) {
        if (s.kind === 'update') {
          const name = keys.get(s.variable) ?? this.#accumName(s.variable);
          const symbols = { add: '+', mul: '*', and: '&', or: '|', min: 'min', max: 'max' };
          const op =
            s.variable.dtype === 'bool'
              ? { add: '|', mul: '&', and: '&', or: '|', min: '&', max: '|' }[s.op]
              : symbols[s.op];
          clauses.set(name, op);
        } else if (s.kind === 'if') {
          visit(s.then);
          if (s.otherwise) visit(s.otherwise);
        }
      }
    };
    visit(body);
    return [...clauses].map(([name, op]) => ` reduction(${op} : ${name})`).join('');
  }

  /** Declares an integer twin for each float that a vector loop takes the minimum or maximum of. */
  #openKeys(body: readonly Stmt[], scope: Scope): Map<Expr, string> {
    const keys = new Map<Expr, string>();
    visitStmts(body, (s) => {
      if (s.kind !== 'update' || (s.op !== 'min' && s.op !== 'max') || keys.has(s.variable)) return;
      const t = s.variable.dtype;
      if (t !== 'float32' && t !== 'float64') return;
      const helper = `${s.op}_key_${scalarType(t)}`;
      this.#needs.helper(helper);
      const key = this.#values.fresh('key');
      keys.set(s.variable, key);
      const type = t === 'float32' ? 'i32' : 'i64';
      scope.lines.push(`${type} ${key} = ${helper}(${this.#accumName(s.variable)});`);
    });
    return keys;
  }

  #closeKeys(keys: ReadonlyMap<Expr, string>, scope: Scope): void {
    for (const [v, key] of keys) {
      const helper = `key_${scalarType(v.dtype)}`;
      this.#needs.helper(helper);
      scope.lines.push(`${this.#accumName(v)} = ${helper}(${key});`);
    }
  }

  /**
   * Accumulators are kept in a type in which reassociated updates are defined: unsigned for sums of
   * integers that wrap, plain integers for bools. Reading converts back.
   */
  #accum(s: Extract<Stmt, { kind: 'accum' }>, scope: Scope): void {
    const init = this.#values.text(s.init, scope);
    const t = s.variable.dtype;
    const name = this.#values.define(scope, s.variable);
    let type = scalarType(t);
    let read = atom(name);
    if (t === 'bool') {
      type = 'i32';
      read = { text: `${name} != 0`, prec: 9 };
    } else if (t === 'int32' && this.#sums(s.variable)) {
      type = 'u32';
      read = { text: `(i32)${name}`, prec: 14 };
    }
    this.#values.bind(scope, s.variable, read, true);
    this.#accums.set(s.variable, name);
    scope.lines.push(`${type} ${name} = ${init.text};`);
  }

  #accumName(v: Expr): string {
    const name = this.#accums.get(v);
    if (name === undefined) throw new Error(`C printer: ${v.name} is assigned but not declared`);
    return name;
  }

  /** Whether a variable is added to or multiplied anywhere. */
  #sums(v: Expr): boolean {
    const visit = (body: readonly Stmt[]): boolean =>
      body.some((s) => {
        if (s.kind === 'update') return s.variable === v && (s.op === 'add' || s.op === 'mul');
        if (s.kind === 'for' || s.kind === 'while') return visit(s.body);
        return s.kind === 'if' && (visit(s.then) || visit(s.otherwise ?? []));
      });
    return visit(this.#kernel.body);
  }

  #update(s: Extract<Stmt, { kind: 'update' }>, scope: Scope): void {
    const name = this.#accumName(s.variable);
    const value = this.#values.text(s.value, scope);
    const t = s.variable.dtype;
    const key = this.#keys.get(s.variable);
    if (key !== undefined) {
      const type = t === 'float32' ? 'i32' : 'i64';
      this.#needs.helper(`${s.op}_${type}`);
      this.#needs.helper(`${s.op}_key_${scalarType(t)}`);
      scope.lines.push(
        `${key} = ${s.op}_${type}(${key}, ${s.op}_key_${scalarType(t)}(${value.text}));`,
      );
      return;
    }
    const symbol =
      t === 'bool'
        ? { add: '|', mul: '&', and: '&', or: '|', min: '&', max: '|' }[s.op]
        : { add: '+', mul: '*', and: '&', or: '|', min: '', max: '' }[s.op];
    if (symbol) {
      scope.lines.push(`${name} ${symbol}= ${value.text};`);
    } else {
      const sums = t === 'int32' && this.#sums(s.variable);
      const helper = `${s.op}_${scalarType(t)}`;
      this.#needs.helper(helper);
      scope.lines.push(`${name} = ${helper}(${sums ? `(i32)${name}` : name}, ${value.text});`);
    }
    this.#forget(scope, this.#facts.writesOf([s]));
  }

  #if(s: Extract<Stmt, { kind: 'if' }>, scope: Scope): void {
    const cond = this.#values.text(s.cond, scope);
    const then = new Scope(scope, 'branch');
    this.#block(s.then, then);
    const otherwise = new Scope(scope, 'branch');
    if (s.otherwise) this.#block(s.otherwise, otherwise);
    scope.lines.push(`if (${cond.text}) {`, ...indent(then.lines));
    if (otherwise.lines.length) scope.lines.push('} else {', ...indent(otherwise.lines));
    scope.lines.push('}');
  }

  #while(s: Extract<Stmt, { kind: 'while' }>, scope: Scope): void {
    const writes = this.#facts.writesOf(s.body);
    this.#forget(scope, writes);
    const inner = new Scope(scope, 'loop', writes);
    const cond = this.#values.text(s.cond, inner);
    const simple = inner.lines.length === 0;
    if (!simple) inner.lines.push(`if (!${wrap(cond, 14)}) break;`);
    this.#block(s.body, inner);
    scope.lines.push(`while (${simple ? cond.text : '1'}) {`, ...indent(inner.lines), '}');
  }

  #place(buffer: number, base: Expr, scope: Scope): string {
    const pointer = this.#buffers.pointer(buffer);
    if (base.op === 'const' && base.value === 0) return pointer;
    return `${pointer} + ${wrap(this.#values.text(base, scope), 12)}`;
  }

  #transpose(c: TransposingCopy, scope: Scope): void {
    this.#needs.helper('transpose_f32');
    const from = this.#place(c.from, c.fromBase, scope);
    const to = this.#place(c.to, c.toBase, scope);
    scope.lines.push(`transpose_f32(${from}, ${c.row}, ${to}, ${c.step}, ${c.width}, ${c.depth});`);
  }

  #tile(s: Extract<Stmt, { kind: 'tile' }>, scope: Scope): void {
    const { dtype, rows, cols, accumulate, outer } = s;
    const shape = { dtype, rows, cols, accumulate, rounds: outer !== undefined };
    const strides = {
      ...{ aRow: s.a.row, aStep: s.a.step, bStep: s.b.step, outRow: s.out.row },
      ...(outer && { aOuter: outer.aStep, bOuter: outer.bStep }),
    };
    this.#needs.tile(shape, strides);
    const args = [
      this.#place(s.a.buffer, s.a.base, scope),
      this.#place(s.b.buffer, s.b.base, scope),
      this.#place(s.out.buffer, s.out.base, scope),
      this.#values.text(s.depth, scope).text,
      ...(outer ? [this.#values.text(outer.extent, scope).text] : []),
    ];
    scope.lines.push(`${tileCallName(shape, strides)}(${args.join(', ')});`);
    this.#forget(scope, this.#facts.writesOf([s]));
  }
}

/**
 * Whether a kernel sums float numbers. What comes of it hangs on the order of the sum, which is each
 * backend's own, so its products may be fused into sums too.
 */
export function addsFloats(k: Kernel): boolean {
  let adds = false;
  visitStmts(k.body, (s) => {
    if (s.kind === 'tile') adds = true;
    if (s.kind === 'update' && s.op === 'add' && s.variable.dtype.startsWith('float')) adds = true;
  });
  return adds;
}

/** Straight-line work on program buffers alone: its parallel loop is itself a vector loop. */
export function isElementwise(k: Kernel): boolean {
  const plain = (body: readonly Stmt[]): boolean =>
    body.every(
      (s) =>
        s.kind === 'let' ||
        (s.kind === 'store' && s.buffer >= 0) ||
        (s.kind === 'if' && plain(s.then) && plain(s.otherwise ?? [])),
    );
  return k.parallel !== undefined && plain(k.body);
}
