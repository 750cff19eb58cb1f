/**
 * Matrix products on CPUs.
 *
 * C[b, m, n] = sum over k of A[b, m, k] * B[b, k, n] is cut into tiles whose accumulators stay in
 * registers. An operand is read where it lies when its elements are at constant strides and that is
 * kind to the cache; else it is first *packed* by a kernel of its own into panels in exactly the
 * order in which the tiles read it. Packing evaluates the operand's prologue, whatever it is. Each
 * finished tile runs the group's epilogue.
 */
import { bytesOf, type DType } from '../dtype.ts';
import {
  binary,
  compare,
  constant,
  type Expr,
  int,
  load,
  type Scalar,
  variable,
} from '../expr/expr.ts';
import {
  clampIndex,
  iadd,
  idivc,
  imulc,
  linearize,
  remaining,
  strideOf,
  without,
} from '../expr/index-math.ts';
import { isDirect, lowerDirect } from './convolution.ts';
import { type Buffers, Elements, sameElement } from './elements.ts';
import type { Group } from './fuse.ts';
import type { Stmt, Tile } from './loopnest.ts';
import { eachElement, forLoop, loopOver, nest, parallelize, replacer } from './loops.ts';
import { type Draft, storesOf } from './pointwise.ts';
import { describe, type Problem } from './problem.ts';
import type { CpuTarget } from './program.ts';

/** Bytes of an operand worth keeping in a core's second-level cache. */
const secondLevel = 1 << 19;

/** Where a tile finds its operand: buffer[base(b) + r*row + k*step], or a packed panel. */
interface Access {
  readonly buffer: number;
  readonly packed: boolean;
  readonly row: number;
  readonly step: number;
  base(b: Expr, r: Expr): Expr;
}

export interface ContractDraft {
  readonly packs: readonly { readonly name: string; readonly draft: Draft }[];
  readonly main: Draft;
}

/** @param repeats how often the kernel runs for one run of a packing that can be done beforehand */
export function lowerContract(
  group: Group,
  buffers: Buffers,
  target: CpuTarget,
  panels: PackedPanels,
  repeats = 1,
): ContractDraft {
  const node = group.heavy!;
  const p = describe(node, new Elements(buffers, group.members));
  const { dtype } = node.outputs[0];
  const epilogueAt = (index: readonly Expr[], acc: Expr): Stmt[] => {
    const after = new Elements(buffers, group.members, new Map([[node.outputs[0], acc]]));
    const space = node.outputs[0].shape;
    return storesOf(
      buffers,
      group.stored.map((v) => {
        const at = sameElement(v.shape, space, index);
        return { v, index: linearize(at, v.shape), value: after.at(v, at) };
      }),
    );
  };
  if (target.gpu) {
    const main = elementByElement(p, (b, m, n, acc) => epilogueAt(p.outIndex(b, m, n), acc));
    return { packs: [], main };
  }
  if (isDirect(p, buffers)) return lowerDirect(p, group, buffers, target, epilogueAt);
  const epilogue = (b: Expr, m: Expr, n: Expr, acc: Expr): Stmt[] =>
    epilogueAt(p.outIndex(b, m, n), acc);
  const tiled =
    (dtype === 'float32' || dtype === 'float64') && p.n > 2 && p.k > 0 && p.m * p.n * p.k > 64;
  return tiled
    ? tile(p, dtype, buffers, target, epilogue, panels, repeats)
    : { packs: [], main: plain(p, target, epilogue) };
}

type Epilogue = (b: Expr, m: Expr, n: Expr, acc: Expr) => Stmt[];

/** Integers, and products too thin for tiles: a dot product for each result. */
function plain(p: Problem, target: CpuTarget, epilogue: Epilogue): Draft {
  const { dtype } = p.node.outputs[0];
  const scalar = dtype as Scalar;
  const [b, m, n] = [loopOver('b', p.batch), loopOver('m', p.m), loopOver('n', p.n)];
  const k = loopOver('k', p.k);
  const acc = variable('acc', scalar);
  const product = binary('mul', p.a(b.index, m.index, k.index), p.b(b.index, k.index, n.index));
  const inner: Stmt[] = [
    { kind: 'accum', variable: acc, init: constant(scalar, 0) },
    ...nest([k], [{ kind: 'update', variable: acc, op: 'add', value: product }], true),
    ...epilogue(b.index, m.index, n.index, acc),
  ];
  const cost = p.batch * p.m * p.n * (2 * p.k + 4);
  const byRows =
    p.n >= 8 && p.n <= 4096 && strideOf(positionOf(p.b(b.index, k.index, n.index)), n.index) === 1;
  if (byRows) return rowByRow(p, target, epilogue, cost);
  if (cost < target.parallelThreshold)
    return { body: nest([b, m, n], inner, false), scratch: [], cost };
  return {
    ...parallelize([b, m, n], false, (rest) => nest(rest, inner, false)),
    scratch: [],
    cost,
  };
}

