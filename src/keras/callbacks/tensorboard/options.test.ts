import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { tinyModel } from '../testing.ts';
import { tensorBoard } from './tensorboard.ts';

let root: string;
beforeAll(() => {
  setBackend('reference');
  root = mkdtempSync(join(tmpdir(), 'gradloom-tb-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('TensorBoard refuses', () => {
  it('options that make no sense', () => {
    expect(() => tensorBoard('logs', { updateFrequency: 1 } as object)).toThrow(
      /no option "updateFr/,
    );
    expect(() => tensorBoard('logs', { updateFreq: 'step' as never })).toThrow(/received "step"/);
    expect(() => tensorBoard('logs', { updateFreq: 0 })).toThrow(
      /whole number of batches; received 0/,
    );
    expect(() => tensorBoard('logs', { histogramFreq: -1 })).toThrow(
      /histogramFreq must be a whole/,
    );
    expect(() => tensorBoard('logs', { profileBatch: 2 })).toThrow(/profileBatch=2 \(must be 0\)/);
    expect(() => tensorBoard('')).toThrow(/logDir must be the path of a folder/);
  });
  it('a place that cannot be written, before anything is trained', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, '');
    const m = tinyModel();
    const before = m.getWeights().map((w) => w.arraySync());
    const callbacks = [tensorBoard(join(file, 'logs'))];
    await expect(m.fit([[1]], [[1]], { verbose: 0, callbacks })).rejects.toMatchObject({
      code: 'file-unwritable',
    });
    expect(m.getWeights().map((w) => w.arraySync())).toEqual(before);
    expect(existsSync(join(file, 'logs'))).toBe(false);
  });
  it('browsers', () => {
    vi.stubGlobal('process', undefined);
    try {
      expect(() => tensorBoard()).toThrow(/needs Node/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
