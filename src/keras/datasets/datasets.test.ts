/** Datasets from archives of the same form, made here: the real ones are too large to ship. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../files/test-server.ts';
import { encodeIdx } from '../../formats/idx.ts';
import { setImageDataFormat } from '../config.ts';
import { type GoldenArray, numbersOf, readGoldens } from '../testing.ts';
import { cifar10, cifar100, fashionMnist, imdb } from './index.ts';

interface Goldens {
  readonly cifar: { file: GoldenArray; labels: number[] };
  readonly imdb: {
    file: GoldenArray;
    x_train: number[][];
    y_train: GoldenArray;
    x_test: number[][];
    y_test: GoldenArray;
  };
}
const goldens = readGoldens<Goldens>('pickles');
const bytesOf = (a: GoldenArray): Uint8Array => Uint8Array.from(numbersOf(a));

/** A ustar archive of these files. */
function tar(files: Record<string, Uint8Array>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, data]) => {
    const header = new Uint8Array(512);
    const put = (text: string, at: number): void => header.set(new TextEncoder().encode(text), at);
    put(name, 0);
    put('0000644\0', 100);
    put(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
    put('        0ustar\x0000', 148);
    put(
      `${header
        .reduce((a, b) => a + b, 0)
        .toString(8)
        .padStart(6, '0')}\0`,
      148,
    );
    const padded = new Uint8Array(Math.ceil(data.length / 512) * 512);
    padded.set(data);
    return [header, padded];
  });
  return Uint8Array.from(Buffer.concat([...blocks, new Uint8Array(1024)]));
}

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gradloom-datasets-'));
});
afterAll(() => rm(root, { recursive: true }));

describe('cifar', () => {
  const batch = bytesOf(goldens.cifar.file);
  const folder = 'cifar-10-batches-py';
  const parts = ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5'];
  const archive = tar(
    Object.fromEntries([...parts, 'test_batch'].map((n) => [`${folder}/${n}`, batch])),
  );
  // The pictures are the 2 * 3072 bytes before the labels.
  const start = Buffer.from(batch).indexOf(Buffer.from([0x54, 0x00, 0x18, 0, 0])) + 5;

  it('reads the archive, packed or not, into pixels and labels', async () => {
    const path = join(root, 'cifar.tar.gz');
    await writeFile(path, gzipSync(archive));
    for (const from of [path, archive]) {
      const [[x, y], [xTest, yTest]] = await cifar10.loadData({ path: from });
      expect([x.shape, y.shape]).toEqual([
        [10, 32, 32, 3],
        [10, 1],
      ]);
      expect([xTest.shape, yTest.shape, x.dtype]).toEqual([[2, 32, 32, 3], [2, 1], 'uint8']);
      expect(yTest.arraySync()).toEqual(goldens.cifar.labels.map((v) => [v]));
      // Channel c of place (3, 5) of the second picture.
      const at = (c: number): number => batch[start + 3072 + c * 1024 + 3 * 32 + 5];
      expect(x.at(1, 3, 5).arraySync()).toEqual([at(0), at(1), at(2)]);
    }
  });
  it('gives channels first where that is the setting', async () => {
    setImageDataFormat('channelsFirst');
    try {
      const [[x]] = await cifar10.loadData({ path: archive });
      expect(x.shape).toEqual([10, 3, 32, 32]);
      expect(x.at(1, 0, 0, 0).item()).toBe(batch[start + 3072]);
    } finally {
      setImageDataFormat('channelsLast');
    }
  });
  it('refuses other archives, labels and hashes', async () => {
    await expect(cifar10.loadData({ path: tar({ 'a.txt': Uint8Array.of(1) }) })).rejects.toThrow(
      /data_batch_1 is not in the archive/,
    );
    const path = tar({ 'cifar-100-python/train': batch, 'cifar-100-python/test': batch });
    await expect(cifar100.loadData({ path })).rejects.toThrow(/0 labels/);
    await expect(cifar100.loadData({ path, labelMode: 'corse' })).rejects.toThrow(/coarse/);
    await expect(cifar10.loadData({ path: join(root, 'no.tar') })).rejects.toThrow(/no file/);
    await using server = await startServer((_, res) => res.end('something else'));
    await expect(
      cifar10.loadData({
        urls: [`${server.base}cifar.tar.gz`],
        cacheDir: root,
        onProgress: () => {},
      }),
    ).rejects.toThrow(/SHA-256/);
  });
});

