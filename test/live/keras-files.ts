/**
 * Files against real Keras: for every row of the layers' battery, and of operations (the family
 * `operations`), Keras saves a model, which is loaded here, predicts the same, is saved here, loads in Keras
 * and predicts the same again. Models of operations that are made here load in Keras too. The family `models`
 * is whole models, made and trained on one side and trained on by the other.
 *
 *     GRADLOOM_PYTHON=venv/bin/python npm run test:keras [-- FAMILY …]
 *
 * Says so and ends without an error where there is no Python with Keras.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setBackend } from '../../src/backends/registry.ts';
import type { NpyArray } from '../../src/formats/npy.ts';
import { decodeNpz, encodeNpz } from '../../src/formats/npz.ts';
import * as keras from '../../src/keras/index.ts';
import { fromData, type Tensor } from '../../src/tensor/index.ts';
import { operationModels } from './operation-models.ts';
import { askKeras } from './python-keras.ts';
import { trainedModels } from './trained-models.ts';

interface Row {
  readonly name: string;
  readonly skipped?: string;
  readonly stem: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly tolerance: number;
  /** Whether Keras cannot load its own file. */
  readonly once?: boolean;
}

function leaves(y: unknown): Tensor[] {
  if (Array.isArray(y)) return y.flatMap(leaves);
  const t = y as Tensor;
  return typeof t.dataSync === 'function' ? [t] : Object.values(y as object).flatMap(leaves);
}

/** Why they are not close; undefined where they are. */
function apart(got: Tensor, want: Tensor, tolerance: number): string | undefined {
  if (got.shape.join() !== want.shape.join()) return `shape (${got.shape}) and not (${want.shape})`;
  const [a, b] = [got.dataSync(), want.dataSync()];
  for (let i = 0; i < b.length; i++) {
    const near = Math.abs(a[i] - b[i]) <= tolerance * (1e-5 * Math.abs(b[i]) + 1e-5);
    if (!near && !Object.is(a[i], b[i])) return `element ${i}: ${a[i]} and not ${b[i]}`;
  }
  return undefined;
}

/** Models of operations that are made here, and what they predict, for Keras to load. */
async function makeHere(folder: string): Promise<Row[]> {
  const rows: Row[] = [];
  const data = Float32Array.from({ length: 72 }, (_, i) => 2 * Math.sin(i * i));
  for (const [name, f] of Object.entries(operationModels)) {
    const x = keras.input({ shape: [6, 4], name: 'x' });
    const model = keras.model({ inputs: x, outputs: f(x) });
    const ys = leaves(model.apply(fromData(data, [3, 6, 4], 'float32'), { training: false }));
    const stem = `made${rows.length}`;
    writeFileSync(join(folder, `${stem}.back.keras`), await keras.saving.encodeModel(model));
    const arrays: [string, NpyArray][] = [['x0', { data, shape: [3, 6, 4], dtype: 'float32' }]];
    ys.forEach((y, i) => {
      arrays.push([`y${i}`, { data: y.dataSync(), shape: [...y.shape], dtype: y.dtype }]);
    });
    writeFileSync(join(folder, `${stem}.npz`), await encodeNpz(arrays));
    const row = { inputs: 1, outputs: ys.length, tolerance: 1 };
    rows.push({ ...row, name: `operations made here: ${name}`, stem });
  }
  return rows;
}

/** Of layers and operations: what went wrong, in words, and how many models passed. */
async function layerModels(
  folder: string,
  families: readonly string[],
): Promise<{ passed: number; wrong: string[] } | undefined> {
  const rows = askKeras<Row[]>('make', folder, ...families);
  if (!rows) return undefined;
  const wrong: string[] = [];
  const back: Row[] = [];
  let there = 0;
  for (const row of rows) {
    if (row.skipped) {
      console.log(`not saved by Keras: ${row.name} (${row.skipped})`);
      continue;
    }
    try {
      const arrays = await decodeNpz(readFileSync(join(folder, `${row.stem}.npz`)));
      const tensor = (name: string): Tensor => {
        const a = arrays.get(name)!;
        return fromData(a.data, a.shape, a.dtype);
      };
      const xs = Array.from({ length: row.inputs }, (_, i) => tensor(`x${i}`));
      const model = await keras.saving.loadModel(join(folder, `${row.stem}.keras`));
      const bytes = await keras.saving.encodeModel(model);
      const ys = leaves(model.apply((xs.length > 1 ? xs : xs[0]) as never, { training: false }));
      const why = ys.map((y, i) => apart(y, tensor(`y${i}`), row.tolerance)).find((w) => w);
      if (why || ys.length !== row.outputs)
        throw new Error(why ?? `${ys.length} outputs and not ${row.outputs}`);
      there++;
      if (row.once) continue;
      writeFileSync(join(folder, `${row.stem}.back.keras`), bytes);
      back.push(row);
    } catch (e) {
      wrong.push(
        `from Keras: ${row.name}: ${e instanceof Error ? e.message.split('\n').slice(0, 4).join(' ') : e}`,
      );
    }
  }
  const withOperations = families.length === 0 || families.includes('operations');
  const made = withOperations ? await makeHere(folder) : [];
  const found = askKeras<Record<string, string | null>>('check', folder)!;
  for (const row of [...back, ...made])
    if (found[row.stem] !== null)
      wrong.push(`to Keras: ${row.name}: ${found[row.stem] ?? 'Keras says nothing of it'}`);
  const returned = back.filter((r) => found[r.stem] === null).length;
  const saved = rows.filter((r) => !r.skipped).length;
  console.log(
    `${there} of ${saved} models of Keras predict the same here; ${returned} of them after the way back.`,
  );
  if (made.length > 0) {
    const loaded = made.filter((r) => found[r.stem] === null).length;
    console.log(`${loaded} of ${made.length} models of operations made here load in Keras.`);
  }
  return { passed: saved + back.length + made.length - wrong.length, wrong };
}

const folder = mkdtempSync(join(tmpdir(), 'gradloom-keras-'));
try {
  setBackend('wasm');
  const asked = process.argv.slice(2);
  const families = asked.filter((f) => f !== 'models');
  const parts = [
    ...(asked.length === 0 || families.length > 0 ? [() => layerModels(folder, families)] : []),
    ...(asked.length === 0 || asked.includes('models') ? [() => trainedModels(folder)] : []),
  ];
  let passed = 0;
  const wrong: string[] = [];
  let skipped = false;
  for (const part of parts) {
    const found = await part();
    if (!found) {
      skipped = true;
      break;
    }
    if (found.passed + found.wrong.length === 0) {
      console.log(
        'No model was compared: families are models, operations and the files of test/battery.',
      );
      process.exitCode = 1;
    }
    passed += found.passed;
    wrong.push(...found.wrong);
  }
  if (!skipped) {
    for (const w of wrong) console.log(w);
    console.log(`${passed} passed, ${wrong.length} failed`);
    if (wrong.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
