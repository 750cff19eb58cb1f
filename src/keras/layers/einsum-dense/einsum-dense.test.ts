import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../../backends/registry.ts';
import { tensor } from '../../../tensor/index.ts';
import * as keras from '../../index.ts';

const { layers } = keras;
beforeAll(() => {
  setBackend('reference');
});

describe('EinsumDense', () => {
  const zeros = (...shape: number[]): ReturnType<typeof tensor> =>
    tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });
  it('finds the shapes of kernel, bias and output', () => {
    const e = layers.einsumDense('abc,cde->abde', [null, 2, 3], { biasAxes: 'e' });
    expect(e.apply(zeros(2, 5, 4)).shape).toEqual([2, 5, 2, 3]);
    expect(e.kernel.shape).toEqual([4, 2, 3]);
    expect(e.bias?.shape).toEqual([3]);
    const first = layers.einsumDense('abc,cde->abde', [null, 2, 3], { biasAxes: 'd' });
    first.apply(zeros(2, 5, 4));
    expect(first.bias?.shape).toEqual([2, 1]);
    expect(e.computeOutputShape([null, null, 4])).toEqual([null, null, 2, 3]);
  });
  it('starts as Dense does, with inputs and outputs counted along its axes', () => {
    const kernel = keras.initializers.glorotUniform({ seed: 4 });
    const e = layers.einsumDense('abc,cde->abde', [null, 2, 3], { kernelInitializer: kernel });
    const d = layers.dense(6, { kernelInitializer: keras.initializers.glorotUniform({ seed: 4 }) });
    e.apply(zeros(1, 1, 4));
    d.apply(zeros(1, 4));
    expect([...e.kernel.tensor.dataSync()]).toEqual([...d.kernel.tensor.dataSync()]);
  });
  it('says what is wrong with an equation', () => {
    const make = (equation: string): unknown => layers.einsumDense(equation, 3);
    expect(() => make('ab,bc')).toThrow('of the form "ab,bc->ac"');
    expect(() => make('ab,bc->ad')).toThrow('"d" of the output is in neither operand');
    expect(() => make('aab,bc->ac')).toThrow('"aab" names a dimension twice');
    expect(() => make('ab,bcd->ac')).toThrow('"d" of the kernel is in neither');
    expect(() => layers.einsumDense('ab,bc->ac', 3, { biasAxes: 'b' })).toThrow(
      'biasAxes "b" names "b", which is not in the output "ac"',
    );
    expect(() => layers.einsumDense('ab,bc->ac')).toThrow('received undefined');
  });
  it('says which inputs do not fit', () => {
    const e = layers.einsumDense('abc,cd->abd', [null, 3], { name: 'e' });
    expect(() => e.apply(zeros(2, 3))).toThrow(
      'Layer "e" (EinsumDense) expects inputs of 3 dimensions, "abc"; received shape (None, 3)',
    );
    expect(() => e.computeOutputShape([null, 2, null])).toThrow('a known size of "c"');
    e.apply(zeros(2, 3, 4));
    expect(() => e.apply(zeros(2, 3, 5))).toThrow('fit its kernel (4, 3)');
    expect(() => layers.einsumDense('abc,cd->abd', [3]).apply(zeros(1, 2, 2))).toThrow(
      'an outputShape of 2 sizes, for "abd" without the batch, not 1',
    );
  });
});
