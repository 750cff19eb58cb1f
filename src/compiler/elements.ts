/** Elements of values inside one kernel: loaded from a buffer, or computed on the spot. */
import type { DType } from '../dtype.ts';
import { type Expr, load } from '../expr/expr.ts';
import { delinearize, iadd, linearize } from '../expr/index-math.ts';
import type { Value } from '../graph/graph.ts';
import { type Shape, sameShape, sizeOf } from '../shape.ts';
import type { BufferDecl, BufferPlace } from './program.ts';

/** The buffers of a program under construction. */
export class Buffers {
  readonly decls: { dtype: DType; length: number; place: BufferPlace | undefined }[] = [];
  readonly #of = new Map<Value, { readonly id: number; readonly offset?: Expr }>();

  declare(dtype: DType, length: number, place?: BufferPlace): number {
    this.decls.push({ dtype, length, place });
    return this.decls.length - 1;
  }

  bind(v: Value, place?: BufferPlace): number {
    const id = this.declare(v.dtype, sizeOf(v.shape), place);
    this.#of.set(v, { id });
    return id;
  }

  /**
   * Says that `v` lies where `w` does, or in the part of it that begins `offset` elements further:
   * an element of a stack, at a step of a loop.
   */
  view(v: Value, w: Value, offset?: Expr): void {
    const at = this.#of.get(w)!;
    this.place(v, at.id, at.offset && offset ? iadd(at.offset, offset) : (at.offset ?? offset));
  }

  /** Says that `v` lies in a buffer, from position `offset` on. */
  place(v: Value, id: number, offset?: Expr): void {
    this.#of.set(v, { id, ...(offset && { offset }) });
  }

  of(v: Value): number | undefined {
    return this.#of.get(v)?.id;
  }

  /** Whether `v` begins elsewhere than its buffer does. */
  isView(v: Value): boolean {
    return this.#of.get(v)?.offset !== undefined;
  }

  /** Where in its buffer the element of `v` at a row-major position is. */
  at(v: Value, position: Expr): Expr {
    const offset = this.#of.get(v)?.offset;
    return offset ? iadd(offset, position) : position;
  }

  finish(): BufferDecl[] {
    return this.decls.map((d) => ({ dtype: d.dtype, length: d.length, place: d.place! }));
  }
}

/** What a kernel sees of the values: see `at`. */
export class Elements {
  readonly #buffers: Buffers;
  readonly #own: ReadonlySet<Value>;
  readonly #fixed: Map<Value, Expr>;
  readonly #memo = new Map<Value, Map<string, Expr>>();

  /**
   * `own` are the values this kernel computes (so they are not loaded); `fixed` are those already
   * at hand as an expression, such as the result of the kernel's fold.
   */
  constructor(
    buffers: Buffers,
    own: ReadonlySet<Value>,
    fixed: ReadonlyMap<Value, Expr> = new Map(),
  ) {
    this.#buffers = buffers;
    this.#own = own;
    this.#fixed = new Map(fixed);
  }

  /** The element of `v` at `index` (one int32 expression a dimension). */
  at(v: Value, index: readonly Expr[]): Expr {
    const ready = this.#fixed.get(v);
    if (ready) return ready;
    let key = '';
    for (const e of index) key += `${e.id},`;
    let memo = this.#memo.get(v);
    if (!memo) {
      memo = new Map();
      this.#memo.set(v, memo);
    }
    const known = memo.get(key);
    if (known) return known;
    const e = this.#make(v, index);
    memo.set(key, e);
    return e;
  }

  #make(v: Value, index: readonly Expr[]): Expr {
    const buffer = this.#buffers.of(v);
    if (buffer !== undefined && !this.#own.has(v))
      return load(buffer, v.dtype, this.#buffers.at(v, linearize(index, v.shape)));
    const { lowering } = v.node.primitive;
    if (lowering.kind !== 'pointwise')
      throw new Error(`${v.node.primitive.name} cannot be computed inside another kernel`);
    return lowering.at(v.node, index, (k, at) => this.at(v.node.inputs[k], at));
  }
}

/** The index into `shape` of the element that stands at `index` of `space`, in row-major order. */
export function sameElement(shape: Shape, space: Shape, index: readonly Expr[]): Expr[] {
  return sameShape(shape, space) ? [...index] : delinearize(linearize(index, space), shape);
}
