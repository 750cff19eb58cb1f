/**
 * Kernels made at random, seeded: loops in lanes and not, branches and scratch over expressions that
 * share parts across statements. They look for values that are moved to where they mean something
 * else, and for lanes that are mixed up.
 */
import { describe, expect, it } from 'vitest';
import { differences, loop, ProgramMaker, store } from '../../backends/wasm/testing.ts';
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
  type Scalar,
  select,
  toInt,
  unary,
  variable,
} from '../../expr/expr.ts';
import { clampIndex, iadd, idivc, imodc, imulc } from '../../expr/index-math.ts';

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0;
  }

  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * n);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

const size = 48;
const types = ['float32', 'float64', 'int32', 'uint32', 'bool'] as const;

interface Place {
  readonly buffer: number;
  readonly type: Scalar;
}

/** What an expression may be built from at some point. */
interface Scope {
  readonly known: Expr[];
  readonly indices: Expr[];
  readonly mutable: Expr[];
}

class KernelMaker {
  readonly #r: Random;
  readonly #inputs: readonly Place[];
  readonly #outputs: readonly Place[];
  #scope: Scope = { known: [], indices: [], mutable: [] };
  /** What iterations of the vector loop at hand may not load. */
  #stored = new Set<number>();

  constructor(r: Random, inputs: readonly Place[], outputs: readonly Place[]) {
    this.#r = r;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  #index(): Expr {
    const r = this.#r;
    const { indices } = this.#scope;
    if (indices.length === 0) return int(r.below(size));
    const a = r.pick(indices);
    switch (r.below(7)) {
      case 0:
        return clampIndex(this.#value('int32', 1), size - 1);
      case 1:
        return clampIndex(iadd(imulc(a, 1 + r.below(3)), int(r.below(5) - 2)), size - 1);
      case 2:
        return clampIndex(iadd(a, r.pick(indices)), size - 1);
      case 3:
        return clampIndex(idivc(a, 2 + r.below(3)), size - 1);
      case 4:
        return imodc(a, 2 + r.below(5));
      default:
        return clampIndex(iadd(a, int(r.below(3))), size - 1);
    }
  }

  #load(type: Scalar): Expr | undefined {
    const from = [...this.#inputs, ...this.#outputs].filter(
      (b) => b.type === type && !this.#stored.has(b.buffer),
    );
    if (from.length === 0) return undefined;
    return load(this.#r.pick(from).buffer, type, this.#index());
  }

  #leaf(type: Scalar): Expr {
    const r = this.#r;
    const near = [...this.#scope.known, ...this.#scope.mutable].filter((e) => e.dtype === type);
    if (near.length > 0 && r.below(2)) return r.pick(near);
    return (r.below(3) ? this.#load(type) : undefined) ?? constant(type, r.below(9) - 4);
  }

  #value(type: Scalar, depth: number): Expr {
    const r = this.#r;
    if (depth === 0 || r.below(6) === 0) return this.#leaf(type);
    const e = this.#operation(type, depth - 1);
    if (r.below(2)) this.#scope.known.push(e);
    return e;
  }

  #operation(type: Scalar, depth: number): Expr {
    const r = this.#r;
    const v = (t: Scalar = type): Expr => this.#value(t, depth);
    if (r.below(5) === 0) return select(v('bool'), v(), v());
    if (r.below(6) === 0) return this.#guarded(type, depth);
    if (r.below(6) === 0) return convert(type, v(r.pick(types)));
    switch (type) {
      case 'bool':
        if (r.below(3) === 0) return binary(r.pick(['and', 'or', 'xor']), v(), v());
        if (r.below(4) === 0) return unary('not', v());
        return ((t: Scalar): Expr =>
          compare(r.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge']), v(t), v(t)))(r.pick(types));
      case 'float32':
      case 'float64':
        if (r.below(4) === 0)
          return unary(r.pick(['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest']), v());
        return binary(
          r.pick(['add', 'sub', 'mul', 'add', 'sub', 'mul', 'div', 'min', 'max', 'rem']),
          v(),
          v(),
        );
      default:
        if (r.below(6) === 0) return unary(r.pick(['neg', 'abs', 'not']), v());
        if (r.below(8) === 0)
          return binary(r.pick(['div', 'rem']), v(), constant(type, 2 + r.below(9)));
        if (r.below(8) === 0)
          return binary(r.pick(['shl', 'shr']), v(), binary('and', v(), constant(type, 31)));
        if (type === 'int32' && r.below(8) === 0)
          return toInt(
            binary('min', unary('abs', convert('float32', v())), constant('float32', 999)),
          );
        return binary(r.pick(['add', 'sub', 'mul', 'min', 'max', 'and', 'or', 'xor']), v(), v());
    }
  }

  /** The guarded load is out of bounds when the guard is false. */
  #guarded(type: Scalar, depth: number): Expr {
    const at = this.#value('int32', depth);
    const inside = binary('and', compare('ge', at, int(0)), compare('lt', at, int(size)));
    const from = this.#inputs.find((b) => b.type === type);
    if (!from) return this.#leaf(type);
    // What is made inside must not be taken for a value that is known outside.
    const there = load(from.buffer, type, at);
    const other = this.#apart(() => this.#value(type, Math.max(0, depth - 1)));
    return guard(inside, there, other);
  }

  #apart<T>(make: () => T): T {
    const saved = this.#scope;
    this.#scope = {
      known: [...saved.known],
      indices: [...saved.indices],
      mutable: [...saved.mutable],
    };
    const made = make();
    this.#scope = saved;
    return made;
  }

  block(depth: number): Stmt[] {
    const body: Stmt[] = [];
    const n = 1 + this.#r.below(4);
    for (let i = 0; i < n; i++) body.push(...this.#statement(depth));
    return body;
  }

  #let(): Stmt {
    const type = this.#r.pick(types);
    const value = this.#value(type, 3);
    const v = variable('v', type);
    this.#scope.known.push(v);
    return { kind: 'let', variable: v, value };
  }

  #statement(depth: number): Stmt[] {
    const r = this.#r;
    switch (depth === 0 ? r.below(4) : r.below(9)) {
      case 0:
        return [this.#let()];
      case 1: {
        const type = r.pick(types);
        const v = variable('acc', type);
        const init = this.#value(type, 2);
        this.#scope.mutable.push(v);
        return [{ kind: 'accum', variable: v, init }];
      }
      case 2: {
        const { mutable } = this.#scope;
        if (mutable.length === 0) return [this.#let()];
        const v = r.pick(mutable);
        const value = this.#value(v.dtype, 2);
        if (r.below(2)) return [{ kind: 'set', variable: v, value }];
        const op =
          v.dtype === 'bool'
            ? r.pick(['and', 'or'] as const)
            : r.pick(['min', 'max', 'add'] as const);
        return [{ kind: 'update', variable: v, op, value }];
      }
      case 3: {
        const to = r.pick(this.#outputs);
        const index = this.#index();
        return [store(to.buffer, to.type, index, this.#value(to.type, 3))];
      }
      case 4: {
        const cond = this.#value('bool', 2);
        const then = this.#apart(() => this.block(depth - 1));
        if (r.below(2)) return [{ kind: 'if', cond, then }];
        return [{ kind: 'if', cond, then, otherwise: this.#apart(() => this.block(depth - 1)) }];
      }
      case 5: {
        const left = variable('left', 'int32');
        const init = binary('and', this.#value('int32', 1), int(3));
        const body = this.#apart((): Stmt[] => [
          ...this.block(depth - 1),
          { kind: 'set', variable: left, value: binary('sub', left, int(1)) },
        ]);
        return [
          { kind: 'accum', variable: left, init },
          { kind: 'while', cond: compare('gt', left, int(0)), body },
        ];
      }
      case 6: {
        const n = 1 + r.below(6);
        const options = r.below(3)
          ? {}
          : { extent: binary('and', this.#value('int32', 1), int(3)), start: r.below(4) };
        return [
          loop(
            n,
            (i) =>
              this.#apart(() => {
                this.#scope.indices.push(i);
                this.#scope.known.push(i);
                return this.block(depth - 1);
              }),
            { ...options, vector: false },
          ),
        ];
      }
      default:
        return this.#vectorLoop();
    }
  }

  /** Each iteration stores to places of its own, loads nothing that is stored, and adds to sums. */
  #vectorLoop(): Stmt[] {
    const r = this.#r;
    const n = 1 + r.below(30);
    const dynamic = r.below(4) === 0;
    const extent = dynamic
      ? binary('and', this.#value('int32', 1), int(r.pick([7, 15])))
      : undefined;
    const sums: Stmt[] = [];
    const made = loop(
      dynamic ? 16 : n,
      (i) =>
        this.#apart(() => {
          this.#scope.indices.push(i);
          this.#scope.known.push(i);
          // Accumulators change in lanes while the loop runs, so nothing may look at them.
          const mutable = this.#scope.mutable.splice(0);
          const stores = [...this.#outputs].filter(() => r.below(3) === 0);
          for (const s of stores) this.#stored.add(s.buffer);
          const known = this.#scope.known.filter((e) => !mentions(e, mutable, this.#stored));
          this.#scope.known.splice(0, this.#scope.known.length, ...known);
          const body: Stmt[] = [];
          for (let k = r.below(3); k > 0; k--) body.push(this.#let());
          for (const s of stores) {
            const at = r.below(4) ? iadd(i, int(r.below(10))) : imulc(i, 1);
            body.push(store(s.buffer, s.type, at, this.#value(s.type, 3)));
          }
          // Only sums whose order does not matter.
          for (const v of mutable) {
            if (r.below(2) === 0 || body.length > 5) continue;
            const op =
              v.dtype === 'bool'
                ? r.pick(['and', 'or'] as const)
                : v.dtype === 'int32' || v.dtype === 'uint32'
                  ? r.pick(['add', 'mul', 'min', 'max', 'and', 'or'] as const)
                  : r.pick(['min', 'max'] as const);
            body.push({ kind: 'update', variable: v, op, value: this.#value(v.dtype, 2) });
          }
          this.#stored.clear();
          return body;
        }),
      extent ? { extent, start: r.below(4) } : {},
    );
    return [...sums, made];
  }
}

function mentions(e: Expr, variables: readonly Expr[], buffers: ReadonlySet<number>): boolean {
  if (variables.includes(e) || (e.op === 'load' && buffers.has(e.buffer))) return true;
  return e.args.some((a) => mentions(a, variables, buffers));
}

describe('random kernels', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i + 1))('%i', (seed) => {
    const r = new Random(seed);
    const p = new ProgramMaker();
    const inputs: Place[] = [
      {
        type: 'float32',
        buffer: p.input(Float32Array.from({ length: size }, () => (r.below(200) - 99) / 8)),
      },
      {
        type: 'float64',
        buffer: p.input(Float64Array.from({ length: size }, () => (r.below(200) - 99) / 7)),
      },
      { type: 'int32', buffer: p.input(Int32Array.from({ length: size }, () => r.below(99) - 30)) },
      { type: 'uint32', buffer: p.input(Uint32Array.from({ length: size }, () => r.below(99))) },
      {
        type: 'bool',
        buffer: p.input(
          Uint8Array.from({ length: size }, () => r.below(2)),
          'bool',
        ),
      },
    ];
    for (let k = 0; k < 4; k++) {
      const outputs = types.map((type): Place => ({ type, buffer: p.output(type, size + 10) }));
      const clear = outputs.map((o) =>
        loop(size + 10, (i) => [
          store(o.buffer, o.type, i, o.type === 'bool' ? constant('bool', 0) : convert(o.type, i)),
        ]),
      );
      p.kernel([...clear, ...new KernelMaker(r, inputs, outputs).block(3)]);
    }
    expect(differences(p, 0, (i) => `kernel ${Math.floor(i / 5)}, ${types[i % 5]}`)).toEqual([]);
  });
});
