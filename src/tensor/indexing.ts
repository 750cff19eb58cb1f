/** NumPy's indexing: integers, ranges, newaxis, ellipsis, integer and boolean arrays. */
import { GradloomError } from '../errors.ts';
import type { Value } from '../graph/index.ts';
import * as lax from '../graph/lax.ts';
import { broadcastShapes, sameShape, showShape, sizeOf } from '../shape.ts';

/** [start, stop] or [start, stop, step]; null where NumPy has nothing, negatives from the end. */
export type Range = readonly [(number | null)?, (number | null)?, (number | null)?];

/** An integer array, already as a value of int32; or a mask, already turned into positions. */
export interface ArrayIndex {
  readonly kind: 'array';
  readonly indices: Value;
  /** The positions, where they are at hand to be checked. */
  readonly known?: ArrayLike<number>;
}
/** A boolean mask over one or more axes, as the positions of its true elements, one array an axis. */
export interface MaskIndex {
  readonly kind: 'mask';
  readonly shape: readonly number[];
  readonly positions: readonly Value[];
}

export type Index = number | null | '...' | ':' | Range | ArrayIndex | MaskIndex;

/** `'0:10, ::-1, ..., None'` as indices. */
export function parseIndex(text: string): Index[] {
  return text.split(',').map((raw) => {
    const part = raw.trim();
    if (part === '...' || part === ':') return part;
    if (part === 'None' || part === 'newaxis' || part === 'null') return null;
    const bad = (): never => {
      throw new GradloomError(
        'index',
        `Cannot read "${part}" in the index "${text}". Use numbers, start:stop:step, ..., None.`,
        { index: text },
      );
    };
    const number = (s: string): number => {
      const n = Number(s);
      return s.trim() !== '' && Number.isInteger(n) ? n : bad();
    };
    if (!part.includes(':')) return number(part);
    const pieces = part.split(':');
    if (pieces.length > 3) bad();
    return pieces.map((p) => (p.trim() === '' ? null : number(p))) as unknown as Range;
  });
}

/** Python's slice.indices: the first position, how many, and the step. */
export function rangeIndices(
  range: Range,
  n: number,
): { start: number; count: number; step: number } {
  const step = range[2] ?? 1;
  if (!Number.isInteger(step) || step === 0)
    throw new GradloomError(
      'index',
      `A slice step must be a whole number other than 0; received ${step}.`,
      { step },
    );
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const clip = (v: number): number => {
    if (!Number.isInteger(v))
      throw new GradloomError('index', `Slice bounds must be whole numbers; received ${v}.`, {
        bound: v,
      });
    return Math.min(high, Math.max(low, v < 0 ? v + n : v));
  };
  const start = range[0] == null ? (step > 0 ? 0 : n - 1) : clip(range[0]);
  const stop = range[1] == null ? (step > 0 ? n : -1) : clip(range[1]);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return { start, count, step };
}

const consumed = (i: Index): number => {
  if (i === null || i === '...') return 0;
  return typeof i === 'object' && 'kind' in i && i.kind === 'mask' ? i.shape.length : 1;
};

