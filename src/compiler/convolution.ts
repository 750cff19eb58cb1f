/**
 * Convolutions on CPUs, without an im2col matrix.
 *
 * When nothing is padded and the input is dense (simplify sees to both), the elements that a product
 * row needs lie at constant strides: for a row of output places and one line of the kernel, tap and
 * feature together are one contiguous run. So the register tile reads the input where it lies. The
 * dimensions of the sum are sorted by their strides in the input and joined where they are one run;
 * the innermost is the tile's depth, the next its rounds, the rest are loops around it.
 *
 * Two orders of loops:
 *
 * - `whole`: a tile sums over everything at once and then runs the epilogue. Forward convolutions
 *   and input gradients, whose sums are short and whose places are many.
 * - `deep`: sums over all images and places into few results (kernel gradients). The results of a
 *   block stay in private memory while stretches of the sum that fit the cache are added to them;
 *   parts of the sum are separate pieces of work, added up by a second kernel with the epilogue.
 */
import { bytesOf, type DType } from '../dtype.ts';
import { binary, compare, constant, type Expr, int, load, type Scalar } from '../expr/expr.ts';
import { delinearize, iadd, idivc, imulc, isub, remaining } from '../expr/index-math.ts';
import type { ConvAttrs } from '../graph/primitives/conv.ts';
import { sizeOf, stridesOf } from '../shape.ts';
import { type ContractDraft, packKernel, tileShape } from './contract.ts';
import type { Buffers } from './elements.ts';
import type { Group } from './fuse.ts';
import type { Stmt, Tile } from './loopnest.ts';
import { forLoop, type Loop, loopOver, nest, parallelize } from './loops.ts';
import type { Draft } from './pointwise.ts';
import type { Problem } from './problem.ts';
import type { CpuTarget } from './program.ts';

/** Bytes of input, and of results in the making, that one piece of work keeps in the caches. */
const blockBytes = 192 << 10;
const resultBytes = 384 << 10;
/** Elements of the sum that a deep tile takes at once: their panel of B stays in the first level. */
const deepStretch = 256;

/** A dimension of the product: neighbouring dimensions of the operands that are one run. */
interface Dim {
  readonly extent: number;
  /** Strides in the input and in the kernel. */
  readonly a: number;
  readonly b: number;
  /** The dimensions it is made of: which of `shape`, and their extents, outer first. */
  readonly parts: readonly number[];
  readonly shape: readonly number[];
}

function dimsOf(list: readonly Dim[], joinB: boolean): Dim[] {
  const sorted = list.filter((d) => d.extent !== 1).sort((p, q) => q.a - p.a);
  const out: Dim[] = [];
  for (const d of sorted) {
    const last = out[out.length - 1];
    if (last && last.a === d.a * d.extent && (!joinB || last.b === d.b * d.extent)) {
      out[out.length - 1] = {
        extent: last.extent * d.extent,
        a: d.a,
        b: d.b,
        parts: [...last.parts, ...d.parts],
        shape: [...last.shape, ...d.shape],
      };
    } else out.push(d);
  }
  if (out.length === 0) out.push({ extent: 1, a: 1, b: 1, parts: [], shape: [] });
  return out;
}

/** Puts the positions along `dims` back at the dimensions they came from. */
function unfold(dims: readonly Dim[], at: readonly Expr[], index: Expr[]): Expr[] {
  dims.forEach((d, i) => {
    delinearize(at[i], d.shape).forEach((e, j) => {
      index[d.parts[j]] = e;
    });
  });
  return index;
}

interface Plan {
  readonly dtype: 'float32' | 'float64';
  readonly problem: Problem;
  readonly target: CpuTarget;
  readonly buffers: Buffers;
  readonly rows: number;
  readonly cols: number;
  readonly lanes: number;
  readonly m: readonly Dim[];
  readonly k: readonly Dim[];
  readonly aBuffer: number;
  readonly bBuffer: number;
  /** Position of a tile's first element of A without the part of k, and with each position in k. */
  aBase(group: Expr, m: readonly Expr[], k: readonly Expr[]): Expr;
  /** The same of B; `width` is that of the tile. */
  bBase(group: Expr, k: readonly Expr[], n0: Expr, width: number): Expr;
  bStride(k: number, width: number): number;
  readonly columns: Columns;
  epilogue(group: Expr, m: readonly Expr[], n: Expr, acc: Expr): Stmt[];
  readonly cost: number;
}

