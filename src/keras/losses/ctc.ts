/** Connectionist temporal classification (Graves et al. 2006): labels of sequences without alignment. */
import { GradloomError } from '../../errors.ts';
import { lax, type Value } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../../tensor/index.ts';
import { logSoftmax } from '../activations/index.ts';
import { checkOptions } from '../identifiers.ts';
import { where } from '../where.ts';
import { commonOptions, FunctionLoss, type LossOptions } from './loss.ts';
import { floatTensor } from './shapes.ts';
import type { Labels } from './targets.ts';

/** The logarithm of a probability that stands for 0. */
const impossible = -1e5;
/** The class that says nothing, and fills up short labels. */
const blank = 0;

function checkShapes(t: Tensor, p: Tensor): void {
  const fits = t.ndim === 2 && p.ndim === 3 && t.shape[0] === p.shape[0];
  if (fits && p.shape[1] > 0) return;
  throw new GradloomError(
    'shape',
    `ctc: labels of shape (batch, labels) and logits (batch, steps, classes) were expected; received ${showShape(t.shape)} and ${showShape(p.shape)}.`,
    { yTrue: [...t.shape], yPred: [...p.shape] },
  );
}

/** log(e^a + e^b), whose gradient is finite however small both are. */
function logAddExp(a: Value, b: Value): Value {
  const larger = lax.ge(a, b);
  const high = lax.select(larger, a, b);
  const low = lax.select(larger, b, a);
  return lax.add(high, lax.log1p(lax.exp(lax.sub(low, high))));
}

/** Columns `from` up to `to` of a matrix. */
function columns(x: Value, from: number, to: number): Value {
  return lax.slice(x, [0, from], [x.shape[0], to]);
}

/**
 * -log of the probability that the steps of yPred, blanks (class 0) and repetitions taken out, say
 * yTrue: a value a sequence. yTrue holds whole numbers 1..classes-1, filled up with 0 (batch, labels);
 * yPred logits (batch, steps, classes). Labels that do not fit into the steps cost about 1e5.
 * Throws `shape`.
 */
export function ctc(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = [asTensor(yTrue).astype('int32'), floatTensor(asTensor(yPred))];
  checkShapes(t, p);
  const { dtype } = p;
  const [batch, labels] = t.shape;
  const classes = p.shape[2];
  const logP = logSoftmax(p);
  // Of each step the log-probabilities of the labels and of the blank: (steps, batch, …).
  const oneHot = t.expandDims(1).eq(range(classes).expandDims(-1)).astype(dtype);
  const emit = logP.matmul(oneHot).transpose([1, 0, 2]);
  const phi = logP.slice(':', ':', [blank, blank + 1]).transpose([1, 0, 2]);
  // 0 where the next label is another, else impossible, and the other way round.
  const same = repeats(t).astype(dtype);
  const toOther = same.mul(impossible);
  const toSame = same.neg().add(1).mul(impossible);
  const start = where(range(labels + 1).eq(0), 0, impossible)
    .astype(dtype)
    .broadcastTo([batch, labels + 1]);
  const never = lax.full([batch, labels], impossible, dtype);

  /** Into the blank after each label, of a way that has said it. */
  const pass = (after: Value, said: Value): Value =>
    lax.concatenate([columns(after, 0, 1), logAddExp(columns(after, 1, labels + 1), said)], 1);
  // The carry: of all ways so far, those that end in the blank before or after n labels, and those
  // that end in label n.
  const { carry } = lax.scan(
    ([silent, said], [sayLabel, sayBlank]) => {
      const before = pass(silent, lax.add(said, toOther.value));
      const nextSaid = logAddExp(
        lax.add(columns(before, 0, labels), sayLabel),
        lax.add(said, sayLabel),
      );
      const stay = lax.add(before, lax.broadcastInDim(sayBlank, before.shape, [0, 1]));
      const blanks = lax.broadcastInDim(sayBlank, said.shape, [0, 1]);
      const nextSilent = pass(stay, lax.add(lax.add(said, blanks), toSame.value));
      return { carry: [nextSilent, nextSaid], ys: [] };
    },
    [start.value, never],
    [emit.value, phi.value],
  );
  const last = pass(carry[0], carry[1]);
  const length = t.ne(blank).astype('int32').sum(1, { keepdims: true });
  const end = length.eq(range(labels + 1)).astype(dtype);
  return Tensor.of(last, t, p).mul(end).sum(1).neg();
}

function range(n: number): Tensor {
  return Tensor.of(lax.iota([n], 0, 'int32'));
}

/** 1 where the next label is the same, (batch, labels). */
function repeats(t: Tensor): Tensor {
  const next = Tensor.of(lax.pad(columns(t.value, 1, t.shape[1]), -1, [0, 0], [0, 1]), t);
  return t.eq(next);
}

export class CTC extends FunctionLoss {
  constructor(o: LossOptions = {}) {
    checkOptions('CTC', o, commonOptions);
    super(ctc, o, 'ctc');
  }
  // Labels (batch, 1) beside logits of one class stay what they are.
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return ctc(yTrue, yPred);
  }
  override labels(
    targetShape: readonly number[],
    outputShape: readonly number[],
  ): Labels | undefined {
    if (targetShape.length !== 2 || outputShape.length !== 3) return undefined;
    return { classes: outputShape[2], ignore: null };
  }
}
