/** Options that the normalizing layers share. */
import { GradloomError } from '../../../errors.ts';
import type { BatchShape, LayerOptions } from '../layer.ts';
import type { WeightSpecOptions } from '../weight-spec.ts';

export interface AffineOptions
  extends LayerOptions,
    WeightSpecOptions<'gamma'>,
    WeightSpecOptions<'beta'> {
  /** Added to the variance. */
  readonly epsilon?: number;
  /** Whether a learned `beta` is added: true. */
  readonly center?: boolean;
  /** Whether a learned `gamma` multiplies: true. */
  readonly scale?: boolean;
}

export const label = (layer: { readonly name: string }): string =>
  `${layer.constructor.name} "${layer.name}"`;

/** Throws `layer-option` for what is not a number of 0 or more. */
export function checkEpsilon(what: string, epsilon: unknown): number {
  if (typeof epsilon === 'number' && epsilon >= 0) return epsilon;
  throw new GradloomError(
    'layer-option',
    `${what}: epsilon must be a number of 0 or more; received ${String(epsilon)}.`,
    { epsilon },
  );
}

/** One axis or several, as whole numbers. Throws `layer-option`. */
export function checkAxes(what: string, axis: unknown): number | readonly number[] {
  const list = Array.isArray(axis) ? axis : [axis];
  if (list.length > 0 && list.every((a) => Number.isInteger(a)))
    return Array.isArray(axis) ? [...(axis as number[])] : (axis as number);
  throw new GradloomError(
    'layer-option',
    `${what}: axis must be a whole number or a list of them; received ${JSON.stringify(axis)}.`,
    { axis },
  );
}

/** The axes from 0 on, in the order given; undefined where one lies outside or comes twice. */
export function resolveAxes(
  axis: number | readonly number[],
  shape: BatchShape,
): number[] | undefined {
  const rank = shape.length;
  const axes = (typeof axis === 'number' ? [axis] : axis).map((a) => (a < 0 ? a + rank : a));
  const inside = axes.every((a) => a >= 0 && a < rank);
  return inside && new Set(axes).size === axes.length ? axes : undefined;
}
