/** No layer without rows: a class that is exported must be in the battery, or say here where it is tested. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as keras from '../../index.ts';
import { families, familyOf } from './battery.ts';

/** Layers that rows cannot hold, and the tests that they have instead. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  // The base, for classes of one's own; and what a model's graph begins with.
  'layer.test.ts': ['Layer'],
  '../models/functional.test.ts': ['InputLayer'],
  // A function, which JSON has not; a layer inside, as it is.
  'wrapper.test.ts': ['Lambda', 'Wrapper'],
  // Vocabularies and statistics that are learned, strings, and results that no gradient reaches.
  'preprocessing/preprocessing.test.ts': [
    'CategoryEncoding',
    'Discretization',
    'Hashing',
    'IntegerLookup',
    'Normalization',
    'StringLookup',
    'TextVectorization',
  ],
  // Random numbers of Keras on JAX, bit for bit, with labels, masks and boxes.
  'preprocessing/image/image.test.ts': [
    'Pipeline',
    'RandomColorDegeneration',
    'RandomColorJitter',
    'RandomCrop',
    'RandomErasing',
    'RandomGaussianBlur',
    'RandomGrayscale',
    'RandomHue',
    'RandomInvert',
    'RandomSaturation',
    'RandomSharpness',
    'RandomShear',
    'Solarization',
  ],
};

function namesIn(x: unknown, into: Set<string>): void {
  if (Array.isArray(x)) for (const e of x) namesIn(e, into);
  else if (typeof x === 'object' && x !== null)
    for (const [k, v] of Object.entries(x))
      if ((k === 'layer' || k === 'class_name') && typeof v === 'string') into.add(v);
      else namesIn(v, into);
}

/** Classes that can be made: bases without a `call` or a rank of their own are not. */
function concrete(): Map<string, typeof keras.Layer> {
  const classes = Object.entries(keras.layers).filter(
    ([, v]) => typeof v === 'function' && v.prototype instanceof keras.Layer,
  ) as unknown as [string, typeof keras.Layer][];
  const bases = new Set(classes.map(([, c]) => Object.getPrototypeOf(c) as unknown));
  const known = new Set(Object.keys(keras.layers));
  return new Map(
    classes.filter(([name, c]) => c.name === name && !(bases.has(c) && !known.has(camel(name)))),
  );
}
/** The factory of a class: `conv2D` of Conv2D. */
const camel = (name: string): string =>
  name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (s) => s.toLowerCase());

describe('the battery', () => {
  const tested = new Set<string>();
  for (const family of families())
    namesIn(
      familyOf(family).map((r) => r.row),
      tested,
    );
  const classes = concrete();
  const named = Object.values(elsewhere).flat();

  it('knows the layers', () => {
    expect(classes.size).toBeGreaterThan(100);
  });
  it.each([...classes.keys()])('%s has rows', (name) => {
    const rows = tested.has(name);
    expect(rows || named.includes(name), `${name} has no rows in test/battery`).toBe(true);
    expect(rows && named.includes(name), `${name} has rows: leave it out of the list here`).toBe(
      false,
    );
  });
  it.each([...classes].filter(([name]) => name !== 'Layer'))(
    '%s refuses an option that it does not know, by name',
    (_, C) => {
      type Made = new (o: object) => keras.Layer;
      expect(() => new (C as unknown as Made)({ nmae: 'x', units: 1 })).toThrow(
        /has no option "nmae"\. Did you mean "name"\?/,
      );
    },
  );
  it.each(Object.entries(elsewhere))('%s tests what has none', (file, names) => {
    const path = new URL(`../${file}`, import.meta.url);
    expect(existsSync(path)).toBe(true);
    const text = readFileSync(path, 'utf8');
    const goldens = ['images', 'preprocessing', 'layers'].map((g) =>
      readFileSync(new URL(`../../../../test/goldens/${g}.json`, import.meta.url), 'utf8'),
    );
    for (const name of names)
      expect(
        [text, ...goldens].some((t) => t.includes(name) || t.includes(camel(name))),
        `${name} in ${file} or its goldens`,
      ).toBe(true);
  });
});
