/** The backend itself, in Node: buffers, errors, limits, loops that ask the host, a lost device. */
import { afterAll, describe, expect, it } from 'vitest';
import { GradloomError } from '../../errors.ts';
import { Graph, lax, type Value } from '../../graph/index.ts';
import type { Backend, DeviceBuffer } from '../backend.ts';
import { complianceCases, failures } from '../compliance.ts';
import { losableGpu, tryWebgpu } from './testing.ts';
import { nodeGpu } from './webgpu.node.ts';
import { createWebgpuBackend, type WebgpuBackend, type WebgpuOptions } from './webgpu.ts';

const found = await tryWebgpu();
const reason = 'reason' in found ? found.reason : '';
const made: WebgpuBackend[] = 'backend' in found ? [found.backend] : [];
afterAll(() => {
  for (const b of made) b.dispose();
});

async function another(options: WebgpuOptions): Promise<WebgpuBackend> {
  const b = await createWebgpuBackend({ gpu: await nodeGpu(), ...options });
  made.push(b);
  return b;
}

async function errorOf(f: () => unknown): Promise<GradloomError> {
  try {
    await f();
  } catch (e) {
    if (e instanceof GradloomError) return e;
    throw e;
  }
  throw new Error('nothing was thrown');
}

function upload(b: Backend, data: Float32Array | Int32Array): DeviceBuffer {
  const buffer = b.allocate(data.byteLength);
  buffer.write(new Uint8Array(data.buffer));
  return buffer;
}
const floats = async (b: DeviceBuffer): Promise<number[]> => [
  ...new Float32Array((await b.read()).buffer),
];
const ramp = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i % 97);

async function run(
  b: Backend,
  inputs: Value[],
  outputs: Value[],
  data: Float32Array[],
): Promise<number[][]> {
  const e = b.compile(new Graph(inputs, outputs, 'test'));
  const given = data.map((d) => upload(b, d));
  const results = e.run(given);
  const out: number[][] = [];
  for (const r of results) out.push(await floats(r));
  for (const r of [...results, ...given]) r.dispose();
  e.dispose();
  return out;
}