interface Columns {
  readonly full: number;
  readonly rest: number;
  /** Width of the last, narrower tile. */
  readonly restWidth: number;
  readonly tiles: number;
  /** All tiles together. */
  readonly width: number;
}

/** Whether `group` is a convolution that this schedule takes. */
export function isDirect(p: Problem, buffers: Buffers): boolean {
  const { node } = p;
  if (node.primitive.name !== 'conv_general_dilated') return false;
  const a = node.attrs as ConvAttrs;
  return (
    node.inputs.every((v) => buffers.of(v) !== undefined && !buffers.isView(v)) &&
    a.padding.every(([lo, hi]) => lo <= 0 && hi <= 0) &&
    a.lhsDilation.every((d) => d === 1) &&
    p.batch * p.m * p.n * p.k > 0
  );
}

export function lowerDirect(
  p: Problem,
  group: Group,
  buffers: Buffers,
  target: CpuTarget,
  after: (index: readonly Expr[], acc: Expr) => Stmt[],
): ContractDraft {
  const node = group.heavy!;
  const [x, w] = node.inputs;
  const out = node.outputs[0];
  const at = node.attrs as ConvAttrs;
  const dtype = out.dtype as 'float32' | 'float64';
  const lanes = dtype === 'float64' ? Math.max(1, target.lanes / 2) : target.lanes;
  const sx = stridesOf(x.shape);
  const sw = stridesOf(w.shape);
  const dim = (extent: number, a: number, b: number, part: number): Dim => ({
    extent,
    a,
    b,
    parts: [part],
    shape: [extent],
  });

  const m = dimsOf(
    [
      dim(out.shape[at.out.batch], sx[at.lhs.batch], 0, at.out.batch),
      ...at.out.spatial.map((d, i) =>
        dim(out.shape[d], sx[at.lhs.spatial[i]] * at.strides[i], 0, d),
      ),
    ],
    false,
  );
  const rowDim = m[m.length - 1];
  const { rows, cols } = tileShape(rowDim.extent, p.n, lanes, target);

  const far =
    sw[at.rhs.batch] === 1 && p.k * p.n * bytesOf(dtype) > 1 << 19 && p.n * bytesOf(dtype) >= 1024;
  const taps = [
    dim(w.shape[at.rhs.feature], sx[at.lhs.feature], sw[at.rhs.feature], at.rhs.feature),
    ...at.rhs.spatial.map((d, i) =>
      dim(w.shape[d], sx[at.lhs.spatial[i]] * at.rhsDilation[i], sw[d], d),
    ),
  ];
  const deepSum = p.k >= 8 * p.m;
  const loose = dimsOf(taps, false);
  const deep = deepSum || (rowDim.a < loose[loose.length - 1].a && p.k > deepStretch);
  const direct = sw[at.rhs.batch] === 1 && p.n % lanes === 0 && (deep || !far);
  const k = direct ? dimsOf(taps, true) : loose;

  const nRest = p.n % cols;
  const restWidth = Math.ceil(nRest / lanes) * lanes;
  const full = Math.floor(p.n / cols);
  const columns: Columns = {
    full,
    rest: nRest,
    restWidth,
    tiles: full + (nRest ? 1 : 0),
    width: full * cols + restWidth,
  };

  const packs: { name: string; draft: Draft }[] = [];
  let bBuffer = buffers.of(w)!;
  let bBase: Plan['bBase'] = (g, at2, n0) =>
    k.reduce((e, d, i) => iadd(e, imulc(at2[i], d.b)), iadd(imulc(g, p.n * sw[at.rhs.batch]), n0));
  let bStride: Plan['bStride'] = (i) => k[i].b;
  if (!direct) {
    const inner = k.map((_, i) => sizeOf(k.slice(i + 1).map((d) => d.extent)));
    const panel = cols * p.k;
    const perGroup = full * panel + restWidth * p.k;
    bBuffer = buffers.declare(dtype, p.batch * perGroup);
    const element = (g: Expr, position: Expr, n: Expr): Expr => {
      const index: Expr[] = w.shape.map(() => int(0));
      unfold(
        k,
        delinearize(
          position,
          k.map((d) => d.extent),
        ),
        index,
      );
      index[at.rhs.batch] = iadd(imulc(g, p.n), n);
      return load(buffers.of(w)!, dtype, linear(index, sw));
    };
    packs.push({
      name: 'pack_b',
      draft: packKernel(
        'b',
        { batch: p.batch, k: p.k, a: element, b: element },
        bBuffer,
        dtype,
        {
          size: p.n,
          width: cols,
          lastWidth: nRest ? restWidth : cols,
          panels: columns.tiles,
          perBatch: perGroup,
        },
        target,
      ),
    });
    bStride = (i, width) => inner[i] * width;
    bBase = (g, at2, n0, width) =>
      at2.reduce<Expr>(
        (e, position, i) => iadd(e, imulc(position, inner[i] * width)),
        iadd(imulc(g, perGroup), imulc(idivc(n0, cols), panel)),
      );
  }

  const groupStride =
    at.featureGroupCount > 1
      ? w.shape[at.rhs.feature] * sx[at.lhs.feature]
      : out.shape[at.out.batch] * sx[at.lhs.batch];
  const start = at.padding.reduce((s, [lo], i) => s - lo * sx[at.lhs.spatial[i]], 0);
  const plan: Plan = {
    ...{ dtype, problem: p, target, buffers, rows, cols, lanes, m, k, columns },
    aBuffer: buffers.of(x)!,
    bBuffer,
    bBase,
    bStride,
    aBase: (g, mAt, kAt) => {
      let e = iadd(imulc(g, groupStride), int(start));
      m.forEach((d, i) => {
        e = iadd(e, imulc(mAt[i], d.a));
      });
      kAt.forEach((position, i) => {
        e = iadd(e, imulc(position, k[i].a));
      });
      return e;
    },
    epilogue: (g, mAt, n, acc) => {
      const index = unfold(
        m,
        mAt,
        out.shape.map(() => int(0)),
      );
      index[at.out.feature] = iadd(imulc(g, p.n), n);
      return after(index, acc);
    },
    cost: 2 * p.batch * p.m * p.n * p.k,
  };
  const rest = deep ? lowerDeep(plan) : { packs: [], main: lowerWhole(plan) };
  return { packs: [...packs, ...rest.packs], main: rest.main };
}