export function indexValue(x: Value, given: readonly Index[]): Value {
  const used = given.reduce((n: number, i) => n + consumed(i), 0);
  const dots = given.filter((i) => i === '...').length;
  if (dots > 1) throw new GradloomError('index', 'An index can hold only one ellipsis ("...").');
  if (used > x.shape.length) {
    throw new GradloomError(
      'index',
      `Too many indices: the array has ${x.shape.length} dimension${x.shape.length === 1 ? '' : 's'}, but ${used} were indexed.`,
      {
        shape: [...x.shape],
        indices: used,
      },
    );
  }
  const fill: Index[] = Array.from({ length: x.shape.length - used }, () => ':' as const);
  const at = given.indexOf('...');
  const full =
    at < 0 ? [...given, ...fill] : [...given.slice(0, at), ...fill, ...given.slice(at + 1)];

  // First the ranges, on the dimensions as they are.
  const start: number[] = [];
  const limit: number[] = [];
  const strides: number[] = [];
  const reversed: number[] = [];
  /** For each dimension of the sliced array: kept, dropped, or indexed by an array. */
  const fate: ({ keep: true } | { keep: false } | { array: Value })[] = [];
  const outline: ('new' | number)[] = []; // dimensions and newaxes in order
  let d = 0;
  for (const i of full) {
    if (i === null) {
      outline.push('new');
      continue;
    }
    if (typeof i === 'object' && 'kind' in i) {
      const arrays = i.kind === 'array' ? [i.indices] : i.positions;
      if (i.kind === 'mask') {
        i.shape.forEach((n, k) => {
          if (n !== x.shape[d + k]) {
            throw new GradloomError(
              'index',
              `A boolean index of shape ${showShape(i.shape)} does not match the array's ${showShape(x.shape)} along dimension ${d + k}.`,
            );
          }
        });
      }
      if (i.kind === 'array' && i.known) checkPositions(i.known, d, x.shape[d]);
      for (const a of arrays) {
        start.push(0);
        limit.push(x.shape[d]);
        strides.push(1);
        fate.push({ array: wrapNegative(a, x.shape[d]) });
        outline.push(d++);
      }
      continue;
    }
    const n = x.shape[d];
    if (typeof i === 'number') {
      checkPositions([i], d, n);
      const p = i < 0 ? i + n : i;
      start.push(p);
      limit.push(p + 1);
      strides.push(1);
      fate.push({ keep: false });
    } else {
      const r = rangeIndices(i === ':' || i === '...' ? [] : i, n);
      if (r.step > 0) {
        start.push(r.count === 0 ? 0 : r.start);
        limit.push(r.count === 0 ? 0 : r.start + (r.count - 1) * r.step + 1);
        strides.push(r.step);
      } else {
        // Taken forwards, then turned round.
        const first = r.start + (r.count - 1) * r.step;
        start.push(r.count === 0 ? 0 : first);
        limit.push(r.count === 0 ? 0 : r.start + 1);
        strides.push(-r.step);
        if (r.count > 1) reversed.push(d);
      }
      fate.push({ keep: true });
    }
    outline.push(d++);
  }
  const sliced = lax.reverse(window(x, start, limit, strides), reversed);
  if (!fate.some((f) => 'array' in f)) {
    const shape: number[] = [];
    for (const o of outline) {
      if (o === 'new') shape.push(1);
      else {
        const f = fate[o];
        if ('keep' in f && f.keep) shape.push(sliced.shape[o]);
      }
    }
    return lax.reshape(sliced, shape);
  }
  return gatherArrays(sliced, fate, outline);
}

function checkPositions(positions: ArrayLike<number>, axis: number, size: number): void {
  for (let k = 0; k < positions.length; k++) {
    const i = positions[k];
    if (Number.isInteger(i) && i >= -size && i < size) continue;
    throw new GradloomError(
      'index',
      `Index ${i} is out of bounds for axis ${axis} with size ${size}.`,
      {
        index: i,
        axis,
        size,
      },
    );
  }
}

/**
 * A slice; of a computed value, one whose starts are numbers of the graph, so that a loop over
 * positions compiles once.
 */
function window(
  x: Value,
  start: readonly number[],
  limit: readonly number[],
  strides: readonly number[],
): Value {
  const sizes = limit.map((l, d) => l - start[d]);
  const plain = strides.every((s) => s === 1) && sizes.some((n, d) => n !== x.shape[d]);
  if (x.storage === undefined || !plain) return lax.slice(x, start, limit, strides);
  return lax.dynamicSlice(
    x,
    start.map((s) => lax.scalar(s, 'int32')),
    sizes,
  );
}

/**
 * The part of a row-major array that an index of numbers and one unbroken range at the front means:
 * its first element and its shape. Undefined for every other index.
 */
export function contiguousPart(
  shape: readonly number[],
  given: readonly Index[],
): { start: number; shape: readonly number[] } | undefined {
  let start = 0;
  let open = true;
  const out: number[] = [];
  let d = 0;
  for (const i of given) {
    if (i === null) out.push(1);
    else {
      if (i === '...' || d >= shape.length || !open) return undefined;
      const n = shape[d];
      const stride = sizeOf(shape.slice(d + 1));
      if (typeof i === 'number') {
        checkPositions([i], d, n);
        start += (i < 0 ? i + n : i) * stride;
      } else if (i !== ':' && 'kind' in i) return undefined;
      else {
        const r = rangeIndices(i === ':' ? [] : i, n);
        if (r.step !== 1 && r.count > 1) return undefined;
        start += r.count === 0 ? 0 : r.start * stride;
        out.push(r.count);
        // Behind a range the elements are no longer in one piece, unless it was one element.
        open = false;
      }
      d++;
    }
  }
  return { start, shape: [...out, ...shape.slice(d)] };
}

