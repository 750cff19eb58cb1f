/** Arithmetic that several optimizers share. */
import type { DType } from '../../dtype.ts';
import { lax } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';
import type { Settings } from './options.ts';

/** base ** exponent, in the exponent's dtype. */
export function power(base: number, exponent: Tensor): Tensor {
  return Tensor.of(lax.pow(scalar(base, exponent.dtype).value, exponent.value), exponent);
}

export function scalar(x: number, dtype: DType): Tensor {
  return Tensor.of(lax.scalar(x, dtype));
}

/** a where the scalar `which` holds, else b. */
export function choose(which: Tensor, a: Tensor, b: Tensor): Tensor {
  return Tensor.of(
    lax.select(lax.broadcastTo(which.value, a.shape), a.value, b.value),
    which,
    a,
    b,
  );
}

/** 1 - x, rounded as it is where x has been cast to the dtype first. */
export function rest(x: number, dtype: DType): number {
  return dtype === 'float32' ? 1 - Math.fround(x) : 1 - x;
}

/** slot += (x - slot) * share, which is what a moving average becomes. */
export function moved(slot: Tensor, x: Tensor, share: number): Tensor {
  return slot.add(x.sub(slot).mul(share));
}

/** The Euclidean norm of all together. */
export function norm(gs: readonly Tensor[]): Tensor {
  return gs
    .map((g) => g.square().sum())
    .reduce((a, b) => a.add(b))
    .sqrt();
}

/** Gradients held to the bounds that the settings give. */
export function clip(gradients: readonly Tensor[], s: Settings): readonly Tensor[] {
  const { clipnorm, clipvalue, globalClipnorm } = s;
  if (clipvalue !== null) return gradients.map((g) => g.clip(-clipvalue, clipvalue));
  if (clipnorm !== null)
    return gradients.map((g) => g.mul(clipnorm).div(norm([g]).maximum(clipnorm)));
  if (globalClipnorm !== null && gradients.length > 0) {
    const n = norm(gradients);
    const finite = scalar(1, n.dtype)
      .div(n)
      .minimum(1 / globalClipnorm)
      .mul(globalClipnorm);
    // A norm that is not finite makes everything NaN, so that it is noticed.
    const scale = finite.add(n.sub(n));
    return gradients.map((g) => g.mul(scale));
  }
  return gradients;
}
