import { GradloomError } from '../../../errors.ts';
import type { Layer } from '../layer.ts';

/** Throws `layer-option` unless n is a number from 0 to 1, or `open` to it: below 1. */
export function share(layer: Layer, option: string, n: unknown, open = false): number {
  if (typeof n === 'number' && n >= 0 && n <= 1 && !(open && n === 1)) return n;
  throw new GradloomError(
    'layer-option',
    `${layer.constructor.name} "${layer.name}": ${option} lies between 0 and 1${open ? ', and below 1' : ''}; received ${String(n)}.`,
    { layer: layer.name, [option]: n },
  );
}
