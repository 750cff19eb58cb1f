/** The same elements in other shapes and orders. */
import { GradloomError } from '../errors.ts';
import { lax } from '../graph/index.ts';
import { checkOptions } from '../options.ts';
import { broadcastShapes, normalizeAxes, normalizeAxis, type Shape } from '../shape.ts';
import { type Axis, asTensor, fromData, type Tensor, type TensorLike } from '../tensor/index.ts';
import { concatenate } from './joining.ts';
import {
  type AxesArg,
  type AxisArg,
  along,
  axesOf,
  given,
  hostData,
  make,
  wholeNumber,
} from './support.ts';

export function shape(x: TensorLike): readonly number[] {
  return asTensor(x).shape;
}
export function ndim(x: TensorLike): number {
  return asTensor(x).ndim;
}
export function size(x: TensorLike): number {
  return asTensor(x).size;
}
/** One dimension may be -1. Throws `shape`. */
export function reshape(x: TensorLike, wanted: readonly number[] | number): Tensor {
  return asTensor(x).reshape(wanted);
}
export function ravel(x: TensorLike): Tensor {
  return asTensor(x).ravel();
}
/** Dimensions in another order; reversed when none is given. */
export function transpose(
  x: TensorLike,
  order?: readonly number[] | null | { readonly axes?: readonly number[] | null },
): Tensor {
  const { axes } = given<{ axes: readonly number[] | null }>('transpose', ['axes'], [order]);
  return asTensor(x).transpose(axes ?? undefined);
}
export const permuteDims: typeof transpose = transpose;
export function astype(x: TensorLike, dtype: string): Tensor {
  return asTensor(x).astype(dtype);
}
export function swapaxes(x: TensorLike, axis1: number, axis2: number): Tensor {
  const t = asTensor(x);
  const [a, b] = [normalizeAxis(axis1, t.ndim), normalizeAxis(axis2, t.ndim)];
  return t.transpose(t.shape.map((_, d) => (d === a ? b : d === b ? a : d)));
}
/** Axes moved to new places; the others keep their order. */
export function moveaxis(
  x: TensorLike,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const t = asTensor(x);
  const list = (v: number | readonly number[]): number[] =>
    (typeof v === 'number' ? [v] : [...v]).map((a) => normalizeAxis(a, t.ndim));
  const [from, to] = [list(source), list(destination)];
  if (
    from.length !== to.length ||
    new Set(from).size !== from.length ||
    new Set(to).size !== to.length
  ) {
    throw new GradloomError(
      'axis',
      'moveaxis: source and destination must name as many, distinct axes.',
      { source, destination },
    );
  }
  const order = t.shape.map((_, d) => d).filter((d) => !from.includes(d));
  const moves = from.map((f, i) => [to[i], f] as const).sort((p, q) => p[0] - q[0]);
  for (const [at, axis] of moves) order.splice(at, 0, axis);
  return t.transpose(order);
}
/** Without axes of length 1: these, or all. Throws `shape` for an axis that is longer. */
export function squeeze(x: TensorLike, axis?: AxesArg): Tensor {
  return asTensor(x).squeeze(axesOf(axis) ?? undefined);
}
/** New axes of length 1, at these places of the result. */
export function expandDims(x: TensorLike, axis: AxesArg): Tensor {
  const t = asTensor(x);
  const given = axesOf(axis);
  if (given == null)
    throw new GradloomError(
      'argument',
      'expandDims needs the place of the new axis; received none.',
    );
  const axes = typeof given === 'number' ? [given] : given;
  const rank = t.ndim + axes.length;
  const at = normalizeAxes(axes, rank);
  const old = [...t.shape];
  return t.reshape(
    Array.from({ length: rank }, (_, d) => (at.includes(d) ? 1 : (old.shift() as number))),
  );
}
export function broadcastTo(x: TensorLike, wanted: Shape): Tensor {
  return asTensor(x).broadcastTo(wanted);
}
/** All arrays in the shape that they broadcast to. */
export function broadcastArrays(...xs: readonly TensorLike[]): Tensor[] {
  const ts = xs.map((x) => asTensor(x));
  const common = ts.map((t) => t.shape).reduce<Shape>((a, b) => broadcastShapes(a, b), []);
  return ts.map((t) => t.broadcastTo(common));
}

