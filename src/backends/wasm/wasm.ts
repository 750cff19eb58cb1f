/**
 * The WebAssembly backend: programs printed to modules at run time, over one heap, on as many
 * threads as may share it.
 */
import { wasmFeatures } from '../../codegen/wasm/features.ts';
import { printProgram, wasmTarget } from '../../codegen/wasm/printer.ts';
import { lowerGraph } from '../../compiler/lower.ts';
import type { Program } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import type { Backend, DeviceBuffer, Executable } from '../backend.ts';
import { type Totals, WasmBuffer } from './buffer.ts';
import { WasmExecutable, Workspace } from './executable.ts';
import { Heap } from './heap.ts';
import { canShare, cores, type Run, type SharedProgram, Threads } from './threads.ts';
import { Trial } from './trial.ts';

export interface WasmOptions {
  /** Threads, the calling one included. Default: one a core, at most 8. */
  readonly threads?: number;
  /** Whether to use SIMD128, and relaxed SIMD, where the engine has them. Default true. */
  readonly simd?: boolean;
  readonly relaxed?: boolean;
  /** Whether memory may be shared with threads. Default: where the page or process allows it. */
  readonly shared?: boolean;
  /** The most bytes of memory to use, up to 4 GiB (the default). */
  readonly maxMemory?: number;
}

export interface WasmBackend extends Backend {
  /** Loads a program that has been lowered already. */
  loadProgram(program: Program, donate?: readonly boolean[]): Executable;
  /** Threads that would take part in a run at this moment. */
  readonly threads: number;
  /** Ends the worker threads, which the next run starts anew. */
  endWorkers(): Promise<void>;
}

const defaultThreads = 8;

export function createWasmBackend(options: WasmOptions = {}): WasmBackend {
  const features = wasmFeatures();
  const simd = features.simd && options.simd !== false;
  const relaxed = simd && features.relaxed && options.relaxed !== false;
  const wanted = Math.max(1, options.threads ?? Math.min(cores(), defaultThreads));
  const shared = wanted > 1 && options.shared !== false && canShare();
  const threads = shared ? wanted : 1;
  const totals: Totals = { buffers: 0, bytes: 0 };
  const heap = new Heap({ shared, maxBytes: options.maxMemory ?? 2 ** 32 });
  const workspace = new Workspace(heap, threads);
  let pool: Threads | undefined;
  let disposed = false;

  const load = (
    program: Program,
    donate: readonly boolean[],
    inputBytes?: readonly number[],
  ): Executable => {
    if (disposed) throw new GradloomError('disposed', 'The wasm backend has been disposed of.');
    const printed = printProgram(program, {
      simd,
      relaxed,
      shared,
      maximumPages: heap.maximumPages,
    });
    const module = new WebAssembly.Module(printed.bytes);
    if (shared) pool ??= new Threads(heap, threads);
    const instance = new WebAssembly.Instance(module, {
      env: { memory: heap.memory, ...(pool && { stall: pool.stall }) },
    });
    return new WasmExecutable(
      program,
      {
        run: instance.exports.run as Run,
        begin: instance.exports.begin as SharedProgram['begin'],
        cost: program.cost,
        trial: new Trial(),
        scratchBytes: printed.scratchBytes,
        ...(pool && printed.parallel && { threads: { pool, id: pool.add(module) } }),
      },
      heap,
      workspace,
      totals,
      inputBytes,
      donate,
    );
  };

  return {
    name: 'wasm',
    sync: true,
    get threads(): number {
      return pool?.ready ?? 1;
    },
    allocate(byteLength): DeviceBuffer {
      return new WasmBuffer(heap, heap.take(byteLength), byteLength, totals);
    },
    compile(graph, { name, donate, flushSubnormals } = {}): Executable {
      const program = lowerGraph(graph, {
        target: wasmTarget,
        name: name ?? graph.name,
        donate,
        flushSubnormals,
      });
      const inputBytes = graph.inputs.map((v) => sizeOf(v.shape) * bytesOf(v.dtype));
      return load(program, donate ?? [], inputBytes);
    },
    loadProgram: (program, donate = []) => load(program, donate),
    endWorkers: async () => pool?.end(),
    memory: () => ({ ...totals }),
    dispose() {
      disposed = true;
      pool?.dispose();
    },
  };
}