describe.skipIf(reason !== '')(`the webgpu backend ${reason}`, () => {
  const backend = made[0];

  it('holds bytes of any number', async () => {
    for (const n of [0, 1, 3, 4, 1000]) {
      const b = backend.allocate(n);
      const bytes = Uint8Array.from({ length: n }, (_, i) => i * 7);
      b.write(bytes);
      expect(await b.read()).toEqual(bytes);
      b.dispose();
      b.dispose();
      expect((await errorOf(() => b.read())).code).toBe('disposed');
    }
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 });
    const b = backend.allocate(8);
    expect((await errorOf(() => b.write(new Uint8Array(4)))).code).toBe('buffer');
    b.dispose();
  });

  it('cannot be read at once, and says so', async () => {
    const b = backend.allocate(4);
    const e = await errorOf(() => b.readSync());
    expect([e.code, e.message.includes('await tensor.data()')]).toEqual(['sync-read', true]);
    b.dispose();
  });

  it('refuses float64 by name', async () => {
    const x = lax.parameter([2], 'float64');
    const e = await errorOf(() => backend.compile(new Graph([x], [lax.exp(x)], 'wide')));
    expect(e.code).toBe('dtype');
    expect(e.message).toContain('"wide" holds float64');
  });

  it('refuses what belongs elsewhere', async () => {
    const x = lax.parameter([2], 'float32');
    const e = backend.compile(new Graph([x], [lax.exp(x)], 'small'));
    const wrong = backend.allocate(12);
    expect((await errorOf(() => e.run([wrong]))).message).toContain('must hold 8 bytes');
    expect((await errorOf(() => e.run([]))).code).toBe('inputs');
    wrong.dispose();
    expect((await errorOf(() => e.run([wrong]))).code).toBe('disposed');
    e.dispose();
    expect((await errorOf(() => e.run([wrong]))).code).toBe('disposed');
  });

  it('keeps a donated buffer that is given twice from being seen to change', async () => {
    const [x, y] = [lax.parameter([4], 'float32'), lax.parameter([4], 'float32')];
    const e = backend.compile(new Graph([x, y], [lax.add(x, lax.mul(y, y))], 'twice'), {
      donate: [true, false],
    });
    const b = upload(backend, Float32Array.of(1, 2, 3, 4));
    const [r] = e.run([b, b]);
    expect(await floats(r)).toEqual([2, 6, 12, 20]);
    r.dispose();
    e.dispose();
  });

  it('waits in order while a loop asks the host', async () => {
    const n = lax.parameter([1], 'float32');
    const limit = lax.parameter([1], 'float32');
    const [count] = lax.whileLoop(
      (v) => lax.reshape(lax.lt(v, limit), []),
      (v) => [lax.add(v, lax.full([1], 1, 'float32'))],
      [n],
    );
    const e = backend.compile(new Graph([n, limit], [count], 'counting'));
    const [from, to] = [upload(backend, Float32Array.of(0)), upload(backend, Float32Array.of(100))];
    const [first] = e.run([from, to]);
    // Written to and freed while the first run is under way.
    to.write(new Uint8Array(Float32Array.of(7).buffer));
    const [second] = e.run([from, to]);
    to.dispose();
    const [third] = e.run([from, second]);
    expect([await floats(first), await floats(second), await floats(third)]).toEqual([
      [100],
      [7],
      [7],
    ]);
    for (const b of [first, second, third, from]) b.dispose();
    e.dispose();
    expect(backend.memory().buffers).toBe(0);
  });

  it('splits what a device with low limits cannot take whole', async () => {
    const low = await another({
      limits: {
        maxStorageBuffersPerShaderStage: 4,
        maxComputeWorkgroupsPerDimension: 7,
        maxBufferSize: 65536,
      },
    });
    const xs = Array.from({ length: 9 }, () => lax.parameter([300], 'float32'));
    const sum = xs.reduce((a, b) => lax.add(a, b));
    const joined = lax.concatenate(xs, 0);
    const data = xs.map((_, i) => ramp(300).map((v) => v * i));
    const want = ramp(300).map((v) => v * 36);
    const [s, j] = await run(low, xs, [sum, joined], data);
    expect(s).toEqual([...want]);
    expect(j).toEqual(data.flatMap((d) => [...d]));
    // An arena in several pieces.
    const x = lax.parameter([10_000], 'float32');
    const sorted = [1, 2, 3].map(
      (k) => lax.sort([lax.mul(x, lax.full([10_000], -k, 'float32'))], 0, false)[0],
    );
    const all = lax.reduceSum(lax.add(lax.add(sorted[0], sorted[1]), sorted[2]), [0]);
    const [[total]] = await run(low, [x], [all], [ramp(10_000)]);
    expect(total).toBeCloseTo(-6 * ramp(10_000).reduce((a, b) => a + b), -2);
  });

  it('runs programs of all kinds where a kernel may have four buffers', async () => {
    const low = await another({ limits: { maxStorageBuffersPerShaderStage: 4 } });
    const some =
      /^(Adam step 7|SGD step 1|scan of many|cond|while|concatenate (bool|uint8|float32)|sort of)/;
    const cases = complianceCases().filter((c) => some.test(c.name));
    expect(cases.length).toBeGreaterThan(8);
    for (const c of cases) expect(await failures(low, [c])).toEqual([]);
  });

  it('says early what is too large', async () => {
    const low = await another({ limits: { maxBufferSize: 65536 } });
    const e = await errorOf(() => low.allocate(65540));
    expect([e.code, e.facts.maxBufferSize]).toEqual(['limit', 65536]);
    const x = lax.parameter([20_000], 'float32');
    const compile = await errorOf(() => low.compile(new Graph([x], [lax.exp(x)], 'large')));
    expect(compile.code).toBe('limit');
    expect(compile.message).toContain('at most 65536');
  });

  it('reports a lost device by its reason', async () => {
    const { gpu, lose } = await losableGpu();
    const b = await another({ gpu });
    const buffer = upload(b, ramp(4));
    expect(await floats(buffer)).toEqual([0, 1, 2, 3]);
    expect(b.ended).toBe(false);
    await lose('the driver was reset');
    expect(b.ended).toBe(true);
    for (const use of [() => buffer.read(), () => b.allocate(4), () => b.check()]) {
      const e = await errorOf(use);
      expect(e.code).toBe('device-lost');
      expect(e.message).toContain('the driver was reset');
      expect(e.message).toContain('loadBackend');
      expect(e.facts.reason).toBe('unknown');
    }
    buffer.dispose();
  });
});

it('needs an adapter', async () => {
  const none = { requestAdapter: async () => null } as unknown as GPU;
  const e = await errorOf(() => createWebgpuBackend({ gpu: none }));
  expect(e.code).toBe('backend');
  expect(e.message).toContain('no adapter');
});