/** A result an iteration, for printers that make tiles themselves. */
function elementByElement(p: Problem, epilogue: Epilogue): Draft {
  const scalar = p.node.outputs[0].dtype as Scalar;
  const [batch, m, n] = [loopOver('b', p.batch), loopOver('m', p.m), loopOver('n', p.n)];
  const k = loopOver('k', p.k);
  const acc = variable('acc', scalar);
  const product = binary(
    'mul',
    p.a(batch.index, m.index, k.index),
    p.b(batch.index, k.index, n.index),
  );
  const body: Stmt[] = [
    { kind: 'accum', variable: acc, init: constant(scalar, 0) },
    ...nest([k], [{ kind: 'update', variable: acc, op: 'add', value: product }], true),
    ...epilogue(batch.index, m.index, n.index, acc),
  ];
  const cost = p.batch * p.m * p.n * (2 * p.k + 4);
  return { ...eachElement([batch, m, n], body), product: { batch, m, n }, scratch: [], cost };
}

/** The position that a load reads; anything else stands nowhere in particular. */
const positionOf = (e: Expr): Expr => (e.op === 'load' ? e.args[0] : e);

/** Each row of results as a sum of rows of B, which lie side by side in memory. */
function rowByRow(p: Problem, target: CpuTarget, epilogue: Epilogue, cost: number): Draft {
  const { dtype } = p.node.outputs[0];
  const [b, m, n] = [loopOver('b', p.batch), loopOver('m', p.m), loopOver('n', p.n)];
  const k = loopOver('k', p.k);
  const sum = load(-1, dtype, n.index);
  const put = (value: Expr): Stmt => ({
    ...{ kind: 'store', buffer: -1, storage: dtype },
    ...{ index: n.index, value },
  });
  const product = binary('mul', p.a(b.index, m.index, k.index), p.b(b.index, k.index, n.index));
  const body: Stmt[] = [
    ...nest([n], [put(constant(dtype as Scalar, 0))], true),
    ...nest([k, n], [put(binary('add', sum, product))], true),
    ...nest([n], epilogue(b.index, m.index, n.index, sum), true),
  ];
  const scratch = [{ dtype, length: p.n }];
  const loops = [b, m].filter((l) => l.extent > 1);
  if (cost < target.parallelThreshold || loops.length === 0)
    return { body: nest(loops, body, false), scratch, cost };
  return { ...parallelize(loops, false, (rest) => nest(rest, body, false)), scratch, cost };
}

/** Rows and columns of a tile for an m x n product; `budget` is in vector registers. */
export function tileShape(
  m: number,
  n: number,
  lanes: number,
  target: CpuTarget,
): { rows: number; cols: number } {
  const scale = lanes / target.lanes;
  const fullCols = target.tileCols * scale;
  const budget = (target.tileRows * target.tileCols) / target.lanes;
  const whole = Math.ceil(n / lanes) * lanes;
  let cols = Math.min(fullCols, whole);
  if (m * 2 <= target.tileRows) {
    // Few rows: wider tiles keep enough sums in flight.
    const fit = target.registers ? Math.floor((target.registers - 1) / (m + 1)) : 8;
    const vectors = Math.max(1, Math.min(fit, Math.floor(budget / m)));
    cols = Math.min(vectors * lanes, whole);
    while (cols > lanes && n % cols !== 0 && n % (cols - lanes) === 0) cols -= lanes;
  }
  const most = Math.max(1, Math.min(target.tileRows, Math.floor(budget / (cols / lanes))));
  if (m <= most) return { rows: m, cols };
  if (target.tileRates) return { rows: fastestRows(m, most, target.tileRates), cols };
  // A height that divides m needs no second kind of tile.
  if (m < 256)
    for (let r = most; r >= Math.ceil(most * 0.6); r--) if (m % r === 0) return { rows: r, cols };
  const tiles = Math.ceil(m / most);
  return { rows: m < 256 ? Math.ceil(m / tiles) : most, cols };
}

