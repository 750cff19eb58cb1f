import { beforeAll, describe, expect, it } from 'vitest';
import { modelFamilies } from '../../../test/live/model-families.ts';
import { setBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { flatten } from '../../keras/tree.ts';
import { fromData, type Tensor, tensor } from '../../tensor/index.ts';
import { attributeTypes, type GraphProto, type ModelProto, modelFields } from '../messages.ts';
import { encodeMessage } from '../protobuf.ts';
import { toOnnx } from '../write/keras.ts';
import { fromOnnx } from './model.ts';

beforeAll(() => {
  setBackend('wasm');
});

const ofShape = (name: string, ...dims: (number | string)[]) => ({
  name,
  type: {
    tensorType: {
      elemType: 1,
      shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
    },
  },
});
const encode = (graph: GraphProto, more: ModelProto = {}): Uint8Array =>
  encodeMessage(
    { irVersion: 8, opsetImport: [{ domain: '', version: 18 }], graph, ...more },
    modelFields,
  );
const ints = (name: string, values: number[]) => ({
  name,
  dims: [values.length],
  dataType: 7,
  int64Data: values,
});
const code = (c: string, message?: RegExp) =>
  expect.objectContaining({ code: c, ...(message && { message: expect.stringMatching(message) }) });

describe('fromOnnx reads what toOnnx writes', () => {
  for (const { name, make } of modelFamilies())
    it(name, async () => {
      const { model, inputs } = make();
      const read = fromOnnx(await toOnnx(model));
      const want = flatten<Tensor>(
        model.predictStep({
          x: inputs.length === 1 ? inputs[0] : inputs,
          y: undefined,
          sampleWeight: undefined,
        }),
      );
      expect(read.inputs.map((v) => v.name)).toEqual(model.inputNames);
      const found = [await read.predict<Tensor | Tensor[]>(...inputs)].flat();
      want.forEach((w, i) => {
        expect(found[i].shape).toEqual(w.shape);
        const [a, b] = [found[i].dataSync(), w.dataSync()];
        for (let k = 0; k < b.length; k++) expect(a[k]).toBeCloseTo(b[k], 5);
      });
    });
});

describe('shapes', () => {
  const flat: GraphProto = {
    node: [
      { opType: 'Shape', input: ['x'], output: ['s'] },
      { opType: 'Gather', input: ['s', 'zero'], output: ['n'] },
      {
        opType: 'Concat',
        input: ['n', 'rest'],
        output: ['to'],
        attribute: [{ name: 'axis', type: attributeTypes.i, i: 0 }],
      },
      { opType: 'Reshape', input: ['x', 'to'], output: ['y'] },
    ],
    initializer: [ints('zero', [0]), ints('rest', [-1])],
    input: [ofShape('x', 'n', 2, 3)],
    output: [ofShape('y', 'n', 6)],
  };

  it('are computed beforehand, for each number of samples', async () => {
    const m = fromOnnx(encode(flat));
    expect(m.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['n', 2, 3] }]);
    for (const n of [1, 4]) {
      const { y } = await m.run({ x: fromData(new Float32Array(n * 6), [n, 2, 3]) });
      expect(y.shape).toEqual([n, 6]);
    }
  });

  it('may come as inputs', async () => {
    const m = fromOnnx(
      encode({
        node: [{ opType: 'Expand', input: ['x', 'to'], output: ['y'] }],
        input: [
          ofShape('x', 2),
          { name: 'to', type: { tensorType: { elemType: 7, shape: { dim: [{ dimValue: 2 }] } } } },
        ],
        output: [ofShape('y', 'a', 'b')],
      }),
    );
    const x = tensor([1, 2]);
    const { y } = await m.run({ x, to: Int32Array.of(3, 2) });
    expect([y.shape, [...y.dataSync()]]).toEqual([
      [3, 2],
      [1, 2, 1, 2, 1, 2],
    ]);
    expect((await m.run({ x, to: Int32Array.of(1, 2) })).y.shape).toEqual([1, 2]);
  });

  it('are refused where they hang on computed numbers', async () => {
    const m = fromOnnx(
      encode({
        node: [{ opType: 'Loop', input: ['x', ''], output: ['n'], attribute: [] }],
        input: [ofShape('x', 'k')],
        output: [ofShape('n', 'k')],
      }),
    );
    await expect(m.run({ x: tensor([1]) })).rejects.toEqual(code('onnx', /has no body/));
  });
});

