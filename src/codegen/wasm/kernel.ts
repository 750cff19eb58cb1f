/** Statements of a kernel to WebAssembly. */
import type { Kernel, Stmt, Tile } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';
import { Code, type FunctionBuilder } from './assembler.ts';
import { type EmitOptions, Emitter, kernelParams } from './emitter.ts';
import { type Binding, Frame, type Loop, makeLoop } from './frame.ts';
import { type For, type LoopPlan, Planner } from './loop-plan.ts';
import { machineType, scalarMemory } from './scalar.ts';
import { withoutTiles } from './tile.ts';
import { Vectors } from './vector.ts';
import type { VectorLoop } from './vector-fit.ts';
import type { Lanes } from './vector-ops.ts';
import { finishSum, startSum, summed, type Update } from './vector-sums.ts';

export function printKernel(f: FunctionBuilder, kernel: Kernel, options: EmitOptions): void {
  const k = options.simd ? kernel : { ...kernel, body: withoutTiles(kernel.body) };
  new KernelPrinter(f, k, options).print();
}

class KernelPrinter {
  readonly #f: FunctionBuilder;
  readonly #kernel: Kernel;
  readonly #e: Emitter;
  readonly #vectors: Vectors;
  readonly #planner: Planner;

  constructor(f: FunctionBuilder, kernel: Kernel, options: EmitOptions) {
    this.#f = f;
    this.#kernel = kernel;
    this.#e = new Emitter(f, kernel, options);
    this.#vectors = new Vectors(this.#e);
    this.#planner = new Planner(this.#e);
  }

  print(): void {
    const { body, parallel } = this.#kernel;
    const e = this.#e;
    this.#kernel.outer?.forEach((v, i) => {
      e.bind(v, { local: kernelParams.loops + i, add: 0 });
    });
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
    const kind = this.#planner.holdsLoop(body) ? 'outer' : 'innermost';
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
    const plan = this.#planner.plan(s);
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
    const plan = this.#planner.plan(s);
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
    const updates = s.body.filter((x): x is Update => x.kind === 'update' && summed(x, lanes));
    // Each copy has sums of its own, so that one addition need not wait for another.
    const straight = rounds !== undefined && (plan.unroll === Infinity || rounds === 1);
    let copies = straight ? rounds : 1;
    if (!straight && rounds !== undefined)
      for (let u = Math.min(plan.unroll, rounds); u > 1 && copies === 1; u--)
        if (rounds % u === 0) copies = u;
    const kinds = straight ? Math.min(4, copies) : copies;
    const sums = Array.from(
      { length: kinds },
      () => new Map(updates.map((u) => [u.variable, startSum(this.#e, u, lanes)])),
    );
    const round = (loop: Loop, copy: number): void => {
      const v: VectorLoop = { lanes, loop: loop.facts };
      vectors.round(v, s.body, sums[copy % kinds]);
    };
    if (straight) this.#straight(s.index, start, lanes, copies, s.body, round);
    else this.#loop(s.index, start, lanes, copies, s.body, { end, round });
    for (const u of updates)
      finishSum(
        this.#e,
        u,
        lanes,
        sums.map((m) => m.get(u.variable)!),
      );
  }

  #tile(t: Tile): void {
    const e = this.#e;
    const { code } = e;
    const address = (buffer: number, base: Expr): void => {
      const place = e.place(buffer, t.dtype, base);
      place.push();
      if (place.offset !== 0) {
        code.i32(place.offset);
        code.op('i32.add');
      }
    };
    address(t.a.buffer, t.a.base);
    address(t.b.buffer, t.b.base);
    address(t.out.buffer, t.out.base);
    /** Undefined, and pushed, where it is not known now. */
    const count = (n: Expr): number | undefined => {
      if (n.op === 'const') return n.value;
      e.push(n);
      return undefined;
    };
    const extent = { depth: count(t.depth), rounds: t.outer ? count(t.outer.extent) : 1 };
    const shape = {
      dtype: t.dtype,
      rows: t.rows,
      cols: t.cols,
      aRow: t.a.row,
      aStep: t.a.step,
      bStep: t.b.step,
      outRow: t.out.row,
      accumulate: t.accumulate,
      aOuter: t.outer?.aStep ?? 0,
      bOuter: t.outer?.bStep ?? 0,
    };
    code.op('call');
    code.unsigned(e.options.tile(shape, extent));
    e.frame.forget(e.facts.bit(t.out.buffer), e.facts);
  }
}
