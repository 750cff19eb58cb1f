/**
 * The compiler against the definition of the primitives: the compliance cases are lowered for two
 * targets (many lanes with everything made parallel; few lanes on one thread, where only the shapes
 * of loops and tiles differ) and interpreted.
 */
import { describe, expect, it } from 'vitest';
import type { Backend, CompileOptions, DeviceBuffer, Executable } from '../backends/backend.ts';
import { runCompliance } from '../backends/compliance.ts';
import { makeArray } from '../dtype.ts';
import { Graph, lax } from '../graph/index.ts';
import { sizeOf } from '../shape.ts';
import { showProgram } from './debug.ts';
import { interpretProgram } from './interpret.ts';
import { lowerGraph } from './lower.ts';
import type { CpuTarget } from './program.ts';

class HostBuffer implements DeviceBuffer {
  bytes: Uint8Array;
  disposed = false;
  readonly #onDispose: () => void;
  constructor(byteLength: number, onDispose: () => void) {
    this.bytes = new Uint8Array(byteLength);
    this.#onDispose = onDispose;
  }
  get byteLength(): number {
    return this.bytes.length;
  }
  write(bytes: Uint8Array): void {
    this.bytes.set(bytes);
  }
  async read(): Promise<Uint8Array> {
    return this.readSync();
  }
  readSync(into?: Uint8Array): Uint8Array {
    if (!into) return this.bytes.slice();
    into.set(this.bytes);
    return into;
  }
  dispose(): void {
    if (!this.disposed) this.#onDispose();
    this.disposed = true;
  }
}

