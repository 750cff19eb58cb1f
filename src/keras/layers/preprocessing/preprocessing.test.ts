/** Against Keras (scripts/goldens/make_preprocessing.py), and what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Dataset } from '../../../data/index.ts';
import { compile, fromData, type Tensor, tensor } from '../../../tensor/index.ts';
import { camelCase } from '../../identifiers.ts';
import { sequential } from '../../models/sequential.ts';
import { setRandomSeed } from '../../utils/index.ts';
import { fingerprint64 } from './farmhash.ts';
import * as layers from './index.ts';
import { siphash24 } from './siphash.ts';

interface Array1 {
  readonly shape: number[];
  readonly data: (number | string)[];
}
type Config = Record<string, unknown>;
interface Case {
  readonly config: Config;
  readonly output: Array1;
}
const g = JSON.parse(
  readFileSync(new URL('../../../../test/goldens/preprocessing.json', import.meta.url), 'utf8'),
) as {
  textVectorization: { texts: string[]; more: string; cases: (Case & { vocabulary: string[] })[] };
  stringLookup: {
    words: string[][];
    cases: (Case & { query: string[][]; vocabulary: string[] })[];
  };
  integerLookup: {
    data: Array1;
    query: Array1;
    cases: (Case & { vocabulary: number[] })[];
    inverted: Array1;
  };
  hashing: (Case & { input: never })[];
  discretization: {
    x: Array1;
    data: Array1;
    cases: (Case & { boundaries?: number[]; inParts?: number[] })[];
  };
  normalization: {
    x: Array1;
    cases: (Case & { mean?: Array1; variance?: Array1; inParts?: Array1 })[];
  };
  categoryEncoding: (Case & { input: never; weights: never })[];
  hashes: { words: string[]; fast: string[]; strong: string[] };
};

const options = (c: Config): Config =>
  Object.fromEntries(
    Object.entries(c).map(([k, v]) => [
      camelCase(k),
      typeof v === 'string' && v.includes('_') ? camelCase(v) : v,
    ]),
  );
const named = <T extends { config: Config }>(cases: readonly T[]): (T & { name: string })[] =>
  cases.map((c) => ({ ...c, name: JSON.stringify(c.config) }));
const given = (a: Array1, dtype: 'float32' | 'int32' = 'float32'): Tensor =>
  fromData(
    dtype === 'int32' ? Int32Array.from(a.data as number[]) : Float32Array.from(a.data as number[]),
    a.shape,
    dtype,
  );

function same(y: Tensor, expected: Array1, relative = 1e-6): void {
  expect(y.shape).toEqual(expected.shape);
  const data = y.dataSync();
  expected.data.forEach((e, i) => {
    const bound = relative * Math.abs(e as number) + 1e-6;
    expect(
      Math.abs(data[i] - (e as number)),
      `element ${i}: ${data[i]} for ${e}`,
    ).toBeLessThanOrEqual(bound);
  });
}

describe('hashes are those of TensorFlow', () => {
  it.each(g.hashes.words.map((w, i) => [w, i] as const))('%s', (w, i) => {
    const bytes = new TextEncoder().encode(w);
    const M = 2n ** 61n - 1n;
    expect(String(fingerprint64(bytes) % M)).toBe(g.hashes.fast[i]);
    expect(String(siphash24(bytes, [133n, 137n]) % M)).toBe(g.hashes.strong[i]);
  });
});

describe('TextVectorization', () => {
  const { texts, more, cases } = g.textVectorization;
  it.each(named(cases))('$name', async ({ config, vocabulary, output }) => {
    const layer = layers.textVectorization(options(config));
    await layer.adapt(texts);
    expect(layer.getVocabulary()).toEqual(vocabulary);
    same(layer.apply([...texts, more]), output);
    // In batches it learns the same, and its config makes it anew.
    const again = layers.textVectorization(options(config));
    await again.adapt(Dataset.fromTensorSlices(texts).batch(2));
    expect(again.getVocabulary()).toEqual(vocabulary);
    const copy = layers.textVectorization(JSON.parse(JSON.stringify(layer.getConfig())));
    same(copy.apply([...texts, more]), output);
    expect(copy.getConfig()).toEqual(layer.getConfig());
  });

  it('takes functions, single texts, columns', async () => {
    const layer = layers.textVectorization({
      standardize: (t) => t.replaceAll('1', 'one'),
      split: (t) => t.split('-'),
    });
    await layer.adapt([['1-2'], ['1-b']]);
    expect(layer.getVocabulary()).toEqual(['', '[UNK]', 'one', 'b', '2']);
    expect(layer.apply('one-b-x').arraySync()).toEqual([2, 3, 1]);
    expect(layer.apply([['b'], ['2-2']]).arraySync()).toEqual([
      [3, 0],
      [4, 4],
    ]);
    expect(layer.apply([]).shape).toEqual([0, 1]);
    expect(layer.computeOutputShape([null])).toEqual([null, null]);
  });

  it('refuses', async () => {
    const make = (o: object) => () => layers.textVectorization(o);
    expect(make({ standardize: 'upper' })).toThrow(
      /standardize is lowerAndStripPunctuation, lower/,
    );
    expect(make({ split: 'words' })).toThrow(/split is whitespace, character/);
    expect(make({ ngrams: 0 })).toThrow(/ngrams/);
    expect(make({ outputSequenceLength: 3, outputMode: 'count' })).toThrow(/outputSequenceLength/);
    expect(make({ ouputMode: 'int' })).toThrow(/outputMode/);
    expect(() => layers.textVectorization().apply(['a'])).toThrow(/no vocabulary yet/);
    await expect(layers.textVectorization().adapt(['', ' !?'])).rejects.toThrow(/no tokens/);
    await expect(layers.textVectorization().adapt([['a', 'b']])).rejects.toThrow(/lists of one/);
    await expect(layers.textVectorization({ vocabulary: ['a'] }).adapt(['b'])).rejects.toThrow(
      /nothing to adapt/,
    );
    await expect(
      layers.textVectorization({ split: () => 3 as never }).adapt(['b']),
    ).rejects.toThrow(/list of strings/);
  });
});

describe('StringLookup', () => {
  const { words, cases } = g.stringLookup;
  it.each(named(cases))('$name', async ({ config, query, vocabulary, output }) => {
    const layer = layers.stringLookup(options(config));
    await layer.adapt(words);
    expect(layer.getVocabulary()).toEqual(vocabulary);
    expect(layer.vocabularySize()).toBe(vocabulary.length);
    same(layer.apply(query), output);
    const copy = layers.stringLookup(JSON.parse(JSON.stringify(layer.getConfig())));
    same(copy.apply(query), output);
  });

  it('gives strings back', () => {
    const layer = layers.stringLookup({ vocabulary: ['a', 'b'], invert: true });
    expect(layer.toStrings(Int32Array.of(0, 1, 2, 7))).toEqual(['[UNK]', 'a', 'b', '[UNK]']);
    const masked = layers.stringLookup({ vocabulary: ['a', 'b'], maskToken: '' });
    expect(
      masked.toStrings([
        [0, 1],
        [2, 3],
      ]),
    ).toEqual([
      ['', '[UNK]'],
      ['a', 'b'],
    ]);
    expect(masked.getVocabulary({ includeSpecialTokens: false })).toEqual(['a', 'b']);
  });

  it('takes the special tokens in front of a vocabulary for what they are', () => {
    const o = { maskToken: '', vocabulary: ['', '[UNK]', 'a'] };
    expect(layers.stringLookup(o).apply(['a', '', 'q']).arraySync()).toEqual([2, 0, 1]);
  });

  it('refuses', async () => {
    const make = (o: object) => () => layers.stringLookup(o);
    expect(make({ vocabulary: [] })).toThrow(/empty/);
    expect(make({ vocabulary: ['a', 'b', 'a'] })).toThrow(/holds "a" more than once/);
    expect(make({ vocabulary: ['a', ''], maskToken: '' })).toThrow(/mask token "" is at place 1/);
    expect(make({ vocabulary: ['a', '[UNK]'], invert: true })).toThrow(/unknown token/);
    expect(make({ vocabulary: ['a', 'b'], maxTokens: 2 })).toThrow(/more than maxTokens 2/);
    expect(make({ maxTokens: 1 })).toThrow(/maxTokens/);
    expect(make({ padToMaxTokens: true })).toThrow(/padToMaxTokens/);
    expect(make({ invert: true, outputMode: 'count' })).toThrow(/inverted/);
    expect(make({ outputMode: 'tfIdf', vocabulary: ['a'] })).toThrow(/idfWeights/);
    expect(make({ outputMode: 'tfIdf', vocabulary: ['a'], idfWeights: [1, 2] })).toThrow(
      /1 tokens but 2/,
    );
    expect(make({ outputMode: 'onehot2' })).toThrow(/outputMode is/);
    expect(make({ vocabluary: ['a'] })).toThrow(/Did you mean "?vocabulary/);
    const strict = layers.stringLookup({ vocabulary: ['a'], numOovIndices: 0 });
    expect(() => strict.apply(['a', 'b'])).toThrow(/"b" is not in the vocabulary/);
    expect(() => strict.apply([['a'], ['a', 'a']])).toThrow(/list of 2/);
    expect(() => strict.apply([3] as never)).toThrow(/a number/);
    await expect(strict.adapt([['a']])).rejects.toThrow(/nothing to adapt/);
    await expect(layers.stringLookup().adapt(() => 3)).rejects.toThrow(/received function/);
    await expect(layers.stringLookup().adapt(Dataset.fromArray(['a']).repeat())).rejects.toThrow(
      /no end/,
    );
    await expect(layers.stringLookup().adapt(Dataset.range(0))).rejects.toThrow(/no batches/);
  });
});

describe('IntegerLookup', () => {
  const { data, query, cases, inverted } = g.integerLookup;
  it.each(named(cases))('$name', async ({ config, vocabulary, output }) => {
    const layer = layers.integerLookup(options(config));
    await layer.adapt(given(data, 'int32'));
    expect(layer.getVocabulary()).toEqual(vocabulary);
    same(layer.apply(given(query, 'int32')), output);
    const copy = layers.integerLookup(JSON.parse(JSON.stringify(layer.getConfig())));
    same(copy.apply(given(query, 'int32')), output);
  });
  it('gives numbers back', () => {
    const layer = layers.integerLookup({ vocabulary: [12, 36, 1000], invert: true });
    same(layer.apply(Int32Array.of(0, 1, 2, 3, 4)), inverted);
  });
  it('refuses a salt without farmhash, and being compiled', () => {
    expect(() => layers.integerLookup({ salt: 3 })).toThrow(/farmhash/);
    expect(() => layers.integerLookup({ oovMethod: 'md5' as never })).toThrow(/oovMethod/);
    const layer = layers.integerLookup({ vocabulary: [1, 2] });
    const inside = compile((x: Tensor) => layer.call(x));
    expect(() => inside(tensor([1, 2], { dtype: 'int32' }))).toThrow(/works on the host/);
  });
});

describe('Hashing', () => {
  it.each(named(g.hashing))('$name', ({ config, input, output }) => {
    const layer = layers.hashing(options(config));
    const x = typeof [input].flat(3)[0] === 'number' ? Int32Array.from(input) : input;
    same(layer.apply(x), output);
    expect(layers.hashing(layer.getConfig()).getConfig()).toEqual(layer.getConfig());
  });
  it('refuses', () => {
    expect(() => layers.hashing(0)).toThrow(/numBins/);
    expect(() => layers.hashing(3, { salt: [1] as never })).toThrow(/salt/);
    expect(() => layers.hashing(3, { outputMode: 'tfIdf' })).toThrow(/outputMode is int, oneHot/);
  });
});

describe('Discretization', () => {
  const { x, data, cases } = g.discretization;
  it.each(named(cases))('$name', async ({ config, boundaries, inParts, output }) => {
    const layer = layers.discretization(options(config));
    if (inParts) {
      const all = data.data as number[];
      const parts = [all.slice(0, 200), all.slice(200, 230), all.slice(230)];
      await layer.adapt(given(data));
      expect(layer.binBoundaries).toEqual(boundaries);
      await layer.adapt(Dataset.fromArray(parts.map((p) => Float32Array.from(p))));
      expect(layer.binBoundaries).toEqual(inParts);
    }
    same(layer.apply(given(x)), output);
    // Inside a program too.
    const inside = compile((t: Tensor) => layer.call(t));
    same(inside(given(x)), output);
  });
  it('refuses', async () => {
    const make = (o: object) => () => layers.discretization(o);
    expect(make({})).toThrow(/binBoundaries, or numBins/);
    expect(make({ binBoundaries: [1, 0] })).toThrow(/ascending/);
    expect(make({ numBins: 0 })).toThrow(/numBins/);
    expect(() => layers.discretization({ numBins: 3 }).apply([1])).toThrow(/adapt/);
    await expect(layers.discretization({ binBoundaries: [1] }).adapt([1])).rejects.toThrow(/fixed/);
  });
});

describe('Normalization', () => {
  const { x, cases } = g.normalization;
  it.each(named(cases))('$name', async ({ config, mean, variance, inParts, output }) => {
    const layer = layers.normalization(options(config));
    if (mean && variance && inParts) {
      const all = given(x);
      await layer.adapt(
        Dataset.fromArray([all.slice([0, 2]), all.slice([2, 3]), all.slice([3, 5])]),
      );
      same(layer.weights[1].tensor, inParts, 1e-5);
      await layer.adapt(all);
      same(layer.weights[0].tensor, mean, 1e-5);
      same(layer.weights[1].tensor, variance, 1e-5);
    }
    same(layer.apply(given(x)), output, 1e-5);
    expect(layers.normalization(layer.getConfig()).getConfig()).toEqual(layer.getConfig());
  });
  it('works in a model', async () => {
    setRandomSeed(1);
    const layer = layers.normalization({ inputShape: [2] });
    await layer.adapt([
      [1, 10],
      [3, 30],
    ]);
    const y = await sequential([layer]).predict([
      [2, 20],
      [4, 40],
    ]);
    const expected = [
      [0, 0],
      [2, 2],
    ].flat();
    (await y.data()).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 5);
    });
  });
  it('refuses', async () => {
    const make = (o: object) => () => layers.normalization(o);
    expect(make({ mean: 1 })).toThrow(/together/);
    expect(make({ mean: [1, 2], variance: [1] })).toThrow(/one shape/);
    expect(make({ mean: [[1]], variance: [[1]] })).toThrow(/2 dimensions/);
    expect(() => layers.normalization({ axis: 3 }).apply([[1]])).toThrow(/axes 3/);
    await expect(layers.normalization({ mean: 1, variance: 1 }).adapt([1])).rejects.toThrow(
      /nothing to adapt/,
    );
    await expect(layers.normalization().adapt([tensor([[1, 2]]), tensor([[1]])])).rejects.toThrow(
      /axes -1/,
    );
  });
});

describe('CategoryEncoding', () => {
  it.each(named(g.categoryEncoding))('$name', ({ config, input, weights, output }) => {
    const layer = layers.categoryEncoding(options(config));
    const y = layer.apply(input, weights ? ({ countWeights: weights } as object) : {});
    same(y, output);
    expect(layers.categoryEncoding(layer.getConfig()).getConfig()).toEqual(layer.getConfig());
  });
  it('refuses', () => {
    expect(() => layers.categoryEncoding({})).toThrow(/numTokens/);
    expect(() => layers.categoryEncoding(3, { outputMode: 'int' })).toThrow(
      /multiHot, oneHot, count/,
    );
    const weighted = { countWeights: [1, 1] } as object;
    expect(() => layers.categoryEncoding(3).apply([1, 2], weighted)).toThrow(/countWeights/);
  });
});
