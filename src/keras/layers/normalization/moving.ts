/** Moving averages. */
import { lax, type Value } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import type { Variable } from '../../variable.ts';
import { like } from './statistics.ts';

/** moving * momentum + batch * (1 - momentum) */
export function follow(moving: Variable, batch: Value, momentum: number, x: Tensor): Tensor {
  const old = moving.tensor;
  const kept = lax.mul(old.value, like(old.value, momentum));
  return Tensor.of(lax.add(kept, lax.mul(batch, like(batch, 1 - momentum))), old, x);
}
