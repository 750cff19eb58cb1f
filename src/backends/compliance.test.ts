/** The suite must notice: a backend that is wrong in one small way fails it. */
import { afterEach, describe, expect, it } from 'vitest';
import { primitives } from '../graph/index.ts';
import type { Backend, DeviceBuffer, Executable } from './backend.ts';
import type { Case } from './compliance/case.ts';
import { compareArrays, complianceCases, failures } from './compliance.ts';
import { rules } from './reference/interpret.ts';
import { createReferenceBackend } from './reference/reference.ts';

const cases = complianceCases();

function caseNamed(name: string): Case {
  const found = cases.find((c) => c.name === name);
  if (!found) throw new Error(`no case is named ${name}`);
  return found;
}

/** The reference backend, with its compile step changed. */
function changed(
  compile: (backend: Backend, ...args: Parameters<Backend['compile']>) => Executable,
): Backend {
  const backend = createReferenceBackend();
  return { ...backend, compile: (...args) => compile(backend, ...args) };
}

/** The reference backend, but that primitive `name` gets the last element of its result wrong. */
function sabotaged(name: string): Backend {
  return changed((backend, graph, options) => {
    const rule = rules[name];
    rules[name] = (inputs, attrs, outputs) => {
      const results = rule(inputs, attrs, outputs);
      for (const [k, r] of results.entries())
        if (r.length > 0)
          r[r.length - 1] = outputs[k].dtype === 'bool' ? 1 - r[r.length - 1] : r[r.length - 1] + 1;
      return results;
    };
    try {
      return backend.compile(graph, options);
    } finally {
      rules[name] = rule;
    }
  });
}

describe('compliance suite', () => {
  const original = { ...rules };
  afterEach(() => {
    expect(rules).toEqual(original);
  });

  it('has distinct names', () => {
    const names = cases.map((c) => c.name);
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([]);
  });

  it('finds one wrong element, whichever primitive gives it', async () => {
    const remaining = new Set([...primitives().keys()].filter((n) => n !== 'parameter'));
    for (const c of cases) {
      const used = new Set(c.build().graph.computed.map((n) => n.primitive.name));
      // Small cases find it as well as large ones.
      if (used.size > 8 || / \d{2,}x|100|\d{4}/.test(c.name)) continue;
      for (const name of [...used].filter((n) => remaining.has(n)))
        if ((await failures(sabotaged(name), [c])).length > 0) remaining.delete(name);
    }
    expect([...remaining]).toEqual([]);
  });

  it('makes the same inputs each time', () => {
    const c = caseNamed('dense layer with relu 13x33x65');
    expect(c.build().inputs).toEqual(c.build().inputs);
  });

  it('names the one case of a batch that fails', async () => {
    const part = ['exp float32', 'sin float32', 'cos float32'].map(caseNamed);
    expect(await failures(createReferenceBackend(), part)).toEqual([]);
    const found = await failures(sabotaged('sin'), part);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((f) => f.startsWith('sin float32'))).toBe(true);
    const throwing = changed((backend, graph, options) => {
      if (graph.computed.some((n) => n.primitive.name === 'cos')) throw new Error('no cosine');
      return backend.compile(graph, options);
    });
    const thrown = await failures(throwing, part);
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toMatch(/^cos float32: Error: no cosine/);
  });

  /** The reference backend whose runs are followed by some mischief. */
  const mischief = (
    after: (
      inputs: readonly DeviceBuffer[],
      outputs: DeviceBuffer[],
      round: number,
    ) => DeviceBuffer[],
  ): Backend =>
    changed((backend, graph, options) => {
      const executable = backend.compile(graph, options);
      let round = 0;
      return { ...executable, run: (inputs) => after(inputs, executable.run(inputs), round++) };
    });

  it('finds inputs that are overwritten, disposed of, or given back', async () => {
    const c = [caseNamed('many roundings in one chain')];
    const overwrite = mischief((inputs, outputs) => {
      const bytes = inputs[0].readSync();
      bytes[0] ^= 1;
      inputs[0].write(bytes);
      return outputs;
    });
    expect((await failures(overwrite, c)).join()).toMatch(/input 0 was overwritten/);
    const dispose = mischief((inputs, outputs) => {
      inputs[0].dispose();
      return outputs;
    });
    expect((await failures(dispose, c)).join()).toMatch(/is disposed of/);
    const giveBack = mischief((inputs) => [inputs[0]]);
    const direct = [caseNamed('an input returned directly')];
    expect((await failures(giveBack, direct)).join()).toMatch(/came back as a result/);
  });

  it('finds donated inputs that are kept, leaks, and a second run that differs', async () => {
    const kept = changed((backend, graph, options) =>
      backend.compile(graph, { ...options, donate: [] }),
    );
    const softmax = [caseNamed('donation: softmax in place')];
    expect((await failures(kept, softmax)).join()).toMatch(/was donated but not taken/);
    const exp = [caseNamed('exp float32')];
    const second = mischief((_, outputs, round) => {
      if (round === 1) outputs[0].write(new Uint8Array(outputs[0].byteLength));
      return outputs;
    });
    expect((await failures(second, exp)).join()).toMatch(/second run\): output 0: 1003 of 1003/);
    const backend = createReferenceBackend();
    const leaky: Backend = {
      ...backend,
      compile(graph, options) {
        backend.allocate(4);
        return backend.compile(graph, options);
      },
    };
    expect((await failures(leaky, exp)).join()).toMatch(/1 buffers are left/);
  });
});

describe('compareArrays', () => {
  const tolerance = { rel: 1e-3, abs: 1e-6 };
  const compare = (got: number[], want: number[]): string | undefined =>
    compareArrays(
      Float32Array.from(got),
      Float32Array.from(want),
      'float32',
      [got.length],
      tolerance,
    );

  it('takes NaN for NaN alone and infinities for themselves', () => {
    const nan = Number.NaN;
    const inf = Number.POSITIVE_INFINITY;
    expect(compare([nan, inf, -inf, -0], [nan, inf, -inf, 0])).toBeUndefined();
    expect(compare([1], [nan])).toMatch(/got 1, want NaN/);
    expect(compare([nan], [1])).toMatch(/got NaN, want 1/);
    expect(compare([inf], [-inf])).toMatch(/got Infinity/);
    expect(compare([1e30], [inf])).toMatch(/want Infinity/);
  });

  it('bounds errors relatively and absolutely, and reports the worst', () => {
    expect(compare([1.0009, 1e-7], [1, 0])).toBeUndefined();
    expect(compare([1.002, 2, 3.1], [1, 2, 3])).toMatch(/2 of 3 elements differ .* at \[2\]/);
    const ints = compareArrays(Int32Array.of(1000), Int32Array.of(1001), 'int32', [1], tolerance);
    expect(ints).toMatch(/got 1000, want 1001/);
    expect(
      compareArrays(new Float32Array(2), new Float32Array(2), 'float32', [3], tolerance),
    ).toMatch(/2 elements where float32\(3,\) has 3/);
  });
});
