/** Training: epochs of steps, validation, callbacks. */
import { GradloomError } from '../../errors.ts';
import {
  type Callback,
  CallbackList,
  figuresOf,
  History,
  type Logs,
  makeLogs,
  ProgbarLogger,
} from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import { drawPermutation } from '../random/index.ts';
import { drawShuffle } from '../random/seeds.ts';
import type { Feed, Shuffle } from './batches.ts';
import { checkCount, sameTargets, splitData, warnNonFinite } from './data.ts';
import { testPass } from './evaluate.ts';
import { byName, type Read } from './figures.ts';
import { Keeping } from './keeping.ts';
import type { ClassWeight } from './labels.ts';
import { Pacer, runPass } from './loop.ts';
import { type Given, gather, makeFeed, needSteps } from './prepare.ts';
import { type BatchSource, isSource } from './source.ts';
import type { Trainer } from './trainer.ts';
import type { DataTree } from './tree.ts';
import { level, type Verbose } from './verbose.ts';

export interface FitOptions {
  /** Number of the epoch to stop after. Default 1. */
  readonly epochs?: number;
  /** Samples a step. Default 32; a last batch of fewer is kept. Not for sources of batches. */
  readonly batchSize?: number;
  /** [x, y] or [x, y, sampleWeight], or a source of batches. */
  readonly validationData?: readonly [DataTree, DataTree?, DataTree?] | BatchSource | null;
  /** Share of the samples, from the end, to validate on: 0..1. For arrays only. */
  readonly validationSplit?: number;
  /** Batches to validate on, when not all of them. */
  readonly validationSteps?: number | null;
  /** Default batchSize. */
  readonly validationBatchSize?: number | null;
  /** Validate every so many epochs, or after the epochs listed (counted from 1). */
  readonly validationFreq?: number | readonly number[];
  /**
   * Another order of the samples (of a PyDataset: of its batches) in every epoch; 'batch' only inside
   * of each batch. Default true.
   */
  readonly shuffle?: Shuffle;
  /** Weights of classes; those not named weigh 1. Not together with sampleWeight. */
  readonly classWeight?: ClassWeight | null;
  /** A weight a sample (or a time step); for several outputs one for all, or one each. */
  readonly sampleWeight?: DataTree;
  readonly callbacks?: readonly Callback[];
  /** Number of the epoch to start at, counted from 0. */
  readonly initialEpoch?: number;
  /** Batches of an epoch, when not all of them. The next epoch goes on where one stopped. */
  readonly stepsPerEpoch?: number | null;
  /** 0 silent, 1 progress bar (also `auto`), 2 a line an epoch. */
  readonly verbose?: Verbose;
  /** Ends training between two steps; `fit` then rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

export const fitOptions: readonly string[] = [
  'epochs',
  'batchSize',
  'validationData',
  'validationSplit',
  'validationSteps',
  'validationBatchSize',
  'validationFreq',
  'shuffle',
  'classWeight',
  'sampleWeight',
  'callbacks',
  'initialEpoch',
  'stepsPerEpoch',
  'verbose',
  'signal',
];

interface Plan {
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly steps: number | null;
  readonly validationSteps: number | null;
  readonly batchSize: number | undefined;
  readonly validationBatchSize: number | undefined;
  readonly shuffle: Shuffle;
  readonly validates: (epoch: number) => boolean;
}

function planOf(o: FitOptions): Plan {
  const optional = (name: string, v: number | null | undefined): number | null =>
    v == null ? null : checkCount('fit', name, v);
  const freq = o.validationFreq ?? 1;
  if (typeof freq === 'number') checkCount('fit', 'validationFreq', freq);
  else for (const e of freq) checkCount('fit', 'validationFreq', e);
  return {
    epochs: checkCount('fit', 'epochs', o.epochs ?? 1),
    initialEpoch: checkCount('fit', 'initialEpoch', o.initialEpoch ?? 0, 0),
    steps: optional('stepsPerEpoch', o.stepsPerEpoch),
    validationSteps: optional('validationSteps', o.validationSteps),
    batchSize: optional('batchSize', o.batchSize) ?? undefined,
    validationBatchSize: optional('validationBatchSize', o.validationBatchSize) ?? undefined,
    shuffle: shuffleOf(o.shuffle ?? true),
    validates: (epoch) =>
      typeof freq === 'number' ? (epoch + 1) % freq === 0 : freq.includes(epoch + 1),
  };
}

export async function fit(
  model: Model,
  x: unknown,
  y: DataTree | null | undefined,
  o: FitOptions,
): Promise<History> {
  checkOptions('fit', o, fitOptions);
  const plan = planOf(o);
  const verbose = level('fit', o.verbose);
  const pacer = new Pacer('fit', o.signal);
  const trainer = model.needTrainer('fit');
  const { fresh } = trainer;
  const gathered = gatherAll(model, trainer, x, y, o, plan);
  const leave = model.enter('train', 'fit');
  let feed: Feed | undefined;
  let keeping: Keeping | undefined;
  try {
    const prepared = await prepare(model, trainer, gathered, o, plan);
    feed = prepared.feed;
    if (plan.shuffle && fresh) drawForNothing(gathered.given, plan.shuffle, prepared.size);
    const history = new History();
    const bar = new ProgbarLogger();
    const steps = plan.steps ?? feed.length;
    const callbacks = new CallbackList([...(o.callbacks ?? []), history, bar], model, {
      epochs: plan.epochs,
      steps,
      verbose,
    });
    const validate = async (): Promise<Read> => {
      const done = model.enter('test', 'fit');
      const val = await prepared.validation!();
      try {
        const count = plan.validationSteps ?? val.length;
        const pass = { method: where, steps: count, callbacks, pacer };
        return await testPass(model, trainer, val, pass);
      } finally {
        await val.close();
        done();
      }
    };
    const inspect = nanWatch();
    model.stopTraining = false;
    await callbacks.call('onTrainBegin');
    const validation = gathered.validation?.source;
    keeping = new Keeping({
      model,
      trainer,
      feed,
      validation,
      callbacks: callbacks.callbacks,
    });
    const begun = await keeping.load();
    const from = begun?.epoch ?? plan.initialEpoch;
    let logs: Logs = begun ? makeLogs(begun.logs) : {};
    for (let epoch = from; epoch < plan.epochs && !(begun && model.stopTraining); epoch++) {
      await callbacks.call('onEpochBegin', epoch);
      const again = epoch + 1 < plan.epochs;
      const count = plan.steps ?? feed.length;
      const pass = {
        ...{ steps: count, again, callbacks, pacer, bar, inspect },
        ...keeping.pass(epoch, count, figuresOf(logs)),
      };
      const { figures, steps: ran } = await runPass('train', model, trainer, feed, pass);
      if (ran === 0) {
        if (epoch > from) break;
        throw new GradloomError('data', 'fit: the data source gave no batches.');
      }
      if (prepared.validation && plan.validates(epoch)) {
        const found = await validate();
        figures.push(...found.map(([k, n]): [string, number] => [`val_${k}`, n]));
        figures.sort(byName);
      }
      logs = makeLogs(figures);
      await callbacks.call('onEpochEnd', epoch, logs);
      // Callbacks may have put figures in, such as the learning rate.
      bar.progress(ran, figuresOf(logs), true);
      await keeping.epochEnd(epoch, figuresOf(logs));
      if (model.stopTraining) break;
      if (pacer.due) await pacer.pause();
    }
    trainer.optimizer.finalizeVariableValues(trainer.weights);
    await callbacks.call('onTrainEnd', logs);
    await keeping.done();
    return history;
  } finally {
    keeping?.close();
    await feed?.close();
    leave();
  }
}

/**
 * Keras on JAX shuffles once for nothing: the first fit after compile looks at a batch to learn its
 * shapes. Seeds give the same orders only if we do so too.
 */
function drawForNothing({ data, source }: Given, shuffle: Shuffle, batch: number): void {
  if (data) drawPermutation(shuffle === 'batch' ? Math.min(batch, data.n) : data.n);
  else if (source.shuffles && source.length !== null) drawShuffle(source.length);
}

function shuffleOf(shuffle: unknown): Shuffle {
  if (shuffle === true || shuffle === false || shuffle === 'batch') return shuffle;
  throw new GradloomError(
    'option',
    `fit: shuffle must be true, false or "batch"; received ${JSON.stringify(shuffle)}.`,
    { shuffle },
  );
}

interface Gathered {
  readonly given: Given;
  readonly validation: Given | undefined;
}

const where = 'fit (validationData)';

/** What to train and to validate on. Most of what can be wrong with it is found here. */
function gatherAll(
  model: Model,
  trainer: Trainer,
  x: unknown,
  y: DataTree | null | undefined,
  o: FitOptions,
  plan: Plan,
): Gathered {
  if (o.classWeight && o.sampleWeight != null)
    throw new GradloomError('data', 'fit: classWeight and sampleWeight cannot be given together.');
  const split = o.validationSplit ?? 0;
  if (!(split >= 0 && split < 1))
    throw new GradloomError('data', `fit: validationSplit must lie in [0, 1); received ${split}.`, {
      validationSplit: split,
    });
  const given = gather('fit', model, trainer, x, y, o.sampleWeight, plan);
  needSteps('fit', 'stepsPerEpoch', given, plan.steps);
  const validation = o.validationData
    ? gatherValidation(model, trainer, o.validationData)
    : undefined;
  if (validation) {
    needSteps(where, 'validationSteps', validation, plan.validationSteps);
    if (validation.data && given.data) sameTargets(where, given.data, validation.data);
  }
  if (split > 0 && !validation) {
    if (!given.data)
      throw new GradloomError(
        'data',
        'fit: validationSplit is for arrays; give a source of batches its own validationData.',
      );
    const [train, rest] = splitData('fit', given.data, split);
    return { given: { data: train }, validation: { data: rest } };
  }
  return { given, validation };
}

/** Compiles the first steps and looks at the labels, before anything is trained. */
async function prepare(
  model: Model,
  trainer: Trainer,
  { given, validation }: Gathered,
  o: FitOptions,
  plan: Plan,
): Promise<{ feed: Feed; size: number; validation: (() => Promise<Feed>) | undefined }> {
  const size =
    plan.batchSize ??
    (plan.steps !== null && given.data ? Math.ceil(given.data.n / plan.steps) : 32);
  const feed = await makeFeed(model, trainer, given, {
    method: 'fit',
    kind: 'train',
    counted: plan.steps !== null,
    shuffle: plan.shuffle,
    batchSize: size,
    classWeight: o.classWeight,
  });
  if (given.data) await warnNonFinite('fit', given.data);
  // For callbacks that put an optimizer's state back before the first batch has come.
  if (model.built && !model.hasOwnSteps) trainer.optimizer.build(trainer.weights);
  if (!validation) return { feed, size, validation: undefined };
  const batchSize =
    plan.validationBatchSize ??
    plan.batchSize ??
    (plan.validationSteps && validation.data
      ? Math.ceil(validation.data.n / plan.validationSteps)
      : 32);
  const v = validation;
  const make = (): Promise<Feed> =>
    makeFeed(model, trainer, v, {
      method: where,
      kind: 'test',
      counted: plan.validationSteps !== null,
      shuffle: false,
      batchSize,
    });
  // Arrays are checked before the first step, and looked at but once.
  const known = v.data && (await make());
  return { feed, size, validation: known ? () => Promise.resolve(known) : make };
}

function gatherValidation(
  model: Model,
  trainer: Trainer,
  v: NonNullable<FitOptions['validationData']>,
): Given {
  if (!Array.isArray(v) && isSource(v))
    return gather(where, model, trainer, v, null, null, { shuffle: false });
  const list: unknown = v;
  if (!Array.isArray(list) || list.length < 1 || list.length > 3)
    throw new GradloomError(
      'data',
      `fit: validationData is [x, y] or [x, y, sampleWeight], or a source of batches; received ${Array.isArray(list) ? `a list of ${list.length}` : typeof list}.`,
    );
  const [x, y, weight] = list as [DataTree, DataTree?, DataTree?];
  return gather(where, model, trainer, x, y, weight, { shuffle: false });
}

/** Says once that the loss is no number any more. */
function nanWatch(): (figures: Read) => void {
  let warned = false;
  return (figures) => {
    const loss = figures.find(([k]) => k === 'loss')?.[1];
    if (warned || loss === undefined || Number.isFinite(loss)) return;
    warned = true;
    console.warn(
      `fit: the loss has become ${loss}. Lower the learning rate, check the data for NaN, or add keras.callbacks.terminateOnNaN() to stop when this happens.`,
    );
  };
}
