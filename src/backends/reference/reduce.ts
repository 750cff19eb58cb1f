/** Reductions, arg-reductions and running (cumulative) forms. */
import { type DType, isFloat } from '../../dtype.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import { forEachIndex, offset, type Rule, type Table, wrap } from './values.ts';

type Combine = (acc: number, x: number, dtype: DType) => number;

const add: Combine = (a, x, dtype) => wrap(dtype, a + x);
const mul: Combine = (a, x, dtype) => (isFloat(dtype) ? a * x : wrap(dtype, Math.imul(a, x)));
const max: Combine = (a, x) => Math.max(a, x);
const min: Combine = (a, x) => Math.min(a, x);

const smallest: Record<DType, number> = {
  float32: Number.NEGATIVE_INFINITY,
  float64: Number.NEGATIVE_INFINITY,
  int32: -(2 ** 31),
  uint32: 0,
  uint8: 0,
  bool: 0,
};
const largest: Record<DType, number> = {
  float32: Number.POSITIVE_INFINITY,
  float64: Number.POSITIVE_INFINITY,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  uint8: 255,
  bool: 1,
};

function reduction(start: (dtype: DType) => number, combine: Combine): Rule {
  return ([x], attrs, [out]) => {
    const axes = attrs.axes as readonly number[];
    const data = new Float64Array(sizeOf(out.shape)).fill(start(x.dtype));
    const strides = stridesOf(out.shape);
    const kept = x.shape.map((_, d) => d).filter((d) => !axes.includes(d));
    forEachIndex(x.shape, (index, p) => {
      const at = offset(
        kept.map((d) => index[d]),
        strides,
      );
      data[at] = combine(data[at], x.data[p], x.dtype);
    });
    return [data];
  };
}

/** Visits each line along `axis`: its first position, the step between elements, its number. */
function lines(
  shape: readonly number[],
  axis: number,
  fn: (base: number, step: number, line: number) => void,
): void {
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) fn(o * shape[axis] * inner + i, inner, o * inner + i);
}

/** The first of the best; the first NaN beats every number. */
function argReduction(better: (x: number, best: number) => boolean): Rule {
  return ([x], attrs, [out]) => {
    const axis = attrs.axis as number;
    const data = new Float64Array(sizeOf(out.shape));
    lines(x.shape, axis, (base, step, line) => {
      let at = 0;
      for (let i = 1; i < x.shape[axis]; i++) {
        const v = x.data[base + i * step];
        const best = x.data[base + at * step];
        if (!Number.isNaN(best) && (Number.isNaN(v) || better(v, best))) at = i;
      }
      data[line] = at;
    });
    return [data];
  };
}

const combines: Record<string, Combine> = { add, mul, max, min };

export const reduce: Table = {
  reduce_sum: reduction(() => 0, add),
  reduce_prod: reduction(() => 1, mul),
  reduce_max: reduction((t) => smallest[t], max),
  reduce_min: reduction((t) => largest[t], min),
  reduce_and: reduction(() => 1, min),
  reduce_or: reduction(() => 0, max),
  argmax: argReduction((x, best) => x > best),
  argmin: argReduction((x, best) => x < best),

  cumulative([x], attrs) {
    const axis = attrs.axis as number;
    const combine = combines[attrs.op as string];
    const n = x.shape[axis];
    const data = x.data.slice();
    lines(x.shape, axis, (base, step) => {
      const at = (i: number): number => base + (attrs.reverse ? n - 1 - i : i) * step;
      for (let i = 1; i < n; i++) data[at(i)] = combine(data[at(i - 1)], data[at(i)], x.dtype);
    });
    return [data];
  },
};

export { lines };
