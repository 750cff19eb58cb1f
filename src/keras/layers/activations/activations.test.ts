import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('reference');
});

describe('activation layers', () => {
  it('take their first argument as Keras does, or options', () => {
    expect(layers.reLU(6).maxValue).toBe(6);
    expect(layers.reLU({ negativeSlope: 0.1 }).negativeSlope).toBe(0.1);
    expect(layers.leakyReLU().negativeSlope).toBe(0.3);
    expect(layers.leakyReLU(0.2, { name: 'l' }).name).toBe('l');
    expect(layers.elu(0.5).alpha).toBe(0.5);
    expect(layers.softmax([1, 2]).axis).toEqual([1, 2]);
    expect(layers.prelu({ sharedAxes: 1 }).sharedAxes).toEqual([1]);
    const x = tensor([[1, 2]]);
    expect(layers.identity().apply(x)).toBe(x);
  });
  it('refuse what makes no sense', () => {
    expect(() => layers.reLU(-1)).toThrow('maxValue must be a number of 0 or more; received -1');
    expect(() => layers.leakyReLU({ negativeSlope: null as never })).toThrow('received null');
    expect(() => layers.elu('x' as never)).toThrow('alpha must be a number; received x');
    expect(() => layers.leakyReLU({ alpha: 0.1 } as never)).toThrow('has no option "alpha"');
    expect(() => layers.prelu({ sharedAxes: 0 })).toThrow('whole numbers of 1 or more');
  });
});

describe('PReLU', () => {
  it('keeps to the shape it was built for', () => {
    expect(() => layers.prelu({ sharedAxes: [2] }).apply([[1, 2]])).toThrow(
      'expects inputs that have axis 2; received shape (None, 2)',
    );
    expect(() => layers.prelu().computeOutputShape([null, null, 3])).toThrow('known dimensions');
    const p = layers.prelu();
    p.apply([[1, 2]]);
    expect(() => p.apply([[1, 2, 3]])).toThrow('fit alpha, of shape (2)');
    const shared = layers.prelu({ sharedAxes: [1] });
    shared.apply([[[1, 2]]]);
    expect(shared.apply(tensor(new Float32Array(12), { shape: [2, 3, 2] })).shape).toEqual([
      2, 3, 2,
    ]);
  });
});

describe('Softmax', () => {
  it('says which masks and axes do not fit', () => {
    const x = tensor([[1, 2, 3]]);
    expect(() => layers.softmax().apply(x, { mask: tensor([true, false]) })).toThrow(
      'the mask must broadcast to the inputs; received a mask of shape (2,) for inputs of shape (1, 3)',
    );
    expect(() => layers.softmax(2).apply(x)).toThrow('have axis 2; received shape (None, 3)');
  });
  it('gives 0 where nothing counts', () => {
    const y = layers.softmax().apply([[1, 2, 3]], { mask: tensor([false, false, false]) });
    expect(y.arraySync()).toEqual([[0, 0, 0]]);
  });
});
