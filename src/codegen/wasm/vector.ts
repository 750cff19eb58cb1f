/**
 * Expressions of a vector loop, several lanes at a time. What SIMD128 has no instruction for
 * (gathers, integer division, …) is computed lane by lane and put together.
 */
import type { Stmt } from '../../compiler/loopnest.ts';
import { bytesOf } from '../../dtype.ts';
import type { Expr } from '../../expr/expr.ts';
import type { Emitter } from './emitter.ts';
import { Frame, type Loop } from './frame.ts';
import { machineType, scalarMemory } from './scalar.ts';
import { inVector, type VectorLoop } from './vector-fit.ts';
import {
  constBytes,
  emitExtract,
  emitToLane,
  emitVectorOp,
  fits,
  replaceOp,
  splatOp,
} from './vector-ops.ts';
import { accumulate, type Update, type VectorSum } from './vector-sums.ts';

type Store = Extract<Stmt, { kind: 'store' }>;

export class Vectors {
  readonly #e: Emitter;
  #current: VectorLoop | undefined;

  constructor(emitter: Emitter) {
    this.#e = emitter;
    emitter.fromVector = (e) => this.#fromVector(e);
  }

  /** Emits one round of a vector loop in the present frame, which binds the loop's index. */
  round(v: VectorLoop, body: readonly Stmt[], sums: ReadonlyMap<Expr, VectorSum>): void {
    this.#current = v;
    for (const s of body) {
      if (s.kind === 'let') this.#let(s.variable, s.value);
      else if (s.kind === 'store') this.#store(s);
      else if (s.kind === 'update') this.#update(s, sums.get(s.variable));
      else throw new Error(`wasm: ${s.kind} in a vector loop`);
    }
    this.#current = undefined;
  }

