/** Losses of margins: how far a prediction falls short of the right side by 1. */
import type { Tensor, TensorLike } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { where } from '../where.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { meanLast, pair, sameShapes } from './shapes.ts';
import { checkSides } from './targets.ts';

/** Labels -1 and 1 as they are; a batch that holds nothing but 0 and 1 becomes -1 and 1. */
function sides(t: Tensor): Tensor {
  const binary = t.eq(0).logicalOr(t.eq(1)).all();
  return where(binary, t.mul(2).sub(1), t);
}

/** max(1 - t p, 0) of labels -1 and 1 (or 0 and 1). */
function shortfall(name: string, yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair(name, yTrue, yPred);
  return sides(t).mul(p).neg().add(1).maximum(0);
}

/** mean(max(1 - yTrue yPred, 0)) over the last axis. yTrue holds -1 and 1, or 0 and 1. Throws `shape`. */
export function hinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return meanLast(shortfall('hinge', yTrue, yPred));
}

/** mean(max(1 - yTrue yPred, 0)²) over the last axis. yTrue holds -1 and 1, or 0 and 1. Throws `shape`. */
export function squaredHinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return meanLast(shortfall('squaredHinge', yTrue, yPred).square());
}

/**
 * max(neg - pos + 1, 0), where pos is the prediction of the right class and neg the largest of the
 * others. yTrue is one-hot in the shape of yPred. Throws `shape`.
 */
export function categoricalHinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('categoricalHinge', yTrue, yPred, sameShapes);
  const right = t.mul(p).sum(-1);
  const wrong = t.neg().add(1).mul(p).max(-1);
  return wrong.sub(right).add(1).maximum(0);
}

/** A loss whose labels are -1 and 1. */
abstract class SidesLoss extends FunctionLoss {
  override checkTargets(method: string, y: Tensor): Promise<void> {
    return checkSides(method, this.name, y);
  }
}

export class Hinge extends SidesLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('Hinge', o, commonOptions);
    super(hinge, o, 'hinge');
  }
}

export class SquaredHinge extends SidesLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('SquaredHinge', o, commonOptions);
    super(squaredHinge, o, 'squared_hinge');
  }
}

export class CategoricalHinge extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('CategoricalHinge', o, commonOptions);
    super(categoricalHinge, o, 'categorical_hinge');
  }
}
