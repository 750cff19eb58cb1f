/**
 * Program to WebAssembly module.
 *
 * The module imports the memory and exports `run(table, thread, number, threads, mayWait)`, which
 * each thread calls once for a whole run of the program. `table` is the address of the addresses of
 * the program's buffers, followed by that of the threads' scratch memory. Every kernel is a function
 * (table, lo, hi, scratch) over a range of its parallel index.
 *
 * Threads take ranges of a kernel's pieces as they go, and what is waited for is work, not threads:
 * a step may begin when all pieces before its barrier are finished, whoever did them. A thread that
 * comes late or is held up by the system finds nothing left to take and goes on; it never holds up
 * the others unless in the middle of a piece. Which thread does what is left to chance; results are
 * not, since no sum ever crosses the pieces of a kernel.
 */
import { dump } from '../../compiler/debug.ts';
import type { Kernel } from '../../compiler/loopnest.ts';
import type { CpuTarget, Program } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { withExprs } from '../../expr/expr.ts';
import { type FunctionBuilder, ModuleBuilder } from './assembler.ts';
import { printKernel } from './kernel.ts';
import { layout } from './layout.ts';
import { makeAwait, makeBegin, makeFinish, makeFmod } from './runtime.ts';

/** See bench/wasm-tile.ts for the tile. */
export const wasmTarget: CpuTarget = {
  name: 'wasm',
  lanes: 4,
  tileRows: 4,
  tileCols: 8,
  parallelThreshold: 30_000,
};

export interface PrintOptions {
  readonly simd: boolean;
  readonly relaxed: boolean;
  /** Memory shared with other threads, of at most so many pages. */
  readonly shared: boolean;
  readonly maximumPages?: number;
}

export interface PrintedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of private memory each thread needs, a multiple of 128. */
  readonly scratchBytes: number;
  /** Whether any kernel is shared among threads; if so, `begin(number)` comes before a run. */
  readonly parallel: boolean;
}

export function scratchBytesOf(k: Kernel): number {
  let bytes = 0;
  for (const s of k.scratch) bytes += Math.ceil((s.length * bytesOf(s.dtype)) / 64) * 64;
  return Math.ceil(bytes / 128) * 128;
}

export function printProgram(program: Program, options: PrintOptions): PrintedProgram {
  return withExprs(() => print(program, options));
}

function print(program: Program, options: PrintOptions): PrintedProgram {
  const m = new ModuleBuilder({
    shared: options.shared,
    ...(options.shared && { maximum: options.maximumPages ?? 65536 }),
  });
  const stall = options.shared ? m.importFunction('stall', [], []) : -1;
  let fmod: FunctionBuilder | undefined;
  const emit = {
    simd: options.simd,
    relaxed: options.relaxed,
    fmod: (): number => {
      fmod ??= makeFmod(m);
      return fmod.index;
    },
  };
  const kernels = program.steps.map(({ kernel }) => {
    const f = m.function(kernel.name, ['i32', 'i32', 'i32', 'i32']);
    printKernel(f, kernel, emit);
    return f;
  });
  const scratchBytes = Math.max(0, ...program.steps.map((s) => scratchBytesOf(s.kernel)));
  const parallel =
    options.shared && program.steps.some(({ kernel }) => isShared(kernel, Number.MAX_SAFE_INTEGER));
  if (parallel) printSharedRun(m, program, kernels, scratchBytes, stall);
  else printRun(m, program, kernels);
  dump('wasm', () => `--- ${program.name}: wasm\n${m.listing()}`);
  return { bytes: m.finish(), scratchBytes, parallel };
}

/** Scalar operations that are worth taking a range for. */
const leastRange = 20_000;
/** Pieces are counted in 32 bits. */
const mostPieces = 2 ** 30;

function isShared(k: Kernel, piecesLeft: number): boolean {
  return (
    k.parallel !== undefined &&
    k.cost >= wasmTarget.parallelThreshold &&
    k.parallel.extent <= piecesLeft
  );
}

const runParams = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
const [table, thread, number, threads, mayWait] = [0, 1, 2, 3, 4];