describe('imdb', () => {
  const path = bytesOf(goldens.imdb.file);
  it('gives the reviews in the order of Keras, marked and shifted', async () => {
    const [[x, y], [xTest, yTest]] = await imdb.loadData({ path, oovChar: 2 });
    const most = Math.max(...goldens.imdb.x_train.flat(), ...goldens.imdb.x_test.flat()) + 3;
    // As in Keras, the largest number itself is beyond the limit when none is given.
    const shifted = (lists: number[][]): number[][] =>
      lists.map((l) => [1, ...l.map((w) => (w + 3 < most ? w + 3 : 2))]);
    expect(x).toEqual(shifted(goldens.imdb.x_train));
    expect(xTest).toEqual(shifted(goldens.imdb.x_test));
    expect(y.arraySync()).toEqual(numbersOf(goldens.imdb.y_train));
    expect(yTest.arraySync()).toEqual(numbersOf(goldens.imdb.y_test));
  });
  it('limits words and lengths', async () => {
    const [[x]] = await imdb.loadData({ path, numWords: 10, skipTop: 5 });
    expect(x.flat().every((w) => w === 2 || (w >= 5 && w < 10))).toBe(true);
    const [[left]] = await imdb.loadData({ path, numWords: 10, oovChar: null, startChar: null });
    expect(left.flat().every((w) => w < 10)).toBe(true);
    const [[short, labels]] = await imdb.loadData({ path, maxlen: 5 });
    expect(short.every((l) => l.length < 5) && labels.shape[0] === short.length).toBe(true);
    await expect(imdb.loadData({ path, maxlen: 1 })).rejects.toThrow(/maxlen 1/);
    await expect(imdb.loadData({ path, numWord: 3 } as never)).rejects.toThrow(/numWord/);
  });
  it('reads the words', async () => {
    const words = new TextEncoder().encode('{"the": 1, "film": 19}');
    expect(await imdb.getWordIndex({ path: words })).toEqual({ the: 1, film: 19 });
    const bad = new TextEncoder().encode('[1');
    await expect(imdb.getWordIndex({ path: bad })).rejects.toThrow(/damaged/);
  });
});

describe('fashionMnist', () => {
  it('reads a folder, and refuses a download that is not the published one', async () => {
    const files: Record<string, Uint8Array> = {};
    for (const [name, n] of [
      ['train', 60000],
      ['t10k', 10000],
    ] as const) {
      const file = (shape: number[]): Uint8Array =>
        gzipSync(encodeIdx(new Uint8Array(shape.reduce((a, b) => a * b, 1)), shape), { level: 1 });
      files[`${name}-images-idx3-ubyte.gz`] = file([n, 28, 28]);
      files[`${name}-labels-idx1-ubyte.gz`] = file([n]);
    }
    for (const [name, data] of Object.entries(files)) await writeFile(join(root, name), data);
    const [[x, y], [xTest]] = await fashionMnist.loadData({ path: root });
    expect([x.shape, y.shape, xTest.shape]).toEqual([[60000, 28, 28], [60000], [10000, 28, 28]]);
    await using server = await startServer((req, res) => res.end(files[(req.url ?? '').slice(1)]));
    await expect(
      fashionMnist.loadData({
        source: 'download',
        baseUrls: [server.base],
        cacheDir: join(root, 'cache'),
        onProgress: () => {},
      }),
    ).rejects.toThrow(/expected MD5/);
  });
});
