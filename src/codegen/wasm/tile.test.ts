/** Product tiles of every shape, with operands at all sorts of strides. */
import { describe, expect, it } from 'vitest';
import { differences, loop, ProgramMaker, store } from '../../backends/wasm/testing.ts';
import type { Stmt, Tile } from '../../compiler/loopnest.ts';
import { constant, type Expr, int, load } from '../../expr/expr.ts';
import { iadd, imulc } from '../../expr/index-math.ts';

interface Case {
  readonly rows: number;
  readonly cols: number;
  readonly depth: number | Expr;
  readonly a: { readonly base: number; readonly row: number; readonly step: number };
  readonly b: { readonly base: number; readonly step: number };
  readonly accumulate: boolean;
  readonly outer?: {
    readonly extent: number | Expr;
    readonly aStep: number;
    readonly bStep: number;
  };
}

const depthOf = (c: Case): number => (typeof c.depth === 'number' ? c.depth : 9);

/** Adds a kernel that runs one tile and copies its results out. */
function add(p: ProgramMaker, t: 'float32' | 'float64', c: Case, x: number, y: number): void {
  const { rows, cols } = c;
  const out = p.output(t, rows * cols);
  const outRow = cols + 8;
  const tile: Tile = {
    kind: 'tile',
    dtype: t,
    rows,
    cols,
    depth: typeof c.depth === 'number' ? int(c.depth) : c.depth,
    a: { buffer: x, base: int(c.a.base), row: c.a.row, step: c.a.step },
    b: { buffer: y, base: int(c.b.base), step: c.b.step },
    out: { buffer: -1, base: int(4), row: outRow },
    accumulate: c.accumulate,
    ...(c.outer && {
      outer: {
        ...c.outer,
        extent: typeof c.outer.extent === 'number' ? int(c.outer.extent) : c.outer.extent,
      },
    }),
  };
  const at = (m: Expr, n: Expr): Expr => iadd(iadd(imulc(m, outRow), n), int(4));
  const clear: Stmt = loop(rows * outRow + 4, (i) => [store(-1, t, i, constant(t, 0.5))]);
  const copy: Stmt = loop(
    rows,
    (m) => [loop(cols, (n) => [store(out, t, iadd(imulc(m, cols), n), load(-1, t, at(m, n)))])],
    { vector: false },
  );
  p.kernel([clear, tile, copy], { scratch: [{ dtype: t, length: rows * outRow + 4 }] });
}

describe.each(['float32', 'float64'] as const)('%s tiles', (t) => {
  const lanes = t === 'float32' ? 4 : 2;
  const values = (n: number, seed: number): Float32Array | Float64Array => {
    const a = Array.from({ length: n }, (_, i) => (((i + seed) * 7919) % 61) / 16 - 2);
    return t === 'float32' ? Float32Array.from(a) : Float64Array.from(a);
  };

  it('of all sizes', () => {
    const p = new ProgramMaker();
    const x = p.input(values(2000, 1));
    const y = p.input(values(2000, 2));
    const names: string[] = [];
    for (let rows = 1; rows <= 8; rows++)
      for (let v = 1; v <= 8; v++)
        for (const accumulate of [false, true]) {
          if (rows * v > 16) continue;
          const cols = v * lanes;
          const c: Case = {
            rows,
            cols,
            depth: 13,
            a: { base: 3, row: 13, step: 1 },
            b: { base: 5, step: cols },
            accumulate,
          };
          add(p, t, c, x, y);
          names.push(`${rows}x${cols}${accumulate ? ' accumulating' : ''}`);
        }
    expect(differences(p, t === 'float32' ? 1e-6 : 1e-15, (i) => names[i])).toEqual([]);
  });

  it('of any depth and stride', () => {
    const p = new ProgramMaker();
    const x = p.input(values(4000, 3));
    const y = p.input(values(4000, 4));
    const n = p.input(Int32Array.from([9, 1, 0]));
    const cases: Case[] = [];
    const rows = 4;
    const cols = 2 * lanes;
    for (const depth of [0, 1, 2, 3, 64, load(n, 'int32', int(0)), load(n, 'int32', int(2))])
      for (const a of [
        { base: 0, row: 1, step: rows },
        { base: 7, row: 100, step: 1 },
        { base: 900, row: -100, step: 3 },
        { base: 900, row: 5, step: -2 },
        { base: 11, row: 0, step: 1 },
      ])
        for (const b of [
          { base: 0, step: cols },
          { base: 3000, step: -20 },
          { base: 1, step: 0 },
        ])
          cases.push({ rows, cols, depth, a, b, accumulate: cases.length % 2 === 0 });
    for (const c of cases) add(p, t, c, x, y);
    expect(
      differences(p, t === 'float32' ? 1e-6 : 1e-15, (i) => {
        const c = cases[i];
        return `depth ${depthOf(c)}, a ${JSON.stringify(c.a)}, b ${JSON.stringify(c.b)}`;
      }),
    ).toEqual([]);
  });

  it('in several rounds', () => {
    const p = new ProgramMaker();
    const x = p.input(values(4000, 5));
    const y = p.input(values(4000, 6));
    const n = p.input(Int32Array.from([9, 3, 0]));
    const cases: Case[] = [];
    for (const extent of [1, 2, 5, load(n, 'int32', int(1)), load(n, 'int32', int(2))])
      for (const depth of [1, 3, 7, load(n, 'int32', int(0))])
        for (const cols of [lanes, 6 * lanes])
          cases.push({
            rows: 3,
            cols,
            depth,
            a: { base: 500, row: 11, step: 2 },
            b: { base: 2, step: cols + 1 },
            accumulate: cases.length % 2 === 0,
            outer: { extent, aStep: -40, bStep: 101 },
          });
    for (const c of cases) add(p, t, c, x, y);
    expect(differences(p, t === 'float32' ? 1e-6 : 1e-15, (i) => `case ${i}`)).toEqual([]);
  });
});