/** Of the heights up to `most` the one whose tiles, with one for the rows that are left, take least time. */
function fastestRows(m: number, most: number, rates: readonly number[]): number {
  const time = (rows: number): number => (rows === 0 ? 0 : rows / rates[rows - 1]);
  let [best, least] = [most, Number.POSITIVE_INFINITY];
  for (let r = most; r > 0; r--) {
    const t = Math.floor(m / r) * time(r) + time(m % r);
    if (t < least) [best, least] = [r, t];
  }
  return best;
}

function tile(
  p: Problem,
  dtype: 'float32' | 'float64',
  buffers: Buffers,
  target: CpuTarget,
  epilogue: Epilogue,
  known: PackedPanels,
  repeats: number,
): ContractDraft {
  const lanes = dtype === 'float64' ? Math.max(1, target.lanes / 2) : target.lanes;
  const { rows, cols } = tileShape(p.m, p.n, lanes, target);
  const bytes = bytesOf(dtype);
  const cost = 2 * p.batch * p.m * p.n * p.k;
  const packs: { name: string; draft: Draft }[] = [];

  const bDirect = directAccess((r, k, b) => p.b(b, k, r), p.n, p.k, p.batch);
  // Panels of B are read once for every `rows` rows: worth packing when they are large and far apart.
  const bFar =
    bDirect !== undefined &&
    bDirect.step * bytes >= 1024 &&
    (repeats >= 8 && p.m > rows
      ? p.k * p.n * bytes > 1 << 14
      : p.k * p.n * bytes > 1 << 19 && p.m >= 128);
  const b =
    bDirect && bDirect.row === 1 && p.n % lanes === 0 && !bFar
      ? bDirect
      : pack('b', p.n, cols, lanes);

  const aDirect = directAccess((r, k, bt) => p.a(bt, r, k), p.m, p.k, p.batch);
  // A few rows read in order are as many streams, which any processor fetches ahead.
  const aStreams = aDirect !== undefined && rows <= 6 && aDirect.step === 1;
  // Columns of rows that lie far apart take a page and a cache line each: the deeper the product is, the
  // sooner a copy in order pays.
  const aFar =
    aDirect !== undefined &&
    !aStreams &&
    p.n >= 4 * cols &&
    p.m * p.k * bytes > 1 << 18 &&
    (aDirect.row !== 1
      ? aDirect.row * bytes >= 1024 || aDirect.step !== 1
      : aDirect.step * bytes >= (p.k >= 1024 ? 512 : 1024));
  const a = aDirect && !aFar ? aDirect : pack('a', p.m, rows, 1);

  return { packs, main: mainKernel(p, dtype, a, b, { rows, cols, lanes, cost, epilogue, target }) };

  /** Emits the kernel that copies an operand into panels of `width`, and the access to them. */
  function pack(which: 'a' | 'b', size: number, width: number, round: number): Access {
    const panels = Math.ceil(size / width);
    const lastWidth = size % width === 0 ? width : Math.ceil((size % width) / round) * round;
    const panelSize = width * p.k;
    const perBatch = (panels - 1) * panelSize + lastWidth * p.k;
    const layout = { size, width, lastWidth, panels, perBatch };
    const key = known.keyOf(which, p, layout);
    let buffer = known.buffers.get(key);
    if (buffer === undefined) {
      buffer = buffers.declare(dtype, p.batch * perBatch);
      known.buffers.set(key, buffer);
      const draft = packKernel(which, p, buffer, dtype, layout, target);
      packs.push({ name: `pack_${which}`, draft });
    }
    // Inside a panel elements lie [k][width]; the last panel may be narrower.
    return {
      buffer,
      packed: true,
      row: 1,
      step: width,
      base: (bt, r) => iadd(imulc(bt, perBatch), imulc(idivc(r, width), panelSize)),
    };
  }
}

export interface Panels {
  readonly size: number;
  readonly width: number;
  readonly lastWidth: number;
  readonly panels: number;
  readonly perBatch: number;
}

/**
 * The panels that products of one graph have packed. Two products that read the same elements in the
 * same order share them: queries, keys and values of one sequence, or the gradients of two kernels.
 */
export class PackedPanels {
  readonly buffers: Map<string, number> = new Map();
  readonly #indices = new Map<string, Expr>();

