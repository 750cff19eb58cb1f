import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { lax } from '../../graph/index.ts';
import * as keras from '../../keras/index.ts';
import { Tensor } from '../../tensor/index.ts';
import { type ModelProto, modelFields } from '../messages.ts';
import { decodeMessage } from '../protobuf.ts';
import { toOnnx } from './keras.ts';
import { functionToOnnx } from './model.ts';

const { layers } = keras;
const read = (bytes: Uint8Array): ModelProto =>
  decodeMessage(bytes, modelFields, { name: 'test', maxBytes: 2 ** 24 });

beforeAll(() => {
  setBackend('wasm');
});

function mlp(): keras.Model {
  const x = keras.input({ shape: [4], name: 'features' });
  const h = layers.dense(8, { activation: 'relu', name: 'hidden' }).apply(x);
  return keras.model({ inputs: x, outputs: layers.dense(3, { name: 'scores' }).apply(h) });
}

describe('toOnnx', () => {
  it('writes layers, weights and names', async () => {
    const { graph, opsetImport } = read(await toOnnx(mlp()));
    expect(opsetImport).toEqual([{ domain: '', version: 18 }]);
    expect(graph!.node!.map((n) => n.opType)).toEqual([
      'MatMul',
      'Add',
      'Relu',
      'MatMul',
      'Add',
      'Identity',
    ]);
    expect(graph!.initializer!.map((t) => t.name)).toEqual(
      expect.arrayContaining(['hidden/kernel', 'hidden/bias', 'scores/kernel', 'scores/bias']),
    );
    const shape = (v: unknown): unknown =>
      (v as { type: { tensorType: { shape: { dim: unknown } } } }).type.tensorType.shape.dim;
    expect(graph!.input!.map((v) => v.name)).toEqual(['features']);
    expect(graph!.output!.map((v) => v.name)).toEqual(['scores']);
    expect(shape(graph!.input![0])).toEqual([{ dimParam: 'batch' }, { dimValue: 4 }]);
    expect(shape(graph!.output![0])).toEqual([{ dimParam: 'batch' }, { dimValue: 3 }]);
  });

  it('writes a fixed number of samples', async () => {
    const { graph } = read(await toOnnx(mlp(), { batchSize: 5 }));
    const { shape } = graph!.output![0].type!.tensorType!;
    expect(shape!.dim).toEqual([{ dimValue: 5 }, { dimValue: 3 }]);
  });

  it('asks for sizes that are not known', async () => {
    const x = keras.input({ shape: [null, 4] });
    const m = keras.model({ inputs: x, outputs: layers.lstm(3).apply(x) });
    await expect(toOnnx(m)).rejects.toMatchObject({ code: 'onnx-shape' });
    await expect(toOnnx(m, { inputShapes: [[null, 5, 3]] })).rejects.toThrow(/does not fit/);
    const { graph } = read(await toOnnx(m, { inputShapes: [[null, 5, 4]] }));
    expect(graph!.node!.map((n) => n.opType)).toContain('Scan');
  });

  it('refuses models that draw numbers or keep state', async () => {
    const bits = ([key]: Tensor[]): Tensor[] => [new Tensor(lax.randomBits(key.value, [3]))];
    const inputs = [{ name: 'key', shape: [2], dtype: 'uint32' as const }];
    await expect(functionToOnnx(bits, { inputs })).rejects.toMatchObject({
      code: 'onnx-write',
      message: expect.stringContaining('random_bits'),
    });
    const y = keras.input({ batchShape: [2, 4, 3] });
    const m = keras.model({ inputs: y, outputs: layers.lstm(3, { stateful: true }).apply(y) });
    await expect(toOnnx(m)).rejects.toMatchObject({ code: 'onnx-state' });
  });

  it('refuses options that there are not', async () => {
    await expect(toOnnx(mlp(), { batchsize: 1 } as never)).rejects.toThrow(/batchSize/);
  });
});
