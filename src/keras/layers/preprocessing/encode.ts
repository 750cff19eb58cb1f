/** Category numbers as they are, as one-hot rows, or gathered over a sample. */
import type { DType } from '../../../dtype.ts';
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { didYouMean } from '../../../suggest.ts';
import { Tensor } from '../../../tensor/index.ts';
import type { BatchShape } from '../layer.ts';

export type OutputMode = 'int' | 'oneHot' | 'multiHot' | 'count' | 'tfIdf';

const aliases: Readonly<Record<string, OutputMode>> = { binary: 'multiHot' };

/** The mode that an id in any case means. Throws `layer-option`. */
export function outputMode(what: string, id: string, allowed: readonly OutputMode[]): OutputMode {
  const plain = (s: string): string => s.toLowerCase().replace(/[_\-\s]/g, '');
  const found = allowed.find((m) => plain(m) === plain(id)) ?? aliases[plain(id)];
  if (found && allowed.includes(found)) return found;
  throw new GradloomError(
    'layer-option',
    `${what}: outputMode is ${allowed.join(', ')}; received "${id}".${didYouMean(id, allowed)}`,
    { outputMode: id },
  );
}

/**
 * (…, n) or (…, 1) or (n) to (…, depth). Numbers outside 0 … depth-1 count nowhere. `multiHot` and
 * `count` gather over dimension 1 (0 of a vector), as Keras on JAX does.
 */
export function encode(
  indices: Tensor,
  mode: OutputMode,
  depth: number,
  dtype: DType,
  weights?: Tensor,
): Tensor {
  if (mode === 'int') return indices;
  let x = indices.ndim === 0 ? indices.reshape([1]) : indices;
  const last = x.shape[x.ndim - 1];
  if (mode === 'oneHot' && x.ndim > 1 && last === 1) x = x.reshape(x.shape.slice(0, -1));
  const places = Tensor.of(lax.iota([depth], 0, x.dtype));
  const hot = x
    .reshape([...x.shape, 1])
    .eq(places)
    .astype(dtype);
  if (mode === 'oneHot') return hot;
  const axis = x.ndim > 1 ? 1 : 0;
  if (mode === 'multiHot') return hot.max(axis);
  return (weights ? hot.mul(weights.astype(dtype).reshape([...x.shape, 1])) : hot).sum(axis);
}

/** The shape of `encode`'s result. */
export function encodedShape(s: BatchShape, mode: OutputMode, depth: number): BatchShape {
  if (mode === 'int') return s;
  if (s.length === 0) return mode === 'oneHot' ? [1, depth] : [depth];
  if (mode === 'oneHot')
    return s.length > 1 && s[s.length - 1] === 1 ? [...s.slice(0, -1), depth] : [...s, depth];
  return s.length > 1 ? [s[0], ...s.slice(2), depth] : [depth];
}
