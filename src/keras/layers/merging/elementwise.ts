/** Sums, products, means and extremes of inputs. */
import type { Tensor } from '../../../tensor/index.ts';
import { type MaskList, Merge, maskOver, where } from './merge.ts';

/** x₁ + x₂ + … */
export class Add extends Merge {
  protected merge(xs: readonly Tensor[]): Tensor {
    return xs.reduce((a, b) => a.add(b));
  }
}

/** x₁ - x₂ */
export class Subtract extends Merge {
  protected override readonly count: number = 2;
  protected merge([a, b]: readonly Tensor[]): Tensor {
    return a.sub(b);
  }
}

/** x₁ · x₂ · …; what is masked counts as 1, and gives 0 where it is masked in all. */
export class Multiply extends Merge {
  protected merge(xs: readonly Tensor[], masks: MaskList): Tensor {
    const over = xs.map((x, i) => (masks[i] ? maskOver(masks[i], x) : undefined));
    const factors = xs.map((x, i) => (over[i] ? where(over[i], x, 1) : x));
    const y = factors.reduce((a, b) => a.mul(b));
    if (over.some((m) => !m)) return y;
    const any = (over as Tensor[]).reduce((a, b) => a.logicalOr(b));
    return where(any.broadcastTo(y.shape), y, 0);
  }
}

/** (x₁ + x₂ + …) / n */
export class Average extends Merge {
  protected merge(xs: readonly Tensor[]): Tensor {
    return xs.reduce((a, b) => a.add(b)).div(xs.length);
  }
}

/** What `op` makes of those inputs that are not masked, element by element. */
function unmasked(
  xs: readonly Tensor[],
  masks: MaskList,
  op: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  let y = xs[0];
  let known = masks[0] ? maskOver(masks[0], y) : undefined;
  for (const [i, given] of xs.entries()) {
    if (i === 0) continue;
    const m = masks[i] ? maskOver(masks[i], given) : undefined;
    const x = m ? where(m, given, y) : given;
    if (known) y = where(known, y, x);
    known = m && known ? known.logicalOr(m) : undefined;
    y = op(y, x);
  }
  return y;
}

/** The largest of the inputs, element by element. Masked elements do not count. */
export class Maximum extends Merge {
  protected merge(xs: readonly Tensor[], masks: MaskList): Tensor {
    return unmasked(xs, masks, (a, b) => a.maximum(b));
  }
}

/** The smallest of the inputs, element by element. Masked elements do not count. */
export class Minimum extends Merge {
  protected merge(xs: readonly Tensor[], masks: MaskList): Tensor {
    return unmasked(xs, masks, (a, b) => a.minimum(b));
  }
}
