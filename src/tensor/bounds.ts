/** Which numbers a dtype can hold. */
import { type DType, isFloat } from '../dtype.ts';
import { GradloomError } from '../errors.ts';

const bounds: Partial<Record<DType, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint8: [0, 255],
};

/** Whether `dtype` can hold the whole part of v. */
export function fits(v: number, dtype: DType): boolean {
  const range = bounds[dtype];
  return !range || (Math.trunc(v) >= range[0] && Math.trunc(v) <= range[1]);
}

/** v as an element of `dtype`: fractions are cut off integers. Throws `range`. */
export function stored(v: number, dtype: DType): number {
  if (dtype === 'bool') return v === 0 ? 0 : 1;
  if (isFloat(dtype)) return v;
  if (fits(v, dtype)) return Math.trunc(v);
  const [low, high] = bounds[dtype]!;
  throw new GradloomError(
    'range',
    `${v} is out of bounds for ${dtype}, which holds ${low} to ${high}. Use another dtype.`,
    { value: v, dtype },
  );
}
