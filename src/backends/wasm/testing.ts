/** What the tests of the WebAssembly printer and backend share. Not part of the library. */
import { interpretProgram } from '../../compiler/interpret.ts';
import type { Kernel, Stmt } from '../../compiler/loopnest.ts';
import type { BufferDecl, BufferPlace, Program } from '../../compiler/program.ts';
import { bytesOf, type DType, dtypeOfArray, type TypedArray, viewArray } from '../../dtype.ts';
import { type Expr, int, variable } from '../../expr/expr.ts';
import type { DeviceBuffer } from '../backend.ts';
import { createWasmBackend, type WasmBackend, type WasmOptions } from './wasm.ts';

/** Collects the buffers and kernels of a program made by hand. */
export class ProgramMaker {
  readonly buffers: BufferDecl[] = [];
  readonly kernels: Kernel[] = [];
  readonly inputs: TypedArray[] = [];
  #arena = 0;
  #outputs = 0;

  #add(dtype: DType, length: number, place: BufferPlace): number {
    this.buffers.push({ dtype, length, place });
    return this.buffers.length - 1;
  }

  input(data: TypedArray, dtype: DType = dtypeOfArray(data)!): number {
    this.inputs.push(data);
    return this.#add(dtype, data.length, { kind: 'input', slot: this.inputs.length - 1 });
  }

  output(dtype: DType, length: number, donatedFrom?: number): number {
    const slot = this.#outputs++;
    return this.#add(dtype, length, { kind: 'output', slot, donatedFrom });
  }

  arena(dtype: DType, length: number): number {
    const offset = this.#arena;
    this.#arena += Math.ceil((length * bytesOf(dtype)) / 64) * 64;
    return this.#add(dtype, length, { kind: 'arena', offset });
  }

  constant(data: TypedArray): number {
    return this.#add(dtypeOfArray(data)!, data.length, { kind: 'constant', data: bytesIn(data) });
  }

  kernel(body: readonly Stmt[], rest: Partial<Kernel> = {}): void {
    const name = `k${this.kernels.length}`;
    this.kernels.push({ name, body, scratch: [], reads: [], writes: [], cost: 100, ...rest });
  }

  program(barrier: (step: number) => boolean = () => true): Program {
    return {
      name: 'made by hand',
      buffers: this.buffers,
      steps: this.kernels.map((kernel, i) => ({ kernel, barrier: barrier(i) })),
      arenaBytes: this.#arena,
      inputs: this.inputs.length,
      outputs: this.#outputs,
      cost: this.kernels.reduce((n, k) => n + k.cost, 0),
    };
  }
}

export interface LoopOptions {
  readonly vector?: boolean;
  readonly start?: number | Expr;
  /** Overrides the length, which then is only the most it may be. */
  readonly extent?: Expr;
  readonly step?: number;
}

/** for (i = start; i < start + n; i += step) */
export function loop(
  n: number,
  body: (i: Expr) => readonly Stmt[],
  options: LoopOptions = {},
): Stmt {
  const { vector = true, start = 0, extent = int(n), step = 1 } = options;
  const from = typeof start === 'number' ? int(start) : start;
  const index = variable('i', 'int32', from.lo, from.hi + Math.max(0, n - 1));
  return { kind: 'for', index, start: from, extent, step, vector, body: body(index) };
}

export function store(buffer: number, storage: DType, index: Expr, value: Expr): Stmt {
  return { kind: 'store', buffer, storage, index, value };
}

export function bytesIn(a: TypedArray): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

export function upload(backend: WasmBackend, a: TypedArray): DeviceBuffer {
  const buffer = backend.allocate(a.byteLength);
  buffer.write(bytesIn(a));
  return buffer;
}

/** Runs a program once and gives its outputs. */
export function runProgram(
  backend: WasmBackend,
  p: Program,
  inputs: readonly TypedArray[],
): Uint8Array[] {
  const executable = backend.loadProgram(p);
  const given = inputs.map((a) => upload(backend, a));
  const results = executable.run(given);
  const bytes = results.map((r) => r.readSync());
  for (const b of [...results, ...given]) b.dispose();
  executable.dispose();
  return bytes;
}

/** The engine's features in the combinations that are printed differently. */
export const variants: readonly { readonly name: string; readonly options: WasmOptions }[] = [
  { name: 'simd', options: { threads: 1, relaxed: false } },
  { name: 'relaxed simd', options: { threads: 1 } },
  { name: 'no simd', options: { threads: 1, simd: false } },
];

const backends = new Map<WasmOptions, WasmBackend>();

function backendFor(options: WasmOptions): WasmBackend {
  let b = backends.get(options);
  if (!b) {
    b = createWasmBackend(options);
    backends.set(options, b);
  }
  return b;
}

/**
 * Where the results of each variant differ from the interpreter's, at most one line an output.
 * Floats must agree to the bit, the sign of zero included and NaNs aside, unless there is a
 * `tolerance` relative to the largest value.
 */
export function differences(
  maker: ProgramMaker,
  tolerance = 0,
  label: (output: number) => string = (i) => `output ${i}`,
): string[] {
  const program = maker.program();
  const want = interpretProgram(program, maker.inputs.map(bytesIn));
  const dtypes = program.buffers.flatMap((b) => (b.place.kind === 'output' ? [b.dtype] : []));
  const found: string[] = [];
  for (const { name, options } of variants) {
    const got = runProgram(backendFor(options), program, maker.inputs);
    for (const [i, dtype] of dtypes.entries()) {
      const at = firstDifference(dtype, got[i], want[i], tolerance);
      if (at) found.push(`${name}: ${label(i)} ${at}`);
    }
  }
  return found;
}

function firstDifference(
  dtype: DType,
  got: Uint8Array,
  want: Uint8Array,
  tolerance: number,
): string | undefined {
  const g = viewArray(dtype, got.slice().buffer);
  const w = viewArray(dtype, want.slice().buffer);
  let scale = 0;
  for (const v of w) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
  for (let k = 0; k < w.length; k++) {
    if (Object.is(g[k], w[k]) || Math.abs(g[k] - w[k]) <= tolerance * scale) continue;
    return `at ${k}: got ${Object.is(g[k], -0) ? '-0' : g[k]}, want ${w[k]}`;
  }
  return undefined;
}
