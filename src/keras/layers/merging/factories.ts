/**
 * `add()` makes a layer, `add([a, b])` applies a new one, as keras.layers.add does: to tensors now,
 * to the symbols of a functional model as a node of it.
 */
import type { Layer, LayerOptions } from '../layer.ts';
import { Concatenate, type ConcatenateOptions } from './concatenate.ts';
import { Dot, type DotOptions } from './dot.ts';
import { Add, Average, Maximum, Minimum, Multiply, Subtract } from './elementwise.ts';

export interface MergeFactory<L> {
  <T>(inputs: readonly T[], o?: LayerOptions): T;
  (o?: LayerOptions): L;
}

function factory<L extends Layer>(make: new (o: LayerOptions) => L): MergeFactory<L> {
  const f = (first: readonly unknown[] | LayerOptions = {}, o: LayerOptions = {}): unknown =>
    Array.isArray(first) ? new make(o).apply(first) : new make(first as LayerOptions);
  return f as MergeFactory<L>;
}

export const add: MergeFactory<Add> = factory(Add);
export const subtract: MergeFactory<Subtract> = factory(Subtract);
export const multiply: MergeFactory<Multiply> = factory(Multiply);
export const average: MergeFactory<Average> = factory(Average);
export const maximum: MergeFactory<Maximum> = factory(Maximum);
export const minimum: MergeFactory<Minimum> = factory(Minimum);

/** `concatenate([a, b])`, `concatenate([a, b], { axis: 1 })`; `concatenate()` and `concatenate(1)` make a layer. */
export function concatenate<T>(inputs: readonly T[], o?: ConcatenateOptions): T;
export function concatenate(
  axis?: number | ConcatenateOptions,
  o?: ConcatenateOptions,
): Concatenate;
export function concatenate(
  first: readonly unknown[] | number | ConcatenateOptions = {},
  o: ConcatenateOptions = {},
): unknown {
  if (Array.isArray(first)) return new Concatenate(o).apply(first);
  return new Concatenate(
    typeof first === 'number' ? { ...o, axis: first } : (first as ConcatenateOptions),
  );
}

/** `dot([a, b], 1)` or `dot([a, b], { axes: 1 })`, over the last axes without; `dot({ axes: 1 })` makes a layer. */
export function dot<T>(
  inputs: readonly T[],
  axes?: number | readonly number[] | DotOptions,
  o?: DotOptions,
): T;
export function dot(o: DotOptions): Dot;
export function dot(
  first: readonly unknown[] | DotOptions,
  axes: number | readonly number[] | DotOptions = {},
  o: DotOptions = {},
): unknown {
  if (!Array.isArray(first)) return new Dot(first as DotOptions);
  const given = typeof axes === 'number' || Array.isArray(axes) ? { ...o, axes } : axes;
  return new Dot({ axes: -1, ...(given as DotOptions) }).apply(first);
}
