import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { decodeTfjsWeights } from './tfjs-weights.ts';

const bytesOf = (a: ArrayBufferView): Uint8Array =>
  new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
const files =
  (map: Record<string, Uint8Array>) =>
  (path: string): Uint8Array => {
    if (!Object.hasOwn(map, path)) throw new GradloomError('file-not-found', `no ${path}`);
    return map[path];
  };
const one = (weight: object, paths: unknown = ['a.bin']): unknown => [{ paths, weights: [weight] }];
const w = { name: 'w', shape: [2], dtype: 'float32' };
const never = (): never => {
  throw new Error('a shard was read');
};

describe('decodeTfjsWeights', () => {
  it('reads weights that lie across shards, in several groups', async () => {
    const first = bytesOf(new Float32Array([1, 2, 3, 4]));
    const manifest = [
      {
        paths: ['g1-1of2', 'sub/g1-2of2'],
        weights: [
          { name: 'dense/kernel', shape: [3, 1], dtype: 'float32' },
          { name: 'dense/bias', shape: [], dtype: 'float32' },
        ],
      },
      {
        paths: ['g2'],
        weights: [
          { name: 'flags', shape: [3], dtype: 'bool' },
          { name: 'n', shape: [2], dtype: 'int32' },
        ],
      },
    ];
    const g2 = new Uint8Array([1, 0, 7, ...bytesOf(new Int32Array([-5, 6]))]);
    const found = await decodeTfjsWeights(
      manifest,
      files({ 'g1-1of2': first.slice(0, 7), 'sub/g1-2of2': first.slice(7), g2 }),
    );
    expect([...found.keys()]).toEqual(['dense/kernel', 'dense/bias', 'flags', 'n']);
    expect(found.get('dense/kernel')).toEqual({
      data: new Float32Array([1, 2, 3]),
      shape: [3, 1],
      dtype: 'float32',
    });
    expect([...found.get('dense/bias')!.data]).toEqual([4]);
    expect([...found.get('flags')!.data]).toEqual([1, 0, 1]);
    expect(found.get('n')!.data).toEqual(new Int32Array([-5, 6]));
  });

  it('unpacks quantized weights', async () => {
    const manifest = [
      {
        paths: ['q'],
        weights: [
          {
            name: 'u8',
            shape: [3],
            dtype: 'float32',
            quantization: { dtype: 'uint8', scale: 0.5, min: -1 },
          },
          {
            name: 'u16',
            shape: [2],
            dtype: 'float32',
            quantization: { dtype: 'uint16', scale: 0.25, min: 2 },
          },
          { name: 'half', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
          {
            name: 'int',
            shape: [2],
            dtype: 'int32',
            quantization: { dtype: 'uint8', scale: 0.4, min: 0 },
          },
        ],
      },
    ];
    const q = new Uint8Array([0, 2, 255, 0, 0, 0, 1, 0x00, 0x3c, 0x00, 0xc1, 1, 4]);
    const found = await decodeTfjsWeights(manifest, files({ q }));
    const values = (name: string): number[] => [...found.get(name)!.data];
    expect(values('u8')).toEqual([-1, 0, 126.5]);
    expect(values('u16')).toEqual([2, 66]);
    expect(values('half')).toEqual([1, -2.5]);
    expect(values('int')).toEqual([0, 2]);
    expect(found.get('int')!.dtype).toBe('int32');
  });

  it.each([
    ['no list', {}, /no list weightsManifest/],
    ['a group that is none', [3], /without lists/],
    ['a path out of the folder', one(w, ['../a.bin']), /no path within/],
    ['an absolute path', one(w, ['/etc/passwd']), /no path within/],
    ['an address', one(w, ['https://example.org/a.bin']), /no path within/],
    ['an encoded way out', one(w, ['%2e%2e/a.bin']), /no path within/],
    ['a path that is no string', one(w, [7]), /no path within/],
    ['a shard twice', one(w, ['a', 'a']), /shard "a" twice/],
    ['a weight twice', [{ paths: ['a'], weights: [w, w] }], /names "w" twice/],
    ['a negative dimension', one({ ...w, shape: [-1] }), /shape that cannot be/],
    ['a broken dimension', one({ ...w, shape: [1.5] }), /shape that cannot be/],
    ['sizes beyond counting', one({ ...w, shape: [2 ** 40, 2 ** 40] }), /more bytes than/],
    ['text', one({ ...w, dtype: 'string' }), /"string", which cannot be read/],
    ['a type of Object', one({ ...w, dtype: 'constructor' }), /"constructor"/],
    ['complex numbers', one({ ...w, dtype: 'complex64' }), /complex64/],
    ['unknown packing', one({ ...w, quantization: { dtype: 'int4' } }), /int4/],
    ['packing without a scale', one({ ...w, quantization: { dtype: 'uint8' } }), /scale and min/],
    [
      'packed booleans',
      one({ ...w, dtype: 'bool', quantization: { dtype: 'uint8', scale: 1, min: 0 } }),
      /which cannot be/,
    ],
  ])('refuses %s before a shard is read', async (_, manifest, message) => {
    const failed = await decodeTfjsWeights(manifest, never).catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(GradloomError);
    expect(failed).toMatchObject({ code: 'tfjs', message: expect.stringMatching(message) });
  });

  it('keeps to its budget before a shard is read', async () => {
    const huge = one({ ...w, shape: [2 ** 30] });
    await expect(decodeTfjsWeights(huge, never)).rejects.toMatchObject({ code: 'tfjs-too-large' });
    await expect(decodeTfjsWeights(one(w), never, { maxBytes: 7 })).rejects.toMatchObject({
      code: 'tfjs-too-large',
    });
  });

  it('refuses shards that are missing, short or long', async () => {
    for (const [length, message] of [
      [7, /take 8 bytes, and the files have 7/],
      [9, /there are more/],
      [0, /the files have 0/],
    ] as const)
      await expect(
        decodeTfjsWeights(one(w), files({ 'a.bin': new Uint8Array(length) })),
      ).rejects.toMatchObject({ code: 'tfjs', message: expect.stringMatching(message) });
    await expect(decodeTfjsWeights(one(w), files({}))).rejects.toMatchObject({
      code: 'file-not-found',
    });
    await expect(decodeTfjsWeights(one(w, []), never)).rejects.toMatchObject({ code: 'tfjs' });
  });
});
