import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { type Tensor, tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('reference');
});

describe('merging layers', () => {
  const a = tensor([[1, 2]]);
  const b = tensor([[3, 5]]);
  it('are made without inputs and applied with them', () => {
    expect(layers.add()).toBeInstanceOf(layers.Add);
    expect(layers.subtract({ name: 's' }).apply([a, b]).arraySync()).toEqual([[-2, -3]]);
    const sum: Tensor = layers.add([a, b]);
    expect(sum.arraySync()).toEqual([[4, 7]]);
    expect(layers.multiply([a, b]).arraySync()).toEqual([[3, 10]]);
    expect(layers.average([a, b]).arraySync()).toEqual([[2, 3.5]]);
    expect(layers.maximum([a, b]).arraySync()).toEqual([[3, 5]]);
    expect(layers.minimum([a, b]).arraySync()).toEqual([[1, 2]]);
    expect(layers.concatenate([a, b]).arraySync()).toEqual([[1, 2, 3, 5]]);
    expect(layers.concatenate([a, b], { axis: 0 }).shape).toEqual([2, 2]);
    expect(layers.concatenate(1).axis).toBe(1);
    expect(layers.dot([a, b]).arraySync()).toEqual([[13]]);
    expect(layers.dot([a, b], 1).arraySync()).toEqual([[13]]);
    expect(layers.dot([a, b], { axes: 1, normalize: true }).item()).toBeCloseTo(0.997, 3);
    expect(layers.dot({ axes: 1 }).axes).toBe(1);
  });
  it('know the shapes of what is not there yet', () => {
    const add = layers.add();
    const shape = (...shapes: (number | null)[][]): unknown => add.computeOutputShape(shapes);
    expect(shape([null, null, 4], [null, 3, 1])).toEqual([null, null, 4]);
    expect(shape([2, 1, 3], [null, 3])).toEqual([2, 1, 3]);
    expect(shape([null, 5, 1], [null, 1, 3])).toEqual([null, 5, 3]);
    expect(
      layers.concatenate().computeOutputShape([
        [null, 3, 2],
        [4, null, 5],
      ]),
    ).toEqual([4, 3, 7]);
    expect(
      layers.dot({ axes: [1, 2] }).computeOutputShape([
        [null, 3],
        [null, 4, 3],
      ]),
    ).toEqual([null, 4]);
  });
  it('say which inputs they cannot take', () => {
    const c = tensor([[1, 2, 3]]);
    expect(() => layers.add([a, c])).toThrow(
      /\(Add\) takes inputs of shapes that broadcast; received shapes \(None, 2\), \(None, 3\)/,
    );
    expect(() => layers.add().apply(a)).toThrow('takes a list of 1 inputs or more');
    expect(() =>
      layers.add().computeOutputShape([
        [2, 3],
        [4, 3],
      ]),
    ).toThrow('of one batch size');
    expect(() => layers.subtract([a, b, a])).toThrow('takes exactly 2 inputs');
    expect(() => layers.concatenate([a, tensor([1])])).toThrow('equal but along axis -1');
    expect(() => layers.concatenate({ axis: 0.5 })).toThrow('whole number; received 0.5');
    expect(() => layers.dot([a, c])).toThrow('sizes 2 and 3 of axes 1 and 1 differ');
    expect(() => layers.dot([a, b], 0)).toThrow('must lie within both, after the batch');
    expect(() => layers.dot([a, b, a])).toThrow('takes exactly 2 inputs; received 3');
    expect(() => layers.dot({})).toThrow('axes must be a whole number, or two; received undefined');
    expect(() => layers.add({ axis: 1 } as never)).toThrow('has no option "axis"');
  });
});
