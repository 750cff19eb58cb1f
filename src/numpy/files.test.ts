import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../files/test-server.ts';
import * as np from './index.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gradloom-np-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('np.save and np.load', () => {
  it('give back what was saved, of every dtype', async () => {
    const x = np.arange(6).reshape([2, 3]);
    const all = [x, x.astype('int32'), x.astype('bool'), x.astype('uint8'), x.astype('float64')];
    for (const a of [...all, np.zeros([0, 3]), np.array(2.5)]) {
      await np.save(join(dir, 'a.npy'), a);
      const b = await np.load(join(dir, 'a.npy'));
      expect([b.dtype, [...b.shape], [...(await b.data())]]).toEqual([
        a.dtype,
        [...a.shape],
        [...(await a.data())],
      ]);
    }
  });

  it('put the extension on', async () => {
    await np.save(join(dir, 'plain'), [1, 2]);
    await np.savez(join(dir, 'plain'), [[1, 2]]);
    expect((await readdir(dir)).filter((f) => f.startsWith('plain'))).toEqual([
      'plain.npy',
      'plain.npz',
    ]);
  });

  it('read blobs, bytes and streams', async () => {
    const path = join(dir, 's.npy');
    await np.save(path, [[1, 2]]);
    const bytes = await readFile(path);
    for (const source of [new Blob([bytes]), bytes, createReadStream(path)])
      expect((await np.load(source)).arraySync()).toEqual([[1, 2]]);
  });

  it('say what is wrong', async () => {
    const bad = join(dir, 'bad.npy');
    await writeFile(bad, 'hello');
    expect((await errorOf(np.load(bad))).message).toMatch(/bad\.npy is no NPY file/);
    expect((await errorOf(np.load(join(dir, 'none.npy')))).code).toBe('file-not-found');
    await np.save(join(dir, 'large.npy'), np.zeros([1000]));
    const e = await errorOf(np.load(join(dir, 'large.npy'), { maxBytes: 100 }));
    expect(e.code).toBe('file-too-large');
  });
});

describe('np.savez', () => {
  it('keeps arrays by name, or numbers them', async () => {
    const path = join(dir, 'z.npz');
    for (const save of [np.savez, np.savezCompressed]) {
      await save(path, { x: [1, 2], 'layer/kernel': np.ones([2, 2]) });
      const found = await np.load<np.NpzArrays>(path);
      expect(Object.keys(found)).toEqual(['x', 'layer/kernel']);
      expect(found['layer/kernel'].arraySync()).toEqual([
        [1, 1],
        [1, 1],
      ]);
      await save(path, [[1], [2, 3]]);
      expect((await np.load<np.NpzArrays>(path)).arr_1.arraySync()).toEqual([2, 3]);
    }
  });

  it('refuses what is no list of arrays', async () => {
    const path = join(dir, 'no.npz');
    expect((await errorOf(np.savez(path, 3 as never))).message).toMatch(/received number/);
    const one = await errorOf(np.savez(path, new Float32Array(2) as never));
    expect(one.message).toMatch(/np\.save/);
    expect((await errorOf(np.savez(path, { '../x': [1] }))).code).toBe('zip');
    expect(await readdir(dir)).not.toContain('no.npz');
  });
});
