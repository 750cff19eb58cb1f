import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import jpeg from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resize, withChannels } from './images.ts';
import { Dataset } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradloom-images-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder, name), bytes);

beforeAll(() => {
  for (const f of ['cats', 'dogs', 'broken']) mkdirSync(join(folder, f));
  const red = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => (i % 3 === 0 ? 200 : 10));
  write('cats/a.png', encode({ width: 4, height: 3, channels: 3, depth: 8, data: red }));
  const grey = Uint16Array.from({ length: 6 }, (_, i) => i * 257 * 40);
  write('cats/b.png', encode({ width: 3, height: 2, channels: 1, depth: 16, data: grey }));
  const data = new Uint8Array(8 * 8 * 4).fill(128);
  write('dogs/c.jpg', new Uint8Array(jpeg.encode({ width: 8, height: 8, data }, 95).data));
  write('dogs/notes.txt', Uint8Array.of(1));
  write('broken/d.png', Uint8Array.of(0x89, 0x50, 1, 2, 3));
  write('broken/e.jpg', new Uint8Array(0));
});

describe('fromImageFolder', () => {
  const classNames = ['cats', 'dogs'];
  it('gives pictures of one size with the labels of their folders', async () => {
    const d = await Dataset.fromImageFolder(folder, { imageSize: [2, 2], classNames });
    expect([d.cardinality, d.classNames]).toEqual([3, classNames]);
    const [[x, y]] = await d.batch(3).toArray();
    expect([x.shape, y.arraySync()]).toEqual([
      [3, 2, 2, 3],
      [0, 0, 1],
    ]);
    const [a, b, c] = x.arraySync() as number[][][][];
    expect(a.flat()).toEqual(Array(4).fill([200, 10, 10]));
    // 0 40 80 / 120 160 200, sampled at columns .25 and 1.75
    expect(b.flat().map((p) => p[0])).toEqual([10, 70, 130, 190]);
    for (const v of c.flat(2)) expect(Math.abs(v - 128)).toBeLessThan(3);
  });

  it('shuffles by the seed, and knows grey and alpha', async () => {
    const d = await Dataset.fromImageFolder(folder, {
      imageSize: [1, 1],
      classNames,
      colorMode: 'grayscale',
    });
    const [[x]] = await d.batch(1).toArray();
    expect(x.item()).toBe(Math.round(0.299 * 200 + 0.587 * 10 + 0.114 * 10));
    expect((await d.shuffle(3, { seed: 1 }).toArray()).length).toBe(3);
    const rgba = await Dataset.fromImageFolder(folder, {
      imageSize: [1, 1],
      classNames,
      colorMode: 'rgba',
    });
    expect((await rgba.take(1).toArray())[0][0].arraySync()).toEqual([[[200, 10, 10, 255]]]);
  });

  it('names a file that is no picture, and a folder without pictures', async () => {
    const d = await Dataset.fromImageFolder(folder, { classNames: ['broken'] });
    await expect(d.take(1).toArray()).rejects.toThrow(/d\.png is no picture/);
    await expect(d.skip(1).toArray()).rejects.toThrow(/e\.jpg is no picture.*neither PNG nor JPEG/);
    await expect(Dataset.fromImageFolder(join(folder, 'cats'))).rejects.toThrow(/no pictures/);
    await expect(Dataset.fromImageFolder(join(folder, 'none'))).rejects.toThrow(/cannot be read/);
    await expect(Dataset.fromImageFolder(folder, { imageSize: [0, 3] })).rejects.toThrow(
      /imageSize/,
    );
    await expect(Dataset.fromImageFolder(folder, { colorMode: 'bgr' as never })).rejects.toThrow(
      /colorMode/,
    );
  });

  it('samples as Keras on JAX', () => {
    // jax.image.resize([[0, 1, 2], [3, 4, 5]], (3, 2)) with antialias=False, bilinear and nearest.
    const p = { width: 3, height: 2, channels: 1, data: [0, 1, 2, 3, 4, 5] };
    expect(Array.from(resize(p, 3, 2, 'bilinear'))).toEqual([0.25, 1.75, 1.75, 3.25, 3.25, 4.75]);
    expect(Array.from(resize(p, 3, 2, 'nearest'))).toEqual([0, 2, 3, 5, 3, 5]);
    expect(Array.from(withChannels(p, 3).data).slice(0, 6)).toEqual([0, 0, 0, 1, 1, 1]);
  });
});
