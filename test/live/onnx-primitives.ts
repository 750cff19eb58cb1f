/**
 * Whether every primitive of the graph is written right: the cases with which backends are tested, written by
 * `functionToOnnx`, run by onnxruntime, and compared with the reference.
 *
 *     GRADLOOM_PYTHON=venv/bin/python npm run test:onnx:primitives      [parts of names]
 *
 * Says so and ends without an error where there is no Python with onnx and onnxruntime. What ONNX or this
 * runtime cannot do is counted, not an error; other numbers are.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Case, complianceCases } from '../../src/backends/compliance.ts';
import { interpret } from '../../src/backends/reference/interpret.ts';
import { setBackend } from '../../src/backends/registry.ts';
import type { TypedArray } from '../../src/dtype.ts';
import { GradloomError } from '../../src/errors.ts';
import type { Aval } from '../../src/graph/index.ts';
import { graphToOnnx } from '../../src/onnx/write/testing.ts';

type Result = { readonly differences: (number | string)[] } | { readonly error: string };

const pack = (data: TypedArray, { dtype, shape }: Aval): unknown => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { dtype, shape, data: bytes.toString('base64') };
};

/**
 * Where ONNX or onnxruntime is another: NaN among the numbers that are sorted or compared, infinities, products and
 * floats beyond the range of integers.
 */
const others = /NaN|at the edges|convert float\d+ to u?int|reduce_prod u?int|cumulative mul u?int/;

/** Cases of many elements are there for the compiler's sake: rules know no sizes. */
const most = 5000;

async function write(folder: string, c: Case, index: number): Promise<unknown> {
  const { graph, inputs } = c.build();
  const sizes = [...graph.inputs, ...graph.computed.flatMap((n) => n.outputs)].map((v) =>
    v.shape.reduce((a, b) => a * b, 1),
  );
  if (Math.max(0, ...sizes) > most || graph.computed.length > 100) return undefined;
  const names = graph.inputs.map((_, i) => `in${i}`);
  const bytes = await graphToOnnx(graph);
  const file = `${index}.onnx`;
  writeFileSync(join(folder, file), bytes);
  const outputs = interpret(graph).run(inputs);
  const one = outputs.length === 1;
  return {
    name: c.name,
    file,
    inputs: Object.fromEntries(names.map((n, i) => [n, pack(inputs[i], graph.inputs[i])])),
    outputs: Object.fromEntries(
      outputs.map((d, i) => [one ? 'output' : `output_${i}`, pack(d, graph.outputs[i])]),
    ),
  };
}

const python = process.env.GRADLOOM_PYTHON ?? 'python3';
const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'gradloom-onnx-'));
try {
  setBackend('reference');
  const cases = complianceCases().filter(
    (c) => wanted.length === 0 || wanted.some((w) => c.name.includes(w)),
  );
  const written: unknown[] = [];
  let large = 0;
  const refused = new Map<string, number>();
  for (const [i, c] of cases.entries()) {
    try {
      const made = await write(folder, c, i);
      if (made) written.push(made);
      else large++;
    } catch (e) {
      if (!(e instanceof GradloomError)) throw e;
      const why = /toOnnx: (\w+)\(/.exec(e.message)?.[1] ?? e.message;
      refused.set(why, (refused.get(why) ?? 0) + 1);
    }
  }
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(written));
  const script = fileURLToPath(new URL('run_onnx.py', import.meta.url));
  const run = spawnSync(python, [script, folder], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (run.error) console.log(`skipped: there is no ${python} (${run.error.message}).`);
  else if (run.status !== 0) throw new Error(`${python} ${script} failed: ${run.stderr}`);
  else {
    const said = JSON.parse(run.stdout);
    if ('missing' in said)
      console.log(`skipped: ${python} has not all it needs (${said.missing}).`);
    else {
      let [good, wrong, unable, unlike] = [0, 0, 0, 0];
      for (const [name, r] of Object.entries(said.results as Record<string, Result>)) {
        if ('error' in r) {
          // Kernels that onnxruntime lacks for a type.
          if (r.error.includes('NOT_IMPLEMENTED')) unable++;
          else {
            wrong++;
            console.log(`  wrong ${name}: ${r.error.slice(0, 300)}`);
          }
        } else if (others.test(name)) unlike++;
        else if (r.differences.every((d) => typeof d === 'number' && d <= 1e-4)) good++;
        else {
          wrong++;
          console.log(`  wrong ${name}: ${r.differences.join(', ').slice(0, 200)}`);
        }
      }
      for (const [why, n] of refused) console.log(`  refused ${n}: ${why}`);
      const left = cases.length - written.length - large;
      console.log(
        `onnx ${said.onnx}, onnxruntime ${said.onnxruntime}: ${good} of ${cases.length} the same, ${wrong} other, ${unable} lack a kernel there, ${unlike} of NaN and overflow not compared, ${left} refused, ${large} too large to try.`,
      );
      if (wrong > 0) process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
