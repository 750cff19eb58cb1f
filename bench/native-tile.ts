/**
 * How fast the product tile is, by shape and by the way its operands lie in memory:
 *
 *     npx tsx bench/native-tile.ts [gcc|clang] [float32|float64]
 *
 * One thread. Rates in GFLOP/s, the best of many runs; the target in src/backends/native/target.ts
 * is chosen from this table.
 */
import { NativeBackend } from '../src/backends/native/backend.ts';
import { loadRuntime } from '../src/backends/native/runtime.ts';
import type { Stmt } from '../src/compiler/loopnest.ts';
import type { Program } from '../src/compiler/program.ts';
import { bytesOf } from '../src/dtype.ts';
import { int, load, variable } from '../src/expr/expr.ts';
import { imulc } from '../src/expr/index-math.ts';

const [cc, wanted] = process.argv.slice(2);
const dtype = wanted === 'float64' ? 'float64' : 'float32';
const backend = new NativeBackend(loadRuntime(cc ? { cc } : {}), { threads: 1 });
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

/** The same tile again and again, over four places of A and of B in turn. */
function program(
  rows: number,
  cols: number,
  [row, step, bStep, depth]: readonly number[],
): Program {
  const rep = variable('rep', 'int32', 0, repeats / 4 - 1);
  const places: Stmt[] = [0, 1, 2, 3].map((k) => ({
    kind: 'tile',
    dtype,
    rows,
    cols,
    depth: int(depth),
    a: { buffer: 0, base: imulc(int(k), step === 1 ? rows * row : rows), row, step },
    b: { buffer: 1, base: imulc(int(k), bStep > cols ? cols : cols * depth), step: bStep },
    out: { buffer: -1, base: int(0), row: cols },
    accumulate: false,
  }));
  const length = 4 * 1024 * 1024;
  return {
    name: `tile ${rows}x${cols}`,
    buffers: [
      { dtype, length, place: { kind: 'input', slot: 0 } },
      { dtype, length, place: { kind: 'input', slot: 1 } },
      { dtype, length: 1, place: { kind: 'output', slot: 0 } },
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
              index: int(0),
              value: load(-1, dtype, int(0)),
            },
          ],
          scratch: [{ dtype, length: rows * cols }],
          reads: [0, 1],
          writes: [2],
          cost: 1,
        },
      },
    ],
    arenaBytes: 0,
    inputs: 2,
    outputs: 1,
    cost: 1,
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

function rate(rows: number, cols: number, layout: Layout): number {
  const where = layout.at(rows, cols);
  const executable = backend.loadProgram(program(rows, cols, where));
  let best = Number.POSITIVE_INFINITY;
  const until = performance.now() + 60;
  while (performance.now() < until) {
    const start = performance.now();
    for (const out of executable.run(inputs)) out.dispose();
    best = Math.min(best, performance.now() - start);
  }
  executable.dispose();
  return (2 * rows * cols * where[3] * repeats) / best / 1e6;
}

const table: Record<string, Record<string, string>> = {};
for (const layout of layouts) {
  const row: Record<string, string> = {};
  for (const [rows, vectors] of shapes)
    row[`${rows}x${vectors * lanes}`] = rate(rows, vectors * lanes, layout).toFixed(0);
  table[layout.name] = row;
}
const { compiler, version, isa } = backend.runtime;
console.log(`${dtype}, GFLOP/s on one thread; ${compiler.name} ${version}, ${isa}`);
console.table(table);
backend.dispose();
