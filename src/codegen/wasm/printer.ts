/**
 * Program to WebAssembly module.
 *
 * The module imports the memory and exports `run(table, thread, number, threads, mayWait)`, which
 * each thread calls once for a whole run of the program. `table` is the address of the addresses of
 * the program's buffers, followed by that of the threads' scratch memory. Every kernel is a function
 * (table, lo, hi, scratch, …indices of the loops around) over a range of its parallel index.
 *
 * Threads take ranges of a kernel's pieces as they go, and what is waited for is work, not threads:
 * a step may begin when all pieces before its barrier are finished, whoever did them. A thread that
 * comes late or is held up by the system finds nothing left to take and goes on; it never holds up
 * the others unless in the middle of a piece. Which thread does what is left to chance; results are
 * not, since no sum ever crosses the pieces of a kernel.
 */
import { dump } from '../../compiler/debug.ts';
import type { Kernel } from '../../compiler/loopnest.ts';
import { type CpuTarget, kernelsOf, type Program } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { withExprs } from '../../expr/expr.ts';
import { type FunctionBuilder, ModuleBuilder, type ValueType } from './assembler.ts';
import { printKernel } from './kernel.ts';
import { listing } from './listing.ts';
import { makeFmod } from './runtime.ts';
import { isShared, printRun, printSharedRun } from './steps.ts';
import { makeTile, type TileExtent, type TileShape } from './tile.ts';

/** See bench/wasm-tile.ts for the tiles. */
export const wasmTarget: CpuTarget = {
  name: 'wasm',
  lanes: 4,
  tileRows: 6,
  tileCols: 8,
  tileRates: [14, 25, 34, 43, 46, 47],
  registers: 15,
  flush: 'state',
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
  const tiles = new Map<string, FunctionBuilder>();
  const emit = {
    simd: options.simd,
    relaxed: options.relaxed,
    fmod: (): number => {
      fmod ??= makeFmod(m);
      return fmod.index;
    },
    tile: (shape: TileShape, extent: TileExtent): number => {
      const key = JSON.stringify([shape, extent]);
      const f = tiles.get(key) ?? makeTile(m, shape, extent, options.relaxed);
      tiles.set(key, f);
      return f.index;
    },
  };
  const kernels = new Map<Kernel, FunctionBuilder>();
  for (const kernel of kernelsOf(program.steps)) {
    const loops = (kernel.outer ?? []).map((): ValueType => 'i32');
    const f = m.function(kernel.name, ['i32', 'i32', 'i32', 'i32', ...loops]);
    printKernel(f, kernel, emit);
    kernels.set(kernel, f);
  }
  const scratchBytes = Math.max(0, ...kernelsOf(program.steps).map(scratchBytesOf));
  const parallel = options.shared && program.steps.some((s) => isShared(s, wasmTarget));
  if (parallel) printSharedRun(m, program, kernels, wasmTarget, scratchBytes, stall);
  else printRun(m, program, kernels);
  dump('wasm', () => `--- ${program.name}: wasm\n${listing(m)}`);
  return { bytes: m.finish(), scratchBytes, parallel };
}
