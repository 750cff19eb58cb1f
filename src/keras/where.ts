/** Choosing by condition. */
import { lax } from '../graph/index.ts';
import { broadcastShapes } from '../shape.ts';
import { arith, binaryOp, Tensor } from '../tensor/index.ts';

/** a where the condition holds, else b, with broadcasting; nothing flows back into what is not chosen. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const operand = (x: Tensor | number): arith.Operand => (typeof x === 'number' ? x : x.value);
  const [x, y] = arith.meet(operand(a), operand(b), arith.commonType(operand(a), operand(b)));
  const shape = broadcastShapes(condition.shape, x.shape);
  const c = lax.broadcastTo(lax.convert(condition.value, 'bool'), shape);
  return Tensor.of(
    lax.select(c, lax.broadcastTo(x, shape), lax.broadcastTo(y, shape)),
    condition,
    a,
    b,
  );
}

/** a / b, and 0 where b is 0. */
export function divideNoNan(a: Tensor | number, b: Tensor): Tensor {
  const none = b.eq(0);
  return where(none, 0, binaryOp(arith.floating(lax.div), a, where(none, 1, b)));
}
