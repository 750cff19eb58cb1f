/** The command line on models of TensorFlow.js. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeNpz } from '../formats/npz.ts';
import { readGoldens } from '../keras/testing.ts';
import { run } from './command.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gradloom-tfjs-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const put = (name: string, content: Uint8Array | string): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};
async function cli(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const status = await run(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { status, out, err };
}

const layers = {
  model_config: {
    class_name: 'Sequential',
    config: { layers: [{ class_name: 'Dense', config: { name: 'dense_Dense1', units: 3 } }] },
  },
};
const model = (paths: string[], topology: unknown = layers): string =>
  JSON.stringify({
    modelTopology: topology,
    weightsManifest: [
      {
        paths,
        weights: [
          {
            name: 'dense_Dense1/kernel',
            shape: [2, 3],
            dtype: 'float32',
            quantization: { dtype: 'uint8', scale: 0.5, min: -1 },
          },
          { name: 'dense_Dense1/bias', shape: [3], dtype: 'float32' },
        ],
      },
    ],
  });
const bytes = new Uint8Array([
  ...[0, 1, 2, 3, 4, 255],
  ...new Uint8Array(Float32Array.of(7, 8, 9).buffer),
]);

it('shows layers and weights of model.json, without its shards', async () => {
  const { status, out } = await cli('inspect', put('alone.json', model(['gone.bin'])));
  expect(status).toBe(0);
  expect(out).toMatch(/kind +layers-model/);
  expect(out).toMatch(/parameters +9/);
  expect(out).toMatch(/dense_Dense1 +Dense/);
  expect(out).toMatch(/dense_Dense1\/kernel +float32 as uint8 +\(2, 3\) +6 +6 B/);
});

it('counts the operations of a graph', async () => {
  const graph = { node: [{ op: 'Const' }, { op: 'MatMul' }, { op: 'Const' }] };
  const { out } = await cli('inspect', put('graph.json', model([], graph)), '--json');
  expect(JSON.parse(out)).toMatchObject({
    kind: 'graph-model',
    'node kinds': [
      { operation: 'Const', times: 2 },
      { operation: 'MatMul', times: 1 },
    ],
  });
});

it('converts the weights, from the shards beside it', async () => {
  put('s1', bytes.subarray(0, 9));
  put('s2', bytes.subarray(9));
  const out = join(dir, 'w.npz');
  expect(await cli('convert', put('model.json', model(['s1', 's2'])), out)).toMatchObject({
    status: 0,
    err: '',
  });
  const found = await decodeNpz(readFileSync(out));
  expect([...found.get('dense_Dense1/kernel')!.data]).toEqual([-1, -0.5, 0, 0.5, 1, 126.5]);
  expect(found.get('dense_Dense1/kernel')!.shape).toEqual([2, 3]);
  expect([...found.get('dense_Dense1/bias')!.data]).toEqual([7, 8, 9]);
});

it.each([
  ['a shard that is missing', ['s3'], /s3 is missing beside/],
  ['a shard that is too short', ['short'], /take 18 bytes, and the files have 17/],
  ['a shard that is too long', ['long'], /long has 19 bytes, expected at most 18/],
  ['a way out of the folder', ['../s1'], /no path within its folder/],
  ['an address', ['https://example.org/s1'], /no path within its folder/],
])('refuses %s and writes nothing', async (_, paths, message) => {
  put('short', bytes.subarray(1));
  put('long', new Uint8Array(19));
  const { status, err } = await cli('convert', put('bad.json', model(paths)), join(dir, 'no.npz'));
  expect(status).toBe(1);
  expect(err).toMatch(message);
  expect(readdirSync(dir).filter((f) => f.startsWith('no.npz'))).toEqual([]);
});

it('refuses what is torn or no model', async () => {
  expect((await cli('inspect', put('torn.json', model([]).slice(0, 90)))).err).toMatch(/no JSON/);
  expect((await cli('inspect', put('other.json', '{}'))).err).toMatch(/no list weightsManifest/);
});

it('lets no name in an error steer the terminal', async () => {
  const { err } = await cli('inspect', put('evil.json', model(['../\u009b2J'])));
  expect(err).toMatch(/no path within/);
  expect(err).not.toContain('\u009b');
});

it('ends quietly when its reader has seen enough', async () => {
  const weights = Array.from({ length: 20_000 }, (_, i) => ({
    name: `w${i}`,
    shape: [1],
    dtype: 'float32',
  }));
  const file = put('long.json', JSON.stringify({ weightsManifest: [{ paths: ['a'], weights }] }));
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const flags = ['--import', 'tsx', '--conditions=gradloom-source', main];
  const child = spawn(process.execPath, [...flags, 'inspect', '--all', file]);
  let err = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((done) => child.on('close', done));
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

it('makes a .keras file, or ONNX, of a model of layers', async () => {
  const { models } = readGoldens<{
    models: { name: string; json: object; shards: Record<string, string> }[];
  }>('tfjs_models');
  const c = models.find((m) => m.name === 'cnn')!;
  const folder = join(dir, 'cnn');
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(c.json));
  for (const [n, b] of Object.entries(c.shards))
    writeFileSync(join(folder, n), Buffer.from(b, 'base64'));
  for (const to of ['m.keras', 'm.onnx', 'm.weights.h5', 'm.safetensors']) {
    const { status, err } = await cli('convert', join(folder, 'model.json'), join(dir, to));
    expect([to, status, err]).toEqual([to, 0, '']);
  }
  const { out } = await cli('inspect', join(dir, 'm.keras'));
  expect(out).toMatch(/conv2d_Conv2D1 +Conv2D/);
});
