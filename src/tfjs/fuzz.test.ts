/**
 * Models of TensorFlow.js, of graphs and of layers, damaged: a model that can be asked for its results, or a
 * GradloomError. `npm run fuzz` tries many more.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import { cases, changedJson, damaged, ends } from '../formats/fuzzing.ts';
import * as keras from '../keras/index.ts';
import { type GoldenArray, readGoldens, toTensor } from '../keras/testing.ts';
import type { Tensor } from '../tensor/index.ts';
import { loadGraphModel } from './index.ts';

interface Model {
  readonly name: string;
  readonly json: object;
  readonly x: readonly GoldenArray[];
  readonly shards: Readonly<Record<string, string>>;
}
const graphs = readGoldens<{ models: (Omit<Model, 'shards'> & { shard: string })[] }>(
  'tfjs_graphs',
).models.map((m): Model => ({ ...m, shards: { 'group1-shard1of1.bin': m.shard } }));
const layered = readGoldens<{ models: Model[] }>('tfjs_models').models;
const maxBytes = 2 ** 22;
const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(base64, 'base64'));
const text = new TextEncoder();

/** The files as a user chooses them. */
function filesOf(m: Model, json: Uint8Array, shards = m.shards): File[] {
  return [
    new File([json as Uint8Array<ArrayBuffer>], 'model.json'),
    ...Object.entries(shards).map(([name, b]) => new File([bytesOf(b)], name)),
  ];
}

/** Loads it and computes with it. */
async function runGraph(files: File[], { x }: Model): Promise<void> {
  const model = await loadGraphModel(files, { maxBytes });
  try {
    for (const y of [await model.predict<never>(...x.map(toTensor))].flat() as Tensor[])
      await y.data();
  } finally {
    model.dispose();
  }
}
const loadLayers = (files: File[]): Promise<keras.Model> =>
  keras.saving.loadModel(files, { maxBytes });

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

describe.each([
  ['graph models', graphs, runGraph],
  ['layers models', layered, loadLayers],
] as const)('damaged %s', (_, models, read: (files: File[], m: Model) => Promise<unknown>) => {
  // Small ones, of which more cases are tried.
  const small = [...models]
    .sort((a, b) => JSON.stringify(a.json).length - JSON.stringify(b.json).length)
    .slice(0, 12);
  const jsons = small.map((m) => text.encode(JSON.stringify(m.json)));

  it('are good before', async () => {
    for (const [i, m] of small.entries())
      expect(await ends(() => read(filesOf(m, jsons[i]), m))).toBe(true);
  });

  it('end in a value or a GradloomError, whatever bytes of model.json are changed', async () => {
    const which = fc.nat(small.length - 1);
    await fc.assert(
      fc.asyncProperty(
        which.chain((i) => fc.tuple(fc.constant(i), damaged([jsons[i]]))),
        async ([i, bytes]) => {
          await ends(() => read(filesOf(small[i], bytes), small[i]));
        },
      ),
      { numRuns: cases(400) },
    );
  });

  it('end so, whatever values stand in model.json', async () => {
    let refused = 0;
    const which = fc.nat(small.length - 1);
    await fc.assert(
      fc.asyncProperty(
        which.chain((i) => fc.tuple(fc.constant(i), changedJson([small[i].json]))),
        async ([i, json]) => {
          const bytes = text.encode(JSON.stringify(json) ?? 'null');
          if (!(await ends(() => read(filesOf(small[i], bytes), small[i])))) refused++;
        },
      ),
      { numRuns: cases(500) },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('end so, whatever bytes of a shard are changed', async () => {
    const [m] = small;
    const [name, shard] = Object.entries(m.shards)[0];
    await fc.assert(
      fc.asyncProperty(damaged([bytesOf(shard)]), async (bytes) => {
        const shards = { ...m.shards, [name]: Buffer.from(bytes).toString('base64') };
        await ends(() => read(filesOf(m, jsons[0], shards), m));
      }),
      { numRuns: cases(100) },
    );
  });
});
