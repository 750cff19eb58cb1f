/** Predictions batch by batch: put together as Keras does, on backends that write them in place and others. */
import { afterAll, describe, expect, it } from 'vitest';
import { availableBackends, setBackend } from '../../backends/registry.ts';
import { concatenate } from '../../numpy/index.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import * as keras from '../index.ts';

afterAll(() => {
  setBackend('reference');
});

/** y = 10 x, and what `rows` makes of it. */
class Rows extends keras.Model {
  readonly rows: (y: Tensor) => Tensor;
  constructor(rows: (y: Tensor) => Tensor) {
    super({});
    this.rows = rows;
  }
  override call(x: Tensor): Tensor {
    return this.rows(x.mul(10));
  }
}

const x = tensor(
  Float32Array.from({ length: 14 }, (_, i) => i),
  { shape: [7, 2] },
);

for (const name of availableBackends().filter((b) => b !== 'webgpu'))
  describe(`predict in parts on ${name}`, () => {
    const predict = async (rows: (y: Tensor) => Tensor, options = {}): Promise<Tensor> => {
      setBackend(name);
      return new Rows(rows).predict(x, { batchSize: 3, ...options });
    };

    it('gives every sample its row', async () => {
      const p = await predict((y) => y);
      expect(p.shape).toEqual([7, 2]);
      expect([...p.dataSync()]).toEqual(Array.from({ length: 14 }, (_, i) => 10 * i));
      expect((await predict((y) => y, { steps: 2 })).shape).toEqual([6, 2]);
    });

    it('keeps what came before when the model predicts again', async () => {
      const m = new Rows((y) => y);
      const first = await m.predict(x, { batchSize: 3 });
      const second = await m.predict(x.neg(), { batchSize: 3 });
      expect(first.add(second).abs().max().item()).toBe(0);
      expect(first.max().item()).toBe(130);
    });

    it('joins rows that are not one a sample', async () => {
      const twice = await predict((y) => concatenate([y, y.neg()]));
      expect(twice.shape).toEqual([14, 2]);
      expect([...twice.slice([null, null], 0).dataSync()]).toEqual([
        0, 20, 40, -0, -20, -40, 60, 80, 100, -60, -80, -100, 120, -120,
      ]);
      const sums = await predict((y) => y.sum(0, { keepdims: true }));
      expect([...sums.dataSync()]).toEqual([60, 90, 240, 270, 120, 130]);
    });

    it('refuses what cannot be joined', async () => {
      await expect(predict((y) => y.sum())).rejects.toThrow(/no batch dimension/);
      await expect(predict((y) => y.transpose())).rejects.toThrow(
        /cannot be joined: shape \(2, 1\) after \(2, 3\)/,
      );
    });
  });
