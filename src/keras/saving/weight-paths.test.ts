/** Every layer of the battery, and models of them: each weight has a name of its own, the same in every program. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { families, familyOf, Subject } from '../layers/battery/battery.ts';
import { weightPaths } from './weight-paths.ts';

beforeAll(() => {
  setBackend('reference');
});

describe('weightPaths', () => {
  it.each(families())('%s: names every weight once', (family) => {
    for (const { row, golden } of familyOf(family)) {
      const { layer } = new Subject(row, golden);
      if (layer.weights.length === 0) continue;
      const paths = weightPaths(layer);
      expect(new Set(paths.values()), row.name).toEqual(new Set(layer.weights));
      expect(paths.size, row.name).toBe(layer.weights.length);
      // Another layer of the same kind: other names of layers, the same paths.
      const again = weightPaths(new Subject(row, golden).layer);
      expect([...again.keys()], row.name).toEqual([...paths.keys()]);
      // None is where nobody knows it to be.
      expect(
        [...paths.keys()].filter((p) => p.startsWith('others')),
        row.name,
      ).toEqual([]);
    }
  });
});