class InterpretingBackend implements Backend {
  readonly name = 'interpreted';
  readonly sync = true;
  readonly #target: CpuTarget;
  #live = 0;
  constructor(target: CpuTarget) {
    this.#target = target;
  }
  allocate(byteLength: number): HostBuffer {
    this.#live++;
    return new HostBuffer(byteLength, () => {
      this.#live--;
    });
  }
  compile(graph: Graph, options: CompileOptions = {}): Executable {
    const program = lowerGraph(graph, { target: this.#target, donate: options.donate });
    const sizes = graph.outputs.map(
      (o) => sizeOf(o.shape) * makeArray(o.dtype, 0).BYTES_PER_ELEMENT,
    );
    return {
      run: (inputs) => {
        const results = interpretProgram(
          program,
          inputs.map((b) => (b as HostBuffer).bytes),
        );
        inputs.forEach((b, i) => {
          if (options.donate?.[i]) b.dispose();
        });
        return results.map((r, i) => {
          const b = this.allocate(sizes[i]);
          b.write(r);
          return b;
        });
      },
      dispose: () => {},
    };
  }
  memory(): { buffers: number; bytes: number } {
    return { buffers: this.#live, bytes: 0 };
  }
  dispose(): void {}
}

const many: CpuTarget = {
  name: 'native',
  lanes: 16,
  tileRows: 12,
  tileCols: 32,
  parallelThreshold: 1,
};
const few: CpuTarget = {
  name: 'wasm',
  lanes: 4,
  tileRows: 5,
  tileCols: 8,
  parallelThreshold: 1e12,
};

/** Each run is interpreted over memory of its own. */
const stateless = true;

describe('16 lanes, all parallel', () => {
  runCompliance(() => new InterpretingBackend(many), { describe, it, expect }, { stateless });
});

describe('4 lanes, one thread', () => {
  const only = /dot|sum|max|softmax|dense|adam|norm|fold/i;
  runCompliance(() => new InterpretingBackend(few), { describe, it, expect }, { only, stateless });
});

describe('an iteration for every result, as GPUs want it', () => {
  const target = {
    ...few,
    name: 'webgpu',
    gpu: true,
    arenaAlign: 256,
    parallelThreshold: 0,
  } as const;
  runCompliance(
    () => new InterpretingBackend(target),
    { describe, it, expect },
    { oneIn: 5, stateless },
  );

  it('says which loops of a product are which', () => {
    const [x, y] = [lax.parameter([8, 5, 7], 'float32'), lax.parameter([8, 7, 3], 'float32')];
    const dims = { lhsContract: [2], rhsContract: [1], lhsBatch: [0], rhsBatch: [0] };
    const program = lowerGraph(new Graph([x, y], [lax.dotGeneral(x, y, dims)]), { target });
    const [{ kernel }] = program.steps;
    const { batch, m, n } = kernel!.product!;
    expect([batch.extent, m.extent, n.extent, kernel!.parallel!.extent]).toEqual([8, 5, 3, 120]);
  });

  it('keeps the arrays of many invocations in the arena, a part each', () => {
    const x = lax.parameter([6, 500], 'float32');
    const program = lowerGraph(new Graph([x], lax.sort([x], 1, false)), { target });
    const [{ kernel }] = program.steps;
    expect(kernel!.scratch).toEqual([]);
    expect(program.arenaBytes).toBe(Math.ceil((6 * 500 * 4) / 256) * 256);
  });

  it('cuts an arena in pieces that no buffer lies across', () => {
    const x = lax.parameter([6, 500], 'float32');
    const sorted = [1, 2, 3].map(
      (k) => lax.sort([lax.mul(x, lax.full(x.shape, k, 'float32'))], 1)[0],
    );
    const sum = sorted.reduce((a, b) => lax.add(a, b));
    const arenaSegment = 16384;
    const program = lowerGraph(new Graph([x], [sum]), { target: { ...target, arenaSegment } });
    expect(program.arenaBytes).toBeGreaterThan(arenaSegment);
    for (const { place, length } of program.buffers) {
      if (place.kind !== 'arena' || length === 0) continue;
      const segment = (at: number): number => Math.floor(at / arenaSegment);
      expect(segment(place.offset + 4 * length - 1)).toBe(segment(place.offset));
    }
  });
});

describe('what the compiler makes', () => {
  const target = many;

  it('fuses a whole optimizer update into the product that gives the gradient, in place', () => {
    const x = lax.parameter([64, 784], 'float32');
    const g = lax.parameter([64, 128], 'float32');
    const w = lax.parameter([784, 128], 'float32');
    const m = lax.parameter([784, 128], 'float32');
    const dw = lax.dot(lax.transpose(x, [1, 0]), g);
    const m2 = lax.add(lax.mul(m, lax.full(m.shape, 0.9, 'float32')), dw);
    const w2 = lax.sub(w, lax.mul(m2, lax.full(m.shape, 0.1, 'float32')));
    const program = lowerGraph(new Graph([m, w, x, g], [m2, w2]), {
      target,
      donate: [true, true, false, false],
    });
    expect(program.steps.length).toBe(1);
    expect(program.arenaBytes).toBe(0);
    const donated = program.buffers.map((b) =>
      b.place.kind === 'output' ? b.place.donatedFrom : undefined,
    );
    expect(donated.filter((d) => d !== undefined).sort()).toEqual([0, 1]);
  });

  it('gives a dense layer one kernel', () => {
    const [x, w, b] = [
      lax.parameter([32, 100], 'float32'),
      lax.parameter([100, 64], 'float32'),
      lax.parameter([64], 'float32'),
    ];
    const z = lax.add(lax.dot(x, w), lax.broadcastTo(b, [32, 64]));
    const program = lowerGraph(
      new Graph([x, w, b], [lax.max(z, lax.full(z.shape, 0, 'float32'))]),
      { target },
    );
    expect(program.steps.length).toBe(1);
  });

  it('keeps apart what a sum lies between', () => {
    // a and b share a kernel; c reads b at its own element, but the sum of a as a whole.
    const x = lax.parameter([8, 5], 'float32');
    const a = lax.exp(x);
    const sum = lax.reduceSum(a, [0]);
    const b = lax.add(a, a);
    const c = lax.add(b, lax.broadcastInDim(sum, [8, 5], [1]));
    const program = lowerGraph(new Graph([x], [a, sum, b, c]), { target });
    expect(program.steps.length).toBe(3);
  });

  it('sees that a kernel needs what a newer member of another has to wait for', () => {
    // a and b share a kernel, b needs p turned around; so the sum of a, older than p, comes after p.
    const x = lax.parameter([8], 'float32');
    const one = lax.full([8], 1, 'float32');
    const a = lax.add(x, one);
    const sum = lax.reduceSum(a, [0]);
    const p = lax.mul(x, x);
    const b = lax.add(a, lax.reverse(p, [0]));
    const c = lax.add(p, lax.broadcastInDim(sum, [8], []));
    const program = lowerGraph(new Graph([x], [a, sum, p, b, c]), { target });
    expect(program.steps.length).toBe(4);
  });

  it('makes softmax one kernel that keeps only a row of what lies between', () => {
    const x = lax.parameter([128, 40], 'float32');
    const over = (v: typeof x): typeof x => lax.broadcastInDim(v, [128, 40], [0]);
    const e = lax.exp(lax.sub(x, over(lax.reduceMax(x, [1]))));
    const y = lax.div(e, over(lax.reduceSum(e, [1])));
    const program = lowerGraph(new Graph([x], [y]), { target });
    expect(program.steps.length).toBe(1);
    expect(program.steps[0].kernel?.scratch).toEqual([{ dtype: 'float32', length: 40 }]);
    expect(program.arenaBytes).toBe(0);
    // What is wanted too has its buffer, and columns are not rows.
    const both = lowerGraph(new Graph([x], [y, e]), { target });
    expect(both.steps.length).toBe(1);
    expect(both.steps[0].kernel?.scratch).toEqual([]);
    const down = (v: typeof x): typeof x => lax.broadcastInDim(v, [128, 40], [1]);
    const f = lax.exp(lax.sub(x, down(lax.reduceMax(x, [0]))));
    expect(lowerGraph(new Graph([x], [f]), { target }).steps.length).toBe(2);
  });

  it('joins kernels over the same rows that are too small to share alone', () => {
    const x = lax.parameter([64, 10], 'float32');
    const over = (v: typeof x): typeof x => lax.broadcastInDim(v, [64, 10], [0]);
    const e = lax.exp(lax.sub(x, over(lax.reduceMax(x, [1]))));
    const p = lax.div(e, over(lax.reduceSum(e, [1])));
    const program = lowerGraph(new Graph([x], [p, lax.argmax(p, 1)]), {
      target: { ...target, parallelThreshold: 16384 },
    });
    expect(program.steps.map((s) => s.kernel?.parallel?.extent)).toEqual([64]);
  });

  it('sums a product that reads a large weight for few rows in two parts', () => {
    const inParts = (m: number, k: number): boolean => {
      const [x, w] = [lax.parameter([m, k], 'float32'), lax.parameter([k, 128], 'float32')];
      const program = lowerGraph(new Graph([x, w], [lax.dot(x, w)]), { target });
      return program.steps.some((s) => s.kernel?.name.includes('reduce_sum'));
    };
    expect(inParts(64, 784)).toBe(true);
    // Rows enough, or a weight that is small: one product.
    expect(inParts(512, 784)).toBe(false);
    expect(inParts(64, 256)).toBe(false);
  });

  it('stores no subnormal numbers in state where the target asks for that', () => {
    const m = lax.parameter([8], 'float32');
    const half = lax.mul(m, lax.full([8], 0.5, 'float32'));
    const text = (flush: 'mode' | 'state', donate: boolean): string =>
      showProgram(
        lowerGraph(new Graph([m], [half]), {
          target: { ...target, flush },
          donate: [donate],
          flushSubnormals: true,
        }),
      );
    expect(text('state', true)).toMatch(/1\.17549\d*e-38/);
    expect(text('state', false)).not.toMatch(/e-38/);
    expect(text('mode', true)).not.toMatch(/e-38/);
  });

  it('reuses arena space once a temporary is dead', () => {
    let v = lax.parameter([1000, 8], 'float32');
    const input = v;
    for (let i = 0; i < 12; i++) v = lax.transpose(lax.sort([v], i % 2)[0], [1, 0]);
    const program = lowerGraph(new Graph([input], [v]), { target });
    expect(program.arenaBytes).toBeLessThan(4 * 32_000);
  });

  it('puts no barrier between kernels that share nothing', () => {
    const [a, b] = [lax.parameter([500, 300], 'float32'), lax.parameter([400, 200], 'float32')];
    const program = lowerGraph(new Graph([a, b], [lax.sort([a], 1)[0], lax.sort([b], 1)[0]]), {
      target,
    });
    expect(program.steps.map((s) => s.barrier)).toEqual([false, false]);
  });

  it('packs once what two products read in the same order', () => {
    const x = lax.parameter([600, 512], 'float32');
    const y = lax.parameter([600, 128], 'float32');
    const z = lax.parameter([600, 128], 'float32');
    const by = (v: typeof x): typeof x => lax.dot(lax.transpose(v, [1, 0]), x);
    const packs = (outputs: (typeof x)[]): number =>
      lowerGraph(new Graph([x, y, z], outputs), { target }).steps.filter((s) =>
        s.kernel?.name.includes('pack_b'),
      ).length;
    expect(packs([by(y)])).toBe(1);
    expect(packs([by(y), by(z)])).toBe(1);
    // Other elements, other panels.
    expect(packs([by(y), lax.dot(lax.transpose(z, [1, 0]), lax.exp(x))])).toBe(2);
  });

  it('reads the heads of an attention where they lie', () => {
    // [batch, length, heads, size] as [batch * heads, length, size], as attention multiplies them.
    const [scores, values] = [
      lax.parameter([4, 8, 64, 64], 'float32'),
      lax.parameter([4, 64, 8, 32], 'float32'),
    ];
    const apart = lax.reshape(lax.transpose(values, [0, 2, 1, 3]), [32, 64, 32]);
    const y = lax.dotGeneral(lax.reshape(scores, [32, 64, 64]), apart, {
      ...{ lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] },
    });
    const { steps } = lowerGraph(new Graph([scores, values], [y]), { target });
    expect(steps.map((s) => s.kernel?.name)).toEqual(['k0_dot_general']);
  });

  it('computes windows in their own shape, not in that of what reads them', () => {
    const x = lax.parameter([16, 24, 24, 64], 'float32');
    const w = lax.parameter([9216, 128], 'float32');
    const none: [number, number] = [0, 0];
    const pooled = lax.reduceWindow(x, 'max', {
      window: [1, 2, 2, 1],
      strides: [1, 2, 2, 1],
      padding: [none, none, none, none],
    });
    const y = lax.dot(lax.reshape(pooled, [16, 9216]), w);
    const { steps } = lowerGraph(new Graph([x, w], [y]), { target });
    expect(steps[0].kernel?.name).toMatch(/reduce_window/);
    expect(showProgram({ ...lowerGraph(new Graph([x], [pooled]), { target }) })).not.toMatch(
      /[%/] /,
    );
  });

  it('cuts a loop over a concatenation into one for each piece', () => {
    const [a, b] = [lax.parameter([64, 32], 'float32'), lax.parameter([64, 48], 'float32')];
    const text = (g: Graph): string => showProgram(lowerGraph(g, { target }));
    const joined = text(new Graph([a, b], [lax.concatenate([a, b], 1)]));
    expect(joined).toMatch(/\+32:[\s\S]*\+48:/);
    expect(joined).not.toContain('guard');
    // A piece too short for a loop of its own is left where it is.
    const c = lax.parameter([64, 3], 'float32');
    expect(text(new Graph([a, c], [lax.concatenate([a, c], 1)]))).toContain('guard');
  });
});
