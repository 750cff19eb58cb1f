import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { fromData } from '../../tensor/index.ts';
import * as keras from '../index.ts';
import { camelOptions, readGoldens } from '../testing.ts';
import { formatNumber, pythonFormat } from '../utils/python-format.ts';
import { makeLogs } from './callback.ts';
import { play, tinyModel } from './testing.ts';

interface Goldens {
  readonly runs: {
    name: string;
    path: string;
    options: Record<string, unknown>;
    figures: [string, number | 'NaN'][][];
    printed: string;
    warned: boolean;
    files: string[];
  }[];
  readonly batches: {
    name: string;
    freq: number;
    samples: number;
    steps: number;
    files: string[];
  }[];
  readonly formats: [value: string, format: string, result: string | null][];
}
const goldens = readGoldens<Goldens>('checkpoints');
const { modelCheckpoint } = keras.callbacks;
const end = '.safetensors';

let dir: string;
beforeAll(() => {
  setBackend('reference');
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gradloom-checkpoint-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const files = (): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith(end))
    .map((f) => f.slice(0, -end.length))
    .sort();

describe('ModelCheckpoint', () => {
  it.each(goldens.runs)('$name: the files and the words of Keras', async (c) => {
    const cb = modelCheckpoint(join(dir, c.path + end), {
      saveWeightsOnly: true,
      ...camelOptions(c.options),
      monitor: String(c.options.monitor ?? 'val_loss'),
    });
    const figures = c.figures.map((f) => f.map(([k, v]): [string, number] => [k, Number(v)]));
    const played = await play(cb, figures);
    expect(files()).toEqual(c.files);
    expect(played.printed.replaceAll(dir, 'DIR').replaceAll(end, '')).toBe(c.printed);
    expect(played.warnings.length > 0).toBe(c.warned);
  });

  it.each(goldens.batches)('$name', async ({ freq, samples, steps, files: expected }) => {
    const model = tinyModel({ stepsPerExecution: steps });
    const x = fromData(new Float32Array(samples), [samples, 1]);
    const cb = modelCheckpoint(join(dir, `{epoch}-{batch:02d}${end}`), {
      saveWeightsOnly: true,
      saveFreq: freq,
    });
    await model.fit(x, x, { batchSize: 2, epochs: 3, verbose: 0, callbacks: [cb] });
    expect(files()).toEqual(expected);
  });

  it('saves weights that can be loaded', async () => {
    const m = tinyModel();
    const cb = modelCheckpoint(join(dir, `w${end}`), {
      saveWeightsOnly: true,
      saveBestOnly: true,
      monitor: 'loss',
    });
    // The weights are the number of the epoch.
    await play(cb, [[['loss', 2]], [['loss', 1]], [['loss', 3]]], m);
    expect(m.getWeights()[0].item()).toBe(2);
    await m.loadWeights(join(dir, `w${end}`));
    expect(m.getWeights()[0].item()).toBe(1);
  });

  it.each(['.keras', '.weights.h5'])('saves %s files', async (extension) => {
    const m = tinyModel();
    const path = join(dir, `{epoch}${extension}`);
    const cb = modelCheckpoint(path, { saveWeightsOnly: extension !== '.keras' });
    await play(cb, [[['loss', 2]], [['loss', 1]]], m);
    expect(readdirSync(dir).sort()).toEqual([`1${extension}`, `2${extension}`]);
    const first = join(dir, `1${extension}`);
    if (extension === '.keras') {
      const again = await keras.saving.loadModel(first);
      expect(again.getWeights()[0].item()).toBe(0);
      expect(again.compiled).toBe(true);
    } else {
      await m.loadWeights(first);
      expect(m.getWeights()[0].item()).toBe(0);
    }
  });

  it('goes on from its state', async () => {
    const make = () =>
      modelCheckpoint(join(dir, `{epoch}${end}`), { saveWeightsOnly: true, saveBestOnly: true });
    const first = make();
    await play(first, [[['val_loss', 0.5]]]);
    const second = make();
    second.setState(first.getState());
    second.model = tinyModel();
    await second.onEpochEnd(1, makeLogs([['val_loss', 0.6]]));
    await second.onEpochEnd(2, makeLogs([['val_loss', 0.4]]));
    expect(files()).toEqual(['1', '3']);
  });

  it('says what is wrong', async () => {
    const weights = { saveWeightsOnly: true };
    expect(() => modelCheckpoint('a.h5', weights)).toThrow(
      /must end in .*\.safetensors.*filepath=a\.h5/,
    );
    expect(() => modelCheckpoint('a.ckpt')).toThrow(/must end in \.keras/);
    expect(() => modelCheckpoint('', weights)).toThrow(/must be a path/);
    expect(() => modelCheckpoint('a.safetensors', { ...weights, saveFreq: 0 })).toThrow(/saveFreq/);
    expect(() => modelCheckpoint('a.safetensors', { ...weights, period: 2 } as never)).toThrow(
      /no option "period"/,
    );
    const cb = modelCheckpoint(join(dir, `{epoch}-{val_acc:.2f}${end}`), weights);
    await expect(play(cb, [[['val_loss', 1]]])).rejects.toThrow(
      /Failed to format this callback filepath.*there is no "val_acc".*Known: epoch, val_loss/,
    );
  });
});

describe('numbers in the formats of Python', () => {
  const valueOf = (v: string): number | bigint =>
    /^-?\d+$/.test(v) ? BigInt(v) : Number(v.replace('inf', 'Infinity'));
  it('are those of Python', () => {
    const wrong = goldens.formats.filter(([v, spec, expected]) => {
      try {
        return formatNumber(valueOf(v), spec) !== expected;
      } catch {
        return expected !== null;
      }
    });
    expect(wrong.map(([v, spec, e]) => [v, spec, e, tried(valueOf(v), spec)])).toEqual([]);
  });
  const tried = (v: number | bigint, spec: string): string => {
    try {
      return formatNumber(v, spec);
    } catch (e) {
      return String(e);
    }
  };
  it('braces', () => {
    expect(pythonFormat('{{{a}}} {a:.1f}', () => 2)).toBe('{2.0} 2.0');
    expect(() => pythonFormat('{a', () => 1)).toThrow(/single \{/);
    expect(() => pythonFormat('a}', () => 1)).toThrow(/single \}/);
  });
});
