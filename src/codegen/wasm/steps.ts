/**
 * The list of a program's steps, as the function `run` of its module: on one thread, or shared.
 *
 * Work is counted in pieces; a wait is for a number of finished pieces, which every thread knows
 * without asking. In a loop that number grows with the rounds, and so does the count of what has
 * been taken of a shared kernel. Branches and loops of unknown length run on one thread as a piece:
 * a thread that comes late would find another predicate.
 */
import type { Kernel } from '../../compiler/loopnest.ts';
import type { Control, CpuTarget, Program, Step } from '../../compiler/program.ts';
import type { Code, FunctionBuilder, ModuleBuilder } from './assembler.ts';
import { layout } from './layout.ts';
import { makeAwait, makeBegin, makeFinish } from './runtime.ts';

/** Scalar operations that are worth taking a range for. */
const leastRange = 20_000;
/** Pieces are counted in 32 bits. */
const mostPieces = 2 ** 30;

const runParams = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
const [table, thread, number, threads, mayWait] = [0, 1, 2, 3, 4];

type Kernels = ReadonlyMap<Kernel, FunctionBuilder>;

/** Whether a step has work for several threads. */
export function isShared({ kernel, control }: Step, target: CpuTarget): boolean {
  if (kernel) return kernel.parallel !== undefined && kernel.cost >= target.parallelThreshold;
  return control.kind === 'loop' && control.steps.some((s) => isShared(s, target));
}

/** What steps are made of, however they are shared out. */
class StepCode {
  readonly f: FunctionBuilder;
  readonly code: Code;
  readonly #program: Program;
  readonly #kernels: Kernels;
  readonly #scratch: () => void;

  constructor(f: FunctionBuilder, program: Program, kernels: Kernels, scratch: () => void) {
    this.f = f;
    this.code = f.code;
    this.#program = program;
    this.#kernels = kernels;
    this.#scratch = scratch;
  }

  /** The address of the scratch memory of all threads. */
  pushScratch(): void {
    this.code.get(table);
    this.code.memory('i32.load', 4 * this.#program.buffers.length, 2);
  }

  call(kernel: Kernel, loops: readonly number[], from: () => void, to: () => void): void {
    const { code } = this;
    code.get(table);
    from();
    to();
    this.#scratch();
    for (const l of loops.slice(0, kernel.outer?.length ?? 0)) code.get(l);
    code.call(this.#kernels.get(kernel)!.index);
  }

  whole(kernel: Kernel, loops: readonly number[]): void {
    this.call(
      kernel,
      loops,
      () => this.code.i32(0),
      () => this.code.i32(kernel.parallel?.extent ?? 1),
    );
  }

  loop(extent: number, loops: readonly number[], body: (loops: readonly number[]) => void): void {
    const { code } = this;
    const i = this.f.local('i32');
    code.i32(0);
    code.set(i);
    code.loop();
    body([...loops, i]);
    code.get(i);
    code.i32(1);
    code.op('i32.add');
    code.tee(i);
    code.i32(extent);
    code.op('i32.lt_s');
    code.brIf(0);
    code.op('end');
  }

  /** Steps one after another on this thread. */
  alone(steps: readonly Step[], loops: readonly number[]): void {
    for (const { kernel, control } of steps) {
      if (kernel) this.whole(kernel, loops);
      else if (control.kind === 'loop')
        this.loop(control.extent, loops, (inner) => this.alone(control.steps, inner));
      else this.#choose(control, loops);
    }
  }

  #choose(control: Exclude<Control, { kind: 'loop' }>, loops: readonly number[]): void {
    const { code } = this;
    const test = (): void => {
      code.get(table);
      code.memory('i32.load', 4 * control.predicate, 2);
      code.memory('i32.load8_u', 0, 0);
    };
    if (control.kind === 'branch') {
      test();
      code.if();
      this.alone(control.then, loops);
      code.op('else');
      this.alone(control.otherwise, loops);
      code.op('end');
      return;
    }
    code.block();
    code.loop();
    test();
    code.op('i32.eqz');
    code.brIf(1);
    this.alone(control.steps, loops);
    code.br(0);
    code.op('end');
    code.op('end');
  }
}

/** All steps in order on one thread. */
export function printRun(m: ModuleBuilder, program: Program, kernels: Kernels): void {
  const run = m.function('run', runParams);
  m.export('run', run);
  const steps: StepCode = new StepCode(run, program, kernels, () => steps.pushScratch());
  steps.alone(program.steps, []);
}

export function printSharedRun(
  m: ModuleBuilder,
  program: Program,
  kernels: Kernels,
  target: CpuTarget,
  scratchBytes: number,
  stall: number,
): void {
  const waitFor = makeAwait(m, stall);
  const finish = makeFinish(m);
  const run = m.function('run', runParams);
  m.export('run', run);
  const { code } = run;
  const scratch = run.local('i32');
  const steps = new StepCode(run, program, kernels, () => code.get(scratch));
  steps.pushScratch();
  code.get(thread);
  code.i32(scratchBytes);
  code.op('i32.mul');
  code.op('i32.add');
  code.set(scratch);
  const shared = new SharedSteps(steps, target, waitFor, finish);
  shared.list(program.steps, [], 1);
  shared.end();
  m.export('begin', makeBegin(m, shared.claims));
}

class SharedSteps {
  claims = 0;
  readonly #steps: StepCode;
  readonly #code: Code;
  readonly #target: CpuTarget;
  readonly #waitFor: FunctionBuilder;
  readonly #finish: FunctionBuilder;
  readonly #word: number;
  readonly #lo: number;
  readonly #hi: number;
  readonly #done: number;
  /** Pieces of loops so far. */
  readonly #base: number;
  /** Pieces since, in the text. */
  #pieces = 0;
  /** Pieces of the whole run. */
  #total = 0;
  // Kernels of thread 0 alone need no barriers among themselves, but what they left out is still
  // owed to the next kernel that all threads share.
  #since = false;
  #owed = false;