  #let(variable: Expr, value: Expr): void {
    const e = this.#e;
    if (e.facts.alias.has(variable)) return;
    const { lanes } = this.#current!;
    if (!fits(value.dtype, lanes)) {
      for (let l = 0; l < lanes; l++)
        this.#inLane(l, () => {
          e.push(value);
          const local = e.local(machineType(value.dtype));
          e.code.set(local);
          e.bind(variable, { local, add: 0 });
        });
      return;
    }
    this.push(value);
    const local = e.local('v128');
    e.code.set(local);
    this.#hold(e.frame).set(variable, local);
  }

  #update(s: Update, sum: VectorSum | undefined): void {
    const e = this.#e;
    const { lanes } = this.#current!;
    if (sum !== undefined) {
      accumulate(e, s, sum, () => this.push(s.value));
      return;
    }
    const { local } = e.binding(s.variable)!;
    for (let l = 0; l < lanes; l++)
      this.#inLane(l, () => {
        e.code.get(local!);
        e.push(s.value);
        e.combine(s.op, s.variable.dtype);
        e.code.set(local!);
      });
    e.frame.forget(e.facts.bit(s.variable), e.facts);
  }

  #store(s: Store): void {
    const e = this.#e;
    const { lanes, loop } = this.#current!;
    const place = e.place(s.buffer, s.storage, s.index, loop);
    const type = s.value.dtype;
    const wide = bytesOf(s.storage) === 16 / lanes;
    if (place.stride === 1 && fits(type, lanes) && (wide || (lanes === 4 && type !== 'float32'))) {
      place.push();
      this.push(s.value);
      if (wide) e.code.memory('v128.store', place.offset, scalarMemory[s.storage].align);
      else {
        if (s.storage === 'bool') {
          e.code.v128(constBytes('int32', 1, 4));
          e.code.op('v128.and');
        }
        // The low byte of each lane, side by side.
        const bytes = e.local('v128');
        e.code.tee(bytes);
        e.code.get(bytes);
        e.code.shuffle([0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12]);
        e.code.memory('v128.store32_lane', place.offset, 0, 0);
      }
    } else {
      const { store, align } = scalarMemory[s.storage];
      // All values before any store: the lanes are iterations that may not see each other.
      const vector = fits(type, lanes) ? e.local('v128') : undefined;
      if (vector !== undefined) {
        this.push(s.value);
        e.code.set(vector);
      }
      for (let l = 0; l < lanes; l++)
        this.#inLane(l, () => {
          const to = e.place(s.buffer, s.storage, s.index);
          to.push();
          if (vector === undefined) e.push(s.value);
          else {
            e.code.get(vector);
            emitExtract(e.code, type, lanes, l);
          }
          e.code.memory(store, to.offset, align);
        });
    }
    e.frame.forget(e.facts.bit(s.buffer), e.facts);
  }

  #hold(f: Frame): Map<Expr, number> {
    return this.#current!.lanes === 4 ? f.vectors : f.pairs;
  }

  #held(e: Expr): number | undefined {
    for (let f: Frame | undefined = this.#e.frame; f; f = f.parent) {
      const local = this.#hold(f).get(e);
      if (local !== undefined) return local;
    }
    return undefined;
  }

  /** Pushes the values of `x` for all lanes. */
  push(x: Expr): void {
    const e = this.#e;
    const { loop } = this.#current!;
    const held = this.#held(x);
    if (held !== undefined) {
      e.code.get(held);
      return;
    }
    if (e.facts.invariant(x, loop)) {
      const target = e.hoistTarget(x);
      if (target) {
        e.code.get(this.#splatBefore(x, target));
        return;
      }
    }
    const value = x.op === 'var' ? e.facts.alias.get(x) : undefined;
    if (value) {
      this.push(value);
      return;
    }
    const whole = inVector(x, this.#current!, e);
    if (whole) this.#compute(x);
    else this.#byLanes(x);
    if (!whole || e.facts.shared(x)) {
      const local = e.local('v128');
      e.code.tee(local);
      this.#hold(e.frame).set(x, local);
    }
  }

  #splatBefore(x: Expr, target: { outside: Frame; loop: Loop }): number {
    const e = this.#e;
    const { lanes } = this.#current!;
    const local = e.local('v128');
    e.at(target.outside, target.loop.pre, () => {
      if (x.op === 'const') e.code.v128(constBytes(x.dtype, x.value, lanes));
      else {
        e.push(x);
        emitToLane(e.code, x.dtype, lanes);
        e.code.op(splatOp(x.dtype, lanes));
      }
      e.code.set(local);
    });
    this.#hold(target.outside).set(x, local);
    return local;
  }

  #compute(x: Expr): void {
    const e = this.#e;
    const { code } = e;
    const { lanes, loop } = this.#current!;
    switch (x.op) {
      case 'var':
        // Only the index is left: a count of lanes from its value.
        e.pushBinding(e.binding(loop.index!)!);
        code.op('i32x4.splat');
        code.v128(constBytes('int32', 0, 4, 1));
        code.op('i32x4.add');
        return;
      case 'load': {
        const place = e.place(x.buffer, x.storage!, x.args[0], loop);
        const { align } = scalarMemory[x.storage!];
        if (place.stride === -1) {
          this.#loadBackwards(x, align);
          return;
        }
        place.push();
        if (align > 0) {
          code.memory('v128.load', place.offset, align);
          return;
        }
        code.memory('v128.load32_zero', place.offset, 0);
        code.op('i16x8.extend_low_i8x16_u');
        code.op('i32x4.extend_low_i16x8_u');
        if (x.storage === 'bool') {
          code.v128(constBytes('int32', 0, 4));
          code.op('i32x4.ne');
        }
        return;
      }
      case 'select':
        this.#select(x.args[0], x.args[1], x.args[2]);
        return;
      case 'guard':
        this.#guard(x);
        return;
      case 'shl':
      case 'shr': {
        this.push(x.args[0]);
        e.push(x.args[1]);
        code.op(x.op === 'shl' ? 'i32x4.shl' : x.dtype === 'int32' ? 'i32x4.shr_s' : 'i32x4.shr_u');
        return;
      }
      case 'min':
      case 'max':
        if (this.#clamp(x)) return;
        break;
    }
    for (const a of x.args) this.push(a);
    emitVectorOp(code, x, lanes, e.options.relaxed);
  }

  /** Elements that lie in the opposite order: loaded from the last lane's place, then turned round. */
  #loadBackwards(x: Expr, align: number): void {
    const e = this.#e;
    const { lanes } = this.#current!;
    this.#inLane(lanes - 1, () => {
      const last = e.place(x.buffer, x.storage!, x.args[0]);
      last.push();
      e.code.memory('v128.load', last.offset, align);
    });
    const vector = e.local('v128');
    const size = 16 / lanes;
    e.code.tee(vector);
    e.code.get(vector);
    e.code.shuffle(
      Array.from({ length: 16 }, (_, i) => (lanes - 1 - Math.floor(i / size)) * size + (i % size)),
    );
  }

  /**
   * The smaller or larger of a value and a constant. The instruction that treats NaN as asked takes
   * many of the processor's; pmin and pmax are one each, and keep a NaN that comes first.
   */
  #clamp(x: Expr): boolean {
    if (x.dtype !== 'float32' && x.dtype !== 'float64') return false;
    const at = x.args.findIndex((a) => a.op === 'const');
    if (at < 0) return false;
    const limit = x.args[at];
    // Which zero wins is settled by an addition for max(x, +0), and left alone for min(x, -0).
    if (Number.isNaN(limit.value) || (x.op === 'min' && Object.is(limit.value, -0))) return false;
    const s = x.dtype === 'float32' ? 'f32x4' : 'f64x2';
    this.push(x.args[1 - at]);
    this.push(limit);
    this.#e.code.op(`${s}.p${x.op as 'min' | 'max'}`);
    if (x.op === 'max' && Object.is(limit.value, 0)) {
      this.push(limit);
      this.#e.code.op(`${s}.add`);
    }
    return true;
  }

  #select(c: Expr, a: Expr, b: Expr): void {
    const { code, options } = this.#e;
    const isZero = (x: Expr): boolean => x.op === 'const' && Object.is(x.value, 0);
    if (isZero(b)) {
      this.push(a);
      this.push(c);
      code.op('v128.and');
    } else if (isZero(a)) {
      this.push(b);
      this.push(c);
      code.op('v128.andnot');
    } else {
      this.push(a);
      this.push(b);
      this.push(c);
      code.op(options.relaxed ? 'i32x4.relaxed_laneselect' : 'v128.bitselect');
    }
  }

  #guard(x: Expr): void {
    const e = this.#e;
    const { code } = e;
    const [c, a, b] = x.args;
    const { loop, lanes } = this.#current!;
    const branch = (y: Expr): void => e.within({ branch: true }, () => this.push(y));
    if (e.facts.invariant(c, loop)) {
      e.push(c);
      code.if('v128');
      branch(a);
      code.op('else');
      branch(b);
      code.op('end');
      return;
    }
    if (e.facts.speculable(a) && e.facts.speculable(b)) {
      this.#select(c, a, b);
      return;
    }
    // Mostly all lanes agree; those that do not are taken one by one.
    this.push(c);
    const mask = e.local('v128');
    code.tee(mask);
    this.#hold(e.frame).set(c, mask);
    code.op(lanes === 4 ? 'i32x4.all_true' : 'i64x2.all_true');
    code.if('v128');
    branch(a);
    code.op('else');
    code.get(mask);
    code.op('v128.any_true');
    code.if('v128');
    e.within({ branch: true }, () => this.#byLanes(x));
    code.op('else');
    branch(b);
    code.op('end');
    code.op('end');
  }

  /** The scalar view of one lane of the present frame. */
  #inLane(lane: number, fn: () => void): void {
    const e = this.#e;
    const index = this.#current!.loop.index!;
    const { frame } = e;
    let view = frame.lanes[lane];
    if (!view) {
      view = new Frame(frame, { lane });
      const b = e.binding(index)!;
      view.bindings.set(index, { local: b.local, add: b.add + lane });
      frame.lanes[lane] = view;
    }
    e.at(view, e.code, fn);
  }

  #byLanes(x: Expr): void {
    const e = this.#e;
    const { lanes } = this.#current!;
    for (let l = 0; l < lanes; l++) {
      this.#inLane(l, () => {
        if (x.op === 'var') e.push(x);
        else e.compute(x);
      });
      emitToLane(e.code, x.dtype, lanes);
      if (l === 0) e.code.op(splatOp(x.dtype, lanes));
      else e.code.lane(replaceOp(x.dtype, lanes), l);
    }
  }

  /** Pushes `x` of the present lane from a vector, if it is in one or had better be. */
  #fromVector(x: Expr): boolean {
    const e = this.#e;
    if (!this.#current) return false;
    const { lanes, loop } = this.#current;
    let f: Frame | undefined = e.frame;
    let conditional = false;
    while (f && f.lane === undefined) {
      if (f.loop) return false;
      conditional ||= f.branch;
      f = f.parent;
    }
    if (!f?.parent) return false;
    if (!fits(x.dtype, lanes)) return false;
    let local = this.#held(x);
    const heavy = x.dtype === 'float32' || x.dtype === 'float64';
    if (local === undefined && !conditional && heavy && x.op !== 'var') {
      if (!inVector(x, this.#current, e) || e.facts.invariant(x, loop)) return false;
      local = e.local('v128');
      const to = local;
      const outside = f.parent;
      e.at(outside, e.code, () => {
        this.push(x);
        e.code.set(to);
        this.#hold(outside).set(x, to);
      });
    }
    if (local === undefined) return false;
    e.code.get(local);
    emitExtract(e.code, x.dtype, lanes, f.lane!);
    return true;
  }
}
