/** Sliding windows (pooling). ONNX wants images as [N, C, ...spatial]. */
import type { Node } from '../../graph/index.ts';
import { identity } from '../../graph/primitives/reduce.ts';
import { dilated, type WindowAttrs } from '../../graph/primitives/window.ts';
import { elementType, elementTypeOf } from '../element-types.ts';
import { type Dim, linear } from './dims.ts';
import { cast } from './elementwise.ts';
import type { Emitter, Rule, Rules } from './emitter.ts';
import { padded, reshaped, spreadOut, transposed } from './movement.ts';

type Attrs = WindowAttrs & { op: 'max' | 'min' | 'sum' };

const reduceWindow: Rule = (e, node) => {
  const [x] = node.inputs;
  const [out] = node.outputs;
  const a = node.attrs as Attrs;
  // Pooling is of floats; integers up to 2^53 are exact as doubles.
  const float = x.dtype === 'float32' || x.dtype === 'float64';
  const to = elementType.double;
  const none = e.scalar(
    identity(a.op === 'sum' ? 'add' : a.op, float ? x.dtype : 'float64'),
    float ? x.dtype : 'float64',
  );
  let name = float ? e.whole(x) : cast(e, e.whole(x), to);
  name = spreadOut(
    e,
    name,
    e.dims(x),
    a.baseDilation.map((d) => d - 1),
    none,
  );
  let dims = e.dims(x).map((d, i) => linear(d, a.baseDilation[i], 1 - a.baseDilation[i]));
  // Windows of one element and stride 1 are no windows.
  const isWindow = (d: number): boolean =>
    a.window[d] > 1 || a.strides[d] > 1 || a.padding[d].some((p) => p !== 0);
  const spatial = dims.map((_, d) => d).filter(isWindow);
  if (spatial.length === 0)
    return [e.made(float ? name : cast(e, name, elementTypeOf[x.dtype]), out)];
  ({ name, dims } = padWide(e, name, dims, a, none));
  const pads = spatial.map((d) => paddingOf(a, d));
  const free = dims.map((_, d) => d).filter((d) => !spatial.includes(d));
  const perm = [...free, ...spatial];
  // Images have two more dimensions: all but the first are features.
  const lead = free.map((d) => dims[d]);
  const two =
    lead.length === 2 ? lead : [lead.length === 0 ? 1 : lead[0], product(e, node, lead.slice(1))];
  const image = [...two, ...spatial.map((d) => dims[d])];
  const inner = perm.map((d) => dims[d]);
  let now = reshaped(e, transposed(e, name, perm), inner, image);
  now = pool(e, now, a, spatial, pads);
  const size = e.dims(out);
  const pooled = [...two, ...spatial.map((d) => size[d])];
  now = reshaped(
    e,
    now,
    pooled,
    perm.map((d) => size[d]),
  );
  now = transposed(
    e,
    now,
    perm.map((_, i) => perm.indexOf(i)),
  );
  return [e.made(float ? now : cast(e, now, elementTypeOf[x.dtype]), out)];
};

function product(e: Emitter, node: Node, dims: readonly Dim[]): number {
  return dims.reduce<number>((n, d) => {
    if (typeof d !== 'number')
      throw e.refuse(node, 'has a size that hangs on the number of samples');
    return n * d;
  }, 1);
}

/** Whether a pooling can pad by itself: by less than its window. */
const fits = (a: Attrs, d: number): boolean =>
  a.op !== 'sum' &&
  a.padding[d].every((p) => p >= 0 && p < dilated(a.window[d], a.windowDilation[d]));

const paddingOf = (a: Attrs, d: number): readonly [number, number] =>
  fits(a, d) ? a.padding[d] : [0, 0];

/** Padding that poolings have not. */
function padWide(
  e: Emitter,
  name: string,
  dims: readonly Dim[],
  a: Attrs,
  none: string,
): { name: string; dims: Dim[] } {
  const given = dims.map((_, d) => (fits(a, d) ? ([0, 0] as const) : a.padding[d]));
  const [low, high] = [given.map(([l]) => l), given.map(([, h]) => h)];
  return {
    name: padded(e, name, low, high, none),
    dims: dims.map((d, i) => linear(d, 1, low[i] + high[i])),
  };
}

function pool(
  e: Emitter,
  name: string,
  a: Attrs,
  spatial: readonly number[],
  pads: readonly (readonly [number, number])[],
): string {
  const kernel = spatial.map((d) => a.window[d]);
  const strides = spatial.map((d) => a.strides[d]);
  const dilations = spatial.map((d) => a.windowDilation[d]);
  if (a.op === 'sum') {
    if (dilations.some((d) => d > 1)) return sumOfTaps(e, name, kernel, strides, dilations);
    // Not padded, so that the mean is the sum over the same number everywhere.
    const mean = e.node('AveragePool', [name], { kernel_shape: kernel, strides });
    const count = kernel.reduce((p, q) => p * q, 1);
    const like = e.node('CastLike', [e.scalar(count, 'float32'), mean]);
    return e.node('Mul', [mean, like]);
  }
  const all = [...pads.map(([l]) => l), ...pads.map(([, h]) => h)];
  const attributes = { kernel_shape: kernel, strides, dilations, pads: all };
  if (a.op === 'max') return e.node('MaxPool', [name], attributes);
  return e.node('Neg', [e.node('MaxPool', [e.node('Neg', [name])], attributes)]);
}

/** The sum of the window's elements, each cut out for all windows at once. */
function sumOfTaps(
  e: Emitter,
  name: string,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): string {
  const axes = e.int64(kernel.map((_, i) => i + 2));
  const count = kernel.reduce((p, q) => p * q, 1);
  let sum: string | undefined;
  for (let t = 0; t < count; t++) {
    let rest = t;
    const at = kernel.map(() => 0);
    for (let i = kernel.length - 1; i >= 0; i--) {
      at[i] = (rest % kernel[i]) * dilations[i];
      rest = Math.floor(rest / kernel[i]);
    }
    // As far from the end as the elements that come after it in the window.
    const end = at.map((p, i) => p - (kernel[i] - 1) * dilations[i]);
    const ends = e.int64(end.map((p) => (p === 0 ? 2 ** 31 - 1 : p)));
    const tap = e.node('Slice', [name, e.int64(at), ends, axes, e.int64(strides)]);
    sum = sum === undefined ? tap : e.node('Add', [sum, tap]);
  }
  return sum!;
}

export const windows: Rules = { reduce_window: reduceWindow };
