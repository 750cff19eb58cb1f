import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { type ModelProto, modelFields } from './messages.ts';
import { decodeMessage, encodeMessage } from './protobuf.ts';

const o = { name: 'test', maxBytes: 2 ** 20 };
const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');

const model: ModelProto = {
  irVersion: 8,
  producerName: 'me',
  opsetImport: [{ domain: '', version: 18 }],
  graph: {
    name: 'g',
    node: [
      {
        input: ['x', 'w'],
        output: ['y'],
        opType: 'Slice',
        attribute: [{ name: 'a', type: 7, ints: [1, -1, 2 ** 40] }],
      },
    ],
    initializer: [{ name: 'w', dims: [2], dataType: 1, floatData: [0.5, -2] }],
  },
};

describe('protocol buffers by table', () => {
  it('writes what onnx writes', () => {
    // onnx.helper.make_tensor('w', 1, [2], [0.5, -2.0]).SerializeToString() in a model without more.
    const bytes = encodeMessage({ graph: { initializer: model.graph!.initializer } }, modelFields);
    expect(hex(bytes)).toBe('3a132a11080210012208' + '0000003f000000c0' + '420177');
  });

  it('reads what it writes', () => {
    expect(decodeMessage(encodeMessage(model, modelFields), modelFields, o)).toEqual(model);
  });

  it('refuses what is cut off at any place, or reads a shorter message', () => {
    const bytes = encodeMessage(model, modelFields);
    for (let n = 0; n < bytes.length; n++) {
      try {
        decodeMessage(bytes.subarray(0, n), modelFields, o);
      } catch (e) {
        expect(e).toBeInstanceOf(GradloomError);
      }
    }
    expect(() => decodeMessage(bytes.subarray(0, -1), modelFields, o)).toThrow(/cut off/);
  });

  it('refuses what takes more memory than allowed, and what lies too deep', () => {
    const many = new Uint8Array(4000);
    // Empty operator sets: two bytes each.
    for (let i = 0; i < many.length; i += 2) many[i] = (8 << 3) | 2;
    expect(() => decodeMessage(many, modelFields, { ...o, maxBytes: 50_000 })).toThrow(
      expect.objectContaining({ code: 'onnx-too-large' }),
    );
    let deep: object = {};
    for (let i = 0; i < 40; i++) deep = { node: [{ attribute: [{ g: deep }] }] };
    const bytes = encodeMessage({ graph: deep }, modelFields);
    expect(() => decodeMessage(bytes, modelFields, o)).toThrow(/too deep/);
  });
});
