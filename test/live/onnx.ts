/**
 * Whether what `toOnnx` writes is right, and `fromOnnx` reads it: every layer of the battery and families of models are written,
 * checked by `onnx.checker`, run by onnxruntime, and the results compared with the model's own.
 *
 *     GRADLOOM_PYTHON=venv/bin/python npm run test:onnx        [names of rows or models]
 *
 * Says so and ends without an error where there is no Python with onnx and onnxruntime.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setBackend } from '../../src/backends/registry.ts';
import { GradloomError } from '../../src/errors.ts';
import { families, familyOf, Subject } from '../../src/keras/layers/battery/battery.ts';
import type { Model } from '../../src/keras/models/index.ts';
import { flatten } from '../../src/keras/tree.ts';
import { fromOnnx, toOnnx } from '../../src/onnx/index.ts';
import { fromData, type Tensor } from '../../src/tensor/index.ts';
import { modelFamilies } from './model-families.ts';

const python = process.env.GRADLOOM_PYTHON ?? 'python3';
const bound = 1e-5;

interface Case {
  readonly name: string;
  readonly make: () => { model: Model; inputs: readonly Tensor[] };
}
type Result = { readonly differences: (number | string)[] } | { readonly error: string };

const pack = (t: Tensor): unknown => {
  const data = t.dataSync();
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { dtype: t.dtype, shape: t.shape, data: bytes.toString('base64') };
};

/** Another number of samples than the one the row is given with: the first two, or the same again. */
function resized(inputs: readonly Tensor[]): Tensor[] {
  const n = inputs[0].shape[0];
  return inputs.map((t) => {
    if (t.ndim === 0 || t.shape[0] !== n) return t;
    const { shape, dtype } = t;
    const data = t.dataSync();
    const twice = new (data.constructor as Float32ArrayConstructor)(data.length * 2);
    twice.set(data as Float32Array);
    twice.set(data as Float32Array, data.length);
    return fromData(twice, [2 * n, ...shape.slice(1)], dtype);
  });
}

function battery(): Case[] {
  return families().flatMap((family) =>
    familyOf(family).map(({ row, golden }) => ({
      name: `${family}: ${row.name}`,
      make: () => {
        const s = new Subject(row, golden);
        return { model: s.model(), inputs: s.inputs };
      },
    })),
  );
}

/** What is written is read again and gives the same. */
async function readBack(
  bytes: Uint8Array,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): Promise<void> {
  const found = [await fromOnnx(bytes).predict<Tensor | Tensor[]>(...inputs)].flat();
  outputs.forEach((want, i) => {
    const [a, b] = [found[i].dataSync(), want.dataSync()];
    const same = (k: number): boolean =>
      Object.is(a[k], b[k]) || Math.abs(a[k] - b[k]) <= bound * (Math.abs(b[k]) + 0.1);
    const bad = b.findIndex((_, k) => !same(k));
    if (found[i].shape.join() !== want.shape.join() || a.length !== b.length || bad >= 0)
      throw new GradloomError(
        'read-back',
        `read again, output ${i} is another: ${a[bad]} for ${b[bad]}`,
      );
  });
}

async function write(folder: string, c: Case, index: number): Promise<unknown> {
  const { model, inputs } = c.make();
  const file = `${index}.onnx`;
  const bytes = await toOnnx(model);
  writeFileSync(join(folder, file), bytes);
  const x = resized(inputs);
  const outputs = flatten<Tensor>(
    model.predictStep({ x: x.length === 1 ? x[0] : x, y: undefined, sampleWeight: undefined }),
  );
  await readBack(bytes, x, outputs);
  const names = model.outputNames!.map((n, i, all) => {
    const before = all.slice(0, i).filter((m) => m === n).length;
    const taken = model.inputNames!.filter((m) => m === n).length;
    return before + taken === 0 ? n : `${n}_${before + taken}`;
  });
  return {
    name: c.name,
    file,
    inputs: Object.fromEntries(model.inputNames!.map((n, i) => [n, pack(x[i])])),
    outputs: Object.fromEntries(names.map((n, i) => [n, pack(outputs[i])])),
  };
}

const wanted = process.argv.slice(2);
const cases = [...modelFamilies(), ...battery()].filter(
  (c) => wanted.length === 0 || wanted.some((w) => c.name.includes(w)),
);
const folder = mkdtempSync(join(tmpdir(), 'gradloom-onnx-'));
try {
  const probe = spawnSync(python, ['--version']);
  if (probe.error) {
    console.log(`skipped: there is no ${python} (${probe.error.message}). Set GRADLOOM_PYTHON.`);
    process.exit();
  }
  setBackend('wasm');
  const written: unknown[] = [];
  const refused: string[] = [];
  for (const [i, c] of cases.entries()) {
    try {
      written.push(await write(folder, c, i));
    } catch (e) {
      if (!(e instanceof GradloomError)) throw e;
      refused.push(`${c.name}: ${e.message}`);
    }
  }
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(written));
  const script = fileURLToPath(new URL('run_onnx.py', import.meta.url));
  const run = spawnSync(python, [script, folder], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const said = run.status === 0 ? JSON.parse(run.stdout) : undefined;
  if (!said) throw new Error(`${python} ${script} failed: ${run.stderr}`);
  if ('missing' in said) console.log(`skipped: ${python} has not all it needs (${said.missing}).`);
  else {
    const bad: string[] = [];
    let worst = 0;
    for (const [name, r] of Object.entries(said.results as Record<string, Result>)) {
      if ('error' in r) bad.push(`${name}: ${r.error.slice(0, 400)}`);
      else if (r.differences.some((d) => !(typeof d === 'number' && d <= bound)))
        bad.push(`${name}: ${r.differences.join(', ')}`);
      else worst = Math.max(worst, ...(r.differences as number[]));
    }
    for (const line of bad) console.log(`  wrong   ${line}`);
    for (const line of refused) console.log(`  refused ${line}`);
    const good = written.length - bad.length;
    console.log(
      `onnx ${said.onnx}, onnxruntime ${said.onnxruntime}: ${good} of ${cases.length} the same (worst ${worst.toExponential(1)}), ${bad.length} wrong, ${refused.length} refused.`,
    );
    if (bad.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
