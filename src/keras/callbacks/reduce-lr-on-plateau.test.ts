import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { reduceLROnPlateau } from './index.ts';
import { play, playedCases, series, tinyModel } from './testing.ts';

beforeAll(() => {
  setBackend('reference');
});

describe('ReduceLROnPlateau', () => {
  it.each(playedCases('plateau'))('does what Keras does: $name', async (c) => {
    const got = await play(
      reduceLROnPlateau(c.options),
      series('val_loss', c.values),
      tinyModel({}, c.rate),
    );
    expect(got.rates).toEqual(c.rates);
    expect(got.last).toBe(c.last);
    expect(got.printed).toBe(c.printed);
    expect(got.warnings).toEqual(c.warnings);
  });
  it('starts anew with every training', async () => {
    const cb = reduceLROnPlateau({ patience: 2, cooldown: 5 });
    const m = tinyModel();
    await play(cb, series('val_loss', [1, 1, 1]), m);
    expect([cb.cooldownCounter, cb.best]).toEqual([5, 1]);
    const again = await play(cb, series('val_loss', [2, 2, 2]), m);
    expect(again.last).toBe(Math.fround(Math.fround(Math.fround(0.01) * 0.1) * 0.1));
  });
  it('refuses what makes no sense', () => {
    expect(() => reduceLROnPlateau({ factor: 1 })).toThrow(
      'ReduceLROnPlateau does not support a factor >= 1.0. Received factor=1.0',
    );
    expect(() => reduceLROnPlateau({ minLR: 1 } as object)).toThrow(/mean "minLr"/);
    expect(() => reduceLROnPlateau({ patience: '3' as never })).toThrow(
      /patience must be a number/,
    );
    expect(() => reduceLROnPlateau({ mode: 'maks' as never })).toThrow(/Unknown mode "maks"/);
  });
});
