/**
 * Program to WebAssembly module.
 *
 * The module imports the memory and exports `run(table, thread, threads, base, mayWait)`, which each
 * thread calls once for a whole run of the program. `table` is the address of the addresses of the
 * program's buffers, followed by that of the threads' scratch memory. Every kernel is a function
 * (table, lo, hi, scratch) over a range of its parallel index. Ranges depend on the number of
 * threads; results do not, since no sum ever crosses the pieces of a kernel.
 */
import { dump } from '../../compiler/debug.ts';
import type { Kernel } from '../../compiler/loopnest.ts';
import type { CpuTarget, Program } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { withExprs } from '../../expr/expr.ts';
import { type FunctionBuilder, ModuleBuilder } from './assembler.ts';
import { printKernel } from './kernel.ts';
import { makeBarrier, makeFmod } from './runtime.ts';

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
  /** Whether any kernel is shared among threads. */
  readonly parallel: boolean;
  /** Barriers that every thread passes in a run, the last one included. */
  readonly barriers: number;
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
  const shared = (k: Kernel): boolean =>
    options.shared && k.parallel !== undefined && k.cost >= wasmTarget.parallelThreshold;
  const parallel = program.steps.some((s) => shared(s.kernel));
  const barriers = printRun(m, program, kernels, scratchBytes, parallel ? stall : -1, shared);
  dump('wasm', () => `--- ${program.name}: wasm\n${m.listing()}`);
  return { bytes: m.finish(), scratchBytes, parallel, barriers };
}

/** The steps in order. Returns the number of barriers. */
function printRun(
  m: ModuleBuilder,
  program: Program,
  kernels: readonly FunctionBuilder[],
  scratchBytes: number,
  stall: number,
  shared: (k: Kernel) => boolean,
): number {
  const threaded = stall >= 0;
  const barrier = threaded ? makeBarrier(m, stall) : undefined;
  const run = m.function('run', ['i32', 'i32', 'i32', 'i32', 'i32']);
  m.export('run', run);
  const { code } = run;
  const [table, thread, threads, base, mayWait] = [0, 1, 2, 3, 4];
  const scratch = run.local('i32');
  const chunk = run.local('i32');
  const lo = run.local('i32');
  const hi = run.local('i32');
  const target = run.local('i32');
  code.get(table);
  code.memory('i32.load', 4 * program.buffers.length, 2);
  code.get(thread);
  code.i32(scratchBytes);
  code.op('i32.mul');
  code.op('i32.add');
  code.set(scratch);
  code.get(base);
  code.set(target);

  let barriers = 0;
  const wait = (): void => {
    if (!barrier) return;
    barriers++;
    code.get(threads);
    code.i32(1);
    code.op('i32.gt_u');
    code.if();
    code.get(target);
    code.get(threads);
    code.op('i32.add');
    code.tee(target);
    code.get(mayWait);
    code.call(barrier.index);
    code.op('end');
  };
  const call = (f: FunctionBuilder, from: () => void, to: () => void): void => {
    code.get(table);
    from();
    to();
    code.get(scratch);
    code.call(f.index);
  };

  // Kernels of thread 0 alone need no barriers among themselves, but what they left out is still
  // owed to the next kernel that all threads share.
  let since = false;
  let owed = false;
  program.steps.forEach(({ kernel, barrier: wanted }, i) => {
    const all = threaded && shared(kernel);
    owed ||= wanted;
    if (owed && (all || since)) {
      wait();
      owed = false;
      since = false;
    }
    const extent = kernel.parallel?.extent ?? 1;
    if (!all) {
      if (threaded) {
        code.get(thread);
        code.op('i32.eqz');
        code.if();
      }
      call(
        kernels[i],
        () => code.i32(0),
        () => code.i32(extent),
      );
      if (threaded) code.op('end');
      return;
    }
    since = true;
    code.i32(extent);
    code.get(threads);
    code.op('i32.add');
    code.i32(1);
    code.op('i32.sub');
    code.get(threads);
    code.op('i32.div_u');
    code.tee(chunk);
    code.get(thread);
    code.op('i32.mul');
    code.tee(lo);
    code.get(chunk);
    code.op('i32.add');
    code.tee(hi);
    code.i32(extent);
    code.get(hi);
    code.i32(extent);
    code.op('i32.lt_u');
    code.op('select');
    code.set(hi);
    code.get(lo);
    code.get(hi);
    code.op('i32.lt_u');
    code.if();
    call(
      kernels[i],
      () => code.get(lo),
      () => code.get(hi),
    );
    code.op('end');
  });
  wait();
  return barriers;
}
