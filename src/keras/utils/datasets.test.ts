import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Dataset } from '../../data/index.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import { camelOptions, expectClose, type GoldenArray, readGoldens, toTensor } from '../testing.ts';
import * as utils from './index.ts';

type Part = { files: string[]; labels: number[] | null };
interface Goldens {
  padSequences: { name: string; sequences: never; config: object; result: GoldenArray }[];
  normalize: {
    name: string;
    x: GoldenArray;
    axis: number;
    order: number | string;
    result: GoldenArray;
  }[];
  windows: {
    name: string;
    data: GoldenArray;
    targets: GoldenArray | null;
    length: number;
    config: object;
    batches: GoldenArray[][];
  }[];
  files: string[];
  directories: {
    name: string;
    config: Record<string, never>;
    classNames: string[] | null;
    training: Part;
    validation: Part;
  }[];
  splits: {
    name: string;
    n: number;
    left: number | null;
    right: number | null;
    shuffle: boolean;
    seed: number | null;
    results: number[][] | null;
  }[];
}
const goldens = readGoldens<Goldens>('utils');
const same = (got: Tensor, want: GoldenArray): void => {
  expect(got.dtype).toBe((want as { dtype: string }).dtype);
  expectClose(got, want);
};

describe('padSequences is that of Keras', () => {
  for (const c of goldens.padSequences)
    it(c.name, () => {
      same(utils.padSequences(c.sequences, camelOptions(c.config as never)), c.result);
    });
  it('takes tensors and typed arrays', () => {
    const got = utils.padSequences([tensor([1, 2]), Int32Array.of(3)], { maxlen: 2 });
    expect(got.arraySync()).toEqual([
      [1, 2],
      [0, 3],
    ]);
    expect(utils.padSequences([[], []]).shape).toEqual([2, 0]);
  });
  it('refuses what is no list of sequences', () => {
    expect(() => utils.padSequences([1, 2])).toThrow('sequence 0 is no list of numbers');
    expect(() => utils.padSequences([['a'] as never])).toThrow('sequence 0 is no list');
    expect(() => utils.padSequences([[1], [[1, 2]]])).toThrow('the steps of sequence 1 have shape');
    expect(() => utils.padSequences([[1]], { padding: 'pos' })).toThrow('Did you mean "post"?');
    expect(() => utils.padSequences([[1]], { maxLen: 2 } as never)).toThrow(
      'Did you mean "maxlen"?',
    );
    expect(() => utils.padSequences([[1]], { maxlen: -1 })).toThrow('maxlen must be');
  });
});

describe('normalize', () => {
  for (const c of goldens.normalize)
    it(c.name, () => {
      expectClose(utils.normalize(toTensor(c.x), c.axis, Number(c.order)), c.result);
    });
  it('refuses orders below 1', () => {
    expect(() => utils.normalize([1], -1, 0)).toThrow('order must be a number of 1 or more');
  });
});

