/** What the battery does not reach: states that are kept, cells of one's own, models, errors. */
import { describe, expect, it } from 'vitest';
import * as keras from '../../../keras/index.ts';
import { type Tensor, tensor } from '../../../tensor/index.ts';
import { type BatchShape, type CallOptions, Layer } from '../layer.ts';
import * as rnn from './index.ts';

const ramp = (shape: number[], scale = 0.1): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(Float32Array.from({ length: n }, (_, i) => Math.sin(i) * scale)).reshape(shape);
};
const values = (t: Tensor): number[] => Array.from(t.dataSync());
const close = (a: Tensor, b: Tensor): void => {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [values(a), values(b)];
  x.forEach((v, i) => {
    expect(v).toBeCloseTo(y[i], 5);
  });
};

describe('stateful layers', () => {
  it('go on from where the batch before ended, until they are reset', () => {
    const layer = rnn.lstm(3, { stateful: true, returnSequences: true });
    const plain = rnn.lstm(3, { returnSequences: true });
    const x = ramp([2, 6, 4]);
    const first = layer.apply(x.slice(':', [0, 3]));
    plain.apply(x);
    plain.setWeights(layer.getWeights());
    const whole = plain.apply(x);
    close(first, whole.slice(':', [0, 3]));
    close(layer.apply(x.slice(':', [3, 6])), whole.slice(':', [3, 6]));
    layer.resetStates();
    close(layer.apply(x.slice(':', [0, 3])), first);
    expect(layer.weights).toHaveLength(3);
  });

  it('refuse another batch, and to be built without knowing it', () => {
    const layer = rnn.gru(2, { stateful: true });
    layer.apply(ramp([3, 2, 2]));
    expect(() => layer.apply(ramp([4, 2, 2]))).toThrow(
      /stateful with batches of 3; received one of 4/,
    );
    const x = keras.input({ shape: [4, 2] });
    expect(() => rnn.gru(2, { stateful: true }).apply(x)).toThrow(/give batchSize to keras.input/);
    const sized = keras.input({ shape: [4, 2], batchSize: 5 });
    expect(rnn.gru(2, { stateful: true }).apply(sized).shape).toEqual([5, 2]);
  });
});

describe('initial states', () => {
  it('may be tensors of a model, as in an encoder and a decoder', () => {
    const a = keras.input({ shape: [5, 3] });
    const b = keras.input({ shape: [4, 2] });
    const [, h, c] = rnn.lstm(3, { returnState: true }).apply<keras.KerasTensor[]>(a);
    const y = rnn.lstm(3, { returnSequences: true }).apply(b, { initialState: [h, c] });
    const model = keras.model({ inputs: [a, b], outputs: y });
    expect(model.apply([ramp([2, 5, 3]), ramp([2, 4, 2])]).shape).toEqual([2, 4, 3]);
  });

  it('must be as many and as large as the states', () => {
    const layer = rnn.lstm(3);
    const x = ramp([2, 4, 3]);
    expect(() => layer.apply(x, { initialState: [ramp([2, 3])] })).toThrow(
      /initialState must be \(2, 3\) and \(2, 3\); received \(2, 3\)/,
    );
    expect(() => layer.apply(x, { initialState: [ramp([2, 3]), ramp([2, 4])] })).toThrow(
      /received \(2, 3\), \(2, 4\)/,
    );
  });
});

/** Adds up its inputs and halves what it has. */
class Adder extends Layer {
  readonly stateSize = 2;
  override build(_: BatchShape): void {}
  call(x: Tensor, o: CallOptions): (Tensor | Tensor[])[] {
    const [h] = o.states as Tensor[];
    const next = h.mul(0.5).add(x);
    return [next.mul(10), [next]];
  }
}

describe('cells of one’s own', () => {
  it('are run step by step, with their last output', () => {
    const x = tensor([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
    const layer = rnn.rnn(new Adder(), { returnState: true });
    const [out, state] = layer.apply<Tensor[]>(x);
    expect(values(state)).toEqual([6.75, 8.5]);
    expect(values(out)).toEqual([67.5, 85]);
    const all = rnn.rnn(new Adder(), { returnSequences: true, goBackwards: true }).apply(x);
    expect(values(all)).toEqual([50, 60, 55, 70, 37.5, 55]);
  });

  it('stand in stacks with others', () => {
    const layer = rnn.rnn([rnn.gruCell(2), new Adder()], { returnSequences: true });
    expect(layer.apply(ramp([2, 3, 4])).shape).toEqual([2, 3, 2]);
  });
});

describe('training', () => {
  it('learns to tell which sequences have a large sum', async () => {
    keras.utils.setRandomSeed(1);
    const n = 64;
    const data = Array.from({ length: n }, (_, i) =>
      Array.from({ length: 6 }, (_, t) => [Math.sin(i * 7.1 + t * t)]),
    );
    const label = data.map((s) => (s.reduce((a, [v]) => a + v, 0) > 0 ? 1 : 0));
    const model = keras.sequential([
      rnn.bidirectional(rnn.gru(8)),
      keras.layers.dense(1, { activation: 'sigmoid' }),
    ]);
    model.compile({
      optimizer: keras.optimizers.adam({ learningRate: 0.03 }),
      loss: 'binaryCrossentropy',
    });
    const h = await model.fit(tensor(data), tensor(label).astype('float32'), {
      epochs: 8,
      batchSize: 16,
      verbose: 0,
    });
    const loss = h.history.loss as number[];
    expect(loss[7]).toBeLessThan(loss[0] / 2);
  });
});

describe('what is refused', () => {
  it('names the layer and what came', () => {
    expect(() => rnn.lstm(0)).toThrow(/units must be a whole number of 1 or more; received 0/);
    expect(() => rnn.lstm(4, { retunSequences: true } as object)).toThrow(/"returnSequences"/);
    expect(() => rnn.gru(4, { activation: 'tahn' })).toThrow(/tanh/);
    expect(() => rnn.lstm(4).apply(ramp([2, 3]))).toThrow(/sequences \(batch, time, features\)/);
    expect(() => rnn.rnn(keras.layers.dense(3))).toThrow(
      /a cell is a layer with a stateSize.*Dense/,
    );
    expect(() => rnn.stackedRNNCells([])).toThrow(/list of cells/);
    expect(() => rnn.bidirectional(keras.layers.dense(3))).toThrow(/needs a recurrent layer/);
    expect(() => rnn.bidirectional(rnn.lstm(2), { mergeMode: 'avg' as 'ave' })).toThrow(
      /mergeMode is sum, mul, concat, ave or null; received "avg"/,
    );
    expect(() => rnn.bidirectional(rnn.lstm(2), { backwardLayer: rnn.lstm(2) })).toThrow(
      /must go backwards, and the other not/,
    );
    expect(() => rnn.timeDistributed(keras.layers.dense(2)).apply(ramp([2, 3]))).toThrow(
      /3 dimensions or more/,
    );
    const open = keras.input({ shape: [null, 3] });
    expect(() => rnn.lstm(2, { unroll: true }).apply(open)).toThrow(/known number of steps/);
    expect(rnn.lstm(2, { returnSequences: true }).apply(open).shape).toEqual([null, null, 2]);
  });
});
