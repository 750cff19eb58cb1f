/** One step on one batch, for training loops of one's own. */
import { GradloomError } from '../../errors.ts';
import { bufferOf, type TensorLike } from '../../tensor/index.ts';
import { makeLogs } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import { checkTargets, classWeights, makeData } from './data.ts';
import { inOrder } from './figures.ts';
import { turnNowAndThen } from './loop.ts';

export interface OnBatchOptions {
  readonly sampleWeight?: TensorLike | null;
  /** trainOnBatch only; not together with sampleWeight. */
  readonly classWeight?: Readonly<Record<number, number>> | null;
  /** Figures by name instead of a list. */
  readonly returnDict?: boolean;
}

export async function onBatch(
  kind: 'train' | 'test',
  model: Model,
  x: TensorLike,
  y: TensorLike,
  o: OnBatchOptions,
): Promise<number | number[] | Record<string, number>> {
  const method = kind === 'train' ? 'trainOnBatch' : 'testOnBatch';
  checkOptions(method, o, [
    'sampleWeight',
    'returnDict',
    ...(kind === 'train' ? ['classWeight'] : []),
  ]);
  if (o.classWeight && o.sampleWeight != null)
    throw new GradloomError(
      'data',
      `${method}: classWeight and sampleWeight cannot be given together.`,
    );
  const d = makeData(method, x, y, o.sampleWeight);
  const leave = model.enter(kind, method);
  try {
    const c = model.prepare(method, d.x, d.y);
    await checkTargets(method, model, c, d);
    const weight = o.classWeight ? await classWeights(method, d.y!, o.classWeight) : d.weight;
    const figures = c[kind];
    figures.reset();
    const spec = { kind, batch: d.n, x: d.x, y: d.y!, weight, source: 'whole' } as const;
    const step = c.stepper.step(spec, figures);
    await turnNowAndThen();
    step.run([d.x, d.y!, ...(weight ? [weight] : [])].map((t) => bufferOf(t)));
    const read = await figures.read();
    return o.returnDict ? makeLogs(read) : inOrder(figures, read);
  } finally {
    leave();
  }
}
