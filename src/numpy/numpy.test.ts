/** The table of NumPy's answers in test/goldens/numpy.json: one row a test, by operation. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import { type DType, isFloat, makeArray } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { fromData, type IndexLike, Tensor } from '../tensor/index.ts';
import * as np from './index.ts';

interface Stored {
  readonly shape: number[];
  readonly dtype: DType | 'int64';
  readonly data: (number | boolean | 'NaN' | 'Infinity' | '-Infinity')[];
}
type Args = Record<string, unknown>;
interface Row {
  readonly op: string;
  readonly name: string;
  readonly inputs: Stored[];
  readonly args: Args;
  readonly output?: Stored | Stored[];
  readonly error?: string;
}
interface PrintRow {
  readonly name: string;
  readonly op: string;
  readonly options?: Record<string, never>;
  readonly input?: Stored;
  /** Arrays too large to be written out. */
  readonly make?: { readonly kind: string; readonly shape: number[]; readonly dtype: DType };
  readonly str: string;
  readonly repr: string;
}
const goldens = JSON.parse(
  readFileSync(new URL('../../test/goldens/numpy.json', import.meta.url), 'utf8'),
) as { cases: Row[]; print: PrintRow[] };

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

function load(s: Stored): Tensor {
  const dtype = s.dtype === 'int64' ? 'int32' : s.dtype;
  const data = makeArray(dtype, s.data.length);
  s.data.forEach((v, i) => {
    data[i] = Number(v);
  });
  return fromData(data, s.shape, dtype);
}

function toIndex(part: unknown): IndexLike {
  const p = part as { slice?: unknown; newaxis?: true; ellipsis?: true; array?: Stored };
  if (typeof part === 'number') return part;
  if (p.slice) return p.slice as IndexLike;
  if (p.newaxis) return null;
  if (p.ellipsis) return '...';
  // An empty list is float64 in NumPy, and an index all the same.
  const t = load(p.array!);
  return isFloat(t.dtype) ? t.astype('int32') : t;
}
const indexOf = (a: Args): IndexLike[] => (a.index as unknown[]).map(toIndex);

const camel = (s: string): string => s.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
type Fn = (...args: unknown[]) => unknown;
const fn = (name: string): Fn => (np as unknown as Record<string, Fn>)[camel(name)];

/** How the arguments of a row are given, where it is not fn(inputs..., args...). */
const calls: Record<string, (xs: Tensor[], a: Args) => unknown> = {
  index: ([x], a) => x.slice(...indexOf(a)),
  'index-error': ([x], a) => x.slice(...indexOf(a)).realize(),
  assign: ([x, v], a) => x.setAt(v, ...indexOf(a)),
  broadcast: (xs, a) => fn(a.fn as string)(...xs),
  'broadcast-error': (xs, a) => fn(a.fn as string)(...xs),
  promote: (xs, a) => fn(a.fn as string)(...xs),
  elementwise: (xs, a) => fn(a.fn as string)(...xs, ...(a.decimals ? [a.decimals] : [])),
  reduce: ([x], { fn: f, ...o }) => fn(f as string)(x, o),
  'reduce-error': ([x], a) => fn(a.fn as string)(x),
  unique: ([x]) => np.unique(x, { returnIndex: true, returnInverse: true, returnCounts: true }),
  stack: (xs, a) => np.stack(xs, a as never),
  concatenate: (xs, a) => np.concatenate(xs, a as never),
  vstack: (xs) => np.vstack(xs),
  hstack: (xs) => np.hstack(xs),
  eye: (_, a) => np.eye(a.n as number, a.m as number, { k: a.k as number }),
  linspace: (_, { start, stop, ...o }) => np.linspace(start as number, stop as number, o),
  arange: (_, a) => np.arange(a.start as number, a.stop as number, a.step as number),
  einsum: (xs, a) => np.einsum(a.spec as string, ...xs),
};

function run(row: Row): unknown {
  const xs = row.inputs.map(load);
  const call = calls[row.op];
  if (call) return call(xs, row.args);
  return fn(row.op)(...xs, ...Object.values(row.args));
}

/** 64-bit results are of the same kind with 32 bits here; what meets float32 stays float32. */
function expectSame(got: unknown, want: Stored): void {
  expect(got).toBeInstanceOf(Tensor);
  const t = got as Tensor;
  const w = load(want);
  expect(t.shape).toEqual(w.shape);
  const kind = (d: DType): string => (isFloat(d) ? 'float' : d);
  expect(kind(t.dtype)).toBe(kind(w.dtype));
  const [a, b] = [t.dataSync(), w.dataSync()];
  let scale = 0;
  for (const v of b) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
  const near = (x: number, y: number): boolean =>
    x === y ||
    (Number.isNaN(x) && Number.isNaN(y)) ||
    Math.abs(x - y) <= 2e-6 * Math.max(Math.abs(y), 1e-2 * scale);
  if (![...b].every((y, i) => near(a[i], y))) expect([...a]).toEqual([...b]);
}

/** Ours differ on purpose: arithmetic on bool counts, in int32, where NumPy has `or` and `and`. */
const different = new Set(['promote bool and bool, add', 'promote bool and bool, multiply']);

const groups = new Map<string, Row[]>();
for (const row of goldens.cases.filter((r) => !different.has(r.name)))
  groups.set(row.op, [...(groups.get(row.op) ?? []), row]);

describe.each([...groups])('%s', (_, rows) => {
  it.each(rows.map((r) => [r.name, r] as const))('%s', (_name, row) => {
    if (row.error) {
      expect(() => run(row)).toThrow(GradloomError);
      return;
    }
    const got = run(row);
    if (Array.isArray(row.output)) {
      expect((got as unknown[]).length).toBe(row.output.length);
      for (const [i, want] of row.output.entries()) expectSame((got as unknown[])[i], want);
    } else expectSame(got, row.output!);
  });
});

function made({ kind, shape, dtype }: NonNullable<PrintRow['make']>): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  const data = makeArray(dtype, n);
  if (kind.startsWith('arange'))
    for (let i = 0; i < n; i++) data[i] = kind.includes('/ 3') ? i / Math.fround(3) : i;
  if (kind === 'ones') data.fill(1);
  if (kind === 'zeros, 1e10 at 600') data[600] = 1e10;
  return fromData(data, shape, dtype);
}

const prints = goldens.print.filter((r) => r.op === 'print' && r.input?.dtype !== 'int64');
describe('print', () => {
  it.each(prints.map((r) => [r.name, r] as const))('%s', (_, row) => {
    const x = row.input ? load(row.input) : made(row.make!);
    expect(np.arrayStr(x, row.options)).toBe(row.str);
    expect(np.arrayRepr(x, row.options)).toBe(row.repr);
  });
});

const scalars = goldens.print.filter((r) => r.op === 'scalar') as unknown as {
  dtype: DType;
  inputs: (number | string)[];
  texts: string[];
}[];
describe('printed numbers', () => {
  it.each(scalars.map((r) => [r.dtype, r] as const))('%s', (dtype, { inputs, texts }) => {
    const text = (v: number | string): string =>
      String(fromData(Object.assign(makeArray(dtype, 1), [Number(v)]), [], dtype));
    expect(inputs.map(text)).toEqual(texts);
  });
});
