/** What the backend promises about buffers, donation and memory. */
import { describe, expect, it } from 'vitest';
import type { Program } from '../../compiler/program.ts';
import { GradloomError } from '../../errors.ts';
import { binary, constant, type Expr, int, load, variable } from '../../expr/expr.ts';
import { Graph, lax } from '../../graph/index.ts';
import type { DeviceBuffer } from '../backend.ts';
import { NativeBackend } from './backend.ts';
import { createNativeBackend, probeNative } from './index.ts';
import { sizeClass } from './memory.ts';
import { loadRuntime } from './runtime.ts';
import { nativeTarget } from './target.ts';
import { bytesIn, compilers, loop, ProgramBuilder, store, tempDir, upload } from './testing.ts';

const cc = compilers()[0];
const f = (v: number): Expr => constant('float32', v);

/** out0 = in0 + in1, written over in0; out1 = in1 * 2. */
function donating(n = 5): Program {
  const p = new ProgramBuilder();
  const a = p.input(new Float32Array(n));
  const b = p.input(new Float32Array(n));
  const sum = p.output('float32', n, 0);
  const double = p.output('float32', n);
  p.kernel([
    loop(n, (i) => {
      const y = load(b, 'float32', i);
      return [
        store(sum, 'float32', i, binary('add', load(a, 'float32', i), y)),
        store(double, 'float32', i, binary('mul', y, f(2))),
      ];
    }),
  ]);
  return p.program();
}

const contents = (b: DeviceBuffer): number[] => [...new Float32Array(b.readSync().buffer)];

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (e) {
    return e instanceof GradloomError ? e.code : String(e);
  }
  return 'none';
}