describe('what fromOnnx refuses', () => {
  const graph = (more: GraphProto): GraphProto => ({
    node: [{ opType: 'Relu', input: ['x'], output: ['y'] }],
    input: [ofShape('x', 2)],
    output: [ofShape('y', 2)],
    ...more,
  });

  it('all unknown operations at once, inside of graphs too', () => {
    const inner: GraphProto = { node: [{ opType: 'Inner', output: ['z'] }] };
    const node = [
      { opType: 'Foo', input: ['x'], output: ['a'] },
      { opType: 'constructor', input: ['a'], output: ['b'] },
      { opType: 'Bar', domain: 'com.example', input: ['b'], output: ['y'] },
      {
        opType: 'If',
        input: ['b'],
        output: ['c'],
        attribute: [{ name: 'then_branch', type: 5, g: inner }],
      },
    ];
    expect(() => fromOnnx(encode(graph({ node })))).toThrow(
      code('onnx-op', /Foo, Inner, com\.example\.Bar, constructor/),
    );
  });

  it('data in other files', () => {
    const initializer = [
      {
        name: 'w',
        dims: [2],
        dataType: 1,
        dataLocation: 1,
        externalData: [{ key: 'location', value: '/etc/passwd' }],
      },
    ];
    expect(() => fromOnnx(encode(graph({ initializer })))).toThrow(code('onnx-external'));
  });

  it('sizes that lie, before memory is taken', () => {
    const wrong = [{ name: 'w', dims: [2 ** 40], dataType: 1, rawData: new Uint8Array(8) }];
    expect(() => fromOnnx(encode(graph({ initializer: wrong })))).toThrow(
      /1099511627776 by its shape/,
    );
    const node = [{ opType: 'ConstantOfShape', input: ['w'], output: ['y'] }];
    const initializer = [ints('w', [2 ** 20, 2 ** 20])];
    expect(() => fromOnnx(encode(graph({ node, initializer })))).toThrow(code('onnx-too-large'));
    const many = [{ name: 'w', dims: [64], dataType: 1, rawData: new Uint8Array(256) }];
    expect(() => fromOnnx(encode(graph({ initializer: many })), { budget: 1000 })).toThrow(
      code('onnx-too-large'),
    );
  });

  it('circles, and names made twice', () => {
    const circle = [
      { opType: 'Add', input: ['x', 'y'], output: ['z'] },
      { opType: 'Relu', input: ['z'], output: ['y'] },
    ];
    expect(() => fromOnnx(encode(graph({ node: circle })))).toThrow(/nothing before it makes/);
    const twice = [
      { opType: 'Relu', input: ['x'], output: ['y'] },
      { opType: 'Relu', input: ['x'], output: ['y'] },
    ];
    expect(() => fromOnnx(encode(graph({ node: twice })))).toThrow(/two values of the name "y"/);
  });

  it('old versions, models without a graph, files of other kinds', () => {
    const old = { opsetImport: [{ domain: '', version: 6 }] };
    expect(() => fromOnnx(encode(graph({}), old))).toThrow(code('onnx-version'));
    expect(() => fromOnnx(new Uint8Array())).toThrow(code('onnx'));
    expect(() => fromOnnx(new TextEncoder().encode('<html></html>'))).toThrow(GradloomError);
  });

  it('feeds that do not fit', async () => {
    const m = fromOnnx(encode(graph({})));
    await expect(m.run({})).rejects.toEqual(code('onnx-feed', /"x" is missing/));
    await expect(m.run({ X: [1, 2] })).rejects.toEqual(code('onnx-feed', /did you mean "x"/));
    await expect(m.run({ x: [1, 2, 3] })).rejects.toEqual(
      code('onnx-feed', /\(2\); received \(3\)/),
    );
  });
});
