/** Pictures against Keras (which has Pillow load and resize them), and what is refused. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromData } from '../../tensor/index.ts';
import {
  camelOptions,
  expectClose,
  type GoldenArray,
  numbersOf,
  readGoldens,
  toTensor,
} from '../testing.ts';
import { arrayToImg, imgToArray, loadImg, saveImg } from './index.ts';

interface Goldens {
  readonly loaded: {
    name: string;
    file: GoldenArray;
    options: Record<string, unknown>;
    array: GoldenArray;
  }[];
  readonly made: {
    name: string;
    x: GoldenArray;
    options: { data_format?: string; scale?: boolean };
    array: GoldenArray;
  }[];
}
const goldens = readGoldens<Goldens>('pictures');
const bytesOf = (a: GoldenArray): Uint8Array => Uint8Array.from(numbersOf(a));

describe('a picture', () => {
  it.each(goldens.loaded)('is loaded as Keras does: $name', async ({ file, options, array }) => {
    const picture = await loadImg(bytesOf(file), camelOptions(options));
    expectClose(imgToArray(picture), array, 0, 0);
  });
  it.each(goldens.made)('is made of an array as Keras does: $name', ({ x, options, array }) => {
    const { data_format: dataFormat, scale } = options;
    const picture = arrayToImg(toTensor(x), { dataFormat, ...(scale !== undefined && { scale }) });
    expectClose(imgToArray(picture), array, 0, 0);
  });
  it('is a tensor in the layout and dtype asked for', () => {
    const picture = arrayToImg(toTensor(goldens.made[0].x));
    const t = imgToArray(picture, { dataFormat: 'channelsFirst', dtype: 'uint8' });
    expect([t.shape, t.dtype]).toEqual([[3, 3, 2], 'uint8']);
  });
});

describe('files of pictures', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'gradloom-pictures-'));
  });
  afterAll(() => rm(root, { recursive: true }));
  const ramp = fromData(
    Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => i),
    [8, 8, 3],
    'uint8',
  );

  it('are written and read back: PNG whole, JPEG nearly', async () => {
    await saveImg(join(root, 'a.png'), ramp, { scale: false });
    const back = imgToArray(await loadImg(join(root, 'a.png')));
    expect(back.sub(ramp.astype('float32')).abs().max().item()).toBe(0);
    await saveImg(join(root, 'a.jpg'), ramp, { scale: false });
    expect([...(await readFile(join(root, 'a.jpg'))).subarray(0, 2)]).toEqual([0xff, 0xd8]);
    const near = imgToArray(await loadImg(join(root, 'a.jpg')));
    expect(near.sub(ramp.astype('float32')).abs().mean().item()).toBeLessThan(30);
  });
  it('refuses what is no picture, and values that are no samples', async () => {
    await writeFile(join(root, 'torn.png'), (await readFile(join(root, 'a.png'))).subarray(0, 40));
    await expect(loadImg(join(root, 'torn.png'))).rejects.toThrow(/torn\.png is no picture/);
    await expect(loadImg(join(root, 'none.png'))).rejects.toThrow(/none\.png cannot be read/);
    await expect(loadImg(new Uint8Array(3))).rejects.toThrow(/neither PNG nor JPEG/);
    await expect(loadImg(join(root, 'a.png'), { interpolation: 'bilinar' })).rejects.toThrow(
      /bilinear/,
    );
    await expect(loadImg(join(root, 'a.png'), { targetSize: [0, 3] })).rejects.toThrow(
      /targetSize/,
    );
    expect(() => arrayToImg([[1, 2]])).toThrow(/has shape \(height/);
    expect(() => arrayToImg([[[300], [-2]]], { scale: false })).toThrow(/-2 to 300/);
    expect(() => arrayToImg([[[Number.NaN]]])).toThrow(/NaN/);
    await expect(saveImg(join(root, 'a.tiff'), ramp)).rejects.toThrow(/picture format/);
  });
});
