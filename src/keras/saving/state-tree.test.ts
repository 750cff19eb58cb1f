import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GradloomError } from '../../errors.ts';
import { cases } from '../../formats/fuzzing.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { fromData } from '../../tensor/index.ts';
import { encodeSealed } from './seal.ts';
import { packState, unpackState } from './state-tree.ts';

const again = async (x: unknown): Promise<unknown> => unpackState(await packState(x));

describe('packState and unpackState', () => {
  it('all numbers, strings, lists and objects come back as they were', async () => {
    const leaf = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
    );
    const key = fc.oneof(fc.string(), fc.constantFrom('$', 'name', 'data', '__proto__', 'shape'));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc
          .array(fc.tuple(key, tie('tree')), { maxLength: 4 })
          .map((e) => Object.fromEntries(e) as unknown),
      ),
    }));
    const property = fc.asyncProperty(tree, async (x) => {
      expect(await again(x)).toStrictEqual(x);
    });
    await fc.assert(property, { numRuns: cases(500) });
  });

  it('tensors, typed arrays and arrays with a shape, through a file', async () => {
    const t = fromData(Float32Array.of(1, Number.NaN, -0, 4), [2, 2]);
    const named = { data: Int32Array.of(7), shape: [], dtype: 'int32', path: 'a/b' };
    const state = { list: [t, { named }], words: Uint32Array.of(1, 2 ** 32 - 1) };
    const { json, arrays } = await packState(state);
    const file = decodeSafetensors(await encodeSealed(arrays, [['json', json]]));
    const back = unpackState({ json: file.metadata.get('json')!, arrays: file.tensors }) as {
      list: [typeof t, { named: typeof named }];
      words: Uint32Array;
    };
    expect([back.list[0].shape, back.list[0].dtype]).toEqual([[2, 2], 'float32']);
    expect([...back.list[0].dataSync()]).toEqual([1, Number.NaN, -0, 4]);
    expect(back.list[1].named).toEqual(named);
    expect(back.words).toEqual(state.words);
  });

  it('says what cannot be kept, and where', async () => {
    await expect(packState({ a: [1, { f: () => 1 }] })).rejects.toThrow(
      /state\.a\[1\]\.f cannot be kept: .*received a function/,
    );
    await expect(packState([new Date()])).rejects.toThrow(/state\[0\].*received Date/);
  });

  it('what is no state ends in a GradloomError', () => {
    const property = fc.property(fc.oneof(fc.json(), fc.string()), (json) => {
      try {
        unpackState({ json, arrays: new Map() });
        return true;
      } catch (e) {
        return e instanceof GradloomError && e.code === 'state';
      }
    });
    fc.assert(property, { numRuns: cases(1000) });
  });
});
