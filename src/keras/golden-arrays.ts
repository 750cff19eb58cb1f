/** For tests, also those that run without vitest: the golden files of real Keras (scripts/goldens/make.py). */
import { readFileSync } from 'node:fs';
import type { DType } from '../dtype.ts';
import { type Tensor, tensor } from '../tensor/index.ts';

type Word = 'NaN' | 'Infinity' | '-Infinity';
/** Arrays as {shape, dtype, data}; a scalar may be a bare number. */
export type GoldenArray =
  | { shape: number[]; dtype: string; data: (number | Word | boolean)[] }
  | number
  | Word;

export function readGoldens<T>(name: string): T {
  const url = new URL(`../../test/goldens/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}

export function numbersOf(a: GoldenArray): number[] {
  return (typeof a === 'object' ? a.data : [a]).map(Number);
}

export function shapeOf(a: GoldenArray): number[] {
  return typeof a === 'object' ? a.shape : [];
}

export function toTensor(a: GoldenArray): Tensor {
  const dtype = (typeof a === 'object' ? a.dtype : 'float32') as DType;
  return tensor(numbersOf(a), { dtype, shape: shapeOf(a) });
}
