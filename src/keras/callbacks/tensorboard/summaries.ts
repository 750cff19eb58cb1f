/** Figures, text and weights in the form in which TensorBoard's plugins take them. */
import type { SummaryValue } from '../../../formats/tfevents.ts';

const text = new TextEncoder();

/** A point of a curve, in float32. */
export function scalar(tag: string, value: number): SummaryValue {
  const content = littleEndian([value], 4);
  return { tag, plugin: 'scalars', tensor: { dtype: 'float32', shape: [], content } };
}

/** A model's config as JSON, which TensorBoard draws as a graph of layers. */
export function modelGraph(tag: string, json: string): SummaryValue {
  return {
    tag,
    plugin: 'graph_keras_model',
    content: text.encode('1'),
    tensor: { dtype: 'string', shape: [], strings: [text.encode(json)] },
  };
}

/** How the numbers are spread: `buckets` rows of [left edge, right edge, count], in float64. */
export function histogram(tag: string, data: ArrayLike<number>, buckets = 30): SummaryValue {
  const content = littleEndian(bucketsOf(data, buckets).flat(), 8);
  return {
    tag,
    plugin: 'histograms',
    tensor: { dtype: 'float64', shape: [buckets, 3], content },
  };
}

/**
 * Even buckets from the least to the largest number, as tensorboard.plugins.histogram.summary_v2 makes
 * them. Equal numbers are all in the last one. NaN and infinities, which have no bucket, are left out.
 */
export function bucketsOf(data: ArrayLike<number>, buckets: number): [number, number, number][] {
  let [min, max, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (!Number.isFinite(v)) continue;
    min = Math.min(min, v);
    max = Math.max(max, v);
    count++;
  }
  if (count === 0) return Array.from({ length: buckets }, () => [0, 0, 0]);
  const range = max - min;
  if (range === 0)
    return Array.from({ length: buckets }, (_, i) => [min, max, i === buckets - 1 ? count : 0]);
  const width = range / buckets;
  const counts = new Array<number>(buckets).fill(0);
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) continue;
    counts[Math.min(Math.floor((data[i] - min) / width), buckets - 1)]++;
  }
  const edge = (i: number): number => (i === buckets ? max : min + width * i);
  return counts.map((n, i) => [edge(i), edge(i + 1), n]);
}

/** Pictures of one size: PNG files, and how wide and high they are. */
export function images(
  tag: string,
  width: number,
  height: number,
  pngs: readonly Uint8Array[],
): SummaryValue {
  const strings = [text.encode(String(width)), text.encode(String(height)), ...pngs];
  return { tag, plugin: 'images', tensor: { dtype: 'string', shape: [strings.length], strings } };
}

function littleEndian(values: readonly number[], bytes: 4 | 8): Uint8Array {
  const out = new Uint8Array(values.length * bytes);
  const view = new DataView(out.buffer);
  for (const [i, v] of values.entries()) {
    if (bytes === 4) view.setFloat32(4 * i, v, true);
    else view.setFloat64(8 * i, v, true);
  }
  return out;
}