  constructor(
    steps: StepCode,
    target: CpuTarget,
    waitFor: FunctionBuilder,
    finish: FunctionBuilder,
  ) {
    this.#steps = steps;
    this.#code = steps.code;
    this.#target = target;
    this.#waitFor = waitFor;
    this.#finish = finish;
    this.#word = steps.f.local('i64');
    this.#lo = steps.f.local('i32');
    this.#hi = steps.f.local('i32');
    this.#done = steps.f.local('i32');
    this.#base = steps.f.local('i32');
  }

  /** @param rounds how often the loops around go round in all */
  list(steps: readonly Step[], loops: readonly number[], rounds: number): void {
    for (const step of steps) {
      const all = isShared(step, this.#target) && this.#fits(step, rounds);
      this.#owed ||= step.barrier;
      if (this.#owed && (all || this.#since)) this.#wait();
      if (!all) this.#alone(step, loops, rounds);
      else if (step.kernel) this.#share(step.kernel, loops, rounds);
      else if (step.control.kind === 'loop') this.#loop(step.control, loops, rounds);
    }
  }

  /** The others may go; thread 0 sees to the end. */
  end(): void {
    const code = this.#code;
    code.get(thread);
    code.op('i32.eqz');
    code.if();
    this.#wait();
    code.op('end');
  }

  /** Whether there are numbers enough for all the pieces of a step. */
  #fits(step: Step, rounds: number): boolean {
    const count = ({ kernel, control }: Step, n: number): [pieces: number, claims: number] => {
      if (kernel) return [n * (kernel.parallel?.extent ?? 1), 1];
      if (control.kind !== 'loop') return [n, 0];
      const inner = control.steps.map((s) => count(s, n * control.extent));
      return [inner.reduce((a, [p]) => a + p, 0), inner.reduce((a, [, c]) => a + c, 0)];
    };
    const [pieces, claims] = count(step, rounds);
    return this.#total + pieces <= mostPieces && this.claims + claims <= layout.mostClaims;
  }

  #count(pieces: number, rounds: number): void {
    this.#pieces += pieces;
    this.#total += pieces * rounds;
  }