function linear(index: readonly Expr[], strides: readonly number[]): Expr {
  return index.reduce<Expr>((e, i, d) => iadd(e, imulc(i, strides[d])), int(0));
}

interface Place {
  readonly group: Expr;
  /** Positions in the dimensions of m; the last is the tile's first row. */
  readonly m: readonly Expr[];
  /** Positions in the dimensions of k at which the tile's sum starts. */
  readonly k: readonly Expr[];
  readonly n0: Expr;
}

/** One tile over the innermost dimension of k, in rounds over the next. */
function tileAt(
  p: Plan,
  at: Place,
  height: number,
  width: number,
  out: { base: Expr; row: number },
  accumulate: boolean,
  rounds?: Expr,
): Tile {
  const inner = p.k.length - 1;
  return {
    kind: 'tile',
    dtype: p.dtype,
    rows: height,
    cols: width,
    depth: int(p.k[inner].extent),
    a: {
      buffer: p.aBuffer,
      base: p.aBase(at.group, at.m, at.k),
      row: p.m[p.m.length - 1].a,
      step: p.k[inner].a,
    },
    b: {
      buffer: p.bBuffer,
      base: p.bBase(at.group, at.k, at.n0, width),
      step: p.bStride(inner, width),
    },
    out: { buffer: -1, ...out },
    accumulate,
    ...(inner > 0 && {
      outer: {
        extent: rounds ?? int(p.k[inner - 1].extent),
        aStep: p.k[inner - 1].a,
        bStep: p.bStride(inner - 1, width),
      },
    }),
  };
}

