/**
 * The matrix product microkernel: rows x cols sums held in vector locals, one pass over the depth.
 *
 * The depth loop is not unrolled, on purpose: V8's TurboFan schedules all loads of a basic block
 * before the arithmetic, so that an unrolled loop needs a register for every load in it and spills.
 * One step of a 4x8 tile just fits (8 sums, 2 + 4 loads) and runs at the rate of the multipliers,
 * nearly twice that of the loop unrolled by four; see bench/wasm-tile.ts. A tile that does not fit is
 * computed in strips of columns, one pass over the depth each.
 */
import type { Stmt, Tile } from '../../compiler/loopnest.ts';
import { binary, constant, type Expr, int, load, variable } from '../../expr/expr.ts';
import { iadd, imulc } from '../../expr/index-math.ts';
import type { Code, ValueType } from './assembler.ts';

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

/** A number known now, or found in a local when the kernel runs. */
type Count = number | { readonly local: number };

/** The sum over k goes `depth` steps in each of some rounds. */
export interface TileExtent {
  readonly depth: Count;
  readonly rounds: Count;
}

/** Locals that hold byte addresses; they may be changed. */
export interface TilePlaces {
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

export function emitTile(
  code: Code,
  local: (type: ValueType) => number,
  t: TileShape,
  places: TilePlaces,
  extent: TileExtent,
  relaxed: boolean,
): void {
  const lane = t.dtype === 'float64' ? 8 : 4;
  // Immediate offsets cannot be negative: with rows that go backwards, start at the last.
  const lowest = Math.min(0, (t.rows - 1) * t.aRow);
  if (lowest < 0) {
    code.get(places.a);
    code.i32(lowest * lane);
    code.op('i32.add');
    code.set(places.a);
  }
  const vectors = t.cols / (16 / lane);
  const most = Math.max(1, Math.floor((registers - t.rows) / (t.rows + 1)));
  const strips = Math.ceil(vectors / most);
  for (let s = 0; s < strips; s++) {
    const from = Math.floor((vectors * s) / strips);
    const to = Math.floor((vectors * (s + 1)) / strips);
    const moving = { a: local('i32'), b: local('i32') };
    code.get(places.a);
    code.set(moving.a);
    code.get(places.b);
    code.set(moving.b);
    emitStrip(code, local, t, { ...moving, out: places.out }, extent, relaxed, lowest, [from, to]);
  }
}

/** Vector registers of x64 without the one that V8 keeps for itself. */
const registers = 15;

/** Some columns of the tile, in whole vectors: as many as the registers hold. */
function emitStrip(
  code: Code,
  local: (type: ValueType) => number,
  t: TileShape,
  places: TilePlaces,
  extent: TileExtent,
  relaxed: boolean,
  lowest: number,
  [from, to]: readonly [number, number],
): void {
  const wide = t.dtype === 'float64';
  const lane = wide ? 8 : 4;
  const align = wide ? 3 : 2;
  const splat = wide ? 'v128.load64_splat' : 'v128.load32_splat';
  const prefix = wide ? 'f64x2' : 'f32x4';
  const vectors = Array.from({ length: to - from }, (_, v) => from + v);
  const sums = Array.from({ length: t.rows }, (_, m) =>
    vectors.map((v) => {
      const sum = local('v128');
      if (t.accumulate) {
        code.get(places.out);
        code.memory('v128.load', m * t.outRow * lane + v * 16, align);
      } else code.v128(new Uint8Array(16));
      code.set(sum);
      return sum;
    }),
  );
  const bs = vectors.map(() => local('v128'));
  const a = local('v128');

  const step = (): void => {
    vectors.forEach((v, i) => {
      code.get(places.b);
      code.memory('v128.load', v * 16, align);
      code.set(bs[i]);
    });
    for (let m = 0; m < t.rows; m++) {
      code.get(places.a);
      code.memory(splat, (m * t.aRow - lowest) * lane, align);
      code.set(a);
      sums[m].forEach((sum, i) => {
        if (relaxed) {
          code.get(a);
          code.get(bs[i]);
          code.get(sum);
          code.op(`${prefix}.relaxed_madd`);
        } else {
          code.get(sum);
          code.get(a);
          code.get(bs[i]);
          code.op(`${prefix}.mul`);
          code.op(`${prefix}.add`);
        }
        code.set(sum);
      });
    }
    for (const [place, stride] of [
      [places.a, t.aStep],
      [places.b, t.bStep],
    ]) {
      code.get(place);
      code.i32(stride * lane);
      code.op('i32.add');
      code.set(place);
    }
  };

  repeat(code, local, extent.rounds, t, places, lane, () => {
    if (typeof extent.depth === 'number' && extent.depth <= unrolledDepth)
      for (let k = 0; k < extent.depth; k++) step();
    else times(code, local, extent.depth, step);
  });

  sums.forEach((row, m) => {
    row.forEach((sum, i) => {
      code.get(places.out);
      code.get(sum);
      code.memory('v128.store', m * t.outRow * lane + vectors[i] * 16, align);
    });
  });
}

/** Steps written out one after the other instead of in a loop. */
const unrolledDepth = 3;

/** Runs what `body` emits so many times. */
function times(code: Code, local: (type: ValueType) => number, n: Count, body: () => void): void {
  if (n === 0) return;
  const count = local('i32');
  if (typeof n === 'number') {
    code.i32(n);
    code.set(count);
  } else {
    code.get(n.local);
    code.tee(count);
    code.i32(0);
    code.op('i32.gt_s');
    code.if();
  }
  code.loop();
  body();
  code.get(count);
  code.i32(1);
  code.op('i32.sub');
  code.tee(count);
  code.brIf(0);
  code.op('end');
  if (typeof n !== 'number') code.op('end');
}

/** Goes through the depth once a round, each round from where the outer steps say. */
function repeat(
  code: Code,
  local: (type: ValueType) => number,
  rounds: Count,
  t: TileShape,
  places: TilePlaces,
  lane: number,
  body: () => void,
): void {
  if (rounds === 1) {
    body();
    return;
  }
  const moved = [
    { place: places.a, start: local('i32'), by: t.aOuter * lane },
    { place: places.b, start: local('i32'), by: t.bOuter * lane },
  ];
  for (const { place, start } of moved) {
    code.get(place);
    code.set(start);
  }
  times(code, local, rounds, () => {
    for (const { place, start } of moved) {
      code.get(start);
      code.set(place);
    }
    body();
    for (const { start, by } of moved) {
      code.get(start);
      code.i32(by);
      code.op('i32.add');
      code.set(start);
    }
  });
}

/** Tiles written as the three loops they stand for, where there are no vectors. */
export function withoutTiles(body: readonly Stmt[]): readonly Stmt[] {
  return body.map((s): Stmt => {
    switch (s.kind) {
      case 'for':
      case 'while':
        return { ...s, body: withoutTiles(s.body) };
      case 'if':
        return {
          ...s,
          then: withoutTiles(s.then),
          ...(s.otherwise && { otherwise: withoutTiles(s.otherwise) }),
        };
      case 'tile':
        return plainTile(s);
      default:
        return s;
    }
  });
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
