/** For tests: what can be asked of a symbolic tensor. */
import type { KerasTensor } from './keras-tensor.ts';

/** Every kind of method of x (batch, at least 2, at least 3), of which a sample has `size` elements. */
export function ofMethods(x: KerasTensor, size: number): KerasTensor[] {
  return [
    ...[x.add(1), x.sub(x), x.mul(2), x.div(3), x.floorDiv(2), x.mod(2), x.square().pow(2)],
    ...[x.maximum(0), x.minimum(0), x.eq(1), x.ne(1), x.lt(1), x.le(1), x.gt(1), x.ge(1)],
    ...[x.gt(0).logicalAnd(x.lt(2)), x.gt(0).logicalOr(x.lt(-2)), x.gt(0).logicalNot()],
    ...[x.neg(), x.abs(), x.sign(), x.exp(), x.abs().log1p(), x.abs().add(1).log()],
    ...[x.abs().sqrt(), x.abs().add(1).rsqrt(), x.sin(), x.cos(), x.tanh(), x.sigmoid()],
    ...[x.clip(-1, 1), x.sum(1), x.mean(-1, { keepdims: true }), x.max([1, 2]), x.min(1)],
    ...[x.prod(2), x.argmax(-1), x.reshape([-1, size]), x.transpose([0, 2, 1]), x.take([0, 2], 2)],
    ...[x.expandDims(1).squeeze(1), x.astype('int32')],
  ];
}
