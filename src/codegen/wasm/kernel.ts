/** Statements of a kernel to WebAssembly. */
import { exprsOf, type Kernel, type Stmt, type Tile, visitStmts } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';
import { Code, type FunctionBuilder } from './assembler.ts';
import { type EmitOptions, Emitter, kernelParams } from './emitter.ts';
import type { LoopFacts } from './facts.ts';
import { type Binding, Frame, type Loop, makeLoop } from './frame.ts';
import { machineType, scalarMemory } from './scalar.ts';
import { emitTile, withoutTiles } from './tile.ts';
import { inVector, strideAlong, type VectorLoop, Vectors } from './vector.ts';
import { fits, type Lanes } from './vector-ops.ts';

type For = Extract<Stmt, { kind: 'for' }>;
type Update = Extract<Stmt, { kind: 'update' }>;

/** How a `for` statement is emitted. */
interface LoopPlan {
  /** 0: one element at a time. */
  readonly lanes: 0 | Lanes;
  /** Rounds of the main part in one pass of the machine's loop; Infinity: no loop at all. */
  readonly unroll: number;
  readonly unrollRest: boolean;
}

/** Instructions a fully unrolled loop may have, about. */
const unrolledSize = 64;

export function printKernel(f: FunctionBuilder, kernel: Kernel, options: EmitOptions): void {
  const k = options.simd ? kernel : { ...kernel, body: withoutTiles(kernel.body) };
  new KernelPrinter(f, k, options).print();
}

class KernelPrinter {
  readonly #f: FunctionBuilder;
  readonly #kernel: Kernel;
  readonly #e: Emitter;
  readonly #vectors: Vectors;
  readonly #plans = new Map<For, LoopPlan>();

  constructor(f: FunctionBuilder, kernel: Kernel, options: EmitOptions) {
    this.#f = f;
    this.#kernel = kernel;
    this.#e = new Emitter(f, kernel, options);
    this.#vectors = new Vectors(this.#e);
  }

