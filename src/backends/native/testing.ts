/** What the tests of this folder share. Not part of the library. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interpretProgram } from '../../compiler/interpret.ts';
import type { Kernel, Stmt } from '../../compiler/loopnest.ts';
import type { BufferDecl, BufferPlace, Program } from '../../compiler/program.ts';
import { bytesOf, type DType, dtypeOfArray, type TypedArray, viewArray } from '../../dtype.ts';
import { type Expr, int, variable } from '../../expr/expr.ts';
import type { Backend } from '../backend.ts';
import type { NativeBackend } from './backend.ts';

/** The compilers of this machine; a missing one is said aloud, since its tests do not run. */
export function compilers(): string[] {
  return ['gcc', 'clang'].filter((cc) => {
    try {
      execFileSync(cc, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      console.warn(`SKIPPED: ${cc} is not installed, so nothing is tested with it`);
      return false;
    }
  });
}

const made: string[] = [];

/** A directory that is removed when the test process ends. */
export function tempDir(): string {
  if (made.length === 0)
    process.once('exit', () => {
      for (const dir of made) rmSync(dir, { recursive: true, force: true });
    });
  const dir = mkdtempSync(join(tmpdir(), 'gradloom-test-'));
  made.push(dir);
  return dir;
}

/** An executable shell script that stands for a C compiler. */
export function fakeCompiler(body: string): string {
  const path = join(tempDir(), 'cc');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Collects buffers and kernels of a program made by hand. */
export class ProgramBuilder {
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
    return this.#add(dtype, length, {
      kind: 'output',
      slot,
      ...(donatedFrom !== undefined && { donatedFrom }),
    });
  }

  arena(dtype: DType, length: number): number {
    const offset = this.#arena;
    this.#arena += Math.ceil((length * bytesOf(dtype)) / 64) * 64;
    return this.#add(dtype, length, { kind: 'arena', offset });
  }

  constant(data: TypedArray): number {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.#add(dtypeOfArray(data)!, data.length, { kind: 'constant', data: bytes });
  }

  kernel(body: readonly Stmt[], rest: Partial<Kernel> = {}): void {
    this.kernels.push({
      name: `k${this.kernels.length}`,
      body,
      scratch: [],
      reads: [],
      writes: [],
      cost: 100,
      ...rest,
    });
  }

  program(): Program {
    return {
      name: 'made by hand',
      buffers: this.buffers,
      steps: this.kernels.map((kernel) => ({ kernel, barrier: true })),
      arenaBytes: this.#arena,
      inputs: this.inputs.length,
      outputs: this.#outputs,
      cost: this.kernels.reduce((n, k) => n + k.cost, 0),
    };
  }
}

/** for (i = 0; i < n; i++), in lanes unless told otherwise. */
export function loop(n: number, body: (i: Expr) => readonly Stmt[], vector = true): Stmt {
  const index = variable('i', 'int32', 0, n - 1);
  return { kind: 'for', index, start: int(0), extent: int(n), step: 1, vector, body: body(index) };
}

export function store(buffer: number, storage: DType, index: Expr, value: Expr): Stmt {
  return { kind: 'store', buffer, storage, index, value };
}

export function bytesIn(a: TypedArray): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

export function upload(backend: Backend, a: TypedArray): ReturnType<Backend['allocate']> {
  const buffer = backend.allocate(a.byteLength);
  buffer.write(bytesIn(a));
  return buffer;
}

/** Runs a program once and gives its outputs. */
export function runProgram(
  backend: NativeBackend,
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

/**
 * Where the native results differ from the interpreter's, at most one line an output. Floats may
 * differ by `tolerance` relative to the largest value (the compiler fuses multiply and add); -0
 * equals 0.
 */
export function differences(
  backend: NativeBackend,
  builder: ProgramBuilder,
  tolerance = 0,
  names: readonly string[] = [],
): string[] {
  const program = builder.program();
  const want = interpretProgram(program, builder.inputs.map(bytesIn));
  const got = runProgram(backend, program, builder.inputs);
  const dtypes = program.buffers.flatMap((b) => (b.place.kind === 'output' ? [b.dtype] : []));
  const found: string[] = [];
  for (const [i, dtype] of dtypes.entries()) {
    const g = viewArray(dtype, got[i].slice().buffer);
    const w = viewArray(dtype, want[i].slice().buffer);
    const scale =
      tolerance === 0 ? 0 : Math.max(...w.filter((v) => Number.isFinite(v)).map(Math.abs));
    for (let k = 0; k < w.length; k++) {
      const same = g[k] === w[k] || (Number.isNaN(g[k]) && Number.isNaN(w[k]));
      if (same || Math.abs(g[k] - w[k]) <= tolerance * scale) continue;
      found.push(`${names[i] ?? `output ${i}`} at ${k}: got ${g[k]}, want ${w[k]}`);
      break;
    }
  }
  return found;
}
