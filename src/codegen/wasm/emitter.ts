/**
 * Emits scalar expressions and addresses of one kernel: shared values once, invariant values before
 * their loops, addresses as pointers that move with the innermost loop.
 */
import type { BufferRef, Kernel } from '../../compiler/loopnest.ts';
import { bytesOf, type DType } from '../../dtype.ts';
import {
  asWritten,
  type BinaryOp,
  type Expr,
  int,
  type Scalar,
  variable,
} from '../../expr/expr.ts';
import { linear } from '../../expr/index-math.ts';
import { Code, type FunctionBuilder, type ValueType } from './assembler.ts';
import { Facts, type LoopFacts } from './facts.ts';
import { type Binding, Frame, type Loop, type Pointer } from './frame.ts';
import {
  emitCombine,
  emitConst,
  emitScalarOp,
  type Helpers,
  machineType,
  scalarMemory,
} from './scalar.ts';
import type { TileExtent, TileShape } from './tile.ts';

/** Parameters of a kernel's function: see printer.ts. */
export const kernelParams = { table: 0, lo: 1, hi: 2, scratch: 3, loops: 4 } as const;

export interface EmitOptions {
  readonly simd: boolean;
  readonly relaxed: boolean;
  /** Indices of functions to call. */
  fmod(): number;
  tile(shape: TileShape, extent: TileExtent): number;
}

/** constant + the sum of coef * atom. */
export interface Sum {
  readonly constant: number;
  readonly terms: readonly { readonly atom: Expr; readonly coef: number }[];
}

/** The address of an element: what to push, and the rest as the instruction's immediate. */
export interface Place {
  readonly offset: number;
  /** Elements moved when the given variable grows by one; undefined if not constant. */
  readonly stride: number | undefined;
  push(): void;
}

export class Emitter {
  readonly facts: Facts;
  readonly options: EmitOptions;
  readonly root: Frame;
  readonly helpers: Helpers;
  frame: Frame;
  code: Code;
  /** Goes to the start of the function. */
  readonly entry: Code = new Code();
  readonly #f: FunctionBuilder;
  readonly #bases = new Map<BufferRef, Expr>();
  readonly #scratch: number[] = [];
  readonly #depths = new Map<Expr, number>();
  readonly #terms = new Map<Expr, Sum>();
  /** Sums made by `place`, whose variables stand for their locals alone. */
  readonly #sums = new WeakSet<Expr>();

  constructor(f: FunctionBuilder, kernel: Kernel, options: EmitOptions) {
    this.#f = f;
    this.facts = new Facts(kernel);
    this.options = options;
    this.root = new Frame(undefined);
    this.frame = this.root;
    this.code = new Code();
    this.helpers = { local: (t) => this.local(t), fmod: () => options.fmod() };
    let offset = 0;
    for (const s of kernel.scratch) {
      this.#scratch.push(offset);
      offset += Math.ceil((s.length * bytesOf(s.dtype)) / 64) * 64;
    }
  }

  local(type: ValueType): number {
    return this.#f.local(type);
  }

  /** Runs `fn` with another frame and another place for the code. */
  at<T>(frame: Frame, code: Code, fn: () => T): T {
    const saved = [this.frame, this.code] as const;
    this.frame = frame;
    this.code = code;
    try {
      return fn();
    } finally {
      [this.frame, this.code] = saved;
    }
  }

  /** Runs `fn` in a frame below the present one, with the same code. */
  within<T>(options: { branch?: boolean; lane?: number }, fn: (frame: Frame) => T): T {
    const frame = new Frame(this.frame, options);
    return this.at(frame, this.code, () => fn(frame));
  }

  /** `a op b` for scalars on the stack. */
  combine(op: BinaryOp, t: Scalar): void {
    emitCombine(this.code, op, t, this.helpers);
  }

  /** From within a lane, what outer frames know of that lane counts too. */
  binding(v: Expr): Binding | undefined {
    let lane = -1;
    for (let f: Frame | undefined = this.frame; f; f = f.parent) {
      if (f.lane !== undefined) lane = f.lane;
      const b = (lane < 0 ? undefined : f.lanes[lane]?.bindings.get(v)) ?? f.bindings.get(v);
      if (b) return b;
    }
    return undefined;
  }

  bind(v: Expr, binding: Binding): void {
    this.frame.bindings.set(v, binding);
    this.#depths.set(v, this.frame.depth);
  }

  pushBinding(b: Binding): void {
    if (b.local === undefined) this.code.i32(b.add);
    else {
      this.code.get(b.local);
      if (b.add !== 0) {
        this.code.i32(b.add);
        this.code.op('i32.add');
      }
    }
  }