  /** Equal for operands of which every panel has the same elements in the same places. */
  keyOf(which: 'a' | 'b', p: Pick<Problem, 'batch' | 'k' | 'a' | 'b'>, s: Panels): string {
    const [b, k, r] = [this.#index('b', p.batch), this.#index('k', p.k), this.#index('r', s.size)];
    const element = which === 'a' ? p.a(b, r, k) : p.b(b, k, r);
    return [element.id, p.batch, p.k, s.size, s.width, s.lastWidth].join();
  }

  #index(name: string, extent: number): Expr {
    const key = `${name}${extent}`;
    const known = this.#indices.get(key);
    if (known) return known;
    const { index } = loopOver(name, extent);
    this.#indices.set(key, index);
    return index;
  }
}

export function packKernel(
  which: 'a' | 'b',
  p: Pick<Problem, 'batch' | 'k' | 'a' | 'b'>,
  buffer: number,
  dtype: DType,
  s: Panels,
  target: CpuTarget,
): Draft {
  const bt = loopOver('b', p.batch);
  const panel = loopOver('panel', s.panels);
  const copy = (at: Expr, width: number, clamp: boolean): readonly Stmt[] => {
    const k = loopOver('k', p.k);
    const r = loopOver('r', width);
    let row = iadd(imulc(at, s.width), r.index);
    // Beyond the edge the last row or column is repeated; those results are never stored.
    if (clamp) row = clampIndex(row, s.size - 1);
    const value = which === 'a' ? p.a(bt.index, row, k.index) : p.b(bt.index, k.index, row);
    const to = iadd(
      iadd(imulc(bt.index, s.perBatch), imulc(at, s.width * p.k)),
      iadd(imulc(k.index, width), r.index),
    );
    return nest([k, r], [{ kind: 'store', buffer, storage: dtype, index: to, value }], true);
  };
  const body = (): readonly Stmt[] => {
    const ragged = s.size % s.width !== 0;
    if (!ragged) return copy(panel.index, s.width, false);
    const last = int(s.panels - 1);
    const edge = copy(
      last,
      s.lastWidth,
      s.size % s.lastWidth !== 0 || s.lastWidth !== s.size % s.width,
    );
    if (s.panels === 1) return edge;
    return [
      {
        kind: 'if',
        cond: compare('lt', panel.index, last),
        then: copy(panel.index, s.width, false),
        otherwise: edge,
      },
    ];
  };
  const cost = p.batch * s.size * p.k * 2;
  const loops = [bt, panel].filter((l) => l.extent > 1);
  if (cost < target.parallelThreshold || loops.length === 0)
    return { body: nest(loops, body(), false), scratch: [], cost };
  return { ...parallelize(loops, false, (rest) => nest(rest, body(), false)), scratch: [], cost };
}

/** The operand as base(b) + r*row + k*step in one buffer, if it is that plain. */
function directAccess(
  element: (r: Expr, k: Expr, b: Expr) => Expr,
  size: number,
  depth: number,
  batch: number,
): Access | undefined {
  const r = variable('r', 'int32', 0, Math.max(0, size - 1));
  const k = variable('k', 'int32', 0, Math.max(0, depth - 1));
  const bt = variable('b', 'int32', 0, Math.max(0, batch - 1));
  const e = element(r, k, bt);
  if (e.op !== 'load') return undefined;
  const row = strideOf(e.args[0], r);
  const step = strideOf(e.args[0], k);
  if (row === undefined || step === undefined) return undefined;
  const rest = without(e.args[0], r, k);
  // A dimension of size 1 has no stride of its own; any will do.
  const perRow = size === 1 ? 1 : row;
  return {
    buffer: e.buffer,
    packed: false,
    row: perRow,
    step,
    base: (b, at) => iadd(replacer(new Map([[bt, b]]))(rest), imulc(at, perRow)),
  };
}

interface Shape {
  readonly rows: number;
  readonly cols: number;
  readonly lanes: number;
  readonly cost: number;
  readonly epilogue: Epilogue;
  readonly target: CpuTarget;
}

