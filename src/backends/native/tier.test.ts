/** Small graphs on another backend; here the reference stands for it. */
import { describe, expect, it } from 'vitest';
import { Graph, lax } from '../../graph/index.ts';
import type { Backend } from '../backend.ts';
import { createReferenceBackend } from '../reference/index.ts';
import { NativeBackend, type NativeBackendOptions } from './backend.ts';
import { loadRuntime } from './runtime.ts';
import { compilers, fakeCompiler, tempDir, upload } from './testing.ts';
import { chooseTier, estimate } from './tier.ts';

const cc = compilers()[0];

function sumGraph(n: number): Graph {
  const [a, b] = [lax.parameter([n], 'float32'), lax.parameter([n], 'float32')];
  return new Graph([a, b], [lax.add(a, b)]);
}

describe.skipIf(!cc)('tiers', () => {
  /** A backend, and how often each side compiled. */
  function make(options: NativeBackendOptions = {}) {
    const counts = { small: 0, warnings: [] as string[] };
    const small = (): Backend => {
      const reference = createReferenceBackend();
      const { compile } = reference;
      reference.compile = (...args) => {
        counts.small++;
        return compile.apply(reference, args);
      };
      return reference;
    };
    const backend = new NativeBackend(loadRuntime({ cc }), {
      threads: 1,
      small,
      warn: (m) => counts.warnings.push(m),
      ...options,
    });
    return { backend, counts };
  }

  function check(backend: NativeBackend, graph: Graph, options = {}, runs = 1): void {
    const executable = backend.compile(graph, options);
    const n = graph.inputs[0].shape[0];
    for (let i = 0; i < runs; i++) {
      const a = upload(backend, new Float32Array(n).fill(i));
      const b = upload(backend, new Float32Array(n).fill(2));
      const [out] = executable.run([a, b]);
      const got = new Float32Array(out.readSync().buffer);
      if (got.length !== n || got[0] !== i + 2 || got[n - 1] !== i + 2)
        throw new Error(`run ${i} gave ${got[0]}`);
      for (const x of [a, b, out]) x.dispose();
    }
    executable.dispose();
    expect(backend.memory().buffers).toBe(0);
  }

  it('send small one-off graphs to the other backend', () => {
    const { backend, counts } = make({ tier: 'auto' });
    check(backend, sumGraph(10));
    expect(counts.small).toBe(1);
    check(backend, sumGraph(10), { optimize: true });
    check(backend, sumGraph(3_000_000));
    expect(counts.small).toBe(1);
    backend.dispose();
  });

  it('compile everything when told to', () => {
    const { backend, counts } = make({ tier: 'cc' });
    check(backend, sumGraph(10));
    expect(counts.small).toBe(0);
    backend.dispose();
  });

  it('promote what is run often', () => {
    const { backend, counts } = make({ tier: 'auto' });
    check(backend, sumGraph(10), {}, 9000);
    expect(counts.small).toBe(1);
    backend.dispose();
  });

  it('dispose of donated inputs on either side', () => {
    const { backend } = make({ tier: 'auto' });
    for (const optimize of [false, true]) {
      const executable = backend.compile(sumGraph(4), { donate: [true, false], optimize });
      const a = upload(backend, Float32Array.of(1, 2, 3, 4));
      const b = upload(backend, Float32Array.of(1, 1, 1, 1));
      const [out] = executable.run([a, b]);
      expect([...new Float32Array(out.readSync().buffer)]).toEqual([2, 3, 4, 5]);
      expect([a.disposed, b.disposed]).toEqual([true, false]);
      b.dispose();
      out.dispose();
      executable.dispose();
    }
    expect(backend.memory().buffers).toBe(0);
    backend.dispose();
  });

  it('fall back when the compiler fails, saying so once', () => {
    const path = fakeCompiler(
      `grep -q gradloom_run && { echo "error: broke" >&2; exit 1; }; exec ${cc} "$@"`,
    );
    // The script swallows the source, so the runtime comes from a compiler that works.
    const runtime = { ...loadRuntime({ cc, cache: { dir: tempDir() } }) };
    const broken = { ...runtime, compiler: { ...runtime.compiler, name: 'broken', path } };
    const warnings: string[] = [];
    const backend = new NativeBackend(broken, {
      threads: 1,
      small: createReferenceBackend,
      warn: (m) => warnings.push(m),
    });
    check(backend, sumGraph(10), { optimize: true });
    check(backend, sumGraph(11), { optimize: true });
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toMatch(/broke.*WebAssembly/);
    backend.dispose();
  });

  it('interpret a little work on much data where it lies', () => {
    const { backend, counts } = make({ tier: 'auto' });
    const rows = lax.parameter([3000, 1000], 'float32');
    const data = new Float32Array(3e6);
    for (let i = 0; i < data.length; i++) data[i] = Math.floor(i / 1000);
    const input = upload(backend, data);
    for (let row = 0; row < 20; row++) {
      const graph = new Graph([rows], [lax.slice(rows, [row, 0], [row + 1, 1000])]);
      const executable = backend.compile(graph, { donate: [row === 19] });
      const [out] = executable.run([input]);
      expect(new Set(new Float32Array(out.readSync().buffer))).toEqual(new Set([row]));
      expect(input.disposed).toBe(row === 19);
      out.dispose();
      executable.dispose();
    }
    expect(counts.small).toBe(0);
    expect(backend.memory().buffers).toBe(0);
    backend.dispose();
  });

  it('are chosen by the size of the work and of the data', () => {
    expect(chooseTier(sumGraph(1000), true).place).toBe('copied');
    expect(chooseTier(sumGraph(1000), false).place).toBe('interpreted');
    expect(chooseTier(sumGraph(1_000_000), true).place).toBe('compiled');
    const [a, b] = [lax.parameter([300, 400], 'float32'), lax.parameter([400, 500], 'float32')];
    const product = estimate(new Graph([a, b], [lax.dot(a, b)]));
    expect(product.operations).toBeGreaterThan(1e8);
    expect(product.operations).toBeLessThan(1.3e8);
  });
});