  /** Goes on when everything so far is finished. */
  #wait(): void {
    const code = this.#code;
    code.get(threads);
    code.i32(1);
    code.op('i32.gt_u');
    code.if();
    code.get(this.#base);
    code.i32(this.#pieces);
    code.op('i32.add');
    code.get(number);
    code.get(mayWait);
    code.call(this.#waitFor.index);
    code.if();
    code.op('return');
    code.op('end');
    code.op('end');
    this.#owed = false;
    this.#since = false;
  }

  /** Adds the pieces counted in the text to those of loops. */
  #settle(): void {
    if (this.#pieces === 0) return;
    const code = this.#code;
    code.get(this.#base);
    code.i32(this.#pieces);
    code.op('i32.add');
    code.set(this.#base);
    this.#pieces = 0;
  }

  #loop(
    control: Extract<Control, { kind: 'loop' }>,
    loops: readonly number[],
    rounds: number,
  ): void {
    this.#settle();
    this.#steps.loop(control.extent, loops, (inner) => {
      this.#wait();
      const [first, ...rest] = control.steps;
      this.list([{ ...first, barrier: false }, ...rest], inner, rounds * control.extent);
      this.#settle();
    });
    this.#owed = true;
    this.#since = true;
  }

  #alone(step: Step, loops: readonly number[], rounds: number): void {
    const code = this.#code;
    code.get(thread);
    code.op('i32.eqz');
    code.if();
    this.#steps.alone([step], loops);
    code.get(threads);
    code.i32(1);
    code.op('i32.gt_u');
    code.if();
    code.i32(1);
    code.call(this.#finish.index);
    code.op('end');
    code.op('end');
    this.#count(1, rounds);
  }

  #share(kernel: Kernel, loops: readonly number[], rounds: number): void {
    const code = this.#code;
    const { extent } = kernel.parallel!;
    this.#since = true;
    code.get(threads);
    code.i32(1);
    code.op('i32.eq');
    code.if();
    this.#steps.whole(kernel, loops);
    code.op('else');
    const least = Math.min(extent, Math.ceil((extent * leastRange) / kernel.cost));
    const taken = loops.length > 0 ? this.#steps.f.local('i32') : undefined;
    this.#takeRanges(kernel, loops, extent, Math.max(1, least), taken);
    code.op('end');
    this.#count(extent, rounds);
  }

  /** @param taken the local that holds how much was taken in the rounds before */
  #takeRanges(
    kernel: Kernel,
    loops: readonly number[],
    extent: number,
    least: number,
    taken: number | undefined,
  ): void {
    const code = this.#code;
    const [word, lo, hi, done] = [this.#word, this.#lo, this.#hi, this.#done];
    const claim = layout.claims + 8 * this.claims++;
    code.i32(0);
    code.set(done);
    code.block();
    code.loop();
    code.i32(claim);
    code.memory('i64.atomic.load', 0, 3);
    code.tee(word);
    code.i64(32);
    code.op('i64.shr_u');
    code.op('i32.wrap_i64');
    code.get(number);
    code.op('i32.ne');
    code.if();
    code.op('return');
    code.op('end');
    code.get(word);
    code.op('i32.wrap_i64');
    if (taken !== undefined) {
      code.get(taken);
      code.op('i32.sub');
    }
    code.tee(lo);
    code.i32(extent);
    code.op('i32.ge_u');
    code.brIf(1);
    // Half of an equal share of what is left, so that ranges are long at first and short at last.
    code.i32(extent);
    code.get(lo);
    code.op('i32.sub');
    code.get(threads);
    code.i32(1);
    code.op('i32.shl');
    code.op('i32.div_u');
    code.tee(hi);
    code.i32(least);
    code.get(hi);
    code.i32(least);
    code.op('i32.gt_u');
    code.op('select');
    code.get(lo);
    code.op('i32.add');
    code.tee(hi);
    code.i32(extent);
    code.get(hi);
    code.i32(extent);
    code.op('i32.lt_u');
    code.op('select');
    code.set(hi);
    code.i32(claim);
    code.get(word);
    code.get(number);
    code.op('i64.extend_i32_u');
    code.i64(32);
    code.op('i64.shl');
    code.get(hi);
    if (taken !== undefined) {
      code.get(taken);
      code.op('i32.add');
    }
    code.op('i64.extend_i32_u');
    code.op('i64.or');
    code.memory('i64.atomic.rmw.cmpxchg', 0, 3);
    code.get(word);
    code.op('i64.ne');
    code.brIf(0);
    this.#steps.call(
      kernel,
      loops,
      () => code.get(lo),
      () => code.get(hi),
    );
    code.get(done);
    code.get(hi);
    code.op('i32.add');
    code.get(lo);
    code.op('i32.sub');
    code.set(done);
    code.br(0);
    code.op('end');
    code.op('end');
    if (taken !== undefined) {
      code.get(taken);
      code.i32(extent);
      code.op('i32.add');
      code.set(taken);
    }
    code.get(done);
    code.if();
    code.get(done);
    code.call(this.#finish.index);
    code.op('end');
  }
}
