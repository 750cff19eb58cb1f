import { describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import * as np from '../numpy/index.ts';
import { type Tensor, tensor } from '../tensor/index.ts';
import * as keras from './index.ts';
import { Variable } from './variable.ts';

const { layers } = keras;
const x = [[1], [2], [3]];
const y = [[2], [4], [6]];
function line(): keras.Sequential {
  const m = keras.sequential([layers.dense(1, { inputShape: [1] })]);
  m.compile({ optimizer: 'sgd', loss: 'mse' });
  return m;
}

describe('a variable in the place of a tensor', () => {
  it('is what functions of keras.ops, np and tensors take, and its gradient is found', () => {
    const w = new Variable([[1, 2]], { name: 'w', dtype: 'float64' });
    expect([w.dtype, w.shape, w.ndim]).toEqual(['float64', [1, 2], 2]);
    expect(keras.ops.matmul(tensor([[3]]), w).arraySync()).toEqual([[3, 6]]);
    expect(np.sum(w).arraySync()).toBe(3);
    expect(
      tensor([[1, 1]])
        .sub(w)
        .arraySync(),
    ).toEqual([[0, -1]]);
    class Scale extends layers.Layer {
      w!: Variable;
      override build(shape: readonly (number | null)[]): void {
        this.w = this.addWeight({ name: 'w', shape: [shape.at(-1)!], initializer: 'ones' });
      }
      call(x: Tensor): Tensor {
        return keras.ops.multiply(x, this.w);
      }
    }
    const input = keras.input({ shape: [2] });
    const m = keras.model({ inputs: input, outputs: new Scale().apply(input) });
    const [g] = m.gradient(keras.ops.sum(m.apply([[2, 5]])), m.trainableVariables);
    expect(g.arraySync()).toEqual([2, 5]);
  });
  it('is assigned to, added to and taken from', () => {
    const v = new Variable([1, 2]);
    v.assign([3, 4]);
    v.assignAdd(1);
    v.assignSub([1, 2]);
    expect(v.value.arraySync()).toEqual([3, 3]);
    expect(() => v.assignAdd([[1, 2]])).toThrow(/of shape \(1, 2\) cannot be assigned/);
    expect(() => new Variable('zeros' as never)).toThrow(/Cannot make a tensor of a string/);
  });
  it('variables are weights, then seeds and states; metrics stand apart', () => {
    const m = keras.sequential([
      layers.dense(1, { inputShape: [2] }),
      layers.batchNormalization(),
      layers.dropout(0.5),
    ]);
    m.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(m.trainableVariables.map((v) => v.name)).toEqual(['kernel', 'bias', 'gamma', 'beta']);
    expect(m.nonTrainableVariables.map((v) => v.name)).toEqual([
      'moving_mean',
      'moving_variance',
      'seed_generator_state',
    ]);
    expect(m.variables.length).toBe(7);
    expect(m.metricsVariables.map((v) => v.name)).toEqual(['total', 'count']);
  });
});

for (const backend of ['reference', 'wasm'] as const) {
  describe(`a variable on ${backend}`, () => {
    it('keeps what it was assigned though the source is trained on', async () => {
      setBackend(backend, backend === 'wasm' ? { threads: 1 } : {});
      const [a, b] = [line(), line()];
      await a.fit(x, y, { verbose: 0 });
      const copyOf = (m: keras.Model): unknown[] => m.getWeights().map((w) => w.arraySync());
      // One model's weights into another's: as they are, and mixed.
      const was = copyOf(a);
      b.weights[0].assign(a.weights[0].tensor);
      b.weights[1].assign(a.weights[1].tensor.mul(0.5).add(b.weights[1].tensor.mul(0.5)));
      const mixed = copyOf(b);
      expect(mixed[0]).toEqual(was[0]);
      await a.fit(x, y, { epochs: 2, verbose: 0 });
      expect(copyOf(b)).toEqual(mixed);
      await b.fit(x, y, { verbose: 0 });
      expect(copyOf(a)).not.toEqual(was);
    });
    it('leaves the tensors it was given to their owner', async () => {
      setBackend(backend, backend === 'wasm' ? { threads: 1 } : {});
      const t = tensor([[3]]);
      const pending = tensor([2]).mul(2);
      const m = line();
      const n = line();
      for (const k of [m, n]) {
        k.weights[0].assign(t);
        k.weights[1].assign(pending);
        await k.fit(x, y, { verbose: 0 });
      }
      expect(t.arraySync()).toEqual([[3]]);
      expect(pending.arraySync()).toEqual([4]);
      const v = new Variable(t);
      v.take();
      expect(t.arraySync()).toEqual([[3]]);
    });
    it('refuses another shape and converts another dtype', () => {
      const v = new Variable(tensor([1, 2]), { name: 'v', path: 'layer/v' });
      expect(() => v.assign(tensor([1]))).toThrow(
        'layer/v has shape (2,); a value of shape (1,) cannot be assigned to it.',
      );
      v.assign(tensor([3, 4], { dtype: 'int32' }));
      expect(v.tensor.dtype).toBe('float32');
      expect(v.tensor.arraySync()).toEqual([3, 4]);
    });
  });
}
