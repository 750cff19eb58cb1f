import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe('noise layers', () => {
  const x = tensor(new Float32Array(4096).fill(2), { shape: [64, 64] });
  it('do nothing but while training', () => {
    for (const l of [
      layers.gaussianNoise(0.5),
      layers.gaussianDropout(0.5),
      layers.alphaDropout(0.5),
    ])
      expect(l.apply(x)).toBe(x);
    for (const l of [layers.gaussianNoise(0), layers.gaussianDropout(0), layers.alphaDropout(0)])
      expect(l.apply(x, { training: true })).toBe(x);
  });
  it('have the moments they should, and new numbers at every call', () => {
    const noise = layers.gaussianNoise({ stddev: 0.5, seed: 1 });
    const y = noise.apply(x, { training: true });
    expect(y.mean().item()).toBeCloseTo(2, 1);
    expect(y.std().item()).toBeCloseTo(0.5, 1);
    expect(noise.apply(x, { training: true }).eq(y).all().item()).toBe(0);
    const z = layers.gaussianDropout({ rate: 0.2, seed: 1 }).apply(x, { training: true });
    expect(z.mean().item()).toBeCloseTo(2, 1);
    expect(z.std().item()).toBeCloseTo(1, 1);
  });
  it('AlphaDropout keeps mean and variance of standard normal inputs', () => {
    const normal = keras.random.normal([64, 64], { seed: 2 });
    const y = layers.alphaDropout({ rate: 0.3, seed: 3 }).apply(normal, { training: true });
    expect(y.mean().item()).toBeCloseTo(0, 1);
    expect(y.std().item()).toBeCloseTo(1, 1);
  });
  it('refuse rates they cannot have', () => {
    expect(() => layers.gaussianNoise(2)).toThrow('stddev lies between 0 and 1; received 2');
    expect(() => layers.gaussianDropout(1)).toThrow('between 0 and 1, and below 1; received 1');
    expect(() => layers.alphaDropout({} as never)).toThrow('received undefined');
    expect(() =>
      layers.alphaDropout({ rate: 0.1, noiseShape: [3] }).apply(x, { training: true }),
    ).toThrow('noiseShape (3,) does not broadcast to inputs of shape (64, 64)');
  });
});
