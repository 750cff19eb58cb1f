/** Losses of distributions and of counts. */
import type { Tensor, TensorLike } from '../../tensor/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { meanLast, pair } from './shapes.ts';

/** sum(t log(t / p)) over the last axis, t and p held between epsilon and 1. Throws `shape`. */
export function klDivergence(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t0, p0] = pair('klDivergence', yTrue, yPred);
  const [t, p] = [t0.clip(epsilon(), 1), p0.clip(epsilon(), 1)];
  const values = t.mul(t.div(p).log());
  return values.ndim === 0 ? values : values.sum(-1);
}

/** mean(p - t log(p + epsilon)) over the last axis: p is the expected count, t the count. Throws `shape`. */
export function poisson(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('poisson', yTrue, yPred);
  return meanLast(p.sub(t.mul(p.add(epsilon()).log())));
}

export class KLDivergence extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('KLDivergence', o, commonOptions);
    super(klDivergence, o, 'kl_divergence');
  }
}

export class Poisson extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('Poisson', o, commonOptions);
    super(poisson, o, 'poisson');
  }
}
