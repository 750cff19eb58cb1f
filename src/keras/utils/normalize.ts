/** Arrays brought to length 1. */
import { GradloomError } from '../../errors.ts';
import { norm } from '../../numpy/norms.ts';
import { given } from '../../numpy/support.ts';
import { normalizeAxis } from '../../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { floatTensor } from '../losses/shapes.ts';
import { where } from '../where.ts';

/** By place or by name. */
export interface NormalizeOptions {
  /** Along which: the last one unless given. */
  readonly axis?: number;
  /** 2 unless given. */
  readonly order?: number;
}

/**
 * x over its norm along `axis`; what is 0 stays 0. `order` is that of the norm: 1, 2, any number of 1
 * or more, or Infinity. Throws `axis`, `range`.
 */
export function normalize(
  x: TensorLike,
  first?: number | NormalizeOptions,
  second?: number,
): Tensor {
  const names = ['axis', 'order'] as const;
  const { axis = -1, order = 2 } = given<NormalizeOptions>('normalize', names, [first, second]);
  if (!(order >= 1))
    throw new GradloomError(
      'range',
      `normalize: order must be a number of 1 or more; received ${order}.`,
      { order },
    );
  const t = floatTensor(asTensor(x));
  const along = normalizeAxis(axis, t.ndim, 'normalize: axis');
  const length = norm(t, { ord: order, axis: along, keepdims: true });
  return t.div(where(length.eq(0), 1, length));
}