/** Runs `body` for the full tiles of columns or the last one, after which tile `nt` is. */
function forColumn(
  p: Plan,
  nt: Expr,
  body: (n0: Expr, width: number, valid: number) => readonly Stmt[],
): readonly Stmt[] {
  const { full, rest, restWidth } = p.columns;
  const whole = full > 0 ? body(imulc(nt, p.cols), p.cols, p.cols) : [];
  if (!rest) return whole;
  const last = body(int(full * p.cols), restWidth, rest);
  return full === 0
    ? last
    : [{ kind: 'if', cond: compare('lt', nt, int(full)), then: whole, otherwise: last }];
}

/** Runs `body` for the row tiles in [from, from + count) of the last dimension of m. */
function forRows(
  p: Plan,
  body: (row: Expr, height: number) => readonly Stmt[],
  from: Expr = int(0),
  count?: Expr,
): readonly Stmt[] {
  const { extent } = p.m[p.m.length - 1];
  const whole = Math.floor(extent / p.rows);
  const rest = extent % p.rows;
  const out: Stmt[] = [];
  const all = whole + (rest ? 1 : 0);
  const n = count ?? int(all);
  if (whole > 0) {
    const mt = loopOver('mt', all);
    const here = remaining(whole, from, n);
    if (mt.index.op === 'const') out.push(...body(int(0), p.rows));
    else out.push(forLoop(mt.index, from, here, body(imulc(mt.index, p.rows), p.rows)));
  }
  if (rest) {
    const last = body(int(whole * p.rows), rest);
    const reached = compare('gt', iadd(from, n), int(whole));
    if (reached.op === 'const') {
      if (reached.value) out.push(...last);
    } else out.push({ kind: 'if', cond: reached, then: last });
  }
  return out;
}

/** `total` in stretches of `size`: a loop over them, and where the current one starts and ends. */
function stretches(
  prefix: string,
  total: number,
  size: number,
): {
  readonly loop: Loop;
  readonly start: Expr;
  readonly count: Expr;
} {
  const loop = loopOver(prefix, Math.ceil(total / size));
  const start = imulc(loop.index, size);
  return { loop, start, count: remaining(total, start, int(size)) };
}

const zeros = (n: number): Expr[] => Array.from({ length: n }, () => int(0));
const pieces = 64;

function lowerWhole(p: Plan): Draft {
  const bytes = bytesOf(p.dtype);
  const { m, k, columns } = p;
  const lines = m.slice(0, -1).map((d) => loopOver('m', d.extent));
  const group = loopOver('g', p.problem.batch);
  const nt = loopOver('nt', columns.tiles);
  const scratch = [
    { dtype: p.dtype as DType, length: p.rows * Math.max(p.cols, columns.restWidth) },
  ];

  // The dimensions of k that the tile does not run through itself.
  const beyond = k.slice(0, Math.max(0, k.length - 2)).map((d) => loopOver('k', d.extent));
  const kAt = [...beyond.map((l) => l.index), ...zeros(k.length - beyond.length)];

  const tiles = (line: readonly Expr[]): readonly Stmt[] =>
    forColumn(p, nt.index, (n0, width, valid) =>
      forRows(p, (row, height) => {
        const at: Place = { group: group.index, m: [...line, row], k: kAt, n0 };
        const out = { base: int(0), row: width };
        const i = loopOver('m', height);
        const j = loopOver('n', valid);
        const acc = load(-1, p.dtype, iadd(imulc(i.index, width), j.index));
        const finish = nest(
          [i, j],
          p.epilogue(group.index, [...line, iadd(row, i.index)], iadd(n0, j.index), acc),
          true,
        );
        if (beyond.length === 0) return [tileAt(p, at, height, width, out, false), ...finish];
        return [
          ...clear(p.dtype, height * width),
          ...nest(beyond, [tileAt(p, at, height, width, out, true)], false),
          ...finish,
        ];
      }),
    );

  // The last dimension before the rows goes in blocks whose input stays in the cache.
  const shared: Loop[] = [group, ...lines.slice(0, -1)].filter((l) => l.extent > 1);
  let body: readonly Stmt[];
  const order: Loop[] = [...shared];
  const last = lines[lines.length - 1];
  if (last && last.extent > 1) {
    const d = m[m.length - 2];
    const outer = sizeOf(shared.map((l) => l.extent));
    const fits = Math.max(1, Math.floor(blockBytes / (Math.abs(d.a) * bytes)));
    const split = Math.max(1, Math.floor((d.extent * outer) / pieces));
    const block = stretches('mb', d.extent, Math.min(fits, split, d.extent));
    order.push(...[block.loop, nt].filter((l) => l.extent > 1));
    const inBlock = tiles(lines.map((l) => l.index));
    body = [forLoop(last.index, block.start, block.count, inBlock)];
  } else {
    if (nt.extent > 1) order.push(nt);
    body = tiles(lines.map((l) => l.index));
  }
  if (p.cost < p.target.parallelThreshold || order.length === 0)
    return { body: nest(order, body, false), scratch, cost: p.cost };
  return {
    ...parallelize(order, false, (rest) => nest(rest, body, false)),
    scratch,
    cost: p.cost,
  };
}