  /** The local that holds `e`. */
  held(e: Expr): number | undefined {
    let lane = -1;
    for (let f: Frame | undefined = this.frame; f; f = f.parent) {
      if (f.lane !== undefined) lane = f.lane;
      const local = (lane < 0 ? undefined : f.lanes[lane]?.values.get(e)) ?? f.values.get(e);
      if (local !== undefined) return local;
      // What changes within a loop is not held outside of it.
      if (f.loop && !this.facts.invariant(e, f.loop.facts)) return undefined;
    }
    return undefined;
  }

  /** The outermost loop around the present frame before which `e` can be computed. */
  hoistTarget(e: Expr): { outside: Frame; loop: Loop } | undefined {
    let target: { outside: Frame; loop: Loop } | undefined;
    let conditional = false;
    for (let f: Frame | undefined = this.frame; f?.parent; f = f.parent) {
      if (f.branch) conditional = true;
      if (!f.loop) continue;
      if (!this.facts.invariant(e, f.loop.facts)) break;
      if (conditional && !this.facts.speculable(e)) break;
      target = { outside: f.parent, loop: f.loop };
    }
    return target;
  }

  /** Pushes the value of `e`. */
  push(e: Expr): void {
    if (e.op === 'const') {
      emitConst(this.code, e.dtype, e.value);
      return;
    }
    if (e.op === 'var') {
      this.#pushVariable(e);
      return;
    }
    const held = this.held(e);
    if (held !== undefined) {
      this.code.get(held);
      return;
    }
    const target = this.hoistTarget(e);
    if (target) {
      const local = this.local(machineType(e.dtype));
      this.at(target.outside, target.loop.pre, () => {
        this.compute(e);
        this.code.set(local);
      });
      target.outside.values.set(e, local);
      this.code.get(local);
      return;
    }
    if (this.fromVector(e)) return;
    this.compute(e);
    if (this.facts.shared(e)) {
      const local = this.local(machineType(e.dtype));
      this.code.tee(local);
      this.frame.values.set(e, local);
    }
  }

  /** In a lane of a vector loop: takes `e` out of a vector that holds it. Set by the vector part. */
  fromVector: (e: Expr) => boolean = () => false;

