import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { earlyStopping } from './index.ts';
import { play, playedCases, series, tinyModel } from './testing.ts';

beforeAll(() => {
  setBackend('reference');
});

describe('EarlyStopping', () => {
  it.each(playedCases('stopping'))('does what Keras does: $name', async (c) => {
    const got = await play(earlyStopping(c.options), series('val_loss', c.values));
    expect(got.epochs).toBe(c.epochs);
    expect(got.weight).toBe(c.weight);
    expect(got.printed).toBe(c.printed);
    expect(got.warnings).toEqual(c.warnings);
  });
  it('refuses options it does not know', () => {
    expect(() => earlyStopping({ patiense: 1 } as object)).toThrow(/mean "patience"/);
    expect(() => earlyStopping({ mode: 'mx' as 'max' })).toThrow(/Unknown mode "mx"/);
    expect(() => earlyStopping({ startFromEpoch: 0.5 })).toThrow(/startFromEpoch must be a whole/);
    expect(() => earlyStopping({ minDelta: Number.NaN })).toThrow(/minDelta must be a number/);
    expect(() => earlyStopping({ monitor: 3 as never })).toThrow(/monitor must be the name/);
  });
  it('stops a training', async () => {
    const m = tinyModel();
    const h = await m.fit([[1]], [[1]], {
      epochs: 100,
      verbose: 0,
      callbacks: [earlyStopping({ monitor: 'loss', minDelta: 1e9 })],
    });
    expect(h.epoch).toEqual([0, 1]);
  });
});
