/** Activations that take a part away: what lies near zero, or below a threshold. */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { on } from './elementwise.ts';

/** x - threshold above it, x + threshold below -threshold, else 0. */
export function softShrink(x: Tensor, threshold = 0.5): Tensor {
  const t = number('softShrink', 'threshold', threshold);
  return on(x, (v, c) => {
    const low = lax.select(lax.lt(v, c(-t)), lax.add(v, c(t)), c(0));
    return lax.select(lax.gt(v, c(t)), lax.sub(v, c(t)), low);
  });
}

/** x where |x| > threshold, else 0. */
export function hardShrink(x: Tensor, threshold = 0.5): Tensor {
  const t = number('hardShrink', 'threshold', threshold);
  return on(x, (v, c) => lax.select(lax.gt(lax.abs(v), c(t)), v, c(0)));
}

/** x - tanh(x) */
export function tanhShrink(x: Tensor): Tensor {
  return on(x, (v) => lax.sub(v, lax.tanh(v)));
}

/** x where x > threshold, else defaultValue. */
export function threshold(x: Tensor, threshold: number, defaultValue: number): Tensor {
  const t = number('threshold', 'threshold', threshold);
  const d = number('threshold', 'defaultValue', defaultValue);
  return on(x, (v, c) => lax.select(lax.gt(v, c(t)), v, c(d)));
}

function number(name: string, option: string, n: number): number {
  if (typeof n === 'number') return n;
  throw new GradloomError('activation', `${name}: ${option} must be a number; received ${n}.`, {
    [option]: n,
  });
}
