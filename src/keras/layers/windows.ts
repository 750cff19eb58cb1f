/** How windows of a convolution or a pooling lie along one dimension. */

/** What lies beyond the edge: nothing, as much as keeps the size, or as much before it. */
export type Padding = 'valid' | 'same' | 'causal';

export interface Window {
  readonly size: number;
  readonly stride: number;
  /** Distance of its elements: 1 when there are none between. */
  readonly dilation: number;
}

/** How many elements a window spans. */
export function span({ size, dilation }: Window): number {
  return (size - 1) * dilation + 1;
}

/** How many windows there are over `n` elements; 0 or less when not even one fits. */
export function windowCount(n: number, w: Window, padding: Padding): number {
  const last = padding === 'valid' ? n - span(w) : n - 1;
  return Math.floor(last / w.stride) + 1;
}

/** How many elements are added [before, after]. */
export function windowPadding(n: number, w: Window, padding: Padding): readonly [number, number] {
  if (padding === 'valid') return [0, 0];
  if (padding === 'causal') return [span(w) - 1, 0];
  const total = Math.max((windowCount(n, w, padding) - 1) * w.stride + span(w) - n, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}
