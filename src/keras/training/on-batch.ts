/** One step on one batch, for training loops of one's own. */
import { GradloomError } from '../../errors.ts';
import { bufferOf } from '../../tensor/index.ts';
import { makeLogs } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import { makeData } from './data.ts';
import { inOrder } from './figures.ts';
import { type ClassWeight, checkTargets, classWeights } from './labels.ts';
import { turnNowAndThen } from './loop.ts';
import { countsOf, needTargets } from './prepare.ts';
import { Layout } from './steps.ts';
import type { DataTree } from './tree.ts';

export interface OnBatchOptions {
  readonly sampleWeight?: DataTree;
  /** trainOnBatch only; not together with sampleWeight. */
  readonly classWeight?: ClassWeight | null;
  /** Figures by name instead of a list. */
  readonly returnDict?: boolean;
}

export async function onBatch(
  kind: 'train' | 'test',
  model: Model,
  x: DataTree,
  y: DataTree | null | undefined,
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
  const trainer = model.needTrainer(method);
  let d = makeData(method, x, y, o.sampleWeight, countsOf(model));
  model.prepareInputs(method, d.x);
  needTargets(method, model, trainer, d);
  const leave = model.enter(kind, method);
  try {
    if (o.classWeight) d = { ...d, weight: await classWeights(method, d.y, o.classWeight) };
    trainer.figures.use(kind);
    model.resetMetrics();
    const layout = new Layout(d);
    const step = trainer.stepper.step({ kind, layout, batch: d.n, source: 'whole' });
    await checkTargets(method, trainer.loss, d.y);
    await turnNowAndThen();
    step.run(
      layout.tensors.map((t) => bufferOf(t)),
      layout.tensors,
    );
    const read = await step.read();
    return o.returnDict ? makeLogs(read) : inOrder(trainer.entries, read);
  } finally {
    leave();
  }
}
