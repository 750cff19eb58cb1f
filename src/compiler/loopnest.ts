/**
 * The loop nest: the second and last form before machine code.
 *
 * A kernel is a list of statements over scalar expressions. It reads and writes numbered buffers of
 * the program (>= 0) and private scratch arrays of the kernel (< 0). What only some targets
 * understand is a hint: `vector` on a loop, `parallel` on a kernel, and `tile`, which can always be
 * executed as the three plain loops it stands for.
 */
import type { DType } from '../dtype.ts';
import type { Expr, Scalar } from '../expr/expr.ts';

/**
 * Which buffer a load or store means: n >= 0 is `Program.buffers[n]`; n < 0 is the kernel's
 * `scratch[-n - 1]`, private to the thread that runs it.
 */
export type BufferRef = number;

export type Stmt =
  /** for (index = start; index < start + extent; index += step). The index is an int32 `var`. */
  | {
      readonly kind: 'for';
      readonly index: Expr;
      readonly start: Expr;
      /** Number of units covered; a multiple of `step` unless `step` is 1. May be an expression. */
      readonly extent: Expr;
      readonly step: number;
      readonly body: readonly Stmt[];
      /**
       * The iterations are independent but for `update` statements on accumulators declared
       * outside the loop, so they may run in any order or in lanes. Always an innermost loop.
       */
      readonly vector: boolean;
    }
  /** An immutable local: later expressions name `variable`. */
  | { readonly kind: 'let'; readonly variable: Expr; readonly value: Expr }
  /** A mutable local with a start value. */
  | { readonly kind: 'accum'; readonly variable: Expr; readonly init: Expr }
  /** variable = op(variable, value): a reduction step, free to be reassociated in a vector loop. */
  | {
      readonly kind: 'update';
      readonly variable: Expr;
      readonly op: 'add' | 'mul' | 'min' | 'max' | 'and' | 'or';
      readonly value: Expr;
    }
  /** variable = value, in program order; never inside a vector loop. */
  | { readonly kind: 'set'; readonly variable: Expr; readonly value: Expr }
  | {
      readonly kind: 'store';
      readonly buffer: BufferRef;
      readonly storage: DType;
      readonly index: Expr;
      readonly value: Expr;
    }
  | {
      readonly kind: 'if';
      readonly cond: Expr;
      readonly then: readonly Stmt[];
      readonly otherwise?: readonly Stmt[];
    }
  | { readonly kind: 'while'; readonly cond: Expr; readonly body: readonly Stmt[] }
  | Tile;

/**
 * The innermost block of a matrix product, the one thing kept in registers:
 * out[m*outStride + n] (+)= sum over k < depth of a[aBase + m*aRow + k*aStep] * b[bBase + k*bStep + n]
 * for m < rows, n < cols. All three are float32 or all three float64. `rows` and `cols` are
 * constants; `cols` is a multiple of the target's vector width. `out` is kernel scratch.
 */
export interface Tile {
  readonly kind: 'tile';
  readonly dtype: 'float32' | 'float64';
  readonly rows: number;
  readonly cols: number;
  readonly depth: Expr;
  readonly a: {
    readonly buffer: BufferRef;
    readonly base: Expr;
    readonly row: number;
    readonly step: number;
  };
  readonly b: { readonly buffer: BufferRef; readonly base: Expr; readonly step: number };
  readonly out: { readonly buffer: BufferRef; readonly base: Expr; readonly row: number };
  /** Start from what `out` holds instead of zero. */
  readonly accumulate: boolean;
  /** Sums over `depth` so many times, with the operands moved by these steps from time to time. */
  readonly outer?: { readonly extent: Expr; readonly aStep: number; readonly bStep: number };
}

/**
 * The indices of a product that is one element an iteration: its body begins with their `let`s, and
 * goes on with the accumulator, the loop that updates it with A * B, and the epilogue. An index
 * whose extent is 1 is the constant 0 and has no `let`.
 */
