/**
 * How much of ONNX `fromOnnx` reads, and whether it reads it right: the node tests that the onnx package
 * brings, and models exported by torch.
 *
 *     GRADLOOM_PYTHON=venv/bin/python npm run test:onnx:read        [names of tests]
 *
 * Says so and ends without an error where there is no Python with onnx. Operations that are not read are
 * counted; what is read and gives other numbers is an error.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setBackend } from '../../src/backends/registry.ts';
import { bytesOf, type DType, viewArray } from '../../src/dtype.ts';
import { GradloomError } from '../../src/errors.ts';
import { fromOnnx } from '../../src/onnx/index.ts';
import { fromData, type Tensor } from '../../src/tensor/index.ts';

interface Packed {
  readonly dtype: string;
  readonly shape?: readonly number[];
  readonly data?: string;
}
interface Case {
  readonly name: string;
  readonly file: string;
  readonly inputs: readonly Packed[];
  readonly outputs: readonly Packed[];
}

function unpack(p: Packed): Tensor | undefined {
  if (!p.data && !p.shape) return undefined;
  const bytes = Uint8Array.from(Buffer.from(p.data ?? '', 'base64'));
  const dtype = p.dtype as DType;
  return fromData(
    viewArray(dtype, bytes.buffer, 0, bytes.length / bytesOf(dtype)),
    p.shape!,
    dtype,
  );
}

/** 8- and 16-bit integers are held as int32, which does not wrap around as they do. */
const wrapping = /bitshift_.*int8|bitwise_not_3d/;

/** As onnx's own runner has it (some tests hold four digits); torch's models are compared closely. */
function tolerance(name: string): number {
  if (name.startsWith('torch')) return 1e-5;
  return /fp16|bf16|float16|half|precision/i.test(name) ? 1e-2 : 1e-3;
}

function difference(found: Tensor, want: Tensor, bound: number): string | undefined {
  if (found.shape.join() !== want.shape.join())
    return `shape (${found.shape}) instead of (${want.shape})`;
  const [a, b] = [found.dataSync(), want.dataSync()];
  for (let i = 0; i < a.length; i++) {
    const same = Object.is(a[i], b[i]) || a[i] === b[i];
    const near = Math.abs(a[i] - b[i]) <= bound * (Math.abs(b[i]) + 0.1);
    if (!same && !near) return `element ${i} is ${a[i]} instead of ${b[i]}`;
  }
  return undefined;
}

const python = process.env.GRADLOOM_PYTHON ?? 'python3';
const folder = mkdtempSync(join(tmpdir(), 'gradloom-onnx-'));
const wanted = process.argv.slice(2);

async function check(c: Case): Promise<string | undefined> {
  const model = fromOnnx(readFileSync(join(folder, c.file)));
  const inputs = c.inputs.map(unpack);
  if (inputs.includes(undefined))
    throw new GradloomError('onnx-dtype', 'an input of a type that there is not');
  const found = await model.run(
    Object.fromEntries(model.inputs.map((v, i) => [v.name, inputs[i]!])),
  );
  const outputs = model.outputs.map((v) => found[v.name]);
  for (const [i, p] of c.outputs.entries()) {
    const want = unpack(p);
    const wrong = want && difference(outputs[i], want, tolerance(c.name));
    if (wrong) return `output ${i}: ${wrong}`;
  }
  return undefined;
}

try {
  const script = fileURLToPath(new URL('dump_onnx_cases.py', import.meta.url));
  const run = spawnSync(python, [script, folder], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (run.error) {
    console.log(`skipped: there is no ${python} (${run.error.message}). Set GRADLOOM_PYTHON.`);
  } else {
    if (run.status !== 0) throw new Error(`${python} ${script} failed: ${run.stderr}`);
    const said = JSON.parse(run.stdout) as { missing?: string; onnx?: string };
    if (said.missing) console.log(`skipped: ${python} has not all it needs (${said.missing}).`);
    else {
      for (const line of run.stderr.split('\n'))
        if (line.startsWith('torch cannot')) console.log(`  ${line}`);
      setBackend('reference');
      const all = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as Case[];
      const cases = all.filter(
        (c) => wanted.length === 0 || wanted.some((w) => c.name.includes(w)),
      );
      const refused = new Map<string, string[]>();
      let [good, wrong] = [0, 0];
      for (const c of cases) {
        try {
          const why = await check(c);
          if (why && wrapping.test(c.name)) {
            const key = 'integers narrower than 32 bits do not wrap around';
            refused.set(key, [...(refused.get(key) ?? []), c.name]);
          } else if (why) {
            wrong++;
            console.log(`  wrong ${c.name}: ${why}`);
          } else good++;
        } catch (e) {
          if (!(e instanceof GradloomError)) throw e;
          const unknown = (e.facts.operations as string[] | undefined)?.join();
          const key = unknown ? `${e.code}: ${unknown}` : `${e.code}: ${e.message.slice(0, 160)}`;
          refused.set(key, [...(refused.get(key) ?? []), c.name]);
        }
      }
      for (const [why, names] of [...refused].sort((a, b) => b[1].length - a[1].length))
        console.log(`  not read ${names.length} (${names[0]}): ${why}`);
      console.log(
        `onnx ${said.onnx}: ${good} of ${cases.length} tests pass, ${wrong} give other numbers, ${cases.length - good - wrong} are not read.`,
      );
      if (wrong > 0) process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