  print(): void {
    const { body, parallel } = this.#kernel;
    const e = this.#e;
    if (!parallel) this.#block(body);
    else {
      const start = { local: kernelParams.lo, add: 0 };
      this.#loop(parallel.index, start, 1, 1, body, {
        end: () => e.code.get(kernelParams.hi),
        round: () => this.#block(body),
      });
    }
    this.#f.code.append(e.entry);
    this.#f.code.append(e.code);
  }

  #block(body: readonly Stmt[]): void {
    for (const s of body) this.#stmt(s);
  }

  #stmt(s: Stmt): void {
    const e = this.#e;
    switch (s.kind) {
      case 'for':
        this.#for(s);
        return;
      case 'let':
        if (!e.facts.alias.has(s.variable)) this.#assign(s.variable, s.value);
        return;
      case 'accum':
        this.#assign(s.variable, s.init);
        e.frame.forget(e.facts.bit(s.variable), e.facts);
        return;
      case 'update':
      case 'set': {
        const local = e.binding(s.variable)!.local!;
        if (s.kind === 'update') e.code.get(local);
        e.push(s.value);
        if (s.kind === 'update') e.combine(s.op, s.variable.dtype);
        e.code.set(local);
        e.frame.forget(e.facts.bit(s.variable), e.facts);
        return;
      }
      case 'store': {
        const { store, align } = scalarMemory[s.storage];
        const place = e.place(s.buffer, s.storage, s.index);
        place.push();
        e.push(s.value);
        e.code.memory(store, place.offset, align);
        e.frame.forget(e.facts.bit(s.buffer), e.facts);
        return;
      }
      case 'if':
        e.push(s.cond);
        e.code.if();
        e.within({ branch: true }, () => this.#block(s.then));
        if (s.otherwise) {
          e.code.op('else');
          e.within({ branch: true }, () => this.#block(s.otherwise!));
        }
        e.code.op('end');
        return;
      case 'while':
        this.#while(s.cond, s.body);
        return;
      case 'tile':
        this.#tile(s);
    }
  }

  #assign(variable: Expr, value: Expr): void {
    const e = this.#e;
    const local = e.local(machineType(variable.dtype));
    e.push(value);
    e.code.set(local);
    e.bind(variable, { local, add: 0 });
  }

  /** Runs `fn` in a new frame for a loop, whose body it emits; returns loop and body. */
  #inLoop(loop: Loop, fn: () => void): Code {
    const e = this.#e;
    const body = new Code();
    e.frame.forget(loop.facts.kills, e.facts);
    e.at(new Frame(e.frame, { loop }), body, fn);
    return body;
  }

  #while(cond: Expr, body: readonly Stmt[]): void {
    const e = this.#e;
    const loop = makeLoop(e.facts.loop(body), { local: undefined, add: 0 }, 'outer');
    const { code } = e;
    const inner = this.#inLoop(loop, () => {
      e.push(cond);
      e.code.op('i32.eqz');
      e.code.brIf(1);
      e.within({ branch: true }, () => this.#block(body));
      e.code.br(0);
    });
    code.append(loop.pre);
    code.block();
    code.loop();
    code.append(inner);
    code.op('end');
    code.op('end');
  }

  /**
   * A loop in the machine code, run at least once. `round` emits the body; it is called `copies`
   * times, for indices `step` apart, in a frame where the index is bound.
   */
  #loop(
    index: Expr,
    start: Binding,
    step: number,
    copies: number,
    body: readonly Stmt[],
    parts: { end: () => void; round: (loop: Loop, copy: number) => void },
  ): Loop {
    const e = this.#e;
    const { code } = e;
    const kind = this.#holdsLoop(body) ? 'outer' : 'innermost';
    const loop = makeLoop(e.facts.loop(body, index), start, kind);
    const local = e.local('i32');
    const inner = this.#inLoop(loop, () => {
      for (let u = 0; u < copies; u++)
        e.within({}, () => {
          e.bind(index, { local, add: u * step });
          parts.round(loop, u);
        });
    });
    const stride = step * copies;
    code.append(loop.pre);
    e.pushBinding(start);
    code.set(local);
    code.loop();
    code.append(inner);
    for (const p of loop.pointers?.values() ?? []) {
      code.get(p.local);
      code.i32(p.stride * stride);
      code.op('i32.add');
      code.set(p.local);
    }
    code.get(local);
    code.i32(stride);
    code.op('i32.add');
    code.tee(local);
    parts.end();
    code.op('i32.lt_s');
    code.brIf(0);
    code.op('end');
    return loop;
  }

  /** The rounds of a loop one after another, without a loop in the machine code. */
  #straight(
    index: Expr,
    start: Binding,
    step: number,
    rounds: number,
    body: readonly Stmt[],
    round: (loop: Loop, copy: number) => void,
  ): Loop {
    const e = this.#e;
    const { code } = e;
    const loop = makeLoop(e.facts.loop(body, index), start, 'straight');
    const inner = this.#inLoop(loop, () => {
      for (let u = 0; u < rounds; u++)
        e.within({}, () => {
          e.bind(index, { local: start.local, add: start.add + u * step });
          round(loop, u);
        });
    });
    code.append(loop.pre);
    code.append(inner);
    return loop;
  }

  #for(s: For): void {
    const e = this.#e;
    if (s.extent.op === 'const') {
      if (s.extent.value > 0) this.#fixed(s, this.#startOf(s), s.extent.value);
      return;
    }
    const extent = e.local('i32');
    e.push(s.extent);
    e.code.tee(extent);
    e.code.i32(0);
    e.code.op('i32.gt_s');
    e.code.if();
    e.within({ branch: true }, () => this.#counted(s, this.#startOf(s), extent));
    e.code.op('end');
  }

  #startOf(s: For): Binding {
    const e = this.#e;
    if (s.start.op === 'const') return { local: undefined, add: s.start.value };
    const local = e.local('i32');
    e.push(s.start);
    e.code.set(local);
    return { local, add: 0 };
  }

  /** A loop whose number of iterations is known. */
  #fixed(s: For, start: Binding, extent: number): void {
    const plan = this.#plan(s);
    const main = plan.lanes ? extent - (extent % plan.lanes) : 0;
    if (main > 0) {
      const rounds = main / (plan.lanes as Lanes);
      this.#vector(s, start, plan, rounds, () => this.#pushEnd(start, main));
    }
    const from = { local: start.local, add: start.add + main };
    const rest = extent - main;
    if (rest > 0) this.#scalar(s, from, rest, () => this.#pushEnd(from, rest), plan);
  }

  #pushEnd(start: Binding, extent: number): void {
    this.#e.pushBinding({ local: start.local, add: start.add + extent });
  }

  /** A loop whose number of iterations, at least 1, is in a local. */
  #counted(s: For, start: Binding, extent: number): void {
    const e = this.#e;
    const { code } = e;
    const plan = this.#plan(s);
    const end = e.local('i32');
    e.pushBinding(start);
    code.get(extent);
    code.op('i32.add');
    code.set(end);
    if (!plan.lanes) {
      this.#scalar(s, start, undefined, () => e.code.get(end), plan);
      return;
    }
    const mainEnd = e.local('i32');
    e.pushBinding(start);
    code.get(extent);
    code.i32(-plan.lanes);
    code.op('i32.and');
    code.op('i32.add');
    code.set(mainEnd);
    e.pushBinding(start);
    code.get(mainEnd);
    code.op('i32.lt_s');
    code.if();
    e.within({ branch: true }, () =>
      this.#vector(s, start, plan, undefined, () => e.code.get(mainEnd)),
    );
    code.op('end');
    code.get(mainEnd);
    code.get(end);
    code.op('i32.lt_s');
    code.if();
    e.within({ branch: true }, () =>
      this.#scalar(s, { local: mainEnd, add: 0 }, undefined, () => e.code.get(end), plan),
    );
    code.op('end');
  }

  #scalar(
    s: For,
    start: Binding,
    extent: number | undefined,
    end: () => void,
    plan: LoopPlan,
  ): void {
    const round = (): void => this.#block(s.body);
    if (extent !== undefined && (plan.unrollRest || extent <= s.step))
      this.#straight(s.index, start, s.step, Math.ceil(extent / s.step), s.body, round);
    else this.#loop(s.index, start, s.step, 1, s.body, { end, round });
  }

  #vector(
    s: For,
    start: Binding,
    plan: LoopPlan,
    rounds: number | undefined,
    end: () => void,
  ): void {
    const lanes = plan.lanes as Lanes;
    const vectors = this.#vectors;
    const updates = s.body.filter(
      (x): x is Update => x.kind === 'update' && Vectors.summed(x, lanes),
    );
    // Each copy has sums of its own, so that one addition need not wait for another.
    const straight = rounds !== undefined && (plan.unroll === Infinity || rounds === 1);
    let copies = straight ? rounds : 1;
    if (!straight && rounds !== undefined)
      for (let u = Math.min(plan.unroll, rounds); u > 1 && copies === 1; u--)
        if (rounds % u === 0) copies = u;
    const kinds = straight ? Math.min(4, copies) : copies;
    const sums = Array.from(
      { length: kinds },
      () => new Map(updates.map((u) => [u.variable, vectors.startSum(u, lanes)])),
    );
    const round = (loop: Loop, copy: number): void => {
      const v: VectorLoop = { lanes, loop: loop.facts };
      vectors.round(v, s.body, sums[copy % kinds]);
    };
    if (straight) this.#straight(s.index, start, lanes, copies, s.body, round);
    else this.#loop(s.index, start, lanes, copies, s.body, { end, round });
    for (const u of updates)
      vectors.finishSum(
        u,
        lanes,
        sums.map((m) => m.get(u.variable)!),
      );
  }

  /** Whether statements become a loop in the machine code. */
  #holdsLoop(body: readonly Stmt[]): boolean {
    return body.some((s) => {
      switch (s.kind) {
        case 'tile':
        case 'while':
          return true;
        case 'if':
          return (
            this.#holdsLoop(s.then) || (s.otherwise !== undefined && this.#holdsLoop(s.otherwise))
          );
        case 'for': {
          if (s.extent.op !== 'const') return true;
          if (this.#holdsLoop(s.body)) return true;
          const plan = this.#plan(s);
          const main = plan.lanes ? Math.floor(s.extent.value / plan.lanes) : 0;
          const rest = plan.lanes ? s.extent.value % plan.lanes : s.extent.value;
          return (main > 1 && plan.unroll !== Infinity) || (rest > s.step && !plan.unrollRest);
        }
        default:
          return false;
      }
    });
  }

  #plan(s: For): LoopPlan {
    let plan = this.#plans.get(s);
    if (!plan) {
      plan = this.#makePlan(s);
      this.#plans.set(s, plan);
    }
    return plan;
  }

  #makePlan(s: For): LoopPlan {
    const e = this.#e;
    const loop = e.facts.loop(s.body, s.index);
    const extent = s.extent.op === 'const' ? s.extent.value : undefined;
    const plain = s.body.every(
      (x) => x.kind === 'let' || x.kind === 'store' || x.kind === 'update',
    );
    const work = this.#work(s, loop);
    let lanes: 0 | Lanes = 0;
    if (s.vector && plain && s.step === 1 && e.options.simd && (extent ?? 4) >= work.lanes) {
      const vector = work.whole + work.lanes * 1.5 * work.single;
      if (vector < work.lanes * (work.whole + work.single)) lanes = work.lanes;
    }
    const size = work.whole + work.single * (lanes || 1);
    let unroll = 1;
    let unrollRest = false;
    if (extent !== undefined && !this.#holdsLoop(s.body)) {
      const main = lanes ? Math.floor(extent / lanes) : 0;
      const rest = lanes ? extent % lanes : extent;
      if (lanes && main * size <= unrolledSize && main <= 8) unroll = Infinity;
      else if (work.single === 0) unroll = size <= 12 ? 4 : size <= 24 ? 2 : 1;
      unrollRest = (lanes > 0 || rest <= 4) && Math.ceil(rest / s.step) * size <= unrolledSize;
    }
    return { lanes, unroll, unrollRest };
  }

  /** Operations of one iteration that vectors can do, and those that must be done lane by lane. */
  #work(s: For, loop: LoopFacts): { whole: number; single: number; lanes: Lanes } {
    const e = this.#e;
    const seen = new Set<Expr>();
    let wide = false;
    const varying: Expr[] = [];
    const visit = (x: Expr): void => {
      if (seen.has(x) || e.facts.invariant(x, loop)) return;
      seen.add(x);
      if (x.dtype === 'float64') wide = true;
      varying.push(x);
      if (x.op === 'load') {
        // A position that moves evenly costs nothing.
        if (strideAlong(x.args[0], loop, e) === undefined) visit(x.args[0]);
        return;
      }
      const value = x.op === 'var' ? e.facts.alias.get(x) : undefined;
      if (value) visit(value);
      for (const a of x.args) visit(a);
    };
    let stores = 0;
    let scattered = 0;
    visitStmts(s.body, (x) => {
      if (x.kind === 'store') {
        visit(x.value);
        const stride = strideAlong(x.index, loop, e);
        if (stride === undefined) visit(x.index);
        if (stride === 1) stores++;
        else scattered++;
      } else for (const y of exprsOf(x)) visit(y);
    });
    const lanes: Lanes = wide ? 2 : 4;
    const v: VectorLoop = { lanes, loop };
    let whole = stores;
    let single = scattered;
    for (const x of varying) {
      if (x.op === 'var' || x.op === 'const') continue;
      if (inVector(x, v, e) && fits(x.dtype, lanes)) whole++;
      else single++;
    }
    return { whole, single, lanes };
  }

  #tile(t: Tile): void {
    const e = this.#e;
    const { code } = e;
    const address = (buffer: number, base: Expr): number => {
      const place = e.place(buffer, t.dtype, base);
      const local = e.local('i32');
      place.push();
      if (place.offset !== 0) {
        code.i32(place.offset);
        code.op('i32.add');
      }
      code.set(local);
      return local;
    };
    const places = {
      a: address(t.a.buffer, t.a.base),
      b: address(t.b.buffer, t.b.base),
      out: address(t.out.buffer, t.out.base),
    };
    let depth: number | { local: number };
    if (t.depth.op === 'const') depth = t.depth.value;
    else {
      depth = { local: e.local('i32') };
      e.push(t.depth);
      code.set(depth.local);
    }
    emitTile(
      code,
      (type) => e.local(type),
      {
        dtype: t.dtype,
        rows: t.rows,
        cols: t.cols,
        aRow: t.a.row,
        aStep: t.a.step,
        bStep: t.b.step,
        outRow: t.out.row,
        accumulate: t.accumulate,
      },
      places,
      depth,
      e.options.relaxed,
    );
    e.frame.forget(e.facts.bit(t.out.buffer), e.facts);
  }
}
