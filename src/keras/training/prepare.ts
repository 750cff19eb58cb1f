/** From what users give to what the training loop runs: data or a source, checked. */
import { GradloomError } from '../../errors.ts';
import { bufferOf, Tensor } from '../../tensor/index.ts';
import type { Model } from '../models/model.ts';
import { ArrayFeed, type ArrayFeedOptions } from './array-feed.ts';
import type { Batch, Feed, Shuffle } from './batches.ts';
import { type Counts, checkData, type Data, makeData } from './data.ts';
import { type ClassWeight, checkTargets, classWeights } from './labels.ts';
import { type DataSource, isSource, openSource, unpackBatch } from './source.ts';
import { SourceFeed } from './source-feed.ts';
import { Layout, type Trees } from './steps.ts';
import type { Trainer } from './trainer.ts';
import { type DataTree, isObject } from './tree.ts';

/** How many tensors the model takes and gives. */
export function countsOf(model: Model): Counts {
  return { inputs: model.inputNames?.length, outputs: model.outputNames?.length };
}

/** Arrays or a source, for one method. */
export type Given =
  | { readonly data: Data; readonly source?: undefined }
  | { readonly source: DataSource; readonly data?: undefined };

/** Throws `data`, `layer-shape` for arrays that do not fit, and for options that only arrays can have. */
export function gather(
  method: string,
  model: Model,
  trainer: Trainer,
  x: unknown,
  y: DataTree | null | undefined,
  weight: DataTree | null | undefined,
  o: { readonly batchSize?: number | null; readonly shuffle: Shuffle },
): Given {
  // Lists of lists are batches only where nothing else is given.
  if (!isSource(x) || (Array.isArray(x) && y != null)) {
    const data = makeData(method, x as DataTree, y, weight, countsOf(model));
    model.prepareInputs(method, data.x);
    needTargets(method, model, trainer, data);
    return { data };
  }
  const unwanted = [
    ...(y == null ? [] : ['y']),
    ...(weight == null ? [] : ['sampleWeight']),
    ...(o.batchSize == null ? [] : ['batchSize']),
  ];
  if (unwanted.length > 0)
    throw new GradloomError(
      'data',
      `${method}: x is a source of batches, which bring their own ${unwanted.map((u) => (u === 'batchSize' ? 'size (batchSize)' : u)).join(' and ')}; leave ${unwanted.length > 1 ? 'them' : 'it'} out.`,
      { given: unwanted },
    );
  return { source: openSource(method, x, o.shuffle !== false) };
}

/** Throws `data` for a source without an end where nobody says how many steps to take. */
export function needSteps(method: string, option: string, g: Given, steps: number | null): void {
  if (g.source?.endless && steps === null)
    throw new GradloomError(
      'data',
      `${method}: the data source has no end; say how many batches to take with ${option}.`,
    );
}

export interface FeedNeeds extends Omit<ArrayFeedOptions, 'stepper'> {
  readonly batchSize: number;
  readonly classWeight?: ClassWeight | null;
}

/** The feed of what was gathered; of arrays the first step is compiled and the labels looked at. */
export async function makeFeed(
  model: Model,
  trainer: Trainer,
  g: Given,
  o: FeedNeeds,
): Promise<Feed> {
  const { method, kind, classWeight } = o;
  const options = { ...o, stepper: trainer.stepper };
  if (g.source) {
    const counts = countsOf(model);
    const read = async (item: unknown): Promise<Batch> => {
      let d: Data = checkData(method, unpackBatch(method, item, counts));
      if (classWeight) d = { ...d, weight: await weigh(method, d, classWeight) };
      model.prepareInputs(method, d.x);
      needTargets(method, model, trainer, d);
      const layout = new Layout(d);
      const step = trainer.stepper.step({ kind, layout, batch: d.n, source: 'whole' });
      await checkTargets(method, trainer.loss, d.y);
      const made = ownTensors(item, layout.tensors);
      return {
        step,
        buffers: layout.tensors.map((t) => bufferOf(t)),
        tensors: layout.tensors,
        done: () => {
          for (const t of made) t.dispose();
        },
      };
    };
    return new SourceFeed(g.source, read, options);
  }
  let { data } = g;
  if (classWeight) data = { ...data, weight: await weigh(method, data, classWeight) };
  const feed = new ArrayFeed(data, o.batchSize, options);
  trainer.figures.use(kind);
  feed.prepare();
  await checkTargets(method, trainer.loss, data.y);
  return feed;
}

/** Those of the tensors that were made here, not given to us. */
function ownTensors(item: unknown, tensors: readonly Tensor[]): Tensor[] {
  const given = new Set<unknown>();
  const visit = (x: unknown): void => {
    if (x instanceof Tensor) given.add(x);
    else if (Array.isArray(x) && typeof x[0] !== 'number') x.forEach(visit);
    else if (isObject(x)) Object.values(x).forEach(visit);
  };
  visit(item);
  return tensors.filter((t) => !given.has(t));
}

async function weigh(
  method: string,
  d: Trees,
  classWeight: ClassWeight,
): ReturnType<typeof classWeights> {
  if (d.weight !== null)
    throw new GradloomError(
      'data',
      `${method}: classWeight and sampleWeight cannot be given together.`,
    );
  return classWeights(method, d.y, classWeight);
}

/** Throws `data` where the compiled loss has nothing to compare with. */
export function needTargets(method: string, model: Model, trainer: Trainer, d: Trees): void {
  if (d.y === null && trainer.loss && !model.hasOwnSteps)
    throw new GradloomError('data', `${method}: y is missing; the loss needs targets.`, {
      model: model.name,
    });
}
