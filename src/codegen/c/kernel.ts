/**
 * One kernel as a C function.
 *
 * Expressions are DAGs; a node used more than once becomes a local, declared in the outermost block
 * where its operands live and mean the same (never out of a branch that might not be taken). Values
 * read from memory that the kernel writes, or from accumulators, are dropped from the known locals
 * as soon as they may have changed.
 */
import { type Kernel, type Stmt, visitStmts } from '../../compiler/loopnest.ts';
import type { BufferDecl } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import type { Expr } from '../../expr/expr.ts';
import { atom, choose, number, operation, type Text, wrap } from './expr-text.ts';
import { type ExprFacts, KernelFacts, type Writes } from './facts.ts';
import { reservedNames, scalarType, storageType } from './prelude.ts';
import { Scope } from './scope.ts';
import { type TileShape, type TileStrides, tileCallName } from './tile.ts';

/** What kernels ask of the file they stand in. */
export interface FileNeeds {
  helper(name: string): void;
  tile(shape: TileShape, strides: TileStrides): void;
}

/** Scratch arrays up to this size live on the stack; the rest in the thread's scratch block. */
const stackBytes = 32 * 1024;
/** A longer piece of text is given a name of its own. */
const longText = 72;

export function scratchBytes(k: Kernel): number {
  return k.scratch.reduce((n, s) => n + heapBytes(s.length * bytesOf(s.dtype)), 0);
}

function heapBytes(bytes: number): number {
  return bytes <= stackBytes ? 0 : Math.ceil(bytes / 64) * 64;
}

/**
 * Names the memory of a program's buffers. A donated output is its input; arena buffers that
 * overlap in part share a name too, as far as one kernel sees them.
 */
export function memoryNames(buffers: readonly BufferDecl[], used: readonly number[]): string[] {
  const names: string[] = [];
  const arena: { n: number; lo: number; hi: number }[] = [];
  for (const n of used) {
    const { place, length, dtype } = buffers[n];
    if (place.kind === 'input') names[n] = `input ${place.slot}`;
    else if (place.kind === 'output') {
      names[n] =
        place.donatedFrom === undefined ? `output ${place.slot}` : `input ${place.donatedFrom}`;
    } else if (place.kind === 'constant') names[n] = `constant ${n}`;
    else {
      names[n] = `arena ${n}`;
      const hi = place.offset + length * bytesOf(dtype);
      for (const other of arena) {
        if (place.offset < other.hi && other.lo < hi) {
          const [from, to] = [names[n], names[other.n]];
          for (const { n: m } of arena) if (names[m] === from) names[m] = to;
          names[n] = to;
        }
      }
      arena.push({ n, lo: place.offset, hi });
    }
  }
  return names;
}

export class KernelPrinter {
  readonly #kernel: Kernel;
  readonly #needs: FileNeeds;
  readonly #facts: KernelFacts;
  readonly #names = new Map<Expr, Text>();
  readonly #taken: Set<string>;
  readonly #bufferLines: string[] = [];
  readonly #pointers = new Map<number, string>();
  #counter = 0;

  constructor(kernel: Kernel, buffers: readonly BufferDecl[], needs: FileNeeds) {
    this.#kernel = kernel;
    this.#needs = needs;
    this.#taken = new Set(reservedNames);
    const used = usedBuffers(kernel.body);
    const program = used.filter((n) => n >= 0);
    const memory = memoryNames(buffers, program);
    const memoryOf = (n: number): string => (n < 0 ? `scratch ${n}` : memory[n]);
    const lengthOf = (n: number): number =>
      n < 0 ? kernel.scratch[-n - 1].length : buffers[n].length;
    this.#facts = new KernelFacts(kernel.body, memoryOf, lengthOf);
    this.#declareBuffers(program, buffers, memory);
    this.#declareScratch();
  }

