/** The command line, on good files and bad ones; once as a process of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeNpy } from '../formats/npy.ts';
import { decodeNpz, encodeNpz } from '../formats/npz.ts';
import { decodeSafetensors } from '../formats/safetensors.ts';
import { readGoldens } from '../keras/testing.ts';
import { run } from './command.ts';
import { asText } from './report.ts';

const { models } = readGoldens<{ models: { name: string; file: string }[] }>('keras_files');
let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gradloom-cli-'));
  await writeFile(join(dir, 'm.keras'), Buffer.from(models[0].file, 'base64'));
  const array = {
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
    shape: [2, 3],
    dtype: 'float32' as const,
  };
  await writeFile(join(dir, 'a.npy'), encodeNpy(array));
  await writeFile(
    join(dir, 'a.npz'),
    await encodeNpz([
      ['x', array],
      ['layer/y', array],
    ]),
  );
});
afterAll(() => rm(dir, { recursive: true }));

const at = (arg: string): string => (/^[\w.]+\.\w+$/.test(arg) ? join(dir, arg) : arg);
async function cli(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const status = await run(args.map(at), {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { status, out, err };
}

describe('gradloom inspect', () => {
  it('tells a model apart from the rest of the world', async () => {
    const { status, out } = await cli('inspect', 'm.keras');
    expect(status).toBe(0);
    expect(out).toMatch(/model +Sequential/);
    expect(out).toMatch(/optimizer Adam, loss Huber/);
    expect(out).toMatch(/batch_normalization +BatchNormalization/);
    expect(out).toMatch(/layers\/dense\/vars\/0 +float32 +\(5, 4\) +20/);
  });
  it('speaks JSON', async () => {
    const { out } = await cli('inspect', 'a.npz', '--json');
    const found = JSON.parse(out);
    expect(found.format).toMatch(/NumPy archive/);
    expect(found.arrays.map((a: { name: string }) => a.name)).toEqual(['x', 'layer/y']);
  });
  it('lets no name steer the terminal', () => {
    const text = asText({
      format: 'f',
      facts: [],
      tables: [{ title: 't', columns: ['name'], rows: [['a\u001b[2Jb']] }],
    });
    expect(text).not.toContain('\u001b');
  });
});

describe('gradloom convert', () => {
  it('goes from arrays to arrays, by extension', async () => {
    expect((await cli('convert', 'a.npz', 'b.safetensors')).status).toBe(0);
    const { tensors } = decodeSafetensors(await readFile(join(dir, 'b.safetensors')));
    expect([...tensors.keys()].sort()).toEqual(['layer/y', 'x']);
    expect((await cli('convert', 'b.safetensors', 'c.h5')).status).toBe(0);
    expect((await cli('convert', 'c.h5', 'd.npz')).status).toBe(0);
    const back = await decodeNpz(await readFile(join(dir, 'd.npz')));
    expect(Array.from(back.get('layer/y')!.data)).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it('makes weights and ONNX of a model', async () => {
    expect((await cli('convert', 'm.keras', 'm.weights.h5')).status).toBe(0);
    expect((await cli('inspect', 'm.weights.h5')).out).toMatch(/Keras weights/);
    expect((await cli('convert', 'm.keras', 'm.onnx')).status).toBe(0);
    expect((await cli('inspect', 'm.onnx')).out).toMatch(/format +ONNX model/);
  });
  it('makes arrays of the weights of a model, by the same names in each format', async () => {
    for (const to of ['m.safetensors', 'm.npz'])
      expect([to, (await cli('convert', 'm.keras', to)).err]).toEqual([to, '']);
    const { tensors } = decodeSafetensors(await readFile(join(dir, 'm.safetensors')));
    const arrays = await decodeNpz(await readFile(join(dir, 'm.npz')));
    expect([...arrays.keys()].sort()).toEqual([...tensors.keys()].sort());
    expect(arrays.size).toBe(8);
    for (const [name, a] of arrays) expect(a.data).toEqual(tensors.get(name)!.data);
  });
  it('says why ONNX becomes no model of layers', async () => {
    for (const to of ['n.keras', 'n.npz', 'n.weights.h5']) {
      const { status, err } = await cli('convert', 'm.onnx', to);
      expect([status, err]).toEqual([
        1,
        expect.stringMatching(/operations, and no layers.*fromOnnx/),
      ]);
    }
  });
});

describe('files of Keras 2, and weights in shards', () => {
  it('are looked into and converted', async () => {
    const { models: old } = readGoldens<{ models: { file: string }[] }>('legacy_h5');
    await writeFile(join(dir, 'old.h5'), gunzipSync(Buffer.from(old[0].file, 'base64')));
    const { out } = await cli('inspect', 'old.h5');
    expect(out).toMatch(/Keras model \(HDF5, legacy\)/);
    expect(out).toMatch(/written by +Keras 2\./);
    expect(out).toMatch(/optimizer .*Adam, loss Huber/);
    expect(out).toMatch(/leaky_re_lu +LeakyReLU/);
    for (const to of ['old.keras', 'old.weights.h5', 'old.safetensors', 'old.onnx'])
      expect([to, (await cli('convert', 'old.h5', to)).err]).toEqual([to, '']);
    expect((await cli('inspect', 'old.weights.h5')).out).toMatch(/layers\/dense_1\/vars\/0/);
    const { files } = readGoldens<{ files: { name: string; file: string }[] }>('sharded_weights');
    for (const f of files)
      await writeFile(join(dir, f.name), gunzipSync(Buffer.from(f.file, 'base64')));
    const shards = await cli('inspect', 'keras.weights.json');
    expect(shards.out).toMatch(/keras_00000\.weights\.h5, keras_00001/);
    expect((await cli('convert', 'keras.weights.json', 'put.safetensors')).err).toBe('');
    const { tensors } = decodeSafetensors(await readFile(join(dir, 'put.safetensors')));
    expect(tensors.get('layers/dense/vars/0')?.shape).toEqual([5, 6]);
    expect((await cli('convert', 'a.npz', 'x.weights.json')).err).toMatch(/does not become/);
  });
});

describe('what is wrong', () => {
  it('is said plainly, with 1 for files and 2 for calls', async () => {
    await writeFile(
      join(dir, 'torn.keras'),
      (await readFile(join(dir, 'm.keras'))).subarray(0, 500),
    );
    await writeFile(join(dir, 'empty.npy'), '');
    await writeFile(join(dir, 'x.bin'), 'hello');
    for (const [args, status, why] of [
      [['inspect', 'none.npy'], 1, /no such file/],
      [['inspect', 'torn.keras'], 1, /torn\.keras is damaged/],
      [['inspect', 'empty.npy'], 1, /is empty/],
      [['inspect', 'x.bin'], 1, /no format that is known/],
      [['convert', 'a.npz', 'a.npy'], 1, /--overwrite/],
      [['convert', 'a.npz', 'm.onnx', '--overwrite'], 1, /does not become/],
      [['inspect'], 2, /takes one file/],
      [['look', 'a.npz'], 2, /no command "look"/],
      [['inspect', 'a.npz', '--jsn'], 2, /jsn/],
    ] as const) {
      const r = await cli(...args);
      expect([args, r.status]).toEqual([args, status]);
      expect(r.err).toMatch(why);
      expect(r.err).not.toMatch(/\n +at /);
    }
    expect((await cli('--help')).out).toMatch(/gradloom convert IN OUT/);
  });

  it('is a process with an exit code', () => {
    const path = (url: string): string => fileURLToPath(new URL(url, import.meta.url));
    const loader = path('../../node_modules/tsx/dist/loader.mjs');
    const command = [
      '--import',
      loader,
      '--conditions=gradloom-source',
      path('main.ts'),
      'inspect',
    ];
    const good = spawnSync(process.execPath, [...command, join(dir, 'a.npy')], {
      encoding: 'utf8',
    });
    expect([good.status, good.stderr]).toEqual([0, '']);
    expect(good.stdout).toMatch(/float32 +\(2, 3\)/);
    expect(spawnSync(process.execPath, command).status).toBe(2);
  });
});
