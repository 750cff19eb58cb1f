/**
 * The matrix product microkernel: rows x cols sums held in vector locals, one pass over the depth.
 *
 * The depth loop is not unrolled, on purpose: V8's TurboFan schedules all loads of a basic block
 * before the arithmetic, so that an unrolled loop needs a register for every load in it and spills.
 * One step of a 4x8 tile just fits (8 sums, 2 + 4 loads), but its 8 sums are just as many as two
 * multipliers of 4 cycles need, and wait for one another whenever one is late. A 6x8 tile has 12 and runs
 * at the rate of the multipliers; so that it fits, branches that are never taken end the basic block after a
 * row, and each row is loaded where it is used (see bench/wasm-tile.ts).
 */
import { mapBody, type Stmt, type Tile } from '../../compiler/loopnest.ts';
import { binary, constant, type Expr, int, load, variable } from '../../expr/expr.ts';
import { iadd, imulc } from '../../expr/index-math.ts';
import type { Code, FunctionBuilder, ModuleBuilder, ValueType } from './assembler.ts';

export interface TileShape {
  readonly dtype: 'float32' | 'float64';
  readonly rows: number;
  readonly cols: number;
  /** Elements from one row of A to the next, and from one k to the next, in A and in B. */
  readonly aRow: number;
  readonly aStep: number;
  readonly bStep: number;
  readonly outRow: number;
  readonly accumulate: boolean;
  /** How far A and B move from one round to the next. */
  readonly aOuter: number;
  readonly bOuter: number;
}

/** The sum over k goes `depth` steps in each of some rounds. What is not given is known when it runs. */
export interface TileExtent {
  readonly depth?: number;
  readonly rounds?: number;
}

/** A number known now, or found in a local. */
type Count = number | { readonly local: number };

/** A local that holds an address, and by how many bytes it moves. */
interface Moving {
  readonly place: number;
  readonly by: number;
}

/** Vector registers of x64 without the one that V8 keeps for itself. */
const registers = 15;

/** Steps written out one after the other instead of in a loop. */
const unrolledDepth = 3;

const i32 = (): ValueType => 'i32';

/**
 * A function of the addresses of A, of B and of the sums, and of the depth and the rounds where these are not
 * known now. On its own the tile has all registers; V8 also unrolls loops within loops, which makes it spill.
 */
export function makeTile(
  m: ModuleBuilder,
  t: TileShape,
  extent: TileExtent,
  relaxed: boolean,
): FunctionBuilder {
  const given = [extent.depth, extent.rounds].filter((n) => n === undefined);
  const f = m.function(`tile_${t.rows}x${t.cols}`, ['i32', 'i32', 'i32', ...given.map(i32)]);
  const depth = extent.depth ?? { local: 3 };
  const rounds = extent.rounds ?? { local: 2 + given.length };
  const { code } = f;
  const [a, b, out] = [0, 1, 2];
  const wide = t.dtype === 'float64';
  const lane = wide ? 8 : 4;
  const align = wide ? 3 : 2;
  const splat = wide ? 'v128.load64_splat' : 'v128.load32_splat';
  const prefix = wide ? 'f64x2' : 'f32x4';
  // Immediate offsets cannot be negative: with rows that go backwards, start at the last.
  const lowest = Math.min(0, (t.rows - 1) * t.aRow);
  if (lowest < 0) move(code, a, { place: a, by: lowest * lane });

  const bs = Array.from({ length: t.cols / (16 / lane) }, () => f.local('v128'));
  const factor = f.local('v128');
  const sums = Array.from({ length: t.rows }, (_, m) =>
    bs.map((_, v) => {
      const sum = f.local('v128');
      if (t.accumulate) {
        code.get(out);
        code.memory('v128.load', m * t.outRow * lane + v * 16, align);
      } else code.v128(new Uint8Array(16));
      code.set(sum);
      return sum;
    }),
  );

  // V8 keeps an address for each offset: half of the rows at the offsets of the others leave it registers.
  const half = t.rows > 4 && lowest === 0 ? Math.ceil(t.rows / 2) : t.rows;
  const lower = half < t.rows ? f.local('i32') : a;
  const apart = t.rows * (bs.length + 1) + bs.length > registers;
  const moving = [
    { place: a, by: t.aStep * lane },
    ...(lower === a ? [] : [{ place: lower, by: t.aStep * lane }]),
    { place: b, by: t.bStep * lane },
  ];

  const step = (exit: number): void => {
    bs.forEach((local, v) => {
      code.get(b);
      code.memory('v128.load', v * 16, align);
      code.set(local);
    });
    sums.forEach((row, m) => {
      code.get(m < half ? a : lower);
      code.memory(splat, ((m % half) * t.aRow - lowest) * lane, align);
      code.set(factor);
      row.forEach((sum, v) => {
        if (relaxed) {
          code.get(factor);
          code.get(bs[v]);
          code.get(sum);
          code.op(`${prefix}.relaxed_madd`);
        } else {
          code.get(sum);
          code.get(factor);
          code.get(bs[v]);
          code.op(`${prefix}.mul`);
          code.op(`${prefix}.add`);
        }
        code.set(sum);
      });
      // Out of here if an operand were at address 0, which none ever is.
      if (apart && m + 1 < t.rows) {
        code.get([a, b, lower][m % 3]);
        code.op('i32.eqz');
        code.brIf(exit);
      }
    });
    for (const o of moving) move(code, o.place, o);
  };

  const pass = (): void => {
    if (lower !== a) move(code, lower, { place: a, by: half * t.aRow * lane });
    code.block();
    if (typeof depth === 'number' && depth <= unrolledDepth)
      for (let k = 0; k < depth; k++) step(0);
    else times(f, depth, () => step(1), t.bStep === 0 ? undefined : moving[moving.length - 1]);
    code.op('end');
  };
  if (rounds === 1) pass();
  else {
    // Each round begins where the outer steps say.
    const starts = [a, b].map((place) => {
      const start = f.local('i32');
      code.get(place);
      code.set(start);
      return { place, start };
    });
    times(f, rounds, () => {
      pass();
      for (const { place, start } of starts) {
        move(code, start, { place: start, by: (place === a ? t.aOuter : t.bOuter) * lane });
        code.get(start);
        code.set(place);
      }
    });
  }

  sums.forEach((row, m) => {
    row.forEach((sum, v) => {
      code.get(out);
      code.get(sum);
      code.memory('v128.store', m * t.outRow * lane + v * 16, align);
    });
  });
  return f;
}

