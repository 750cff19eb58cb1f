import { describe, expect, it } from 'vitest';
import { buildNetwork } from './build.ts';
import {
  cleanLayer,
  convolutionalNetwork,
  countWeights,
  type LayerSpec,
  linearNetwork,
  parseSpec,
  plainNetwork,
  problemOf,
  sideAfter,
} from './spec.ts';

describe('network descriptions', () => {
  it.each([plainNetwork, convolutionalNetwork, linearNetwork])(
    'counts what is built',
    (...spec) => {
      expect(countWeights(spec)).toBe(buildNetwork(spec).countParams());
    },
  );

  it('brings numbers into their ranges', () => {
    expect(cleanLayer({ kind: 'dense', units: 1e9, activation: 'nonsense' })).toEqual({
      kind: 'dense',
      units: 512,
      activation: 'relu',
    });
    expect(cleanLayer({ kind: 'dropout', rate: -1 })).toEqual({ kind: 'dropout', rate: 0 });
    expect(cleanLayer({ kind: 'conv', filters: 2.6, size: 3, activation: 'tanh' })).toEqual({
      kind: 'conv',
      filters: 3,
      size: 3,
      activation: 'tanh',
      pool: false,
    });
    expect(cleanLayer({ kind: 'dense', units: 'many' })).toBeNull();
    expect(cleanLayer({ kind: 'lstm' })).toBeNull();
    expect(cleanLayer(null)).toBeNull();
  });

  it('says what cannot be built', () => {
    const conv: LayerSpec = { kind: 'conv', filters: 4, size: 7, activation: 'relu', pool: true };
    const dense: LayerSpec = { kind: 'dense', units: 4, activation: 'relu' };
    expect(problemOf([dense, conv])).toBe('convAfterDense');
    expect(problemOf([conv, conv, conv])).toBe('tooSmall');
    expect(problemOf(new Array(9).fill(dense))).toBe('tooMany');
    expect(problemOf([conv, dense])).toBeNull();
    expect(sideAfter([conv])).toBe(11);
  });

  it('reads what it kept, and nothing else', () => {
    expect(parseSpec(JSON.stringify(convolutionalNetwork))).toEqual(convolutionalNetwork);
    expect(parseSpec('[]')).toEqual([]);
    for (const text of [null, '', '{}', '[1]', '[{"kind":"dense"}]', 'no json'])
      expect(parseSpec(text)).toEqual(plainNetwork);
  });
});
