import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { gradient } from '../../../graph/index.ts';
import { Tensor, tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('reference');
});

describe('BatchNormalization', () => {
  const x = [
    [1, 10],
    [3, 30],
  ];
  it('follows the batch in training only', () => {
    const bn = layers.batchNormalization({ momentum: 0.5 });
    bn.apply(x);
    expect(bn.getWeights().map((w) => w.arraySync())).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
      [1, 1],
    ]);
    bn.apply(x, { training: true });
    expect(bn.movingMean.tensor.arraySync()).toEqual([1, 10]);
    expect(bn.movingVariance.tensor.arraySync()).toEqual([1, 50.5]);
  });
  it('frozen, it stays as it is in training too', () => {
    const bn = layers.batchNormalization({ epsilon: 0 });
    bn.trainable = false;
    expect(bn.apply(x, { training: true }).arraySync()).toEqual(x);
    expect(bn.movingMean.tensor.arraySync()).toEqual([0, 0]);
  });
  it('names what it cannot take', () => {
    expect(() => layers.batchNormalization({ synchronized: true })).toThrow(
      'synchronized statistics are not supported',
    );
    expect(() => layers.batchNormalization({ momentum: 2 })).toThrow('from 0 to 1; received 2');
    expect(() => layers.batchNormalization({ epsilon: -1 })).toThrow('0 or more; received -1');
    expect(() => layers.batchNormalization({ axis: [1] as never })).toThrow('received [1]');
    expect(() => layers.batchNormalization({ centre: true } as never)).toThrow(
      'Did you mean "center"?',
    );
    expect(() =>
      layers.batchNormalization({ renorm: true, renormClipping: { rmin: 2, rmax: 1 } }),
    ).toThrow('rmax must not be below rmin');
    expect(() => layers.batchNormalization({ axis: 2 }).apply(x)).toThrow(
      'expects inputs that have axis 2; received shape (None, 2)',
    );
    const bn = layers.batchNormalization({ name: 'bn' });
    bn.apply(x);
    expect(() => bn.apply([[1, 2, 3]])).toThrow(
      'Layer "bn" (BatchNormalization) expects 2 features in axis -1; received shape (None, 3)',
    );
    expect(() => bn.apply([[[1, 2]]])).toThrow('expects inputs of 2 dimensions');
    const mask = tensor([[true], [false]]);
    expect(() => bn.apply(x, { training: true, mask })).toThrow(
      'one dimension less than the inputs; received a mask of shape (2, 1)',
    );
  });
});

describe('LayerNormalization', () => {
  it('has a second derivative', () => {
    // Of f = y0 along x0: by central differences of the first.
    const ln = layers.layerNormalization({ dtype: 'float64', epsilon: 0.01 });
    const first = (values: number[]): Tensor => {
      const x = tensor([values], { dtype: 'float64' });
      const y = ln.apply(x).slice(0, 0);
      return new Tensor(gradient(y.value, [x.value])[0]).slice(0, 0);
    };
    const at = [0.3, -1, 0.8, 0.1];
    const x = tensor([at], { dtype: 'float64' });
    const y = ln.apply(x).slice(0, 0);
    const g = new Tensor(gradient(y.value, [x.value])[0]).slice(0, 0);
    const second = new Tensor(gradient(g.value, [x.value])[0]).slice(0, 0).item();
    const h = 1e-5;
    const moved = (by: number): number => first([at[0] + by, ...at.slice(1)]).item() as number;
    expect(second).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 6);
    expect(Math.abs(second as number)).toBeGreaterThan(0.1);
  });
  it('names what it cannot take', () => {
    expect(() => layers.layerNormalization({ axis: 1.5 })).toThrow('received 1.5');
    expect(() => layers.layerNormalization({ axis: [] })).toThrow('received []');
    expect(() => layers.layerNormalization({ axis: [1, -1] }).apply([[1, 2]])).toThrow(
      'expects inputs that have axis -1, 1; received shape (None, 2)',
    );
    const ln = layers.layerNormalization();
    ln.apply([[1, 2]]);
    expect(() => ln.apply([[1, 2, 3]])).toThrow('expects sizes 2 of axis 1');
    expect(() => layers.layerNormalization().computeOutputShape([null, null])).toThrow(
      'a known size of axis 1',
    );
  });
});

describe('the others', () => {
  it('GroupNormalization shares the channels evenly', () => {
    expect(() => layers.groupNormalization(0)).toThrow('received 0');
    expect(() => layers.groupNormalization(4).apply([[1, 2, 3]])).toThrow(
      'that 4 groups share evenly; received shape (None, 3)',
    );
    expect(() => layers.groupNormalization({ groups: 2, axis: 0 })).toThrow('other than 0');
  });
  it('RMSNormalization takes trailing axes', () => {
    expect(() => layers.rmsNormalization({ axis: 1 }).computeOutputShape([null, 2, 3])).toThrow(
      'to be the last',
    );
  });
  it('UnitNormalization leaves zeros alone', () => {
    const y = layers.unitNormalization().apply([
      [3, 4],
      [0, 0],
    ]);
    expect(y.arraySync()).toEqual([
      [Math.fround(0.6), Math.fround(0.8)],
      [0, 0],
    ]);
    expect(() => layers.unitNormalization({ axis: 3 }).apply([[1]])).toThrow('have axis 3');
  });
});