/** target = place + by */
function move(code: Code, target: number, { place, by }: Moving): void {
  code.get(place);
  code.i32(by);
  code.op('i32.add');
  code.set(target);
}

/**
 * Runs what `body` emits so many times. Of a place that it moves, the end is what is looked for: a counter
 * would take another register.
 */
function times(f: FunctionBuilder, n: Count, body: () => void, moved?: Moving): void {
  if (n === 0) return;
  const { code } = f;
  const push = (): void => (typeof n === 'number' ? code.i32(n) : code.get(n.local));
  if (typeof n !== 'number') {
    push();
    code.i32(0);
    code.op('i32.gt_s');
    code.if();
  }
  const end = f.local('i32');
  push();
  if (moved) {
    code.i32(moved.by);
    code.op('i32.mul');
    code.get(moved.place);
    code.op('i32.add');
  }
  code.set(end);
  code.loop();
  body();
  code.get(end);
  if (moved) {
    code.get(moved.place);
    code.op('i32.ne');
  } else {
    code.i32(1);
    code.op('i32.sub');
    code.tee(end);
  }
  code.brIf(0);
  code.op('end');
  if (typeof n !== 'number') code.op('end');
}

/** Tiles written as the three loops they stand for, where there are no vectors. */
export function withoutTiles(body: readonly Stmt[]): readonly Stmt[] {
  return mapBody(body, (e) => e, undefined, plainTile);
}

function plainTile(t: Tile): Stmt {
  const m = variable('m', 'int32', 0, t.rows - 1);
  const n = variable('n', 'int32', 0, t.cols - 1);
  const k = variable('k', 'int32', 0);
  const r = variable('r', 'int32', 0);
  const acc = variable('acc', t.dtype);
  const at = iadd(iadd(t.out.base, imulc(m, t.out.row)), n);
  const a = iadd(iadd(t.a.base, imulc(m, t.a.row)), imulc(k, t.a.step));
  const b = iadd(iadd(t.b.base, imulc(k, t.b.step)), n);
  const { outer } = t;
  const moved = (e: Expr, step: number): Expr => (outer ? iadd(e, imulc(r, step)) : e);
  const product = binary(
    'mul',
    load(t.a.buffer, t.dtype, moved(a, outer?.aStep ?? 0)),
    load(t.b.buffer, t.dtype, moved(b, outer?.bStep ?? 0)),
  );
  const loop = (index: Expr, extent: Expr, inner: readonly Stmt[]): Stmt => ({
    kind: 'for',
    index,
    start: int(0),
    extent,
    step: 1,
    body: inner,
    vector: false,
  });
  const init = t.accumulate ? load(t.out.buffer, t.dtype, at) : constant(t.dtype, 0);
  const sum = loop(k, t.depth, [{ kind: 'update', variable: acc, op: 'add', value: product }]);
  return loop(m, int(t.rows), [
    loop(n, int(t.cols), [
      { kind: 'accum', variable: acc, init },
      outer ? loop(r, outer.extent, [sum]) : sum,
      { kind: 'store', buffer: t.out.buffer, storage: t.dtype, index: at, value: acc },
    ]),
  ]);
}