function mainKernel(
  p: Problem,
  dtype: 'float32' | 'float64',
  a: Access,
  b: Access,
  s: Shape,
): Draft {
  const { rows, cols, lanes } = s;
  const mFull = Math.floor(p.m / rows);
  const mRest = p.m % rows;
  const nFull = Math.floor(p.n / cols);
  const nRest = p.n % cols;
  const nRestCols = Math.ceil(nRest / lanes) * lanes;
  const mTiles = mFull + (mRest ? 1 : 0);
  const nTiles = nFull + (nRest ? 1 : 0);

  /** One tile and what follows it, at row m0 and column n0. */
  const one = (
    bt: Expr,
    m0: Expr,
    n0: Expr,
    height: number,
    width: number,
    valid: number,
  ): Stmt[] => {
    // The last panel of a packed operand is narrower, and so are its rows.
    const aStep = a.packed ? height : a.step;
    const bStep = b.packed ? width : b.step;
    const t: Tile = {
      kind: 'tile',
      dtype,
      rows: height,
      cols: width,
      depth: int(p.k),
      a: { buffer: a.buffer, base: a.base(bt, m0), row: a.row, step: aStep },
      b: { buffer: b.buffer, base: b.base(bt, n0), step: bStep },
      out: { buffer: -1, base: int(0), row: width },
      accumulate: false,
    };
    const i = loopOver('m', height);
    const j = loopOver('n', valid);
    const acc = load(-1, dtype, iadd(imulc(i.index, width), j.index));
    return [t, ...nest([i, j], s.epilogue(bt, iadd(m0, i.index), iadd(n0, j.index), acc), true)];
  };

  /** All tiles of one column of tiles whose row tile lies in [from, from + count). */
  const column = (
    bt: Expr,
    from: Expr,
    count: Expr,
    n0: Expr,
    width: number,
    valid: number,
  ): Stmt[] => {
    const out: Stmt[] = [];
    if (mFull > 0) {
      const mt = variable('mt', 'int32', 0, mFull - 1);
      const fullHere = mRest ? remaining(mFull, from, count) : count;
      out.push(forLoop(mt, from, fullHere, one(bt, imulc(mt, rows), n0, rows, width, valid)));
    }
    if (mRest) {
      const reaches = compare('gt', iadd(from, count), int(mFull));
      const rest = one(bt, int(mFull * rows), n0, mRest, width, valid);
      out.push({ kind: 'if', cond: reaches, then: rest });
    }
    return out;
  };

  /** Column tile nt (an expression): the full ones, or the last, narrower one. */
  const columns = (bt: Expr, nt: Expr, from: Expr, count: Expr): Stmt[] => {
    const full = nFull > 0 ? column(bt, from, count, imulc(nt, cols), cols, cols) : [];
    if (!nRest) return full;
    const last = column(bt, from, count, int(nFull * cols), nRestCols, nRest);
    return nFull === 0
      ? last
      : [{ kind: 'if', cond: compare('lt', nt, int(nFull)), then: full, otherwise: last }];
  };

  // Pieces for the threads: column tiles x runs of row tiles, in the order that is kind to the caches.
  // All of B in the first level: whole rows of tiles, so that results are written in order. A larger
  // than the second level: runs of rows that fit it, each taken across all columns. Else by columns.
  const bytes = bytesOf(dtype);
  const rowsOuter = p.k * p.n * bytes <= 1 << 15;
  const blocked = !rowsOuter && p.m * p.k * bytes > secondLevel;
  const bt = loopOver('b', p.batch);
  const scratch = [{ dtype, length: rows * Math.max(cols, nRestCols) }];
  const want = Math.max(1, Math.ceil(64 / (p.batch * (rowsOuter ? 1 : nTiles))));
  const fitting = Math.max(1, Math.floor(secondLevel / (rows * p.k * bytes)));
  // Not fewer pieces than wanted: an odd one out keeps a thread waiting.
  const perBlock = Math.max(
    1,
    blocked ? Math.min(fitting, Math.ceil(mTiles / want)) : Math.floor(mTiles / want),
  );
  const blocks = Math.ceil(mTiles / perBlock);
  const block = loopOver('mb', blocks);
  const nt = loopOver('nt', nTiles);
  const from = imulc(block.index, perBlock);
  const count = remaining(mTiles, from, int(perBlock));
  const order = rowsOuter || blocked ? [bt, block, nt] : [bt, nt, block];
  const loops = order.filter((l) => l.extent > 1);
  const body = columns(bt.index, nt.index, from, count);
  if (s.cost < s.target.parallelThreshold || loops.length === 0)
    return { body: nest(loops, body, false), scratch, cost: s.cost };
  const shared = rowsOuter && nTiles > 1 ? loops.slice(0, -1) : loops;
  const inner = loops.slice(shared.length);
  if (shared.length === 0) return { body: nest(loops, body, false), scratch, cost: s.cost };
  return {
    ...parallelize(shared, false, (rest) => nest([...rest, ...inner], body, false)),
    scratch,
    cost: s.cost,
  };
}
