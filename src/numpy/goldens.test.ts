/** Functions, indexing and printing held against real NumPy (scripts/goldens/numpy_goldens.py). */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { availableBackends, setBackend } from '../backends/registry.ts';
import { type DType, isFloat, makeArray } from '../dtype.ts';
import { formatArray, fromData, type IndexLike, Tensor } from '../tensor/index.ts';
import * as np from './index.ts';

interface StoredArray {
  shape: number[];
  dtype: DType;
  data?: (number | boolean | string)[];
  start?: number;
  step?: number;
}
interface Goldens {
  cube: StoredArray;
  cases: { f: string; args: unknown[]; out: unknown }[];
  indexing: { text?: string; pick?: unknown[]; out: StoredArray }[];
  printing: { x: StoredArray; options: object; str: string; repr: string }[];
}
const goldens = JSON.parse(
  readFileSync(new URL('../../test/goldens/numpy_calls.json', import.meta.url), 'utf8'),
) as Goldens;

const isStored = (x: unknown): x is StoredArray =>
  typeof x === 'object' && x !== null && 'shape' in x && 'dtype' in x;

function load(x: StoredArray): Tensor {
  const size = x.shape.reduce((a, b) => a * b, 1);
  const data = makeArray(x.dtype, size);
  for (let i = 0; i < size; i++) {
    const v = x.data ? Number(x.data[i]) : x.start! + x.step! * i;
    data[i] = x.dtype === 'bool' ? Number(v !== 0) : v;
  }
  return fromData(data, x.shape, x.dtype);
}

/** Arguments as they were stored: arrays, numbers (also those JSON lacks), lists, options. */
function decode(x: unknown): unknown {
  if (isStored(x)) return load(x);
  if (Array.isArray(x)) return x.map(decode);
  if (typeof x === 'string' && ['NaN', 'Infinity', '-Infinity'].includes(x)) return Number(x);
  if (typeof x !== 'object' || x === null) return x;
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, decode(v)]));
}

function check(got: unknown, want: unknown): void {
  if (Array.isArray(want)) {
    expect((got as unknown[]).length).toBe(want.length);
    want.forEach((w, i) => {
      check((got as unknown[])[i], w);
    });
    return;
  }
  if (!isStored(want)) {
    expect(got).toEqual(want);
    return;
  }
  const w = load(want);
  const g = got as Tensor;
  expect(g).toBeInstanceOf(Tensor);
  expect([g.shape, g.dtype]).toEqual([w.shape, w.dtype]);
  const [a, b] = [g.dataSync(), w.dataSync()];
  if (!isFloat(w.dtype)) {
    expect([...a]).toEqual([...b]);
    return;
  }
  // Sums of numbers that cancel are as exact as the numbers, not as their sum.
  const scale = Math.max(1, ...[...b].filter(Number.isFinite).map(Math.abs));
  const off = b.findIndex((v, i) => {
    if (Object.is(a[i], v) || (v === 0 && a[i] === 0)) return false;
    return !(Math.abs(a[i] - v) <= 1e-6 * Math.max(Math.abs(v), Math.min(1, scale)));
  });
  if (off >= 0) expect([...a]).toEqual([...b]);
}

const functionOf = (name: string): ((...args: unknown[]) => unknown) =>
  name.split('.').reduce((o, part) => (o as Record<string, unknown>)[part], np as unknown) as never;

beforeAll(() => {
  setBackend('reference');
});

describe.each(availableBackends())('functions on %s', (backend) => {
  beforeAll(() => {
    setBackend(backend);
  });
  goldens.cases.forEach(({ f, args, out }, i) => {
    it(`${i}: ${f}(${args.map((a) => (isStored(a) ? `[${a.shape}]` : JSON.stringify(a))).join(', ')})`, () => {
      check(functionOf(f)(...args.map(decode)), out);
    });
  });
});

describe('indexing', () => {
  beforeAll(() => {
    setBackend('reference');
  });
  const cube = load(goldens.cube);
  // Also of something that is not computed yet: other ways through the code.
  const sources = { stored: () => cube, pending: () => cube.add(1).sub(1) };
  for (const [kind, source] of Object.entries(sources)) {
    goldens.indexing.forEach(({ text, pick, out }, i) => {
      it(`${i}: ${kind}[${text ?? JSON.stringify(pick, (k, v) => (k === 'data' ? undefined : v))}]`, () => {
        const index = text !== undefined ? [text] : pick!.map(toIndex);
        check(source().slice(...index), out);
      });
    });
  }
});

function toIndex(x: unknown): IndexLike {
  if (isStored(x)) return load(x);
  const range = (x as { range?: (number | null)[] } | null)?.range;
  return range ? (range as unknown as IndexLike) : (x as IndexLike);
}

describe('printing', () => {
  goldens.printing.forEach(({ x, options, str, repr }, i) => {
    it(`${i}: ${x.dtype}[${x.shape}] ${str.slice(0, 30).replaceAll('\n', ' ')}`, () => {
      const t = load(x);
      expect(np.printoptions(options, () => t.toString())).toBe(str);
      expect(formatArray(t.dataSync(), t.shape, t.dtype, 'repr', options)).toBe(repr);
    });
  });
});
