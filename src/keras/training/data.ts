/** What `fit` and its kin are given, checked and made into tensors. */
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { sameShape, showShape } from '../../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike } from '../../tensor/index.ts';
import type { BatchShape } from '../layers/index.ts';
import { SparseCategoricalCrossentropy } from '../losses/index.ts';
import type { Compiled, Model } from '../models/model.ts';

export interface Data {
  readonly x: Tensor;
  readonly y: Tensor | undefined;
  /** A weight a sample. */
  readonly weight: Tensor | undefined;
  /** Samples. */
  readonly n: number;
}

const flatHint = ' Give flat data its shape: tensor(data, { shape: [samples, …] }).';

const rows = (t: Tensor): number => t.shape[0];

/** Throws `data` naming what does not fit: no samples, or lengths that differ. */
export function makeData(
  method: string,
  x: TensorLike,
  y: TensorLike | undefined | null,
  weight?: TensorLike | null,
): Data {
  const tx = asTensor(x);
  const ty = y == null ? undefined : asTensor(y);
  const tw = weight == null ? undefined : asTensor(weight);
  if (tx.ndim === 0)
    throw new GradloomError('data', `${method}: x must have a batch dimension; received a scalar.`);
  const n = rows(tx);
  if (n === 0)
    throw new GradloomError(
      'data',
      `${method}: x holds no samples (shape ${showShape(tx.shape)}).`,
      { shape: [...tx.shape] },
    );
  for (const [name, t] of [
    ['y', ty],
    ['sampleWeight', tw],
  ] as const) {
    if (!t) continue;
    if (t.ndim === 0 || rows(t) !== n) {
      throw new GradloomError(
        'data',
        `${method}: x has ${n} samples but ${name} has ${t.ndim === 0 ? 'none (a scalar)' : rows(t)}. They must have one each.${tx.ndim === 1 ? flatHint : ''}`,
        { x: [...tx.shape], [name]: [...t.shape] },
      );
    }
  }
  return { x: tx, y: ty, weight: tw, n };
}

function takeRows(d: Data, from: number, to: number): Data {
  const cut = (t: Tensor | undefined): Tensor | undefined => t?.slice([from, to]).realize();
  return { x: cut(d.x)!, y: cut(d.y), weight: cut(d.weight), n: to - from };
}

/** [what to train on, what to validate on]: the last `split` of the samples, before any shuffling. */
export function splitData(method: string, d: Data, split: number): [Data, Data] {
  const at = Math.floor(d.n * (1 - split));
  if (at === 0 || at === d.n) {
    throw new GradloomError(
      'data',
      `${method}: validationSplit ${split} of ${d.n} samples leaves ${at === 0 ? 'nothing to train on' : 'nothing to validate on'}.`,
      { validationSplit: split, samples: d.n },
    );
  }
  return [takeRows(d, 0, at), takeRows(d, at, d.n)];
}

/** Throws `data` unless validation targets look like those trained on. */
export function sameTargets(method: string, train: Data, validation: Data): void {
  if (!validation.y) throw new GradloomError('data', `${method}: y is missing.`);
  const [a, b] = [train.y!.shape.slice(1), validation.y.shape.slice(1)];
  if (!sameShape(a, b))
    throw new GradloomError(
      'data',
      `${method}: targets have shape ${showShape([null, ...b])}, but those trained on ${showShape([null, ...a])}.`,
      { expected: a, received: b },
    );
}

/** Throws `layer-shape` when samples are not what the model was built for. */
export function checkSamples(
  method: string,
  modelName: string,
  expected: BatchShape,
  x: Tensor,
): void {
  const fits =
    x.ndim === expected.length &&
    expected.every((n, d) => d === 0 || n == null || n === x.shape[d]);
  if (!fits) {
    throw new GradloomError(
      'layer-shape',
      `${method}: model "${modelName}" expects inputs of shape ${showShape(expected)}; received ${showShape([null, ...x.shape.slice(1)])}.${x.ndim === 1 ? flatHint : ''}`,
      {
        expected: [...expected],
        received: [...x.shape],
      },
    );
  }
}

/** Looks at the targets once on the host, where a loss needs labels: a wrong one would train in silence. */
export async function checkTargets(
  method: string,
  model: Model,
  c: Compiled,
  d: Data,
): Promise<void> {
  if (!(c.loss instanceof SparseCategoricalCrossentropy) || !d.y) return;
  const shape = model.outputShape!;
  const last = d.y.shape[d.y.ndim - 1];
  // One-hot targets get their own message from the loss itself.
  if (d.y.ndim === shape.length && last !== 1) return;
  const ignore = c.loss.getConfig().ignoreClass as number | null;
  await checkLabels(method, d.y, shape[shape.length - 1] as number, ignore);
}

/** Labels for sparse crossentropy: whole numbers 0 to classes-1. Throws `label` with the first bad one. */
async function checkLabels(
  method: string,
  y: Tensor,
  classes: number,
  ignore: number | null,
): Promise<void> {
  const data = await y.data();
  for (let i = 0; i < data.length; i++) {
    const v = data[i];
    if (v === ignore) continue;
    if (Number.isInteger(v) && v >= 0 && v < classes) continue;
    throw new GradloomError(
      'label',
      `${method}: label ${v} (sample ${i}) is not one of the model's ${classes} classes, 0 to ${classes - 1}.`,
      { label: v, sample: i, classes },
    );
  }
}

/** Warns when numbers are NaN or infinite: training on them gives NaN weights. */
export async function warnNonFinite(method: string, name: string, t: Tensor): Promise<void> {
  if (!isFloat(t.dtype)) return;
  const bad = Tensor.of(lax.reduceSum(lax.convert(lax.not(lax.isFinite(t.value)), 'int32')), t);
  const count = (await bad.data())[0];
  if (count > 0)
    console.warn(
      `${method}: ${name} holds ${count} value${count === 1 ? '' : 's'} that ${count === 1 ? 'is' : 'are'} NaN or infinite; training on them spoils the weights.`,
    );
}

/** A weight a sample from a weight a class; classes that are not named weigh 1. */
export async function classWeights(
  method: string,
  y: Tensor,
  weights: Readonly<Record<number, number>>,
): Promise<Tensor> {
  const oneHot = y.ndim === 2 && y.shape[1] > 1;
  const labels = await (oneHot ? y.argmax(-1) : y).data();
  for (const [c, w] of Object.entries(weights)) {
    if (!Number.isInteger(Number(c)) || !(w >= 0))
      throw new GradloomError(
        'data',
        `${method}: classWeight maps whole-number classes to weights of 0 or more; received ${c}: ${w}.`,
        { class: c, weight: w },
      );
  }
  const out = Float32Array.from(labels, (l) => weights[Math.round(l)] ?? 1);
  return fromData(out, [out.length], 'float32');
}

/** A whole number of at least `least`. */
export function checkCount(method: string, name: string, v: number, least = 1): number {
  if (!Number.isInteger(v) || v < least)
    throw new GradloomError(
      'data',
      `${method}: ${name} must be a whole number of ${least} or more; received ${v}.`,
      { [name]: v },
    );
  return v;
}
