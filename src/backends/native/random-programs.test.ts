/**
 * Kernels made at random, seeded: nests of loops, branches and scratch over expressions that share
 * parts across statements. They look for a value that is moved to where it means something else.
 */
import { describe, expect, it } from 'vitest';
import type { Stmt } from '../../compiler/loopnest.ts';
import {
  binary,
  compare,
  constant,
  convert,
  type Expr,
  guard,
  int,
  load,
  select,
  unary,
  variable,
} from '../../expr/expr.ts';
import { clampIndex, iadd, imulc } from '../../expr/index-math.ts';
import { NativeBackend } from './backend.ts';
import { loadRuntime } from './runtime.ts';
import { compilers, differences, ProgramBuilder } from './testing.ts';

class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

const size = 40;

class KernelMaker {
  readonly #r: Random;
  readonly #input: number;
  readonly #output: number;
  /** int32 values in scope; new expressions are built from these, so they come to share parts. */
  #known: Expr[];
  #indices: Expr[] = [];
  #mutable: Expr[] = [];

  constructor(r: Random, input: number, output: number) {
    this.#r = r;
    this.#input = input;
    this.#output = output;
    this.#known = [int(3), int(-7)];
  }

  #index(): Expr {
    const r = this.#r;
    if (this.#indices.length === 0 || r.below(4) === 0) {
      const v = r.pick(this.#known);
      return clampIndex(v, size - 1);
    }
    const a = r.pick(this.#indices);
    const e = r.below(2)
      ? iadd(imulc(a, 1 + r.below(3)), int(r.below(3)))
      : iadd(a, r.pick(this.#indices));
    return e.lo >= 0 && e.hi < size ? e : clampIndex(e, size - 1);
  }

  #value(depth: number): Expr {
    const r = this.#r;
    if (depth === 0 || r.below(6) === 0) {
      const e = r.below(3) ? r.pick([...this.#known, ...this.#mutable]) : this.#load();
      return e;
    }
    const a = this.#value(depth - 1);
    const b = this.#value(depth - 1);
    const e = ((): Expr => {
      switch (r.below(9)) {
        case 0:
          return binary('sub', a, b);
        case 1:
          return binary('mul', a, b);
        case 2:
          return binary(r.below(2) ? 'min' : 'max', a, b);
        case 3:
          return select(compare('lt', a, b), this.#value(depth - 1), a);
        case 4:
          return this.#guarded(a, b, depth);
        case 5:
          return binary('div', a, binary('or', binary('and', b, int(15)), int(1)));
        case 6:
          return unary('abs', a);
        case 7:
          return convert('int32', convert('float64', binary('xor', a, b)));
        default:
          return binary('add', a, b);
      }
    })();
    if (r.below(2)) this.#known.push(e);
    return e;
  }

  /** The guarded load is out of bounds when the guard is false. */
  #guarded(a: Expr, b: Expr, depth: number): Expr {
    const inside = binary('and', compare('ge', a, int(0)), compare('lt', a, int(size)));
    const v = load(this.#input, 'int32', a);
    const mixed = binary('add', binary('mul', v, v), binary('xor', v, b));
    // What is made inside must not be taken for a value that is known outside.
    const known = [...this.#known];
    const other = this.#value(Math.max(0, depth - 2));
    this.#known = known;
    return guard(inside, mixed, other);
  }

  #load(): Expr {
    return load(this.#r.pick([this.#input, -1, -1, this.#output]), 'int32', this.#index());
  }

  #scoped(make: () => Stmt[]): Stmt[] {
    const [known, indices, mutable] = [this.#known, this.#indices, this.#mutable];
    this.#known = [...known];
    this.#indices = [...indices];
    this.#mutable = [...mutable];
    const body = make();
    this.#known = known;
    this.#indices = indices;
    this.#mutable = mutable;
    return body;
  }

  block(depth: number): Stmt[] {
    const body: Stmt[] = [];
    const n = 2 + this.#r.below(4);
    for (let i = 0; i < n; i++) body.push(this.#statement(depth));
    return body;
  }

  #statement(depth: number): Stmt {
    const r = this.#r;
    switch (depth === 0 ? r.below(5) : r.below(9)) {
      case 0: {
        const value = this.#value(3);
        const v = variable('v', 'int32');
        this.#known.push(v);
        return { kind: 'let', variable: v, value };
      }
      case 1: {
        const init = this.#value(2);
        const v = variable('acc', 'int32');
        this.#mutable.push(v);
        return { kind: 'accum', variable: v, init };
      }
      case 2: {
        if (this.#mutable.length === 0) return this.#store();
        const v = r.pick(this.#mutable);
        const value = this.#value(2);
        if (r.below(2)) return { kind: 'set', variable: v, value };
        return {
          kind: 'update',
          variable: v,
          op: r.pick(['add', 'mul', 'min', 'max', 'or']),
          value,
        };
      }
      case 3:
      case 4:
        return this.#store();
      case 5: {
        const cond = compare('lt', this.#value(2), this.#value(1));
        const then = this.#scoped(() => this.block(depth - 1));
        if (r.below(2)) return { kind: 'if', cond, then };
        return { kind: 'if', cond, then, otherwise: this.#scoped(() => this.block(depth - 1)) };
      }
      case 6: {
        const count = variable('left', 'int32');
        const rounds = binary('and', this.#value(1), int(3));
        const body = this.#scoped(() => [
          ...this.block(depth - 1),
          { kind: 'set', variable: count, value: binary('sub', count, int(1)) },
        ]);
        return {
          kind: 'if',
          cond: compare('ge', rounds, int(0)),
          then: [
            { kind: 'accum', variable: count, init: rounds },
            { kind: 'while', cond: compare('gt', count, int(0)), body },
          ],
        };
      }
      default: {
        const extent = 1 + r.below(5);
        const index = variable('i', 'int32', 0, extent - 1);
        // Sometimes a loop whose length is not known and may be 0.
        const dynamic = r.below(3) === 0;
        const length = dynamic ? binary('and', this.#value(1), int(3)) : int(extent);
        const i = dynamic ? variable('i', 'int32', 0, 3) : index;
        const body = this.#scoped(() => {
          this.#indices.push(i);
          this.#known.push(i);
          return this.block(depth - 1);
        });
        return {
          kind: 'for',
          index: i,
          start: int(0),
          extent: length,
          step: 1,
          vector: false,
          body,
        };
      }
    }
  }

  #store(): Stmt {
    const buffer = this.#r.pick([-1, this.#output]);
    return { kind: 'store', buffer, storage: 'int32', index: this.#index(), value: this.#value(3) };
  }
}

describe.each(compilers())('random kernels compiled by %s', (cc) => {
  const backend = new NativeBackend(loadRuntime({ cc }));

  it('compute what the interpreter computes', () => {
    const p = new ProgramBuilder();
    const names: string[] = [];
    const input = p.input(Int32Array.from({ length: size }, (_, i) => ((i * 7919) % 61) - 20));
    for (let seed = 1; seed <= 25; seed++) {
      const output = p.output('int32', size);
      const maker = new KernelMaker(new Random(seed), input, output);
      const i = variable('i', 'int32', 0, size - 1);
      const clear: Stmt = {
        kind: 'for',
        index: i,
        start: int(0),
        extent: int(size),
        step: 1,
        vector: true,
        body: [
          {
            kind: 'store',
            buffer: output,
            storage: 'int32',
            index: i,
            value: constant('int32', 0),
          },
          { kind: 'store', buffer: -1, storage: 'int32', index: i, value: i },
        ],
      };
      p.kernel([clear, ...maker.block(3)], { scratch: [{ dtype: 'int32', length: size }] });
      names.push(`seed ${seed}`);
    }
    expect(differences(backend, p, 0, names)).toEqual([]);
  });
});
