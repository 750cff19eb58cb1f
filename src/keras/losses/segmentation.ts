/** Losses of overlaps between two areas. */
import { normalizeAxes } from '../../shape.ts';
import type { Tensor, TensorLike } from '../../tensor/index.ts';
import { epsilon } from '../config.ts';
import { checkOptions } from '../identifiers.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { checkNumber } from './options.ts';
import { pair, sameShapes } from './shapes.ts';

export interface DiceArgs {
  /** The axes that an area spans; null is all of them, the batch too. */
  readonly axis?: number | readonly number[] | null;
}
export interface DiceOptions extends LossOptions, DiceArgs {}

export interface TverskyArgs extends DiceArgs {
  /** The weight of what is true and not predicted: 0.5. */
  readonly alpha?: number;
  /** The weight of what is predicted and not true: 0.5. */
  readonly beta?: number;
}
export interface TverskyOptions extends LossOptions, TverskyArgs {}

/** Sums over the axes that an area spans. */
function area(axis: DiceArgs['axis'], rank: number): (x: Tensor) => Tensor {
  const axes = normalizeAxes(axis ?? null, rank);
  return (x) => (axes.length === 0 ? x : x.sum(axes));
}

/** 1 - 2 sum(t p) / (sum t + sum p + epsilon): a value for all, or with `axis` for each of the rest. Throws `shape`, `axis`. */
export function dice(yTrue: TensorLike, yPred: TensorLike, o: DiceArgs = {}): Tensor {
  checkOptions('dice', o, ['axis']);
  const [t, p] = pair('dice', yTrue, yPred, sameShapes);
  const sum = area(o.axis, p.ndim);
  const both = sum(t).add(sum(p)).add(epsilon());
  return sum(t.mul(p)).mul(2).div(both).neg().add(1);
}

function tverskyArgs(what: string, o: TverskyArgs): Required<TverskyArgs> {
  return {
    alpha: checkNumber(what, 'alpha', o.alpha ?? 0.5),
    beta: checkNumber(what, 'beta', o.beta ?? 0.5),
    axis: o.axis ?? null,
  };
}

/**
 * 1 - i / (i + alpha m + beta f + epsilon), where i is what is both true and predicted, m what is
 * true and missed, f what is predicted and false: a value for all, or with `axis` for each of the
 * rest. (Salehi et al. 2017.) Throws `shape`, `axis`, `range`.
 */
export function tversky(yTrue: TensorLike, yPred: TensorLike, o: TverskyArgs = {}): Tensor {
  checkOptions('tversky', o, ['alpha', 'beta', 'axis']);
  const { alpha, beta, axis } = tverskyArgs('tversky', o);
  const [t, p] = pair('tversky', yTrue, yPred, sameShapes);
  const sum = area(axis, p.ndim);
  const other = (x: Tensor): Tensor => x.neg().add(1);
  const both = sum(t.mul(p));
  const missed = sum(other(p).mul(t)).mul(alpha);
  const wrong = sum(p.mul(other(t))).mul(beta);
  return both.div(both.add(missed).add(wrong).add(epsilon())).neg().add(1);
}

export class Dice extends FunctionLoss<Required<DiceArgs>> {
  constructor(o: DiceOptions = {}) {
    checkOptions('Dice', o, [...commonOptions, 'axis']);
    super(dice, o, 'dice', { axis: o.axis ?? null });
  }
}

export class Tversky extends FunctionLoss<Required<TverskyArgs>> {
  /** Throws `range` for what is not a number. */
  constructor(o: TverskyOptions = {}) {
    checkOptions('Tversky', o, [...commonOptions, 'alpha', 'beta', 'axis']);
    super(tversky, o, 'tversky', tverskyArgs('Tversky', o));
  }
}
