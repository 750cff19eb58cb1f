/** How loops are emitted: in lanes or not, unrolled or not. */
import { exprsOf, type Stmt, visitStmts } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';
import type { Emitter } from './emitter.ts';
import type { LoopFacts } from './facts.ts';
import { inVector, strideAlong, type VectorLoop } from './vector-fit.ts';
import { fits, type Lanes } from './vector-ops.ts';

export type For = Extract<Stmt, { kind: 'for' }>;

/** How a `for` statement is emitted. */
export interface LoopPlan {
  /** 0: one element at a time. */
  readonly lanes: 0 | Lanes;
  /** Rounds of the main part in one pass of the machine's loop; Infinity: no loop at all. */
  readonly unroll: number;
  readonly unrollRest: boolean;
}

/** Instructions a fully unrolled loop may have, about. */
const unrolledSize = 64;

export class Planner {
  readonly #e: Emitter;
  readonly #plans = new Map<For, LoopPlan>();

  constructor(emitter: Emitter) {
    this.#e = emitter;
  }

  /** Whether statements become a loop in the machine code. */
  holdsLoop(body: readonly Stmt[]): boolean {
    return body.some((s) => {
      switch (s.kind) {
        case 'tile':
        case 'while':
          return true;
        case 'if':
          return (
            this.holdsLoop(s.then) || (s.otherwise !== undefined && this.holdsLoop(s.otherwise))
          );
        case 'for': {
          if (s.extent.op !== 'const') return true;
          if (this.holdsLoop(s.body)) return true;
          const plan = this.plan(s);
          const main = plan.lanes ? Math.floor(s.extent.value / plan.lanes) : 0;
          const rest = plan.lanes ? s.extent.value % plan.lanes : s.extent.value;
          return (main > 1 && plan.unroll !== Infinity) || (rest > s.step && !plan.unrollRest);
        }
        default:
          return false;
      }
    });
  }

  plan(s: For): LoopPlan {
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
    if (extent !== undefined && !this.holdsLoop(s.body)) {
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
}
