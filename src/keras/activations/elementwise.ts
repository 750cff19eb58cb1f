/** Where activations meet the graph. */
import { isFloat } from '../../dtype.ts';
import { lax, type Value } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';

/** A function on a float value, given constants of its shape and dtype. */
export type Body = (x: Value, constant: (n: number) => Value) => Value;

/** Applies `body` to x; integers and bool become float32 first. */
export function on(x: Tensor, body: Body): Tensor {
  const v = isFloat(x.dtype) ? x.value : lax.convert(x.value, 'float32');
  return Tensor.of(
    body(v, (n) => lax.full(v.shape, n, v.dtype)),
    x,
  );
}
