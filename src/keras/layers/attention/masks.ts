/** Which queries may look at which keys: masks of attention, from several sources. */
import { GradloomError } from '../../../errors.ts';
import { lax, type Value } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import type { CallOptions, Layer } from '../layer.ts';

type Mask = Tensor | null | undefined;

export interface MaskSources {
  /** (batch, queries): rows of queries that do not count look at nothing. */
  readonly query: Mask;
  /** (batch, keys) */
  readonly value: Mask;
  readonly key: Mask;
  /** (batch, queries, keys), or with dimensions of the heads before these. */
  readonly attention: Mask;
  /** No query looks at later keys. */
  readonly causal: boolean;
  /** Queries look only at keys less than so many steps away. */
  readonly window: number | null;
}

/** The masks among the options of a call: the query's own and those of its arguments. */
export function maskSources(o: CallOptions, window: number | null): MaskSources {
  const of = (name: string): Mask => {
    const m = o[name] as Mask;
    return m && m.dtype !== 'bool' ? m.astype('bool') : m;
  };
  return {
    query: of('queryMask') ?? of('mask'),
    value: of('valueMask'),
    key: of('keyMask'),
    attention: of('attentionMask'),
    causal: o.useCausalMask === true,
    window,
  };
}

/** bool (1, queries, keys): what `f` says of each pair of positions. */
function ofPositions(t: number, s: number, f: (i: Value, j: Value) => Value): Tensor {
  const shape = [1, t, s];
  return Tensor.of(f(lax.iota(shape, 1, 'int32'), lax.iota(shape, 2, 'int32')));
}

/** Query i may look at keys up to i. */
export const causalMask = (queries: number, keys: number): Tensor =>
  ofPositions(queries, keys, lax.ge);

/** Query i may look at keys i - width < j < i + width. */
export function windowMask(queries: number, keys: number, width: number): Tensor {
  return ofPositions(queries, keys, (i, j) =>
    lax.lt(lax.abs(lax.sub(i, j)), lax.full([1, queries, keys], width, 'int32')),
  );
}

/**
 * All masks in one, bool (…, queries, keys); undefined where everything counts. Throws `layer-shape`
 * for an attentionMask that does not fit.
 */
export function attentionMask(
  layer: Layer,
  m: MaskSources,
  queries: number,
  keys: number,
): Tensor | undefined {
  if (m.attention) checkAttentionMask(layer, m.attention, queries, keys);
  const parts = [
    m.query?.expandDims(-1),
    m.value?.expandDims(-2),
    m.key?.expandDims(-2),
    m.causal ? causalMask(queries, keys) : undefined,
    m.window !== null ? windowMask(queries, keys, m.window) : undefined,
  ].filter((p) => p != null);
  const automatic = parts.length > 0 ? parts.reduce((a, b) => a.logicalAnd(b)) : undefined;
  if (!m.attention) return automatic;
  return automatic ? m.attention.logicalAnd(automatic) : m.attention;
}

function checkAttentionMask(layer: Layer, mask: Tensor, queries: number, keys: number): void {
  const [t, s] = mask.shape.slice(-2);
  const fits = (have: number | undefined, want: number): boolean => have === 1 || have === want;
  if (mask.ndim >= 2 && fits(t, queries) && fits(s, keys)) return;
  throw new GradloomError(
    'layer-shape',
    `Layer "${layer.name}" (${layer.constructor.name}): attentionMask must be of shape (batch, ${queries}, ${keys}), for ${queries} queries and ${keys} keys; received ${showShape(mask.shape)}.`,
    { layer: layer.name, queries, keys, received: [...mask.shape] },
  );
}