describe('timeseriesDatasetFromArray gives the windows of Keras', () => {
  for (const c of goldens.windows)
    it(c.name, async () => {
      const y = c.targets === null ? null : toTensor(c.targets);
      const make = utils.timeseriesDatasetFromArray as (
        ...a: unknown[]
      ) => Dataset<Tensor | Tensor[]>;
      const dataset = make(toTensor(c.data), y, c.length, camelOptions(c.config as never));
      expect(dataset.cardinality).toBe(c.batches.length);
      const got = await dataset.toArray();
      expect(got.length).toBe(c.batches.length);
      c.batches.forEach((b, i) => {
        const g = got[i];
        (Array.isArray(g) ? g : [g]).forEach((t, k) => {
          same(t, b[k]);
        });
      });
    });
  it('shuffled, every window comes once, with its target', async () => {
    const x = tensor(Float32Array.from({ length: 20 }, (_, i) => i));
    const o = { shuffle: true, seed: 3, batchSize: 4 };
    const dataset = utils.timeseriesDatasetFromArray(x, x.slice([5, null]), 5, o);
    for (let epoch = 0; epoch < 2; epoch++) {
      const starts: number[] = [];
      await dataset.forEach(([w, t]) => {
        const rows = w.arraySync() as number[][];
        rows.forEach((r, i) => {
          expect(r).toEqual([0, 1, 2, 3, 4].map((k) => r[0] + k));
          expect((t.arraySync() as number[])[i]).toBe(r[0] + 5);
        });
        starts.push(...rows.map((r) => r[0]));
      });
      expect(starts).not.toEqual(starts.toSorted((a, b) => a - b));
      expect(starts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
    }
  });
  it('refuses parts that are not there', () => {
    const x = [1, 2, 3, 4];
    const make = (length: number, o: object) => () =>
      utils.timeseriesDatasetFromArray(x, x, length, o);
    expect(make(5, {})).toThrow('span 5, more than the 4 that there are');
    expect(make(2, { startIndex: 4 })).toThrow('startIndex must be');
    expect(make(2, { startIndex: 2, endIndex: 2 })).toThrow('endIndex must be higher');
    expect(make(2, { endIndex: 4 })).toThrow("lower than the data's length 4");
    expect(make(2, { samplingRate: 0 })).toThrow('samplingRate must be');
    expect(make(0, {})).toThrow('sequenceLength must be');
    expect(make(2, { stride: 1 })).toThrow('has no option "stride"');
  });
});

describe('splitDataset parts as Keras does', () => {
  for (const c of goldens.splits)
    it(c.name, async () => {
      const data = Float32Array.from({ length: c.n }, (_, i) => i);
      const o = { leftSize: c.left, rightSize: c.right, shuffle: c.shuffle, seed: c.seed };
      if (c.results === null) {
        await expect(utils.splitDataset(data, o)).rejects.toThrow('more than there are');
        return;
      }
      for (const given of [data, Dataset.fromTensorSlices(data)]) {
        const parts = await utils.splitDataset<unknown>(given, o);
        const got = await Promise.all(parts.map((d) => d.toArray()));
        expect(got.map((p) => p.map((t) => (t as Tensor).item()))).toEqual(c.results);
      }
    });
  it('keeps the structure of elements, and refuses sizes that do not fit', async () => {
    const [left] = await utils.splitDataset({ x: [[1], [2]], y: [3, 4] }, { leftSize: 1 });
    const [{ x, y }] = await left.toArray();
    expect([x.arraySync(), y.item()]).toEqual([[1], 3]);
    const fails = (o: object, message: string) =>
      expect(utils.splitDataset([1, 2], o)).rejects.toThrow(message);
    await fails({}, 'needs leftSize');
    await fails({ leftSize: 2 }, 'a whole number from 1 to 1; received 2');
    await fails({ leftSize: 0.1 }, 'one part would be empty');
  });
});

describe('folders', () => {
  let root = '';
  beforeAll(async () => {
    vi.spyOn(console, 'log').mockReturnValue();
    root = await mkdtemp(join(tmpdir(), 'gradloom-folders-'));
    for (const f of goldens.files) {
      await mkdir(dirname(join(root, f)), { recursive: true });
      await writeFile(join(root, f), f);
    }
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await rm(root, { recursive: true });
  });

  for (const c of goldens.directories)
    it(`textDatasetFromDirectory finds, mixes and splits as Keras: ${c.name}`, async () => {
      const o = {
        ...camelOptions(c.config),
        labels: c.config.labels === undefined ? 'inferred' : c.config.labels,
      };
      const seed = c.config.seed ?? 1;
      const both = { ...o, seed, validationSplit: 0.3, batchSize: null, subset: 'both' } as const;
      const datasets = await utils.textDatasetFromDirectory(root, both as never);
      for (const [i, part] of (['training', 'validation'] as const).entries()) {
        const d = (datasets as unknown as utils.FileDataset<[string, Tensor] | string>[])[i];
        expect(d.filePaths.map((f) => relative(root, f))).toEqual(c[part].files);
        expect(d.classNames).toEqual(c.classNames);
        const found = (await d.toArray()).map((e) =>
          typeof e === 'string' ? [e, null] : [e[0], e[1].item()],
        );
        const want = c[part].files.map((f, k) => [f, c[part].labels?.[k] ?? null]);
        expect(found.sort()).toEqual(want.sort());
        const one = await utils.textDatasetFromDirectory(root, { ...both, subset: part } as never);
        expect((one as unknown as typeof d).filePaths).toEqual(d.filePaths);
      }
    });

  it('gives batches with labels in every mode, and cuts texts between characters', async () => {
    await writeFile(join(root, 'c', 'q.txt'), 'äöü');
    const o = { classNames: ['a', 'c'], shuffle: false, maxLength: 3, batchSize: 4 };
    const read = async (more: object) =>
      (await (
        await utils.textDatasetFromDirectory(root, { ...o, ...more })
      ).toArray()) as utils.TextBatch[];
    const [[texts, ints], [, last]] = await read({});
    expect(texts).toEqual(['a/x', 'a/d', 'a/d', 'c/.']);
    expect([ints.dtype, ints.arraySync(), last.arraySync()]).toEqual([
      'int32',
      [0, 0, 0, 1],
      [1, 1],
    ]);
    const [, [rest, binary]] = await read({ labelMode: 'binary' });
    expect([rest, binary.arraySync()]).toEqual([
      ['ä', 'c/r'],
      [[1], [1]],
    ]);
    const [[, hot]] = await read({ labelMode: 'categorical' });
    expect(hot.arraySync()).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
    ]);
    const alone = await utils.textDatasetFromDirectory(join(root, 'c'), {
      shuffle: false,
      labelMode: null,
      maxLength: 3,
    });
    expect([await alone.toArray(), alone.classNames]).toEqual([[['c/.', ...rest]], null]);
    expect(vi.mocked(console.log)).toHaveBeenCalledWith('Found 6 files belonging to 2 classes.');
  });

  it('refuses what is not there or does not go together', async () => {
    const fails = (o: object, message: string, where = root) =>
      expect(utils.textDatasetFromDirectory(where, o)).rejects.toThrow(message);
    await fails({}, 'cannot be read', join(root, 'nowhere'));
    await fails({ classNames: ['a', 'z'] }, 'has no folder z; it has a, b, c');
    await fails({ labels: [1] }, 'there are 10 files and 1 labels');
    await fails({ labels: null, classNames: ['a'] }, 'classNames go with labels "inferred"');
    await fails({ labelMode: 'binary' }, 'wants two classes; received a, b, c');
    await fails({ labelMode: 'ints' }, 'Did you mean "int"?');
    await fails({ validationSplit: 0.5 }, 'validationSplit and subset go together');
    await fails({ validationSplit: 0.5, subset: 'training' }, 'needs a seed');
    await fails({ validationSplit: 1.5, subset: 'training' }, 'lies between 0 and 1');
    await fails({ batchsize: 3 }, 'Did you mean "batchSize"?');
    await fails({ maxLength: 0 }, 'maxLength must be');
    await mkdir(join(root, 'none', 'x'), { recursive: true });
    await fails({}, 'no texts in', join(root, 'none'));
    await rm(join(root, 'none'), { recursive: true });
  });
});