/** All steps in order on one thread. */
function printRun(m: ModuleBuilder, program: Program, kernels: readonly FunctionBuilder[]): void {
  const run = m.function('run', runParams);
  m.export('run', run);
  const { code } = run;
  program.steps.forEach(({ kernel }, i) => {
    code.get(table);
    code.i32(0);
    code.i32(kernel.parallel?.extent ?? 1);
    code.get(table);
    code.memory('i32.load', 4 * program.buffers.length, 2);
    code.call(kernels[i].index);
  });
}

function printSharedRun(
  m: ModuleBuilder,
  program: Program,
  kernels: readonly FunctionBuilder[],
  scratchBytes: number,
  stall: number,
): void {
  const waitFor = makeAwait(m, stall);
  const finish = makeFinish(m);
  const run = m.function('run', runParams);
  m.export('run', run);
  const { code } = run;
  const scratch = run.local('i32');
  const word = run.local('i64');
  const lo = run.local('i32');
  const hi = run.local('i32');
  const done = run.local('i32');
  code.get(table);
  code.memory('i32.load', 4 * program.buffers.length, 2);
  code.get(thread);
  code.i32(scratchBytes);
  code.op('i32.mul');
  code.op('i32.add');
  code.set(scratch);

  let pieces = 0;
  let claims = 0;
  /** Goes on when everything so far is finished. */
  const wait = (): void => {
    code.get(threads);
    code.i32(1);
    code.op('i32.gt_u');
    code.if();
    code.i32(pieces);
    code.get(number);
    code.get(mayWait);
    code.call(waitFor.index);
    code.if();
    code.op('return');
    code.op('end');
    code.op('end');
  };
  const call = (f: FunctionBuilder, from: () => void, to: () => void): void => {
    code.get(table);
    from();
    to();
    code.get(scratch);
    code.call(f.index);
  };
  const takeRanges = (f: FunctionBuilder, extent: number, least: number): void => {
    code.i32(0);
    code.set(done);
    code.block();
    code.loop();
    code.i32(layout.claims + 8 * claims++);
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
    code.i32(layout.claims + 8 * (claims - 1));
    code.get(word);
    code.get(number);
    code.op('i64.extend_i32_u');
    code.i64(32);
    code.op('i64.shl');
    code.get(hi);
    code.op('i64.extend_i32_u');
    code.op('i64.or');
    code.memory('i64.atomic.rmw.cmpxchg', 0, 3);
    code.get(word);
    code.op('i64.ne');
    code.brIf(0);
    call(
      f,
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
    code.get(done);
    code.if();
    code.get(done);
    code.call(finish.index);
    code.op('end');
  };

  // Kernels of thread 0 alone need no barriers among themselves, but what they left out is still
  // owed to the next kernel that all threads share.
  let since = false;
  let owed = false;
  program.steps.forEach(({ kernel, barrier }, i) => {
    const extent = kernel.parallel?.extent ?? 1;
    const all = isShared(kernel, mostPieces - pieces) && claims < layout.mostClaims;
    owed ||= barrier;
    if (owed && (all || since)) {
      wait();
      owed = false;
      since = false;
    }
    const whole = (): void =>
      call(
        kernels[i],
        () => code.i32(0),
        () => code.i32(extent),
      );
    if (all) {
      since = true;
      code.get(threads);
      code.i32(1);
      code.op('i32.eq');
      code.if();
      whole();
      code.op('else');
      const least = Math.min(extent, Math.ceil((extent * leastRange) / kernel.cost));
      takeRanges(kernels[i], extent, Math.max(1, least));
      code.op('end');
      pieces += extent;
    } else {
      code.get(thread);
      code.op('i32.eqz');
      code.if();
      whole();
      code.get(threads);
      code.i32(1);
      code.op('i32.gt_u');
      code.if();
      code.i32(1);
      code.call(finish.index);
      code.op('end');
      code.op('end');
      pieces += 1;
    }
  });
  // The others may go; thread 0 sees to the end.
  code.get(thread);
  code.op('i32.eqz');
  code.if();
  wait();
  code.op('end');
  m.export('begin', makeBegin(m, claims));
}