/** x laid out `reps` times along each axis (the last ones, when fewer are given). */
export function tile(x: TensorLike, reps: number | readonly number[]): Tensor {
  const t = asTensor(x);
  const given = typeof reps === 'number' ? [reps] : reps;
  for (const r of given) wholeNumber('tile: each repetition', r, 0);
  const rank = Math.max(t.ndim, given.length);
  const dims = [...Array<number>(rank - t.ndim).fill(1), ...t.shape];
  const times = [...Array<number>(rank - given.length).fill(1), ...given];
  // Each dimension in two: how often, and the elements.
  const both = dims.flatMap((n, d) => [times[d], n]);
  const spread = lax.broadcastInDim(
    t.reshape(dims).value,
    both,
    dims.map((_, d) => 2 * d + 1),
  );
  return make(
    lax.reshape(
      spread,
      dims.map((n, d) => n * times[d]),
    ),
    t,
  );
}

/** Each element `repeats` times (a number, or one for each) along `axis`, or of the flattened array. */
export function repeat(x: TensorLike, counts: TensorLike, axis?: AxisArg): Tensor {
  const { t, axis: a } = along(x, axis, null);
  const n = t.shape[a];
  // The shape of the result depends on them.
  const repeats =
    typeof counts === 'number' || Array.isArray(counts)
      ? (counts as number | readonly number[])
      : [...hostData(asTensor(counts).ravel())];
  if (typeof repeats !== 'number') {
    if (repeats.length === 1) return repeat(t, repeats[0], a);
    if (repeats.length !== n)
      throw new GradloomError(
        'shape',
        `repeat: ${repeats.length} counts for ${n} elements; give one count, or one for each.`,
        { counts: repeats.length, size: n },
      );
    const at = Int32Array.from(
      repeats.flatMap((r, i) => Array<number>(wholeNumber('repeat: each count', r, 0)).fill(i)),
    );
    return make(lax.take(t.value, fromData(at, [at.length], 'int32').value, a), t);
  }
  const r = wholeNumber('repeat: repeats', repeats, 0);
  const spread = lax.broadcastInDim(
    t.value,
    [...t.shape.slice(0, a + 1), r, ...t.shape.slice(a + 1)],
    t.shape.map((_, d) => (d <= a ? d : d + 1)),
  );
  return make(
    lax.reshape(
      spread,
      t.shape.map((m, d) => (d === a ? m * r : m)),
    ),
    t,
  );
}

/** Reversed along `axis` (one, several, or all). */
export function flip(x: TensorLike, axis?: AxesArg): Tensor {
  const t = asTensor(x);
  return make(lax.reverse(t.value, normalizeAxes(axesOf(axis), t.ndim)), t);
}
/** Left to right: along axis 1. */
export function fliplr(x: TensorLike): Tensor {
  return flip(x, 1);
}
/** Upside down: along axis 0. */
export function flipud(x: TensorLike): Tensor {
  return flip(x, 0);
}

/** Shifted along `axis`, what falls off coming in on the other side; of the flattened array when none is given. */
export function roll(
  x: TensorLike,
  by: number | readonly number[] | { readonly shift: number | readonly number[]; axis?: Axis },
  where?: AxesArg,
): Tensor {
  const t = asTensor(x);
  const args = given<{ shift: number | readonly number[]; axis: Axis }>(
    'roll',
    ['shift', 'axis'],
    [by, where],
  );
  const { shift = 0, axis } = args;
  if (axis == null) return roll(t.ravel(), sumOf(shift), 0).reshape(t.shape);
  const axes = typeof axis === 'number' ? [axis] : axis;
  const shifts = typeof shift === 'number' ? axes.map(() => shift) : shift;
  if (shifts.length !== axes.length)
    throw new GradloomError('argument', `roll: ${shifts.length} shifts for ${axes.length} axes.`, {
      shift,
      axis,
    });
  let r = t;
  axes.forEach((given, k) => {
    const a = normalizeAxis(given, t.ndim);
    const n = t.shape[a];
    const by = n === 0 ? 0 : ((shifts[k] % n) + n) % n;
    if (by === 0) return;
    const lead = t.shape.slice(0, a).map(() => ':' as const);
    r = concatenate([r.slice(...lead, [n - by, null]), r.slice(...lead, [0, n - by])], a);
  });
  return r;
}
function sumOf(shift: number | readonly number[]): number {
  return typeof shift === 'number' ? shift : shift.reduce((a, b) => a + b, 0);
}

