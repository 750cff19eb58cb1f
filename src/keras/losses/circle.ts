/** Circle loss of embeddings (Sun et al. 2020): like samples together, unlike ones apart. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, stopGradient, Tensor, type TensorLike } from '../../tensor/index.ts';
import { softplus } from '../activations/index.ts';
import { checkOptions } from '../identifiers.ts';
import { setMask } from '../layers/mask.ts';
import { where } from '../where.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { checkNumber } from './options.ts';
import { floatTensor } from './shapes.ts';

interface Args {
  /** How sharply: 80. */
  readonly gamma?: number;
  /** How far apart: 0.4. */
  readonly margin?: number;
  /** Whether a sample is no partner of its own: true. */
  readonly removeDiagonal?: boolean;
}
export interface CircleArgs extends Args {
  /** Labels and embeddings to compare with: those of the batch. */
  readonly refLabels?: TensorLike;
  readonly refEmbeddings?: TensorLike;
}
export interface CircleOptions extends LossOptions, Args {}

function checked(what: string, o: Args): Required<Args> {
  return {
    gamma: checkNumber(what, 'gamma', o.gamma ?? 80),
    margin: checkNumber(what, 'margin', o.margin ?? 0.4),
    removeDiagonal: o.removeDiagonal ?? true,
  };
}

/** Whole-number labels, one a row. */
function labelsOf(name: string, labels: TensorLike, rows: number): Tensor {
  const t = asTensor(labels).astype('int32');
  const flat = t.ndim === 2 && t.shape[1] === 1 ? t.squeeze(1) : t;
  if (flat.ndim === 1 && flat.shape[0] === rows) return flat;
  throw new GradloomError(
    'shape',
    `circle: ${name} of shape ${showShape([rows])} were expected, a label for each embedding; received ${showShape(t.shape)}.`,
    { expected: [rows], received: [...t.shape] },
  );
}

function embeddingsOf(name: string, x: TensorLike): Tensor {
  const t = floatTensor(asTensor(x));
  if (t.ndim === 2) return t;
  throw new GradloomError(
    'shape',
    `circle: ${name} have shape (batch, dimensions); received ${showShape(t.shape)}.`,
    { received: [...t.shape] },
  );
}

/**
 * log(1 + sum e^(gamma a_n (d_n - margin)) sum e^(...)) over unlike and like pairs: a value a sample.
 * yPred holds embeddings of length 1 (batch, dimensions), yTrue whole-number labels (batch,). Samples
 * whose loss is 0, which have no like or no unlike partner, count for nothing. Throws `shape`, `range`.
 */
export function circle(yTrue: TensorLike, yPred: TensorLike, o: CircleArgs = {}): Tensor {
  checkOptions('circle', o, [...argNames, 'refLabels', 'refEmbeddings']);
  const { gamma, margin, removeDiagonal } = checked('circle', o);
  const p = embeddingsOf('predictions', yPred);
  const labels = labelsOf('labels', yTrue, p.shape[0]);
  const ref = o.refEmbeddings === undefined ? p : embeddingsOf('refEmbeddings', o.refEmbeddings);
  const refLabels =
    o.refLabels === undefined ? labels : labelsOf('refLabels', o.refLabels, ref.shape[0]);
  // Cosine distances of all pairs: (batch, references).
  const distance = p.matmul(ref.transpose()).neg().add(1).maximum(0);
  const same = labels.expandDims(1).eq(refLabels.expandDims(0));
  const like = removeDiagonal ? same.logicalAnd(offDiagonal(p.shape[0], ref.shape[0])) : same;
  const unlike = same.logicalNot();
  // max(w, 0) of a weight that is 0 outside the mask.
  const weight = (w: Tensor, mask: Tensor): Tensor => w.mul(mask.astype(p.dtype)).maximum(0);
  const pull = weight(distance.add(margin), like).mul(distance.neg().add(margin)).mul(-gamma);
  const push = weight(distance.neg().add(1 + margin), unlike)
    .mul(distance.neg().add(1 - margin))
    .mul(gamma);
  const values = softplus(logSumExp(pull, like).add(logSumExp(push, unlike)));
  setMask(values, values.gt(0));
  return values;
}

function offDiagonal(rows: number, columns: number): Tensor {
  const at = (d: number): Value => lax.iota([rows, columns], d, 'int32');
  return Tensor.of(lax.ne(at(0), at(1)));
}

/** log(sum e^x) over the columns where the mask holds; -Infinity where there are none. */
function logSumExp(x: Tensor, mask: Tensor): Tensor {
  const some = mask.any(1);
  const most = where(some, where(mask, x, Number.NEGATIVE_INFINITY).max(1), 0);
  const shifted = where(mask, x.sub(stopGradient(most).expandDims(1)), 0);
  const sum = where(mask, shifted.exp(), 0).sum(1);
  const log = where(some, sum, 1).log().add(stopGradient(most));
  return where(some, log, Number.NEGATIVE_INFINITY);
}

const argNames = ['gamma', 'margin', 'removeDiagonal'];

export class Circle extends FunctionLoss<Required<Args>> {
  /** Throws `range` for what is not a number. */
  constructor(o: CircleOptions = {}) {
    checkOptions('Circle', o, [...commonOptions, ...argNames]);
    super(circle, o, 'circle', checked('Circle', o));
  }
  // Labels are classes already: (batch,) beside embeddings of one dimension stays as it is.
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return circle(yTrue, yPred, this.options);
  }
}
