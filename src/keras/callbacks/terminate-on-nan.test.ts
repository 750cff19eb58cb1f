import { beforeAll, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { lambdaCallback, terminateOnNaN } from './index.ts';
import { tinyModel } from './testing.ts';

beforeAll(() => {
  setBackend('reference');
});

const x = [[1], [2]];
const broken = [[1], [Number.POSITIVE_INFINITY]];

describe('TerminateOnNaN', () => {
  it('stops training, in order', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    let ended = 0;
    const callbacks = [terminateOnNaN(), lambdaCallback({ onTrainEnd: () => void ended++ })];
    try {
      const h = await tinyModel().fit(x, broken, {
        epochs: 9,
        batchSize: 1,
        verbose: 0,
        callbacks,
      });
      expect(h.epoch).toEqual([0]);
      expect(ended).toBe(1);
      const said = warn.mock.calls.flat().filter((t) => /terminating/.test(t));
      expect(said.length).toBe(1);
      expect(said[0]).toMatch(/^Batch [01]: Invalid loss, terminating training$/);
    } finally {
      warn.mockRestore();
    }
  });
  it('or at once, with an error', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    let ended = 0;
    const callbacks = [
      terminateOnNaN({ raiseError: true }),
      lambdaCallback({ onTrainEnd: () => void ended++ }),
    ];
    try {
      await expect(
        tinyModel().fit(x, broken, { epochs: 9, verbose: 0, callbacks }),
      ).rejects.toThrow(
        /NaN or Inf loss encountered at batch 0. Loss value: (inf|nan). Terminating training imm/,
      );
      expect(ended).toBe(0);
    } finally {
      warn.mockRestore();
    }
  });
  it('lets a sound training be', async () => {
    const callbacks = [terminateOnNaN({ raiseError: true })];
    const h = await tinyModel().fit(x, x, { epochs: 2, verbose: 0, callbacks });
    expect(h.epoch).toEqual([0, 1]);
    expect(() => terminateOnNaN({ raise: true } as object)).toThrow(/no option "raise"/);
  });
});