/** Turned by k quarter turns in the plane of two axes, from the first towards the second. */
export function rot90(
  x: TensorLike,
  turns?: number | { readonly k?: number; readonly axes?: readonly [number, number] },
  plane?: readonly [number, number],
): Tensor {
  const { k = 1, axes = [0, 1] as const } = given<{
    k: number;
    axes: readonly [number, number];
  }>('rot90', ['k', 'axes'], [turns, plane]);
  const t = asTensor(x);
  const [a, b] = axes.map((d) => normalizeAxis(d, t.ndim));
  if (a === b) throw new GradloomError('axis', 'rot90 takes two different axes.', { axes });
  switch (((k % 4) + 4) % 4) {
    case 1:
      return swapaxes(flip(t, b), a, b);
    case 2:
      return flip(t, [a, b]);
    case 3:
      return flip(swapaxes(t, a, b), b);
    default:
      return t;
  }
}

export type PadWidth = number | readonly [number, number] | readonly (readonly [number, number])[];
export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap';

/**
 * Wider at the borders: `width` is a number, [before, after], or a pair for each axis. Modes:
 * constant (zeros, or `constantValues`), edge, reflect, symmetric, wrap.
 */
export function pad(
  x: TensorLike,
  width: PadWidth,
  options: PadMode | { readonly mode?: PadMode; readonly constantValues?: number } = {},
): Tensor {
  let t = asTensor(x);
  const o = typeof options === 'string' ? { mode: options } : options;
  checkOptions('pad', o, ['mode', 'constantValues']);
  const mode = o.mode ?? 'constant';
  const pairs = t.shape.map((_, d): readonly [number, number] => {
    if (typeof width === 'number') return [width, width];
    if (typeof width[0] === 'number') return width as readonly [number, number];
    const list = width as readonly (readonly [number, number])[];
    const pair = list.length === 1 ? list[0] : list[d];
    if (pair === undefined)
      throw new GradloomError(
        'argument',
        `pad: ${list.length} pairs of widths for ${t.ndim} dimensions.`,
        { width },
      );
    return pair;
  });
  for (const n of pairs.flat()) wholeNumber('pad: each width', n, 0);
  if (mode === 'constant') {
    const value = ('constantValues' in o ? o.constantValues : undefined) ?? 0;
    return make(
      lax.pad(
        t.value,
        value,
        pairs.map((p) => p[0]),
        pairs.map((p) => p[1]),
      ),
      t,
    );
  }
  pairs.forEach(([low, high], a) => {
    const n = t.shape[a];
    if (low + high === 0) return;
    if (n === 0)
      throw new GradloomError(
        'empty',
        `pad: axis ${a} is empty; only mode "constant" can widen it.`,
        { axis: a },
      );
    const at = Int32Array.from({ length: low + n + high }, (_, i) => source(i - low, n, mode));
    t = make(lax.take(t.value, fromData(at, [at.length], 'int32').value, a), t);
  });
  return t;
}
/** Which of n elements stands at position i, which may lie outside. */
function source(i: number, n: number, mode: PadMode): number {
  const within = (period: number): number => ((i % period) + period) % period;
  switch (mode) {
    case 'edge':
      return Math.min(n - 1, Math.max(0, i));
    case 'wrap':
      return within(n);
    case 'symmetric': {
      const p = within(2 * n);
      return p < n ? p : 2 * n - 1 - p;
    }
    case 'reflect': {
      if (n === 1) return 0;
      const p = within(2 * n - 2);
      return p < n ? p : 2 * n - 2 - p;
    }
    default:
      throw new GradloomError(
        'argument',
        `pad: unknown mode "${mode}". Use constant, edge, reflect, symmetric or wrap.`,
        { mode },
      );
  }
}

/** The vector without zeros at its ends. Reads x at once. */
export function trimZeros(x: TensorLike): Tensor {
  const t = asTensor(x).ravel();
  const data = t.dataSync();
  let [from, to] = [0, data.length];
  while (from < to && data[from] === 0) from++;
  while (to > from && data[to - 1] === 0) to--;
  return t.slice([from, to]);
}