  #pushVariable(e: Expr): void {
    const b = this.binding(e);
    if (b) {
      this.pushBinding(b);
      return;
    }
    const value = this.facts.alias.get(e);
    if (value) this.push(value);
    else if (!this.fromVector(e)) throw new Error(`wasm: ${e.name} is not bound`);
  }

  /** The value of `e` from its operands. */
  compute(e: Expr): void {
    const { code } = this;
    switch (e.op) {
      case 'load': {
        const { load, align } = scalarMemory[e.storage!];
        const place = this.place(e.buffer, e.storage!, e.args[0]);
        place.push();
        code.memory(load, place.offset, align);
        if (e.storage === 'bool') {
          code.i32(0);
          code.op('i32.ne');
        }
        return;
      }
      case 'select':
        this.push(e.args[1]);
        this.push(e.args[2]);
        this.push(e.args[0]);
        code.op('select');
        return;
      case 'guard':
        this.push(e.args[0]);
        code.if(machineType(e.dtype));
        this.within({ branch: true }, () => this.push(e.args[1]));
        code.op('else');
        this.within({ branch: true }, () => this.push(e.args[2]));
        code.op('end');
        return;
      default:
        for (const a of e.args) this.push(a);
        emitScalarOp(code, e, this.helpers);
    }
  }

  /** The variable that stands for the address of a buffer. */
  #base(buffer: BufferRef): Expr {
    let v = this.#bases.get(buffer);
    if (v) return v;
    v = variable(buffer < 0 ? 'scratch' : 'buffer', 'int32', 0);
    this.#bases.set(buffer, v);
    if (buffer < 0)
      this.root.bindings.set(v, { local: kernelParams.scratch, add: this.#scratch[-buffer - 1] });
    else {
      const local = this.local('i32');
      this.entry.get(kernelParams.table);
      this.entry.memory('i32.load', 4 * buffer, 2);
      this.entry.set(local);
      this.root.bindings.set(v, { local, add: 0 });
    }
    return v;
  }

  /** `index` as a sum, with names of sums replaced by the sums. */
  terms(index: Expr): Sum {
    const known = this.#terms.get(index);
    if (known) return known;
    let constant = 0;
    const terms: { atom: Expr; coef: number }[] = [];
    const add = (e: Expr, k: number): void => {
      const l = linear(e);
      constant += k * l.constant;
      for (const { atom, coef } of l.terms) {
        const value = atom.op === 'var' ? this.facts.alias.get(atom) : undefined;
        if (value) add(value, k * coef);
        else {
          const same = terms.find((t) => t.atom === atom);
          if (same) same.coef += k * coef;
          else terms.push({ atom, coef: k * coef });
        }
      }
    };
    add(index, 1);
    const sum = { constant, terms: terms.filter((t) => t.coef !== 0) };
    this.#terms.set(index, sum);
    return sum;
  }

  depthOf(e: Expr): number {
    const known = this.#depths.get(e);
    if (known !== undefined) return known;
    const value = this.facts.alias.get(e);
    let d = value ? this.depthOf(value) : 0;
    for (const a of e.args) d = Math.max(d, this.depthOf(a));
    this.#depths.set(e, d);
    return d;
  }

  /**
   * Where element `index` of a buffer lies. `along` asks for the stride
   * along the index of a loop.
   */
  place(buffer: BufferRef, storage: DType, index: Expr, along?: LoopFacts): Place {
    const size = bytesOf(storage);
    const sum = this.terms(index);
    let constant = sum.constant * size;
    const base = this.#base(buffer);
    constant += this.binding(base)!.add;
    // Immediates are added without wrapping, so what is pushed must not lie below the buffer.
    let safe = true;
    const terms: { atom: Expr; bytes: number }[] = [];
    let stride: number | undefined = 0;
    for (const { atom, coef } of sum.terms) {
      if (along) {
        if (atom === along.index) stride = stride === undefined ? undefined : stride + coef;
        else if (!this.facts.invariant(atom, along)) stride = undefined;
      }
      const b = atom.op === 'var' ? this.binding(atom) : undefined;
      if (b) {
        constant += b.add * coef * size;
        if (b.local === undefined) continue;
      }
      if (coef < 0 || atom.lo < 0) safe = false;
      terms.push({ atom, bytes: coef * size });
    }
    if (constant < 0 || constant >= 2 ** 31) safe = false;
    terms.sort((x, y) => this.depthOf(x.atom) - this.depthOf(y.atom) || x.atom.id - y.atom.id);
    const sumOf = (op: 'add' | 'mul', a: Expr, b: Expr): Expr => {
      const e = asWritten(op, a, b);
      this.#sums.add(e);
      return e;
    };
    const total = (without?: Expr): Expr => {
      let e = base;
      if (!safe) e = sumOf('add', e, int(constant));
      for (const { atom, bytes } of terms) {
        if (atom === without) continue;
        e = sumOf('add', e, bytes === 1 ? atom : sumOf('mul', atom, int(bytes)));
      }
      return e;
    };
    const offset = safe ? constant : 0;
    const push = (): void => {
      const pointer = this.#pointer(terms, total);
      if (pointer !== undefined) this.code.get(pointer);
      else this.#pushAddress(total());
    };
    return { offset, stride, push };
  }

  /** Like `push`, for sums whose variables' constant parts have been taken out already. */
  #pushAddress(e: Expr): void {
    if (e.op === 'var') {
      const b = this.binding(e);
      if (b?.local !== undefined) {
        this.code.get(b.local);
        return;
      }
    }
    if (!this.#sums.has(e)) {
      this.push(e);
      return;
    }
    const target = this.hoistTarget(e);
    if (target) {
      let local = this.held(e);
      if (local === undefined) {
        local = this.local('i32');
        const to = local;
        this.at(target.outside, target.loop.pre, () => {
          this.#addressParts(e);
          this.code.set(to);
        });
        target.outside.values.set(e, local);
      }
      this.code.get(local);
      return;
    }
    this.#addressParts(e);
  }

  #addressParts(e: Expr): void {
    for (const a of e.args) this.#pushAddress(a);
    this.code.op(e.op === 'add' ? 'i32.add' : 'i32.mul');
  }

  /** The local that moves with the innermost loop and holds this sum, if there can be one. */
  #pointer(
    terms: readonly { atom: Expr; bytes: number }[],
    total: (without?: Expr) => Expr,
  ): number | undefined {
    let f: Frame | undefined = this.frame;
    let conditional = false;
    while (f && !f.loop?.real) {
      conditional ||= f.branch;
      f = f.parent;
    }
    const loop = f?.loop;
    if (!f?.parent || !loop?.pointers || !loop.facts.index) return undefined;
    const moving = terms.find((t) => t.atom === loop.facts.index);
    if (!moving) return undefined;
    for (const t of terms) {
      if (t === moving) continue;
      if (!this.facts.invariant(t.atom, loop.facts)) return undefined;
      if (conditional && !this.facts.speculable(t.atom)) return undefined;
    }
    const rest = total(loop.facts.index);
    const key = `${rest.id}:${moving.bytes}`;
    let pointer: Pointer | undefined = loop.pointers.get(key);
    if (!pointer) {
      pointer = { local: this.local('i32'), stride: moving.bytes };
      loop.pointers.set(key, pointer);
      const { local } = pointer;
      this.at(f.parent, loop.pre, () => {
        this.#pushAddress(rest);
        const { start } = loop;
        if (start.local !== undefined || start.add !== 0) {
          this.pushBinding(start);
          this.code.i32(moving.bytes);
          this.code.op('i32.mul');
          this.code.op('i32.add');
        }
        this.code.set(local);
      });
    }
    return pointer.local;
  }
}
