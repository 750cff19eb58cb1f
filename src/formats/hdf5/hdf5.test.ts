/** HDF5 against files of h5py, and what strangers may write. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GradloomError } from '../../errors.ts';
import { readGoldens } from '../../keras/testing.ts';
import { cases } from '../fuzzing.ts';
import {
  type H5Array,
  type H5Dataset,
  type H5Group,
  type H5Tree,
  readHdf5,
  writeHdf5,
} from './index.ts';

const goldens = readGoldens<{
  good: Record<string, string>;
  refused: Record<string, string>;
}>('hdf5');
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const good = (name: string): H5Group => readHdf5(bytesOf(goldens.good[name]));
const list = (g: H5Group, path: string): number[] =>
  Array.from((g.get(path) as H5Dataset).read().data as ArrayLike<number>);

describe('reading HDF5', () => {
  it('knows every kind of element', () => {
    const f = good('kinds');
    for (const kind of ['f4', 'f8', 'f2', 'f4be', 'u1', 'i4', 'i8', 'i1', 'u2'])
      expect([kind, list(f, kind)]).toEqual([kind, [0, 1, 2, 3, 1, 0]]);
    expect(list(f, 'b1')).toEqual([0, 1, 1, 1, 1, 0]);
    expect((f.get('b1') as H5Dataset).read().dtype).toBe('bool');
    expect(list(f, 'bf16')).toEqual([1.5, -2]);
    expect([list(f, 'scalar'), (f.get('scalar') as H5Dataset).shape]).toEqual([[2.5], []]);
    expect([list(f, 'none'), (f.get('none') as H5Dataset).shape]).toEqual([[], [0, 3]]);
    expect((f.get('text') as H5Dataset).text()).toEqual(['žluťoučký']);
    expect((f.get('fixed') as H5Dataset).text()).toEqual(['ab', 'c']);
    expect(() => (f.get('text') as H5Dataset).read()).toThrow(/no numbers/);
    const { attributes } = f.get('group/inner')!;
    expect(attributes.get('name')).toBe('kůň');
    expect(attributes.get('names')).toEqual(['a', 'bb']);
    expect(attributes.get('bytes')).toEqual(['x', 'yz']);
    expect(Array.from((attributes.get('numbers') as H5Array).data)).toEqual([0, 1, 2]);
    expect([f.get('group/outer'), f.get('f4/inner')]).toEqual([undefined, undefined]);
  });
  it('reads what newer libraries write', () => {
    const f = good('latest');
    expect([list(f, 'f4'), list(f, 'i8'), list(f, 'group/inner')]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [7],
    ]);
    expect(f.get('group')?.attributes.get('name')).toBe('kůň');
  });
  it('puts chunks together', () => {
    const f = good('chunked');
    expect(list(f, 'packed')).toEqual(Array.from({ length: 77 }, (_, i) => i));
    expect(list(f, 'plain')).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(list(f, 'sparse')).toEqual([0, 0, 0, 0, 0, 1, 2, 0, 0, 0]);
  });
  it('finds each of many members', () => {
    const f = good('many');
    expect(f.group('layers')?.names.length).toBe(30);
    for (const i of [0, 7, 15, 29]) expect(list(f, `layers/layer_${i}/vars/0`)).toEqual([i]);
  });
});

/** Reads everything that there is. */
function visit(g: H5Group, depth = 0): void {
  void g.attributes;
  for (const name of g.names) {
    const x = g.get(name);
    if (x?.kind === 'group' && depth < 40) visit(x, depth + 1);
    if (x?.kind === 'dataset') {
      void x.attributes;
      if (/^\|[ST]/.test(x.type)) x.text();
      else if (!x.type.startsWith('|V')) x.read();
    }
  }
}