function clear(dtype: DType, length: number): readonly Stmt[] {
  const i = loopOver('z', length);
  return nest(
    [i],
    [
      {
        kind: 'store',
        buffer: -1,
        storage: dtype,
        index: i.index,
        value: constant(dtype as Scalar, 0),
      },
    ],
    true,
  );
}

function lowerDeep(p: Plan): ContractDraft {
  const bytes = bytesOf(p.dtype);
  const { m, k, columns, problem } = p;
  const rowTiles = Math.ceil(m[m.length - 1].extent / p.rows);
  const lineShape = m.slice(0, -1).map((d) => d.extent);
  const lineCount = sizeOf(lineShape);

  // Results: all of a group at once if they fit, else a line (or a part of it) at a time.
  const perTile = p.rows * columns.width * bytes;
  const oneBlock = lineCount * rowTiles * perTile <= resultBytes;
  const perBlock = oneBlock
    ? rowTiles
    : Math.min(rowTiles, Math.max(1, Math.floor(resultBytes / perTile)));
  const even = Math.ceil(rowTiles / Math.ceil(rowTiles / perBlock));
  const part = stretches('mb', rowTiles, even);
  const lines = lineShape.map((n) => loopOver('m', n));
  const group = loopOver('g', problem.batch);
  const blocks = problem.batch * (oneBlock ? 1 : lineCount) * part.loop.extent;
  const localRows = (oneBlock ? lineCount : 1) * even * p.rows;

  // The sum: the rounds of a tile in stretches, and what is beyond them in loops.
  const inner = k.length - 1;
  const rounds =
    inner > 0
      ? stretches(
          'kb',
          k[inner - 1].extent,
          Math.min(k[inner - 1].extent, Math.max(1, Math.round(deepStretch / k[inner].extent))),
        )
      : undefined;
  const beyond = k.slice(0, Math.max(0, inner - 1)).map((d) => loopOver('k', d.extent));
  const kAt = [...beyond.map((l) => l.index), ...(rounds ? [rounds.start] : []), int(0)];
  const sums: Loop[] = [...beyond, ...(rounds ? [rounds.loop] : [])].filter((l) => l.extent > 1);

  // Parts of the sum that are pieces of work, as many as there is memory for.
  const first = sums[0];
  const results = problem.batch * problem.m * problem.n;
  const most = Math.max(1, Math.min(32, Math.floor((8 << 20) / (results * bytes))));
  const wanted = first ? Math.min(first.extent, most, Math.ceil(32 / blocks)) : 1;
  const chunk = first ? stretches('c', first.extent, Math.ceil(first.extent / wanted)) : undefined;
  const chunks = chunk?.loop.extent ?? 1;

  const nt = loopOver('nt', columns.tiles);
  const lineAt = lines.map((l) => l.index);
  let position: Expr = int(0);
  lines.forEach((l, i) => {
    position = iadd(imulc(position, lineShape[i]), l.index);
  });
  const localRow = (row: Expr): Expr =>
    iadd(oneBlock ? imulc(position, even * p.rows) : int(0), isub(row, imulc(part.start, p.rows)));
  const ownLines = oneBlock ? lines : [];
  const over = (body: (row: Expr, height: number) => readonly Stmt[]): readonly Stmt[] =>
    nest(ownLines, forRows(p, body, part.start, part.count), false);
  const add = forColumn(p, nt.index, (n0, width) =>
    over((row, height) => [
      tileAt(
        p,
        { group: group.index, m: [...lineAt, row], k: kAt, n0 },
        height,
        width,
        { base: iadd(imulc(localRow(row), columns.width), n0), row: columns.width },
        true,
        rounds?.count,
      ),
    ]),
  );
  const summed = nest([...sums.slice(1), nt], add, false);
  const accumulate: readonly Stmt[] =
    first && chunk ? [forLoop(first.index, chunk.start, chunk.count, summed)] : summed;

  const scratch = [{ dtype: p.dtype as DType, length: localRows * columns.width }];
  const shape = [chunks, problem.batch, ...m.map((d) => d.extent), problem.n];
  const partial = chunks > 1 ? p.buffers.declare(p.dtype, sizeOf(shape)) : undefined;
  const strides = stridesOf(shape);
  const finish = over((row, height) => {
    const i = loopOver('r', height);
    const j = loopOver('n', problem.n);
    const own = iadd(row, i.index);
    const acc = load(-1, p.dtype, iadd(imulc(localRow(own), columns.width), j.index));
    const body: readonly Stmt[] =
      partial === undefined
        ? p.epilogue(group.index, [...lineAt, own], j.index, acc)
        : [
            {
              kind: 'store',
              buffer: partial,
              storage: p.dtype,
              index: linear([chunk!.loop.index, group.index, ...lineAt, own, j.index], strides),
              value: acc,
            },
          ];
    return nest([i, j], body, true);
  });
  const order = [
    ...(chunk ? [chunk.loop] : []),
    group,
    ...(oneBlock ? [] : lines),
    part.loop,
  ].filter((l) => l.extent > 1);
  const body = [...clear(p.dtype, localRows * columns.width), ...accumulate, ...finish];
  const main: Draft =
    p.cost < p.target.parallelThreshold || order.length === 0
      ? { body: nest(order, body, false), scratch, cost: p.cost }
      : { ...parallelize(order, false, (rest) => nest(rest, body, false)), scratch, cost: p.cost };
  if (partial === undefined) return { packs: [], main };
  return {
    packs: [{ name: 'conv_parts', draft: main }],
    main: addUp(p, partial, chunks, shape, strides),
  };
}

/** Adds up the parts of the sum, always in the same order, and runs the epilogue. */
function addUp(
  p: Plan,
  partial: number,
  chunks: number,
  shape: readonly number[],
  strides: readonly number[],
): Draft {
  const loops = shape.slice(1).map((n) => loopOver('i', n));
  const at = loops.map((l) => l.index);
  let total: Expr | undefined;
  for (let c = 0; c < chunks; c++) {
    const part = load(partial, p.dtype, linear([int(c), ...at], strides));
    total = total ? binary('add', total, part) : part;
  }
  const body = p.epilogue(at[0], at.slice(1, -1), at[at.length - 1], total!);
  const real = loops.filter((l) => l.extent > 1);
  const cost = sizeOf(shape) * 2;
  if (cost < p.target.parallelThreshold || real.length < 2)
    return { body: nest(real, body, true), scratch: [], cost };
  const lead = real.slice(0, -1);
  return {
    ...parallelize(lead, false, (rest) => nest([...rest, real[real.length - 1]], body, true)),
    scratch: [],
    cost,
  };
}
