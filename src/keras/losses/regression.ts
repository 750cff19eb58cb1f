/** Losses of numbers. */
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { absolute } from '../kinks.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { floatTensor, matchRanks, similarShapes } from './shapes.ts';

/** yTrue - yPred in the dtype of yPred. */
function difference(name: string, yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = matchRanks(yTrue, floatTensor(yPred));
  similarShapes(name, t, p);
  return t.astype(p.dtype).sub(p);
}

const meanLast = (x: Tensor): Tensor => (x.ndim === 0 ? x : x.mean(-1));

/** mean((yTrue - yPred)²) over the last axis. Throws `shape`. */
export function meanSquaredError(yTrue: Tensor, yPred: Tensor): Tensor {
  return meanLast(difference('meanSquaredError', yTrue, yPred).square());
}

/** mean(|yTrue - yPred|) over the last axis. Throws `shape`. */
export function meanAbsoluteError(yTrue: Tensor, yPred: Tensor): Tensor {
  return meanLast(absolute(difference('meanAbsoluteError', yTrue, yPred)));
}

export class MeanSquaredError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanSquaredError', o, commonOptions);
    super(meanSquaredError, o, 'mean_squared_error');
  }
}

export class MeanAbsoluteError extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('MeanAbsoluteError', o, commonOptions);
    super(meanAbsoluteError, o, 'mean_absolute_error');
  }
}