describe('HDF5 from strangers', () => {
  it('refuses links, other files, bombs and circles', () => {
    const attempt = (name: string) => () => visit(readHdf5(bytesOf(goldens.refused[name])));
    expect(attempt('soft')).toThrow(/soft link/);
    expect(attempt('external')).toThrow(/external link|very many members/);
    expect(attempt('virtual')).toThrow(/virtual|layout of version|newer index/);
    expect(attempt('elsewhere')).toThrow(/other files/);
    expect(attempt('bomb')).toThrow(/limit for the file/);
    expect(attempt('sequences')).toThrow(/varying length/);
    let g: H5Group | undefined = readHdf5(bytesOf(goldens.refused.cycle));
    expect(() => {
      for (let i = 0; i < 1e6; i++) g = g?.group(i === 0 ? 'g' : 'self');
    }).toThrow(/circles/);
  });
  it('says where a file ends', () => {
    const whole = bytesOf(goldens.good.kinds);
    expect(() => readHdf5(new Uint8Array(0))).toThrow(/empty/);
    expect(() => readHdf5(Uint8Array.of(1, 2, 3))).toThrow(/no HDF5 file/);
    for (let n = 9; n < whole.length; n += 97)
      expect(() => visit(readHdf5(whole.subarray(0, n)))).toThrow(GradloomError);
    expect(() => visit(readHdf5(whole, { maxBytes: 20 }))).toThrow(/limit for the file is 20/);
  });
  it('ends in values or a GradloomError, whatever bytes are changed', () => {
    const files = [...Object.values(goldens.good), ...Object.values(goldens.refused)]
      .map(bytesOf)
      .filter((b) => b.length < 40_000);
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...files), edits, (bytes, changes) => {
        const copy = Uint8Array.from(bytes);
        for (const [at, v] of changes) copy[at % copy.length] = v;
        try {
          visit(readHdf5(copy, { maxBytes: 2 ** 22 }));
        } catch (e) {
          if (!(e instanceof GradloomError)) throw e;
        }
      }),
      { numRuns: cases(3000) },
    );
  });
});

describe('writing HDF5', () => {
  const array = (data: H5Array['data'], shape: number[], dtype: H5Array['dtype']): H5Array => ({
    data,
    shape,
    dtype,
  });
  it('gives back what it was given', () => {
    const tree: H5Tree = {
      attributes: {
        name: 'kůň',
        names: ['a', 'bb'],
        empty: '',
        n: array(Int32Array.of(-1), [], 'int32'),
      },
      datasets: new Map([
        ['f4', array(Float32Array.of(1, -2.5, Number.NaN), [3, 1], 'float32')],
        ['f8', array(Float64Array.of(Math.PI), [], 'float64')],
        ['u1', array(Uint8Array.of(1, 255), [2], 'uint8')],
        ['u4', array(Uint32Array.of(2 ** 32 - 1), [1], 'uint32')],
        ['b1', array(Uint8Array.of(1, 0), [2], 'bool')],
        ['none', array(new Float32Array(0), [0, 3], 'float32')],
      ]),
    };
    const f = readHdf5(writeHdf5(tree));
    for (const [name, a] of tree.datasets!) {
      const got = (f.get(name) as H5Dataset).read();
      expect([got.dtype, got.shape, Array.from(got.data)]).toEqual([
        a.dtype,
        a.shape,
        Array.from(a.data),
      ]);
    }
    expect(f.attributes.get('name')).toBe('kůň');
    expect(f.attributes.get('names')).toEqual(['a', 'bb']);
    expect(f.attributes.get('empty')).toBe('');
    expect(Array.from((f.attributes.get('n') as H5Array).data)).toEqual([-1]);
  });
  it('spreads many members over leaves and nodes', () => {
    const groups = new Map<string, H5Tree>();
    for (let i = 0; i < 1000; i++)
      groups.set(`layer_${i}`, {
        attributes: { name: `the layer ${i}` },
        datasets: new Map([['0', array(Float32Array.of(i), [1], 'float32')]]),
      });
    const f = readHdf5(writeHdf5({ groups: new Map([['layers', { groups }]]) }));
    expect(f.group('layers')?.names.length).toBe(1000);
    for (const i of [0, 9, 500, 999]) {
      expect(list(f, `layers/layer_${i}/0`)).toEqual([i]);
      expect(f.get(`layers/layer_${i}`)?.attributes.get('name')).toBe(`the layer ${i}`);
    }
  });
  it('refuses attributes that have no room', () => {
    const names = Array.from({ length: 5000 }, () => 'x');
    expect(() => writeHdf5({ attributes: { names } })).toThrow(/64 kB/);
  });
});