function wrapNegative(indices: Value, n: number): Value {
  const i = lax.convert(indices, 'int32');
  return lax.select(
    lax.lt(i, lax.full(i.shape, 0, 'int32')),
    lax.add(i, lax.full(i.shape, n, 'int32')),
    i,
  );
}

/** Integer arrays on some dimensions: they broadcast together and their shape takes the place of the
 * dimensions, or the front when these are apart (NumPy's rule). */
function gatherArrays(
  x: Value,
  fate: readonly ({ keep: boolean } | { array: Value })[],
  outline: readonly ('new' | number)[],
): Value {
  const dims: number[] = [];
  const arrays: Value[] = [];
  fate.forEach((f, d) => {
    if ('array' in f) {
      dims.push(d);
      arrays.push(f.array);
    } else if (!f.keep) dims.push(d); // a plain integer acts as an array beside arrays
  });
  const shape = arrays
    .map((a) => a.shape)
    .reduce((a, b) => broadcastShapes(a, b) as readonly number[]);
  const columns = dims.map((d) => {
    const f = fate[d];
    const a = 'array' in f ? lax.broadcastTo(f.array, shape) : lax.full(shape, 0, 'int32');
    return lax.reshape(a, [...shape, 1]);
  });
  const indices = lax.concatenate(columns, shape.length);
  const places = dims.map((d) => outline.indexOf(d));
  const together = places.every((p, k) => k === 0 || p === places[k - 1] + 1);
  const window = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const before = together ? window.filter((d) => d < dims[0]) : [];
  const offsetDims = window.map((d, k) => (before.includes(d) ? k : k + shape.length));
  const g = lax.gather(x, indices, {
    offsetDims,
    collapsedDims: dims,
    startIndexMap: dims,
    sliceSizes: x.shape.map((n, d) => (dims.includes(d) ? 1 : n)),
  });
  // Put newaxes in.
  const out: number[] = [];
  let placed = false;
  const put = (): void => {
    if (!placed) out.push(...shape);
    placed = true;
  };
  if (!together) put();
  for (const o of outline) {
    if (o === 'new') out.push(1);
    else if (dims.includes(o)) put();
    else out.push(x.shape[o]);
  }
  return lax.reshape(g, out.length === 0 ? [] : out);
}

/** x with the elements at an index replaced by `update`, which broadcasts to them. */
export function assignValue(x: Value, index: readonly Index[], update: Value): Value {
  // Where each element of the part lies in the flattened array.
  const n = sizeOf(x.shape);
  const positions = indexValue(lax.reshape(lax.iota([n], 0, 'int32'), x.shape), index);
  const count = sizeOf(positions.shape);
  if (!sameShape(broadcastShapes(update.shape, positions.shape), positions.shape)) {
    throw new GradloomError(
      'shape',
      `Cannot put values of shape ${showShape(update.shape)} into a part of shape ${showShape(positions.shape)}.`,
      { values: [...update.shape], part: [...positions.shape] },
    );
  }
  const flat = lax.scatter(
    lax.reshape(x, [n]),
    lax.reshape(positions, [count, 1]),
    lax.reshape(lax.broadcastTo(update, positions.shape), [count]),
    'set',
    { windowDims: [], insertedDims: [0], indexMap: [0] },
  );
  return lax.reshape(flat, x.shape);
}

/** For masks: the positions of nonzero elements along each axis. */
export function positionsOf(mask: ArrayLike<number>, shape: readonly number[]): Int32Array[] {
  let count = 0;
  const n = sizeOf(shape);
  for (let i = 0; i < n; i++) if (mask[i]) count++;
  const out = shape.map(() => new Int32Array(count));
  let k = 0;
  for (let i = 0; i < n; i++) {
    if (!mask[i]) continue;
    let rest = i;
    for (let d = shape.length - 1; d >= 0; d--) {
      out[d][k] = rest % shape[d];
      rest = Math.floor(rest / shape[d]);
    }
    k++;
  }
  return out;
}