  /** Buffers over the same memory share one pointer, so that `restrict` stays true. */
  #declareBuffers(used: readonly number[], buffers: readonly BufferDecl[], memory: string[]): void {
    const first = new Map<string, number>();
    const sharers = new Map<string, Set<string>>();
    const pointerKey = (n: number): string => {
      const { dtype, place } = buffers[n];
      const offset = place.kind === 'arena' ? place.offset : 0;
      return `${memory[n]}|${offset}|${storageType(dtype)}`;
    };
    for (const n of used) {
      const set = sharers.get(memory[n]) ?? new Set();
      set.add(pointerKey(n));
      sharers.set(memory[n], set);
    }
    for (const n of used) {
      const key = pointerKey(n);
      const known = first.get(key);
      if (known !== undefined) {
        this.#pointers.set(n, this.#pointers.get(known)!);
        continue;
      }
      first.set(key, n);
      const name = `b${n}`;
      this.#taken.add(name);
      this.#pointers.set(n, name);
      const written = this.#facts.writesMemory(n);
      const alone = sharers.get(memory[n])!.size === 1;
      const { dtype, length, place } = buffers[n];
      const slot = place.kind === 'input' || place.kind === 'output' ? ` ${place.slot}` : '';
      this.#bufferLines.push(
        `${written ? '' : 'const '}${storageType(dtype)} *${alone ? 'restrict ' : ''}const ${name} = ` +
          `t[${n}]; // ${place.kind}${slot}, ${dtype}[${length}]`,
      );
    }
  }

  #declareScratch(): void {
    let offset = 0;
    for (const [i, s] of this.#kernel.scratch.entries()) {
      const name = `s${i}`;
      this.#taken.add(name);
      this.#pointers.set(-i - 1, name);
      const bytes = s.length * bytesOf(s.dtype);
      const heap = heapBytes(bytes);
      const type = storageType(s.dtype);
      if (heap === 0) {
        this.#bufferLines.push(
          `${type} ${name}[${Math.max(1, s.length)}] __attribute__((aligned(64)));`,
        );
      } else {
        this.#bufferLines.push(
          `${type} *restrict const ${name} = (${type} *)(scratch + ${offset}); // [${s.length}]`,
        );
        offset += heap;
      }
    }
  }

  print(): string {
    const { name, parallel, cost } = this.#kernel;
    const root = new Scope(undefined, 'block');
    const writes = this.#facts.writesOf(this.#kernel.body);
    if (parallel) {
      const body = new Scope(root, 'loop', writes, true);
      const i = this.#define(body, parallel.index, 'i32');
      this.#block(this.#kernel.body, body);
      if (isElementwise(this.#kernel)) root.lines.push('#pragma omp simd');
      root.lines.push(`for (i32 ${i} = lo; ${i} < hi; ${i}++) {`, ...indent(body.lines), '}');
    } else {
      this.#block(this.#kernel.body, root);
    }
    const how = parallel
      ? `in parallel over ${parallel.extent}: iterations lo to hi - 1 here`
      : 'on one thread';
    return [
      `// ${name}: about ${cost} operations, ${how}`,
      `static __attribute__((noinline)) void ${name}(void *const *t, char *scratch, i32 lo, i32 hi) {`,
      ...indent([...this.#bufferLines, ...root.lines]),
      '}',
      '',
    ].join('\n');
  }

  #fresh(prefix: string): string {
    for (;;) {
      const name = `${prefix}${this.#counter++}`;
      if (!this.#taken.has(name)) {
        this.#taken.add(name);
        return name;
      }
    }
  }

  /** Gives a variable its C name; names must not depend on how many graphs came before. */
  #define(scope: Scope, v: Expr, prefix?: string): string {
    const stem = v.name.replace(/[0-9]+$/, '').replace(/[^A-Za-z0-9_]/g, '_');
    const name = this.#fresh(/^[A-Za-z]/.test(stem) ? stem : (prefix ?? 'v'));
    this.#names.set(v, atom(name));
    scope.defined.add(v);
    return name;
  }

  // Statements

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
        const value = this.#expr(s.value, scope).text;
        scope.lines.push(`${this.#accumName(s.variable)} = ${value};`);
        this.#forget(scope, this.#facts.writesOf([s]));
        break;
      }
      case 'store': {
        const value = this.#expr(s.value, scope);
        const index = this.#expr(s.index, scope).text;
        const narrow = s.storage === 'uint8' && s.value.op !== 'load';
        const text = narrow ? `(u8)${wrap(value, 14)}` : value.text;
        scope.lines.push(`${this.#pointers.get(s.buffer)}[${index}] = ${text};`);
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
    const { text } = this.#expr(s.value, scope);
    if (scope.lookup(s.value) === text) {
      this.#names.set(s.variable, atom(text));
      scope.defined.add(s.variable);
      return;
    }
    const name = this.#define(scope, s.variable);
    scope.lines.push(`const ${scalarType(s.variable.dtype)} ${name} = ${text};`);
  }

  #for(s: Extract<Stmt, { kind: 'for' }>, scope: Scope): void {
    const start = this.#expr(s.start, scope);
    let end: string;
    if (s.extent.op === 'const' && s.start.op === 'const') {
      end = String(s.start.value + s.extent.value);
    } else {
      const extent = this.#expr(s.extent, scope);
      const sum =
        s.start.op === 'const' && s.start.value === 0
          ? extent.text
          : `${wrap(start, 12)} + ${wrap(extent, 13)}`;
      end = /^\w+$/.test(sum) ? sum : this.#fresh('end');
      if (end !== sum) scope.lines.push(`const i32 ${end} = ${sum};`);
    }
    const writes = this.#facts.writesOf(s.body);
    this.#forget(scope, writes);
    const inner = new Scope(scope, 'loop', writes, s.extent.op === 'const' && s.extent.value > 0);
    const i = this.#define(inner, s.index);
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
      const key = this.#fresh('key');
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
    const init = this.#expr(s.init, scope);
    const t = s.variable.dtype;
    const name = this.#define(scope, s.variable);
    let type = scalarType(t);
    if (t === 'bool') {
      type = 'i32';
      this.#names.set(s.variable, { text: `${name} != 0`, prec: 9 });
    } else if (t === 'int32' && this.#sums(s.variable)) {
      type = 'u32';
      this.#names.set(s.variable, { text: `(i32)${name}`, prec: 14 });
    }
    this.#accums.set(s.variable, name);
    scope.lines.push(`${type} ${name} = ${init.text};`);
  }

  readonly #accums = new Map<Expr, string>();
  /** Accumulators that the vector loop being printed keeps as integers. */
  #keys: ReadonlyMap<Expr, string> = new Map();

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
    const value = this.#expr(s.value, scope);
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
    const cond = this.#expr(s.cond, scope);
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
    const cond = this.#expr(s.cond, inner);
    const simple = inner.lines.length === 0;
    if (!simple) inner.lines.push(`if (!${wrap(cond, 14)}) break;`);
    this.#block(s.body, inner);
    scope.lines.push(`while (${simple ? cond.text : '1'}) {`, ...indent(inner.lines), '}');
  }

  #tile(s: Extract<Stmt, { kind: 'tile' }>, scope: Scope): void {
    const shape = { dtype: s.dtype, rows: s.rows, cols: s.cols, accumulate: s.accumulate };
    const strides = { aRow: s.a.row, aStep: s.a.step, bStep: s.b.step, outRow: s.out.row };
    this.#needs.tile(shape, strides);
    const place = (buffer: number, base: Expr): string => {
      const pointer = this.#pointers.get(buffer)!;
      if (base.op === 'const' && base.value === 0) return pointer;
      return `${pointer} + ${wrap(this.#expr(base, scope), 12)}`;
    };
    const args = [
      place(s.a.buffer, s.a.base),
      place(s.b.buffer, s.b.base),
      place(s.out.buffer, s.out.base),
      this.#expr(s.depth, scope).text,
    ];
    scope.lines.push(`${tileCallName(shape, strides)}(${args.join(', ')});`);
    this.#forget(scope, this.#facts.writesOf([s]));
  }

  // Expressions

  #expr(e: Expr, scope: Scope, named = false): Text {
    if (e.op === 'const') return number(e);
    if (e.op === 'var') {
      const name = this.#names.get(e);
      if (!name)
        throw new Error(`C printer: variable ${e.name} in ${this.#kernel.name} is unbound`);
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
    if (scope.kind !== 'guard' || e.args.length === 0) return this.#expr(e, scope).text;
    const facts = this.#facts.of(e);
    const mutable = [...facts.vars].some((v) => this.#accums.has(v));
    if (facts.unsafe || facts.loads || mutable) return this.#expr(e, scope).text;
    return this.#expr(e, scope.aroundGuards(facts), true).text;
  }

  #local(e: Expr, text: Text, scope: Scope): Text {
    if (/^[A-Za-z_]\w*$/.test(text.text)) {
      scope.remember(e, text.text);
      return text;
    }
    const prefix = e.dtype === 'bool' ? 'c' : /int/.test(e.dtype) ? 'n' : 'x';
    const name = this.#fresh(prefix);
    scope.lines.push(`const ${scalarType(e.dtype)} ${name} = ${text.text};`);
    scope.remember(e, name);
    return atom(name);
  }

  #compute(e: Expr, scope: Scope): Text {
    if (e.op === 'load') {
      const text = `${this.#pointers.get(e.buffer)}[${this.#index(e.args[0], scope)}]`;
      return e.storage === 'bool' ? { text: `${text} != 0`, prec: 9 } : atom(text);
    }
    if (e.op === 'guard') return this.#guard(e, scope);
    // A float min or max with a constant names its other side twice.
    const twice =
      (e.op === 'min' || e.op === 'max') &&
      !/int|bool/.test(e.dtype) &&
      e.args.some((a) => a.op === 'const');
    const args = e.args.map((a) => this.#expr(a, scope, twice));
    return operation(e, args, (name) => this.#needs.helper(name));
  }

  /** Only the side taken is evaluated: a ternary when both sides fit in it, else an if. */
  #guard(e: Expr, scope: Scope): Text {
    const cond = this.#expr(e.args[0], scope);
    const yes = new Scope(scope, 'guard');
    const a = this.#expr(e.args[1], yes);
    const no = new Scope(scope, 'guard');
    const b = this.#expr(e.args[2], no);
    if (yes.lines.length + no.lines.length === 0) return choose(cond, a, b);
    const name = this.#fresh(e.dtype === 'bool' ? 'c' : /int/.test(e.dtype) ? 'n' : 'x');
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

function indent(lines: readonly string[]): string[] {
  return lines.map((l) => (l.startsWith('#') ? l : `  ${l}`));
}

function usedBuffers(body: readonly Stmt[]): number[] {
  const used = new Set<number>();
  const seen = new Set<Expr>();
  const visitExpr = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.op === 'load') used.add(e.buffer);
    for (const a of e.args) visitExpr(a);
  };
  const visit = (list: readonly Stmt[]): void => {
    for (const s of list) {
      switch (s.kind) {
        case 'for':
          visitExpr(s.start);
          visitExpr(s.extent);
          visit(s.body);
          break;
        case 'while':
          visitExpr(s.cond);
          visit(s.body);
          break;
        case 'if':
          visitExpr(s.cond);
          visit(s.then);
          visit(s.otherwise ?? []);
          break;
        case 'tile':
          for (const e of [s.depth, s.a.base, s.b.base, s.out.base]) visitExpr(e);
          used.add(s.a.buffer).add(s.b.buffer).add(s.out.buffer);
          break;
        case 'accum':
          visitExpr(s.init);
          break;
        case 'store':
          visitExpr(s.index);
          visitExpr(s.value);
          used.add(s.buffer);
          break;
        default:
          visitExpr(s.value);
      }
    }
  };
  visit(body);
  return [...used].sort((a, b) => a - b);
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