describe.skipIf(!cc)('the native backend', () => {
  const runtime = cc ? loadRuntime({ cc }) : undefined!;
  const make = (threads = 1): NativeBackend => new NativeBackend(runtime, { threads });

  it('keeps what is written, and counts it', async () => {
    const backend = make();
    const buffer = backend.allocate(12);
    buffer.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    expect([...(await buffer.read())]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const copy = buffer.readSync();
    copy[0] = 99;
    expect(buffer.readSync()[0]).toBe(1);
    const empty = backend.allocate(0);
    expect(empty.readSync().length).toBe(0);
    expect(backend.memory()).toEqual({ buffers: 2, bytes: 12 });
    buffer.dispose();
    buffer.dispose();
    empty.dispose();
    expect(buffer.disposed).toBe(true);
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 });
    backend.dispose();
  });

  it('puts outputs where it is told to', () => {
    const backend = make();
    const x = lax.parameter([3], 'float32');
    const e = backend.compile(new Graph([x], [lax.neg(x), lax.add(x, x)]));
    const given = upload(backend, Float32Array.of(1, 2, 3));
    const whole = upload(backend, new Float32Array(8));
    const place = backend.part(whole, 8, 12);
    const [, twice] = e.run([given], 1, [place]);
    expect(contents(whole)).toEqual([0, 0, -1, -2, -3, 0, 0, 0]);
    expect(contents(twice)).toEqual([2, 4, 6]);
    place.dispose();
    expect(codeOf(() => e.run([given], 1, [place]))).toBe('buffer-size');
    expect(codeOf(() => e.run([given], 1, [backend.part(whole, 0, 16)]))).toBe('buffer-size');
    expect(codeOf(() => backend.part(whole, 24, 12))).toBe('buffer-size');
    for (const b of [given, whole, twice]) b.dispose();
    expect(codeOf(() => backend.part(whole, 0, 4))).toBe('disposed');
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 });
    e.dispose();
    backend.dispose();
  });

  it('refuses wrong sizes, disposed buffers and absurd amounts of memory', () => {
    const backend = make();
    const buffer = backend.allocate(8);
    expect(codeOf(() => buffer.write(new Uint8Array(7)))).toBe('buffer-size');
    buffer.dispose();
    expect(codeOf(() => buffer.readSync())).toBe('disposed');
    expect(codeOf(() => buffer.write(new Uint8Array(8)))).toBe('disposed');
    for (const n of [-1, 1.5, Number.NaN, 2 ** 60])
      expect(codeOf(() => backend.allocate(n))).toBe('memory');
    expect(codeOf(() => backend.allocate(2 ** 52))).toBe('memory');
    expect(backend.memory().buffers).toBe(0);
    backend.dispose();
  });

  it('writes a donated input over and hands its memory on', () => {
    const backend = make();
    const executable = backend.loadProgram(donating(), [true, false]);
    for (let round = 0; round < 2; round++) {
      const a = upload(backend, Float32Array.of(1, 2, 3, 4, 5));
      const b = upload(backend, Float32Array.of(10, 20, 30, 40, 50));
      const [sum, double] = executable.run([a, b]);
      expect(contents(sum)).toEqual([11, 22, 33, 44, 55]);
      expect(contents(double)).toEqual([20, 40, 60, 80, 100]);
      expect(contents(b)).toEqual([10, 20, 30, 40, 50]);
      expect(a.disposed).toBe(true);
      expect(codeOf(() => executable.run([a, b]))).toBe('disposed');
      expect(backend.memory().buffers).toBe(3);
      for (const x of [sum, double, b]) x.dispose();
    }
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 });
    backend.dispose();
  });

  it('runs several times, each on what the last has left', () => {
    const backend = make();
    const executable = backend.loadProgram(donating(), [true, false]);
    expect(executable.inPlace).toEqual([0, -1]);
    const a = upload(backend, Float32Array.of(1, 2, 3, 4, 5));
    const b = upload(backend, Float32Array.of(10, 20, 30, 40, 50));
    const [sum, double] = executable.run([a, b], 3);
    expect(contents(sum)).toEqual([31, 62, 93, 124, 155]);
    expect(contents(double)).toEqual([20, 40, 60, 80, 100]);
    for (const x of [sum, double, b]) x.dispose();
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 });
    backend.dispose();
  });

  it('disposes of a donated input that no output takes', () => {
    const backend = make();
    const executable = backend.loadProgram(donating(), [true, true]);
    const a = upload(backend, new Float32Array(5));
    const b = upload(backend, new Float32Array(5));
    const results = executable.run([a, b]);
    expect([a.disposed, b.disposed]).toEqual([true, true]);
    for (const r of results) r.dispose();
    expect(backend.memory().buffers).toBe(0);
    backend.dispose();
  });

  it('takes one buffer for two inputs, donated too', () => {
    const backend = make();
    const executable = backend.loadProgram(donating(), [true, false]);
    const x = upload(backend, Float32Array.of(1, 2, 3, 4, 5));
    const results = executable.run([x, x]);
    expect(contents(results[0])).toEqual([2, 4, 6, 8, 10]);
    expect(contents(results[1])).toEqual([2, 4, 6, 8, 10]);
    expect(x.disposed).toBe(true);
    for (const r of results) r.dispose();
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 });
    backend.dispose();
  });

  it('refuses inputs that do not fit, before anything is overwritten', () => {
    const backend = make();
    const other = make();
    const executable = backend.loadProgram(donating(), [true, false]);
    const a = upload(backend, Float32Array.of(1, 2, 3, 4, 5));
    expect(codeOf(() => executable.run([a]))).toBe('inputs');
    expect(codeOf(() => executable.run([a, upload(backend, new Float32Array(4))]))).toBe('inputs');
    expect(codeOf(() => executable.run([a, upload(other, new Float32Array(5))]))).toBe('inputs');
    expect(codeOf(() => executable.run([a, undefined as unknown as DeviceBuffer]))).toBe('inputs');
    expect(contents(a)).toEqual([1, 2, 3, 4, 5]);
    executable.dispose();
    executable.dispose();
    expect(codeOf(() => executable.run([a, a]))).toBe('disposed');
    backend.dispose();
    other.dispose();
    expect(codeOf(() => backend.loadProgram(donating()))).toBe('disposed');
  });

  it('shares one arena among programs of different needs', () => {
    const backend = make(2);
    const through = (n: number): Program => {
      const p = new ProgramBuilder();
      const a = p.input(new Float32Array(n));
      const t = p.arena('float32', n);
      const out = p.output('float32', n);
      const index = variable('p', 'int32', 0, n - 1);
      const body = [
        store(-1, 'float32', int(8999), load(a, 'float32', index)),
        store(t, 'float32', index, load(-1, 'float32', int(8999))),
      ];
      const scratch = [{ dtype: 'float32' as const, length: 9000 + n }];
      p.kernel(body, { parallel: { index, extent: n }, cost: 5e6, scratch });
      p.kernel([loop(n, (i) => [store(out, 'float32', i, load(t, 'float32', i))])]);
      return p.program();
    };
    const sizes = [10, 5000, 20];
    const executables = sizes.map((n) => backend.loadProgram(through(n)));
    for (let round = 0; round < 2; round++) {
      for (const [k, n] of sizes.entries()) {
        const data = Float32Array.from({ length: n }, (_, i) => i + k);
        const input = upload(backend, data);
        const [out] = executables[k].run([input]);
        expect(contents(out)).toEqual([...data]);
        out.dispose();
        input.dispose();
      }
    }
    for (const e of executables) e.dispose();
    expect(backend.memory().buffers).toBe(0);
    backend.dispose();
  });

  it('uses no more memory after a hundred thousand runs', () => {
    const backend = make(2);
    const executable = backend.loadProgram(donating(1000), [true, false]);
    let a: DeviceBuffer = upload(backend, new Float32Array(1000));
    const b = upload(backend, new Float32Array(1000).fill(1));
    const runs = (n: number): void => {
      for (let i = 0; i < n; i++) {
        const [sum, double] = executable.run([a, b]);
        a = sum;
        double.dispose();
      }
    };
    runs(30_000);
    const before = process.memoryUsage.rss();
    runs(100_000);
    const grown = process.memoryUsage.rss() - before;
    expect(contents(a)[999]).toBe(130_000);
    // A leak of one block a run would be 400 MB.
    expect(grown).toBeLessThan(40e6);
    a.dispose();
    b.dispose();
    executable.dispose();
    backend.dispose();
  });

  it('answers a probe, and makes a backend from it', () => {
    const where = { cc, cacheDir: tempDir() };
    const probe = probeNative(where);
    expect(probe).toMatchObject({ ok: true });
    expect(probe.ok && probe.version).toMatch(/\d+\.\d+/);
    const backend = createNativeBackend({ ...where, threads: 1 });
    expect([backend.name, backend.sync]).toEqual(['native', true]);
    const buffer = upload(backend, Float32Array.of(1.5));
    expect(contents(buffer)).toEqual([1.5]);
    buffer.dispose();
    backend.dispose();
    const missing = probeNative({ cc: '/nowhere/cc' });
    expect(missing).toMatchObject({ ok: false });
    expect(!missing.ok && missing.reason).toContain('/nowhere/cc');
    expect(codeOf(() => createNativeBackend({ cc: '/nowhere/cc' }))).toBe('native-unavailable');
  });
});

describe('parts', () => {
  it('round sizes up to classes that waste at most a fifth', () => {
    for (const n of [0, 1, 64, 65, 100, 129, 1000, 4097, 1e6, 123456789, 2 ** 32 + 1]) {
      const c = sizeClass(n);
      expect(c % 64).toBe(0);
      expect(c).toBeGreaterThanOrEqual(Math.max(64, n));
      expect(c).toBeLessThanOrEqual(Math.max(128, n * 1.25 + 64));
      expect(sizeClass(c)).toBe(c);
    }
  });

  it('give every instruction set a tile of whole vectors', () => {
    for (const isa of ['avx512', 'avx2', 'neon', 'generic'] as const) {
      const t = nativeTarget(isa);
      expect(t.tileCols % t.lanes).toBe(0);
    }
  });

  it('hold the bytes of an array without its surroundings', () => {
    const a = new Float32Array(8).subarray(2, 4);
    expect(bytesIn(a).length).toBe(8);
  });
});
