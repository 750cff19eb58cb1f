/** Piecewise linear activations between two bounds. At a bend each has the gradient of Keras on JAX. */
import { lax, type Value } from '../../graph/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { on } from './elementwise.ts';

type Constant = (n: number) => Value;

/** min(max(v, 0), 6), with gradient 0 at both bends. */
function clip6(v: Value, c: Constant): Value {
  const above = lax.select(lax.le(v, c(0)), c(0), v);
  return lax.select(lax.ge(above, c(6)), c(6), above);
}

/** min(max(x, 0), 6). */
export function relu6(x: Tensor): Tensor {
  return on(x, clip6);
}

function hard(v: Value, c: Constant): Value {
  return lax.div(clip6(lax.add(v, c(3)), c), c(6));
}

/** relu6(x + 3) / 6: 0 up to -3, 1 from 3 on. */
export function hardSigmoid(x: Tensor): Tensor {
  return on(x, hard);
}

/**
 * 0.2 x + 0.5 held between 0 and 1: what Keras 2 and TensorFlow.js call hard_sigmoid. Keras 3's
 * `hardSigmoid` is another function; this one is known as `gradloom>keras2_hard_sigmoid` to configs of old models.
 */
export function hardSigmoidOfKeras2(x: Tensor): Tensor {
  return on(x, (v, c) => {
    const line = lax.add(lax.mul(v, c(0.2)), c(0.5));
    return lax.min(lax.max(line, c(0)), c(1));
  });
}

/** x * hardSigmoid(x), also called hardSwish. (Howard et al. 2019) */
export function hardSilu(x: Tensor): Tensor {
  return on(x, (v, c) => lax.mul(v, hard(v, c)));
}

/** x held between -1 and 1. */
export function hardTanh(x: Tensor): Tensor {
  return on(x, (v, c) => {
    const low = lax.select(lax.lt(v, c(-1)), c(-1), v);
    return lax.select(lax.gt(v, c(1)), c(1), low);
  });
}

/** (x + 1) / 2 held between 0 and 1; half the gradient at the bends. */
export function sparseSigmoid(x: Tensor): Tensor {
  return on(x, (v, c) => lax.mul(c(0.5), lax.min(c(2), lax.max(c(0), lax.add(v, c(1))))));
}

/** 0 up to -1, (x + 1)² / 4 between, x from 1 on. */
export function sparsePlus(x: Tensor): Tensor {
  return on(x, (v, c) => {
    const [low, high] = [lax.le(v, c(-1)), lax.ge(v, c(1))];
    // What is not taken is kept finite, so that its gradient is not 0 * inf.
    const s = lax.add(lax.select(lax.or(low, high), c(0), v), c(1));
    const square = lax.div(lax.mul(s, s), c(4));
    return lax.select(low, c(0), lax.select(high, v, square));
  });
}
