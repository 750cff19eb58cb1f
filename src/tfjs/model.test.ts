/** Graph models: they compute what TensorFlow does. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import { errorOf, startServer } from '../files/test-server.ts';
import { expectClose, type GoldenArray, readGoldens, toTensor } from '../keras/testing.ts';
import { type GraphModel, loadGraphModel } from './index.ts';

interface Json {
  modelTopology: { node: { name: string; op: string; input?: string[]; attr?: object }[] };
  weightsManifest: { weights: { name: string }[] }[];
  signature: { inputs: Record<string, { dtype: string }> } | undefined;
}
interface Case {
  readonly name: string;
  readonly json: Json;
  readonly shard: string;
  readonly x: GoldenArray[];
  readonly predictions: GoldenArray[];
}
const { models } = readGoldens<{ models: Case[] }>('tfjs_graphs');
const mlp = models.find((m) => m.name === 'mlp')!;

let dir: string;
beforeAll(() => {
  setBackend('wasm', { threads: 1 });
  dir = mkdtempSync(join(tmpdir(), 'gradloom-graphs-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let count = 0;
function load(c: Case, change: (json: Json) => void = () => {}): Promise<GraphModel> {
  const folder = join(dir, String(count++));
  mkdirSync(folder);
  const json = structuredClone(c.json);
  change(json);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  writeFileSync(join(folder, 'group1-shard1of1.bin'), Buffer.from(c.shard, 'base64'));
  return loadGraphModel(join(folder, 'model.json'));
}
const run = async (model: GraphModel, c: Case): Promise<void> => {
  const out = await model.predict<never>(...c.x.map(toTensor));
  const all = [out].flat();
  expect(all.length).toBe(c.predictions.length);
  c.predictions.forEach((want, i) => {
    expectClose(all[i], want, 2e-5, 2e-5);
  });
};

describe('a graph of TensorFlow', () => {
  it.each(models)('$name computes the same', async (c) => {
    const model = await load(c);
    await run(model, c);
    model.dispose();
    await run(model, c);
  });

  it('comes from an address, and from files that a user chose', async () => {
    const json = JSON.stringify(mlp.json);
    const shard = Buffer.from(mlp.shard, 'base64');
    await using server = await startServer((req, res) => {
      if (req.url === '/m/model.json?key=1') res.end(json);
      else if (req.url === '/m/group1-shard1of1.bin?key=1') res.end(shard);
      else res.writeHead(404).end();
    });
    await run(await loadGraphModel(`${server.base}m/model.json?key=1`), mlp);
    const gone = await errorOf(loadGraphModel(`${server.base}m/model.json?key=2`));
    expect(gone.code).toBe('file-not-found');
    const files = [new File([shard], 'group1-shard1of1.bin'), new File([json], 'model.json')];
    await run(await loadGraphModel(files), mlp);
    const alone = await errorOf(loadGraphModel(files.slice(1)));
    expect([alone.code, alone.message]).toEqual([
      'file-not-found',
      expect.stringContaining('group1-shard1of1.bin'),
    ]);
  });

  it('has the inputs and outputs of its signature, or its own', async () => {
    const model = await load(mlp);
    expect(model.inputs.map((v) => [v.dtype, v.shape])).toEqual([['float32', [null, 5]]]);
    expect(model.outputs[0].name).toBe('output_0');
    const own = await load(mlp, (j) => {
      j.signature = undefined;
    });
    await run(own, mlp);
  });

  const fails = async (change: (j: Json) => void): Promise<GradloomError> => {
    const e = await load(mlp, change).catch((x: unknown) => x);
    expect(e).toBeInstanceOf(GradloomError);
    return e as GradloomError;
  };

  it('names all operations that are not read, before the weights are', async () => {
    const e = await fails((j) => {
      j.weightsManifest = [{ ...j.weightsManifest[0], paths: ['gone'] } as never];
      for (const n of j.modelTopology.node) {
        if (n.op.endsWith('MatMul')) n.op = 'StatelessWhile';
        else if (n.op === 'Identity') n.op = 'Bincount';
      }
    });
    expect(e.code).toBe('tfjs-op');
    expect(e.message).toMatch(/not read: Bincount, StatelessWhile\./);
  });

  it.each<[string, (j: Json) => void, RegExp]>([
    ['no nodes', (j) => Object.assign(j, { modelTopology: {} }), /no graph of TensorFlow\.js/],
    [
      'layers',
      (j) => Object.assign(j, { modelTopology: { class_name: 'Sequential' } }),
      /loadModel/,
    ],
    ['a missing node', (j) => void j.modelTopology.node.splice(0, 1), /no node|no Placeholder/],
    [
      'two nodes of a name',
      (j) => void j.modelTopology.node.push(j.modelTopology.node[0]),
      /two nodes/,
    ],
    [
      'a circle',
      (j) => {
        const n = j.modelTopology.node.find((x) => x.op.endsWith('MatMul'))!;
        n.input![0] = n.name;
      },
      /circle/,
    ],
    [
      'missing weights',
      (j) => {
        j.weightsManifest[0].weights[0].name = 'other';
      },
      /has no weights/,
    ],
    [
      'a type there is not',
      (j) => {
        for (const i of Object.values(j.signature!.inputs)) i.dtype = 'DT_STRING';
      },
      /DT_STRING/,
    ],
  ])('refuses %s', async (_, change, message) => {
    expect((await fails(change)).message).toMatch(message);
  });

  it('says what is wrong with what it is given', async () => {
    const model = await load(mlp);
    const of = (f: Promise<unknown>): Promise<GradloomError> =>
      f.then(
        () => expect.fail(),
        (e) => e,
      );
    expect((await of(model.predict([[1, 2]]))).message).toMatch(
      /shape \(\?, 5\); received \(1, 2\)/,
    );
    expect((await of(model.run({}))).message).toMatch(/is missing/);
    expect((await of(model.run({ y: [1] }))).message).toMatch(/no input "y"/);
    expect((await of(model.predict())).code).toBe('tfjs-feed');
  });
});
