import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { camelOptions, readGoldens } from '../testing.ts';
import { csvLogger, lambdaCallback, learningRateScheduler } from './index.ts';
import { play, tinyModel } from './testing.ts';

interface Case {
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly runs: readonly (readonly (readonly [string, number | string])[])[][];
  readonly text: string;
}

let folder: string;
beforeAll(() => {
  setBackend('reference');
  folder = mkdtempSync(join(tmpdir(), 'gradloom-csv-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('CSVLogger', () => {
  const { csv } = readGoldens<{ csv: Case[] }>('callbacks');
  it.each(csv)('writes what Keras writes: $name', async (c) => {
    const path = join(folder, c.name, 'log.csv');
    let last = '';
    for (const run of c.runs) {
      const cb = csvLogger(path, camelOptions(c.options));
      const figures = run.map((epoch) => epoch.map(([k, v]): [string, number] => [k, Number(v)]));
      await play(cb, figures);
      last = cb.text;
    }
    const text = readFileSync(path, 'utf8');
    expect(text).toBe(c.text);
    expect(text.endsWith(last)).toBe(true);
  });
  it('each line is there when its epoch ends', async () => {
    const path = join(folder, 'live.csv');
    const lines: number[] = [];
    const look = lambdaCallback({
      onEpochEnd: () => {
        lines.push(readFileSync(path, 'utf8').split('\r\n').length - 1);
      },
    });
    await tinyModel().fit([[1]], [[1]], {
      epochs: 2,
      verbose: 0,
      callbacks: [csvLogger(path), look],
    });
    expect(lines).toEqual([2, 3]);
  });
  it('has the learning rate of callbacks before it, and Keras’s names', async () => {
    const cb = csvLogger();
    await tinyModel().fit([[1]], [[1]], {
      verbose: 0,
      validationData: [[[1]], [[1]]],
      callbacks: [learningRateScheduler(() => 0.5), cb],
    });
    expect(cb.text).toMatch(/^epoch,learning_rate,loss,val_loss\r\n0,0.5,[^,]+,[^,]+\r\n$/);
  });
  it('writes the header to a file that is empty', async () => {
    const path = join(folder, 'empty.csv');
    writeFileSync(path, '');
    await play(csvLogger(path, { append: true }), [[['loss', 1]]]);
    expect(readFileSync(path, 'utf8')).toBe('epoch,loss,val_loss\r\n0,1.0,NA\r\n');
  });
  it('starts anew with every training, and takes options alone', async () => {
    const cb = csvLogger({ separator: ';' });
    await play(cb, [[['loss', 1]]]);
    await play(cb, [[['mae', 2]]]);
    expect(cb.text).toBe('epoch;mae;val_mae\r\n0;2.0;NA\r\n');
  });
  it('says what is wrong', async () => {
    expect(() => csvLogger('x.csv', { seperator: ';' } as object)).toThrow(/mean "separator"/);
    expect(() => csvLogger('x.csv', { separator: '::' })).toThrow(/one character; received "::"/);
    expect(() => csvLogger('')).toThrow(/filename must be a path; received ""/);
    await expect(play(csvLogger(folder), [[['loss', 1]]])).rejects.toThrow(/is a folder|EISDIR/);
    const under = join(folder, 'file');
    writeFileSync(under, '');
    await expect(play(csvLogger(join(under, 'log.csv')), [[['loss', 1]]])).rejects.toMatchObject({
      code: 'file-unwritable',
    });
  });
  it('keeps the text where there are no files', () => {
    vi.stubGlobal('process', undefined);
    try {
      expect(() => csvLogger('log.csv')).toThrow(/in Node only.*read `text`/);
      expect(csvLogger().text).toBe('');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
