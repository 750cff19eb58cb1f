/**
 * The article's training step (784-128-10, dropout, Adam, batch 64) on the wasm backend, kernel by
 * kernel: microseconds of each, best of many runs.
 *   npx tsx bench/wasm-step.ts [threads] [show]
 */
import { createWasmBackend } from '../src/backends/wasm/wasm.ts';
import { wasmTarget } from '../src/codegen/wasm/printer.ts';
import { showStmts } from '../src/compiler/debug.ts';
import { lowerGraph } from '../src/compiler/lower.ts';
import type { Program } from '../src/compiler/program.ts';
import { bytesOf } from '../src/dtype.ts';
import { Graph, gradient, lax, type Value } from '../src/graph/index.ts';

const threads = Number(process.argv[2] ?? 1);
const show = process.argv[3] === 'show';

const batch = 64;
const sum = (a: Value, b: Value): Value => lax.add(a, lax.broadcastTo(b, a.shape));
const f = (x: number, like: Value): Value => lax.full(like.shape, x, 'float32');

function buildStep(): Graph {
  const data = lax.parameter([60000, 784], 'float32');
  const labels = lax.parameter([60000], 'uint8');
  const order = lax.parameter([batch], 'int32');
  const key = lax.parameter([2], 'uint32');
  const t = lax.parameter([], 'float32');
  const params = [
    lax.parameter([784, 128], 'float32'),
    lax.parameter([128], 'float32'),
    lax.parameter([128, 10], 'float32'),
    lax.parameter([10], 'float32'),
  ];
  const ms = params.map((p) => lax.parameter(p.shape, 'float32'));
  const vs = params.map((p) => lax.parameter(p.shape, 'float32'));
  const [w1, b1, w2, b2] = params;
  const x = lax.take(data, order, 0);
  const y = lax.convert(lax.take(labels, order, 0), 'int32');
  let h = lax.max(sum(lax.dot(x, w1), b1), lax.full([batch, 128], 0, 'float32'));
  const bits = lax.randomBits(key, [batch, 128]);
  const keep = lax.lt(bits, lax.full([batch, 128], 2 ** 31, 'uint32'));
  h = lax.select(keep, lax.mul(h, f(2, h)), f(0, h));
  const z = sum(lax.dot(h, w2), b2);
  const top = lax.broadcastInDim(lax.reduceMax(z, [1]), z.shape, [0]);
  const e = lax.exp(lax.sub(z, lax.stopGradient(top)));
  const p = lax.div(e, lax.broadcastInDim(lax.reduceSum(e, [1]), e.shape, [0]));
  const hot = lax.eq(lax.broadcastInDim(y, z.shape, [0]), lax.iota(z.shape, 1, 'int32'));
  const picked = lax.reduceSum(lax.select(hot, lax.log(p), f(0, p)), [1]);
  const loss = lax.neg(lax.div(lax.reduceSum(picked), lax.scalar(batch, 'float32')));
  const hits = lax.reduceSum(
    lax.convert(lax.eq(lax.argmax(z, 1), lax.convert(y, 'int32')), 'float32'),
  );
  const gs = gradient(loss, params);
  const t1 = lax.add(t, lax.scalar(1, 'float32'));
  const rate = lax.div(
    lax.mul(
      lax.scalar(0.001, 'float32'),
      lax.sqrt(lax.sub(lax.scalar(1, 'float32'), lax.pow(lax.scalar(0.999, 'float32'), t1))),
    ),
    lax.sub(lax.scalar(1, 'float32'), lax.pow(lax.scalar(0.9, 'float32'), t1)),
  );
  const outs: Value[][] = [[], [], []];
  params.forEach((q, i) => {
    const g = gs[i];
    const m = lax.add(ms[i], lax.mul(lax.sub(g, ms[i]), f(0.1, g)));
    const v = lax.add(vs[i], lax.mul(lax.sub(lax.mul(g, g), vs[i]), f(0.001, g)));
    const step = lax.div(
      lax.mul(m, lax.broadcastInDim(rate, m.shape, [])),
      lax.add(lax.sqrt(v), f(1e-7, v)),
    );
    outs[0].push(lax.sub(q, step));
    outs[1].push(m);
    outs[2].push(v);
  });
  return new Graph(
    [data, labels, order, key, t, ...params, ...ms, ...vs],
    [loss, hits, t1, ...outs.flat()],
    'step',
  );
}

const graph = buildStep();
const donate = graph.inputs.map((_, i) => i >= 4);
const b = createWasmBackend({ threads });
const t0 = performance.now();
const program = lowerGraph(graph, { target: wasmTarget, name: 'step', donate });
const t1 = performance.now();
const whole = b.loadProgram(program, donate);
const t2 = performance.now();
console.log(`lower ${(t1 - t0).toFixed(1)} ms, print and load ${(t2 - t1).toFixed(1)} ms`);

const rand = (n: number): Float32Array => Float32Array.from({ length: n }, () => Math.random() / 8);
const made = graph.inputs.map((v) => {
  const n = v.shape.reduce((x, y) => x * y, 1);
  const buffer = b.allocate(n * bytesOf(v.dtype));
  const array =
    v.dtype === 'float32'
      ? rand(n)
      : v.dtype === 'uint8'
        ? Uint8Array.from({ length: n }, (_, i) => i % 10)
        : Int32Array.from({ length: n }, (_, i) => (i * 7919) % 60000);
  buffer.write(new Uint8Array(array.buffer));
  return buffer;
});

let state = made.slice(4);
function step(): void {
  const out = whole.run([...made.slice(0, 4), ...state]);
  out[0].dispose();
  out[1].dispose();
  state = out.slice(2);
}
const measure = (run: () => void, ms: number): number => {
  let best = Infinity;
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const s = performance.now();
    run();
    best = Math.min(best, performance.now() - s);
  }
  return best * 1000;
};
const s0 = performance.now();
step();
console.log(`first step ${(performance.now() - s0).toFixed(1)} ms`);
await new Promise((r) => setTimeout(r, 100));
console.log(`step ${measure(step, 1500).toFixed(0)} us on ${b.threads} threads`);

/** One kernel over the same buffers, nothing donated. */
function only(i: number): Program {
  return {
    ...program,
    steps: [program.steps[i]],
    buffers: program.buffers.map((d) =>
      d.place.kind === 'output' ? { ...d, place: { kind: 'output', slot: d.place.slot } } : d,
    ),
  };
}
let total = 0;
program.steps.forEach(({ kernel, barrier }, i) => {
  if (!kernel) return;
  const one = b.loadProgram(only(i));
  const us = measure(() => {
    for (const o of one.run([...made.slice(0, 4), ...state])) o.dispose();
  }, 150);
  one.dispose();
  total += us;
  console.log(
    `${barrier ? '|' : ' '} ${kernel.name.padEnd(34)} ${us.toFixed(1).padStart(8)} us  cost ${kernel.cost}${kernel.parallel ? ` / ${kernel.parallel.extent}` : ''}`,
  );
  if (show) console.log(showStmts(kernel.body));
});
console.log(`sum ${total.toFixed(0)} us`);
process.exit(0);
