import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import * as keras from '../../index.ts';
import { type GoldenArray, readGoldens, toTensor } from '../../testing.ts';
import { type ReadEvent, readEvents } from './testing.ts';

const { tensorBoard } = keras.callbacks;
let root: string;
let count = 0;
beforeAll(() => {
  setBackend('reference');
  root = mkdtempSync(join(tmpdir(), 'gradloom-tb-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const folder = (): string => join(root, String(count++));
function eventsOf(dir: string, part: 'train' | 'validation'): ReadEvent[] {
  return readdirSync(join(dir, part))
    .sort()
    .flatMap((f) => readEvents(readFileSync(join(dir, part, f))));
}
const tagsOf = (events: readonly ReadEvent[]): string[] =>
  events.flatMap((e) => (e.tag === undefined ? [] : [`${e.tag} ${e.step}`]));

interface Golden {
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly weights: GoldenArray[];
  readonly files: Record<'train' | 'validation', string[]>;
}
const golden = readGoldens<{ tensorboard: Golden }>('callbacks').tensorboard;

function small(): keras.Sequential {
  const m = keras.sequential(
    [
      keras.layers.input({ shape: [2] }),
      keras.layers.dense(3, { activation: 'tanh', name: 'first' }),
      keras.layers.dense(1, { name: 'last' }),
    ],
    { name: 'small' },
  );
  m.setWeights(golden.weights.map(toTensor));
  const optimizer = keras.optimizers.sgd({ learningRate: 0.1 });
  m.compile({ optimizer, loss: 'mse', metrics: ['mae'] });
  return m;
}
const x = toTensor(golden.x);
const y = toTensor(golden.y);
const quiet = { batchSize: 2, shuffle: false, verbose: 0 } as const;

describe('TensorBoard', () => {
  const dir = (): string => {
    throw new Error('not written yet');
  };
  let written = dir;
  beforeAll(async () => {
    const logDir = folder();
    const cb = tensorBoard(logDir, {
      histogramFreq: 1,
      writeImages: true,
      updateFreq: 2,
      writeStepsPerSecond: true,
    });
    await small().fit(x, y, { ...quiet, epochs: 2, validationData: [x, y], callbacks: [cb] });
    written = () => logDir;
  });

  it.each(['train', 'validation'] as const)('writes the events that Keras writes: %s', (part) => {
    const want = golden.files[part].flatMap((f) => readEvents(Buffer.from(f, 'base64')));
    const got = eventsOf(written(), part);
    // Keras has the model's name before the weights'.
    const plain = (tag: string): string => tag.replace(/^small\//, '');
    expect(tagsOf(got)).toEqual(tagsOf(want).map(plain));
    got.forEach((e, i) => {
      const w = want[i];
      expect([e.plugin, e.content, e.dtype, e.shape, e.fileVersion]).toEqual([
        w.plugin,
        w.content,
        w.dtype,
        w.shape,
        w.fileVersion,
      ]);
      expect(e.wallTime).toBeGreaterThan(1.7e9);
      if (e.tag?.endsWith('steps_per_second')) {
        expect(e.numbers![0]).toBeGreaterThan(0);
        return;
      }
      e.numbers?.forEach((v, k) => {
        expect(v, `${e.tag} ${k}`).toBeCloseTo(w.numbers![k], 5);
      });
    });
  });

  it('draws the weights that Keras draws', () => {
    const pictures = (events: ReadEvent[]) =>
      events
        .filter((e) => e.plugin === 'images')
        .map((e) => {
          const [width, height, ...pngs] = e.strings!;
          const pixels = pngs.map((p) => decode(Buffer.from(p, 'latin1')));
          for (const p of pixels) expect([p.width, p.height]).toEqual([+width, +height]);
          return { width, height, pixels: pixels.map((p) => [...p.data]) };
        });
    const want = pictures(readEvents(Buffer.from(golden.files.train[0], 'base64')));
    const got = pictures(eventsOf(written(), 'train'));
    expect(want.length).toBe(6);
    expect(got.length).toBe(6);
    got.forEach((g, i) => {
      expect([g.width, g.height, g.pixels.length]).toEqual([
        want[i].width,
        want[i].height,
        want[i].pixels.length,
      ]);
      g.pixels.flat().forEach((v, k) => {
        expect(Math.abs(v - want[i].pixels.flat()[k])).toBeLessThanOrEqual(1);
      });
    });
  });

  it('describes the model as a graph of layers', () => {
    const of = (events: ReadEvent[]) =>
      JSON.parse(events.find((e) => e.plugin === 'graph_keras_model')!.strings![0]);
    const want = of(readEvents(Buffer.from(golden.files.train[0], 'base64')));
    const got = of(eventsOf(written(), 'train'));
    const names = (m: { config: { layers: { class_name: string; config: { name: string } }[] } }) =>
      m.config.layers.slice(-2).map((l) => [l.class_name, l.config.name]);
    expect(got.class_name).toBe(want.class_name);
    expect(got.config.name).toBe(want.config.name);
    expect(names(got)).toEqual(names(want));
  });

  it('names the files so that TensorBoard finds them', () => {
    const [file, ...more] = readdirSync(join(written(), 'train'));
    expect(more).toEqual([]);
    const host = hostname().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    expect(file).toMatch(
      new RegExp(`^events\\.out\\.tfevents\\.\\d{10}\\.${host}\\.${process.pid}\\.\\d+\\.v2$`),
    );
    expect(eventsOf(written(), 'train')[0].writer).toBe('gradloom');
  });
});

describe('what is written when', () => {
  it('by default only figures of epochs, and the graph', async () => {
    const logDir = folder();
    await small().fit(x, y, { ...quiet, epochs: 2, callbacks: [tensorBoard({ logDir })] });
    expect(readdirSync(logDir)).toEqual(['train']);
    expect(tagsOf(eventsOf(logDir, 'train'))).toEqual([
      'keras 0',
      'epoch_loss 0',
      'epoch_mae 0',
      'epoch_learning_rate 0',
      'epoch_loss 1',
      'epoch_mae 1',
      'epoch_learning_rate 1',
    ]);
  });
  it('figures are read from the device only for batches that are written', async () => {
    const m = small();
    const read = vi.spyOn(m.needTrainer('test').figures, 'read');
    const reads = async (updateFreq: 'epoch' | 'batch' | number): Promise<number> => {
      read.mockClear();
      const cb = tensorBoard(folder(), { updateFreq, writeGraph: false });
      await m.fit(x, y, { ...quiet, batchSize: 1, callbacks: [cb] });
      return read.mock.calls.length;
    };
    const plain = await reads('epoch');
    expect((await reads('batch')) - plain).toBe(8);
    expect((await reads(3)) - plain).toBe(2);
    expect((await reads(9)) - plain).toBe(0);
  });
  it('every batch, counted through the epochs', async () => {
    const logDir = folder();
    const cb = tensorBoard({ logDir, updateFreq: 'batch', writeGraph: false });
    await small().fit(x, y, { ...quiet, epochs: 2, callbacks: [cb] });
    const batches = eventsOf(logDir, 'train').filter((e) => e.tag === 'batch_loss');
    expect(batches.map((e) => e.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
  it('figures of every epoch, also when its last batch is not one of those written', async () => {
    const logDir = folder();
    const cb = tensorBoard({ logDir, updateFreq: 3, writeGraph: false });
    const validationData = [x, y] as const;
    await small().fit(x, y, { ...quiet, epochs: 2, validationData, callbacks: [cb] });
    const tags = tagsOf([...eventsOf(logDir, 'train'), ...eventsOf(logDir, 'validation')]);
    expect(tags.filter((t) => /^(batch|epoch|evaluation)_loss/.test(t))).toEqual([
      'batch_loss 3',
      'epoch_loss 0',
      'batch_loss 6',
      'epoch_loss 1',
      'evaluation_loss_vs_iterations 4',
      'epoch_loss 0',
      'evaluation_loss_vs_iterations 8',
      'epoch_loss 1',
    ]);
  });
  it('another training has files of its own, and so has an evaluation', async () => {
    const logDir = folder();
    const cb = tensorBoard(logDir);
    const m = small();
    await m.fit(x, y, { ...quiet, callbacks: [cb] });
    await m.fit(x, y, { ...quiet, callbacks: [cb] });
    expect(readdirSync(join(logDir, 'train')).length).toBe(2);
    const loss = await m.evaluate(x, y, { verbose: 0, callbacks: [cb], returnDict: true });
    const events = eventsOf(logDir, 'validation').filter((e) => e.tag);
    expect(tagsOf(events)).toEqual([
      'evaluation_loss_vs_iterations 8',
      'evaluation_mae_vs_iterations 8',
    ]);
    expect(events[0].numbers).toEqual([loss.loss]);
  });
  it('what came before an error is there', async () => {
    const logDir = folder();
    const broken = keras.callbacks.lambdaCallback({
      onEpochBegin: (epoch) => {
        if (epoch === 1) throw new Error('broken');
      },
    });
    const callbacks = [tensorBoard(logDir, { writeGraph: false }), broken];
    await expect(small().fit(x, y, { ...quiet, epochs: 2, callbacks })).rejects.toThrow('broken');
    expect(tagsOf(eventsOf(logDir, 'train')).length).toBe(3);
  });
  it('weights of the same name are told apart, and functional models drawn', async () => {
    const logDir = folder();
    const inputs = keras.input({ shape: [2], name: 'in' });
    const inner = () => keras.sequential([keras.layers.dense(2, { name: 'dense' })]);
    const [a, b] = [inner(), inner()];
    const outputs = keras.layers.add().apply([a.apply(inputs), b.apply(inputs)]);
    const m = keras.model({ inputs, outputs: keras.layers.dense(1).apply(outputs) } as never);
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    await m.fit(x, y, { ...quiet, callbacks: [tensorBoard(logDir, { histogramFreq: 1 })] });
    const events = eventsOf(logDir, 'train');
    const tags = events.filter((e) => e.plugin === 'histograms').map((e) => e.tag);
    expect(tags.length).toBe(6);
    expect(new Set(tags).size).toBe(6);
    const graph = JSON.parse(events.find((e) => e.tag === 'keras')!.strings![0]);
    expect(graph.class_name).toBe('Functional');
    const last = graph.config.layers.at(-1);
    expect(last.inbound_nodes[0].args[0].config.keras_history[0]).toMatch(/^add/);
    expect(graph.config.output_layers).toEqual([last.config.name, 0, 0]);
  });
  it('a model that cannot be written is trained all the same', async () => {
    const logDir = folder();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const m = small();
    vi.spyOn(m, 'getConfig').mockImplementation(() => {
      throw new Error('no plain data');
    });
    try {
      await m.fit(x, y, { ...quiet, callbacks: [tensorBoard(logDir)] });
      expect(warn.mock.calls.flat()).toEqual([
        'Model failed to serialize as JSON. Ignoring... no plain data',
      ]);
    } finally {
      warn.mockRestore();
    }
    expect(tagsOf(eventsOf(logDir, 'train'))[0]).toBe('epoch_loss 0');
  });
  it('vectors for the projector', async () => {
    const logDir = folder();
    const labels = join(root, 'labels.tsv');
    writeFileSync(labels, 'a\nb\nc\n');
    const m = keras.sequential([
      keras.layers.embedding(3, 2, { name: 'words' }),
      keras.layers.flatten(),
      keras.layers.dense(1),
    ]);
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    const cb = tensorBoard(logDir, { embeddingsFreq: 1, embeddingsMetadata: { words: labels } });
    await m.fit(
      [
        [0, 1],
        [2, 1],
      ],
      [[1], [2]],
      { ...quiet, callbacks: [cb] },
    );
    expect(readFileSync(join(logDir, 'projector_config.pbtxt'), 'utf8')).toBe(
      `embeddings {\n  tensor_name: "words"\n  tensor_path: "embeddings_words.tsv"\n  metadata_path: "${labels}"\n}\n`,
    );
    const lines = readFileSync(join(logDir, 'embeddings_words.tsv'), 'utf8').trimEnd().split('\n');
    const rows = m.getWeights()[0].arraySync() as number[][];
    expect(lines.map((l) => l.split('\t').map(Number))).toEqual(rows);
    const strange = tensorBoard(folder(), { embeddingsFreq: 1, embeddingsMetadata: { word: 'x' } });
    await expect(m.fit([[0, 1]], [[1]], { ...quiet, callbacks: [strange] })).rejects.toThrow(
      /Unrecognized `Embedding` layer names.*: word. There are: words\./,
    );
  });
});
