/**
 * How fast the product tile is, by shape and by the way its operands lie in memory:
 *
 *     npx tsx bench/native-tile.ts [gcc|clang] [--dtype float64] [--threads 2] [--json]
 *
 * Rates in GFLOP/s, the best of many runs; the target in src/backends/native/target.ts is chosen from
 * this table. Several threads do the same work at the same time, and the rate is that of all of them:
 * less than as many times one's, where cores share a clock, a cache or, as two of a virtual machine's
 * may, a core. --json: the best tile alone, as one line, for bench/run.mjs: its best rate, and the best
 * over stretches of as long as an epoch lasts, which a machine with neighbours does not keep up as well.
 */
import { parseArgs } from 'node:util';
import { NativeBackend } from '../src/backends/native/backend.ts';
import { loadRuntime } from '../src/backends/native/runtime.ts';
import type { Stmt } from '../src/compiler/loopnest.ts';
import type { Program } from '../src/compiler/program.ts';
import { bytesOf } from '../src/dtype.ts';
import { int, load, variable } from '../src/expr/expr.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dtype: { type: 'string', default: 'float32' },
    threads: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [cc] = positionals;
const dtype = options.dtype === 'float64' ? 'float64' : 'float32';
const threads = Number(options.threads);
const backend = new NativeBackend(loadRuntime(cc ? { cc } : {}), { threads });
const lanes = dtype === 'float32' ? backend.target.lanes : backend.target.lanes / 2;
/** Rows and vectors of columns, by the number of registers there are. */
const shapes = {
  avx512: [
    [12, 2],
    [8, 2],
    [14, 2],
    [4, 2],
    [6, 4],
    [4, 4],
    [8, 3],
    [24, 1],
    [8, 1],
  ],
  avx2: [
    [6, 2],
    [5, 2],
    [4, 2],
    [2, 2],
    [4, 3],
    [3, 4],
    [12, 1],
    [8, 1],
  ],
  neon: [
    [8, 3],
    [6, 4],
    [4, 4],
    [8, 2],
    [4, 3],
    [12, 2],
    [24, 1],
  ],
  generic: [
    [4, 2],
    [6, 2],
    [3, 4],
    [12, 1],
  ],
}[backend.runtime.isa];

interface Layout {
  readonly name: string;
  /** Row and step of A, step of B and depth, for a tile of these rows and columns. */
  at(rows: number, cols: number): readonly [number, number, number, number];
}

const layouts: readonly Layout[] = [
  { name: 'packed A, packed B, depth 784', at: (r, c) => [1, r, c, 784] },
  { name: 'A rows of 784, packed B', at: (_, c) => [784, 1, c, 784] },
  { name: 'A rows of 784, B rows of 128', at: () => [784, 1, 128, 784] },
  { name: 'A columns of 784, B rows of 128, depth 64', at: () => [1, 784, 128, 64] },
  { name: 'A rows of 128, B rows of 784', at: () => [128, 1, 784, 128] },
  { name: 'A rows of 1024, B rows of 1024', at: () => [1024, 1, 1024, 1024] },
  { name: 'packed A, packed B, depth 256', at: (r, c) => [1, r, c, 256] },
  { name: 'packed A, packed B, depth 10', at: (r, c) => [1, r, c, 10] },
];

const repeats = 256;

/** The same tile again and again on each thread, over four places of A and of B in turn. */
function program(
  rows: number,
  cols: number,
  [row, step, bStep, depth]: readonly number[],
): Program {
  const rep = variable('rep', 'int32', 0, repeats / 4 - 1);
  const thread = variable('thread', 'int32', 0, threads - 1);
  const places: Stmt[] = [0, 1, 2, 3].map((k) => ({
    kind: 'tile',
    dtype,
    rows,
    cols,
    depth: int(depth),
    a: { buffer: 0, base: int(k * (step === 1 ? rows * row : rows)), row, step },
    b: { buffer: 1, base: int(k * (bStep > cols ? cols : cols * depth)), step: bStep },
    // Places of their own: of several results in one place the compiler drops all but the last.
    out: { buffer: -1, base: int(k * rows * cols), row: cols },
    accumulate: false,
  }));
  const length = 4 * 1024 * 1024;
  return {
    name: `tile ${rows}x${cols}`,
    buffers: [
      { dtype, length, place: { kind: 'input', slot: 0 } },
      { dtype, length, place: { kind: 'input', slot: 1 } },
      { dtype, length: threads, place: { kind: 'output', slot: 0 } },
    ],
    steps: [
      {
        barrier: false,
        kernel: {
          name: 'k0_tile',
          body: [
            {
              kind: 'for',
              index: rep,
              start: int(0),
              extent: int(repeats / 4),
              step: 1,
              vector: false,
              body: places,
            },
            {
              kind: 'store',
              buffer: 2,
              storage: dtype,
              index: threads > 1 ? thread : int(0),
              value: load(-1, dtype, int(0)),
            },
          ],
          ...(threads > 1 && { parallel: { index: thread, extent: threads } }),
          scratch: [{ dtype, length: 4 * rows * cols }],
          reads: [0, 1],
          writes: [2],
          cost: 1e9,
        },
      },
    ],
    arenaBytes: 0,
    inputs: 2,
    outputs: 1,
    cost: 1e9,
  };
}

const inputs = [0, 1].map((k) => {
  const buffer = backend.allocate(4 * 1024 * 1024 * bytesOf(dtype));
  const bytes = new Uint8Array(buffer.byteLength);
  const data =
    dtype === 'float32' ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
  for (let i = 0; i < data.length; i++) data[i] = ((i * (k + 3)) % 17) / 8;
  buffer.write(bytes);
  return buffer;
});

/** Best of the stretches of at least so many milliseconds (one run, if 0) that fit in a time. */
function rate(rows: number, cols: number, layout: Layout, stretch = 0, time = 60): number {
  const where = layout.at(rows, cols);
  const executable = backend.loadProgram(program(rows, cols, where));
  let best = Number.POSITIVE_INFINITY;
  const until = performance.now() + time;
  while (performance.now() < until) {
    const start = performance.now();
    let [runs, passed] = [0, 0];
    do {
      for (const out of executable.run(inputs)) out.dispose();
      runs++;
      passed = performance.now() - start;
    } while (passed < stretch);
    best = Math.min(best, passed / runs);
  }
  executable.dispose();
  return (2 * rows * cols * where[3] * repeats * threads) / best / 1e6;
}

const rates = layouts.map((layout) =>
  shapes.map(([rows, vectors]) => rate(rows, vectors * lanes, layout)),
);
const { compiler, version, isa } = backend.runtime;
if (options.json) {
  const gflops = Math.max(...rates.flat());
  const i = rates.findIndex((row) => row.includes(gflops));
  const [rows, vectors] = shapes[rates[i].indexOf(gflops)];
  const sustained = rate(rows, vectors * lanes, layouts[i], 150, 2000);
  console.log(JSON.stringify({ threads, tile: [rows, vectors * lanes], gflops, sustained }));
} else {
  const names = shapes.map(([rows, vectors]) => `${rows}x${vectors * lanes}`);
  const on = threads === 1 ? 'one thread' : `${threads} threads at once`;
  console.log(`${dtype}, GFLOP/s on ${on}; ${compiler.name} ${version}, ${isa}`);
  console.table(
    Object.fromEntries(
      layouts.map(({ name }, i) => [
        name,
        Object.fromEntries(names.map((n, j) => [n, rates[i][j].toFixed(0)])),
      ]),
    ),
  );
}
backend.dispose();
