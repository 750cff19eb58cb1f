/** Functions with a kink, where the choice of gradient is part of the answer. */
import { lax } from '../graph/index.ts';
import { Tensor } from '../tensor/index.ts';

/** |x| with the gradient of JAX: 1 at 0, which moves the zero biases of a new model under L1. */
export function absolute(x: Tensor): Tensor {
  const zero = lax.full(x.shape, 0, x.dtype);
  return Tensor.of(lax.select(lax.ge(x.value, zero), x.value, lax.neg(x.value)), x);
}
