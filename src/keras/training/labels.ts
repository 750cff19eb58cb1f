/** Looking at targets on the host: labels a loss cannot take, weights of classes. */
import { GradloomError } from '../../errors.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import type { CompileLoss } from './compile-loss.ts';
import { at, flatten, isNested, type TreeOf } from './tree.ts';

/** Weights by class; those not named weigh 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/** Has each output's loss look at its targets, on the host. Throws `label`. */
export async function checkTargets(
  method: string,
  loss: CompileLoss | undefined,
  y: TreeOf<Tensor | null>,
): Promise<void> {
  if (!loss?.built || y === null) return;
  const targets = loss.match(y);
  for (const p of loss.parts) {
    const t = at(targets, p.path) as Tensor | null | undefined;
    if (t) await p.loss.checkTargets(method, t, p.outputShape);
  }
}

/** A weight a sample from a weight a class; classes that are not named weigh 1. Throws `data`. */
export async function classWeights(
  method: string,
  given: TreeOf<Tensor | null>,
  weights: ClassWeight,
): Promise<Tensor> {
  if (isNested(given) && flatten(given).length > 1)
    throw new GradloomError('data', `${method}: classWeight is for models of one output.`);
  const y = flatten(given)[0];
  if (!y) throw new GradloomError('data', `${method}: classWeight needs targets; y is missing.`);
  for (const [c, w] of Object.entries(weights)) {
    if (!Number.isInteger(Number(c)) || !(w >= 0))
      throw new GradloomError(
        'data',
        `${method}: classWeight maps whole-number classes to weights of 0 or more; received ${c}: ${w}.`,
        { class: c, weight: w },
      );
  }
  const oneHot = y.ndim > 1 && y.shape[y.ndim - 1] !== 1;
  const labels = await (oneHot ? y.argmax(-1) : y).data();
  if (labels.length !== y.shape[0])
    throw new GradloomError(
      'data',
      `${method}: classWeight needs a class for each sample; the targets have shape (${y.shape.join(', ')}). Give sampleWeight instead.`,
      { shape: [...y.shape] },
    );
  const out = Float32Array.from(labels, (l) => weights[Math.round(l)] ?? 1);
  return fromData(out, [out.length], 'float32');
}
