import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Tensor, tensor } from '../../tensor/index.ts';
import { resize } from '../image/index.ts';
import * as utils from './index.ts';

describe('imageDatasetFromDirectory', () => {
  let root = '';
  const pixels = (seed: number): Uint8Array =>
    Uint8Array.from({ length: 4 * 6 * 3 }, (_, i) => (i * 37 + seed * 91) % 256);
  beforeAll(async () => {
    vi.spyOn(console, 'log').mockReturnValue();
    root = await mkdtemp(join(tmpdir(), 'gradloom-images-'));
    for (const [name, seed] of [
      ['cat/1.png', 1],
      ['cat/2.PNG', 2],
      ['dog/1.png', 3],
    ] as const) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      const png = encode({ width: 6, height: 4, channels: 3, depth: 8, data: pixels(seed) });
      await writeFile(join(root, name), png);
    }
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await rm(root, { recursive: true });
  });
  const original = (seed: number): Tensor =>
    tensor(Float32Array.from(pixels(seed)), { shape: [4, 6, 3] });
  const close = (a: Tensor, b: Tensor): void => {
    expect(a.shape).toEqual(b.shape);
    expect(a.sub(b).abs().max().item()).toBeLessThan(1e-3);
  };

  it('decodes, resizes, labels and batches', async () => {
    const o = { imageSize: [8, 5], shuffle: false, batchSize: 2 } as const;
    const dataset = await utils.imageDatasetFromDirectory(root, o);
    expect([dataset.classNames, dataset.cardinality]).toEqual([['cat', 'dog'], 2]);
    const [[x, y], [last]] = await dataset.toArray();
    expect([x.shape, x.dtype, y.arraySync()]).toEqual([[2, 8, 5, 3], 'float32', [0, 0]]);
    close(x.at(1), resize(original(2), [8, 5]));
    close(last.at(0), resize(original(3), [8, 5]));
  });
  it('every way of resizing is that of keras.ops.image.resize', async () => {
    for (const more of [
      { interpolation: 'nearest' },
      { interpolation: 'bicubic' },
      { cropToAspectRatio: true },
      { padToAspectRatio: true },
    ]) {
      const o = { imageSize: 5, labels: null, shuffle: false, batchSize: null, ...more } as const;
      const [first] = await (await utils.imageDatasetFromDirectory(root, o)).toArray();
      close(first, resize(original(1), [5, 5], more).astype('float32'));
    }
  });
  it('grey, with alpha, channels first', async () => {
    const shape = async (o: object) => {
      const d = await utils.imageDatasetFromDirectory(root, {
        imageSize: [4, 6],
        labelMode: null,
        batchSize: null,
        shuffle: false,
        ...o,
      });
      return (await d.toArray())[0];
    };
    expect((await shape({ colorMode: 'grayscale' })).shape).toEqual([4, 6, 1]);
    expect((await shape({ colorMode: 'rgba' })).at(0, 0, 3).item()).toBe(255);
    const first = await shape({ dataFormat: 'channels_first' });
    close(first, original(1).transpose([2, 0, 1]));
  });
  it('names files that are no pictures, and follows links only when told', async () => {
    await writeFile(join(root, 'dog', '2.jpg'), 'no picture');
    const d = await utils.imageDatasetFromDirectory(root, { shuffle: false });
    await expect(d.toArray()).rejects.toThrow(/2\.jpg is no picture that can be read/);
    await rm(join(root, 'dog', '2.jpg'));
    await symlink(join(root, 'cat'), join(root, 'dog', 'more'));
    const count = async (o: object) =>
      (await utils.imageDatasetFromDirectory(root, o)).filePaths.length;
    expect([await count({}), await count({ followLinks: true })]).toEqual([3, 5]);
    await rm(join(root, 'dog', 'more'));
  });
  it('refuses options that do not go together', async () => {
    const fails = (o: object, message: string) =>
      expect(utils.imageDatasetFromDirectory(root, o)).rejects.toThrow(message);
    await fails({ imageSize: [0, 3] }, 'imageSize is [height, width]');
    await fails({ colorMode: 'grey' }, 'Unknown colorMode');
    await fails({ interpolation: 'area' }, 'Unknown interpolation');
    await fails({ cropToAspectRatio: true, padToAspectRatio: true }, 'only one of');
    await fails({ imagesize: 3 }, 'Did you mean "imageSize"?');
  });
});