export interface Product {
  readonly batch: ProductIndex;
  readonly m: ProductIndex;
  readonly n: ProductIndex;
}

export interface ProductIndex {
  readonly index: Expr;
  readonly extent: number;
}

export interface Scratch {
  readonly dtype: DType;
  readonly length: number;
}

export interface Kernel {
  /** A readable name, unique in its program: `k3_dot_add_relu`. */
  readonly name: string;
  readonly body: readonly Stmt[];
  /**
   * When present, `body` runs for each value of `index` in 0..extent-1, in any order and on any
   * thread. When absent the kernel runs once on one thread.
   */
  readonly parallel?: { readonly index: Expr; readonly extent: number };
  /**
   * When present the body computes C[b, m, n] = sum over k of A[b, m, k] * B[b, k, n] and what
   * follows from it, an element for each value of the parallel index: what a printer must know to
   * do it in tiles. See `Product`.
   */
  readonly product?: Product;
  /** Indices of the program's loops around this kernel, outermost first: variables of `body`. */
  readonly outer?: readonly Expr[];
  readonly scratch: readonly Scratch[];
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** Rough number of scalar operations of the whole kernel: decides whether threads pay. */
  readonly cost: number;
}

/** Visits every statement, outer before inner. */
export function visitStmts(body: readonly Stmt[], f: (s: Stmt) => void): void {
  for (const s of body) {
    f(s);
    if (s.kind === 'for' || s.kind === 'while') visitStmts(s.body, f);
    else if (s.kind === 'if') {
      visitStmts(s.then, f);
      if (s.otherwise) visitStmts(s.otherwise, f);
    }
  }
}

type Store = Extract<Stmt, { kind: 'store' }>;

/**
 * The body with `ex` of every expression; `store` may put a store's result elsewhere too, and `tile` something in
 * the place of a tile.
 */
export function mapBody(
  body: readonly Stmt[],
  ex: (e: Expr) => Expr,
  store: (s: Store) => Store = (s) => ({ ...s, index: ex(s.index) }),
  tile: (t: Tile) => Stmt = (t) => t,
): Stmt[] {
  const st = (s: Stmt): Stmt => {
    switch (s.kind) {
      case 'for':
        return { ...s, start: ex(s.start), extent: ex(s.extent), body: s.body.map(st) };
      case 'let':
      case 'update':
      case 'set':
        return { ...s, value: ex(s.value) };
      case 'accum':
        return { ...s, init: ex(s.init) };
      case 'store':
        return store({ ...s, value: ex(s.value) });
      case 'if':
        return {
          ...s,
          cond: ex(s.cond),
          then: s.then.map(st),
          ...(s.otherwise && { otherwise: s.otherwise.map(st) }),
        };
      case 'while':
        return { ...s, cond: ex(s.cond), body: s.body.map(st) };
      case 'tile':
        return tile({
          ...s,
          depth: ex(s.depth),
          a: { ...s.a, base: ex(s.a.base) },
          b: { ...s.b, base: ex(s.b.base) },
          out: { ...s.out, base: ex(s.out.base) },
          ...(s.outer && { outer: { ...s.outer, extent: ex(s.outer.extent) } }),
        });
    }
  };
  return body.map(st);
}

/** The expressions a statement itself holds (not those of its nested statements). */
export function exprsOf(s: Stmt): Expr[] {
  switch (s.kind) {
    case 'for':
      return [s.start, s.extent];
    case 'let':
    case 'update':
    case 'set':
      return [s.value];
    case 'accum':
      return [s.init];
    case 'store':
      return [s.index, s.value];
    case 'if':
    case 'while':
      return [s.cond];
    case 'tile':
      return [s.depth, s.a.base, s.b.base, s.out.base, ...(s.outer ? [s.outer.extent] : [])];
  }
}

export type { Scalar };
