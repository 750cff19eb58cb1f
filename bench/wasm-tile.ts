/**
 * GFLOP/s of matrix product tiles of every shape under this engine: what `wasmTarget` was chosen by.
 *   npx tsx bench/wasm-tile.ts [depth] [1x28,4x8,...]
 * A is packed [k][rows], B is packed [k][cols]; both stay in the first-level cache at depth 256.
 */
import { ModuleBuilder } from '../src/codegen/wasm/assembler.ts';
import { wasmFeatures } from '../src/codegen/wasm/features.ts';
import { makeTile } from '../src/codegen/wasm/tile.ts';

const depth = Number(process.argv[2] ?? 256);
const all = '4x8,5x8,6x8,3x12,4x12,2x16,3x16,8x4,12x4,6x4,1x16,1x24,1x28,1x32,2x24';
const shapes = (process.argv[3] ?? all).split(',').map((s) => s.split('x').map(Number));
const features = wasmFeatures();
const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 });
new Float32Array(memory.buffer).fill(0.5);

function build(rows: number, cols: number, relaxed: boolean): (rounds: number) => void {
  const m = new ModuleBuilder({ shared: false });
  const shape = { rows, cols, aRow: 1, aStep: rows, bStep: cols, outRow: cols, accumulate: false };
  const tile = makeTile(
    m,
    { ...shape, dtype: 'float32', aOuter: 0, bOuter: 0 },
    { depth, rounds: 1 },
    relaxed,
  );
  const f = m.function('tiles', ['i32']);
  const { code } = f;
  code.loop();
  code.i32(1024);
  code.i32(1 << 20);
  code.i32(3 << 20);
  code.op('call');
  code.unsigned(tile.index);
  code.get(0);
  code.i32(1);
  code.op('i32.sub');
  code.tee(0);
  code.brIf(0);
  code.op('end');
  m.export('tile', f);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), {
    env: { memory },
  });
  return instance.exports.tile as (rounds: number) => void;
}

for (const relaxed of features.relaxed ? [false, true] : [false]) {
  for (const [rows, cols] of shapes) {
    const tile = build(rows, cols, relaxed);
    const flops = 2 * rows * cols * depth;
    const rounds = Math.ceil(4e6 / flops);
    for (let i = 0; i < 30; i++) tile(rounds);
    let best = Infinity;
    const until = performance.now() + 250;
    while (performance.now() < until) {
      const t0 = performance.now();
      tile(rounds);
      best = Math.min(best, performance.now() - t0);
    }
    const rate = (flops * rounds) / best / 1e6;
    console.log(
      `${relaxed ? 'madd   ' : 'mul+add'} ${rows}x${cols}`.padEnd(18),
      rate.toFixed(1).padStart(6),
      'GFLOP/s',
    );
  }
}
