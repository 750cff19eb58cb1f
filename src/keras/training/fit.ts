/** Training: epochs of steps, validation, callbacks. */
import { GradloomError } from '../../errors.ts';
import type { TensorLike } from '../../tensor/index.ts';
import {
  type Callback,
  CallbackList,
  History,
  type Logs,
  makeLogs,
  ProgbarLogger,
} from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Compiled, Model } from '../models/model.ts';
import { drawPermutation } from '../random/index.ts';
import {
  checkCount,
  checkTargets,
  classWeights,
  type Data,
  makeData,
  sameTargets,
  splitData,
  warnNonFinite,
} from './data.ts';
import { byName } from './figures.ts';
import { Pacer, type Read, runPass } from './loop.ts';
import { level, type Verbose } from './verbose.ts';

export interface FitOptions {
  /** Number of the epoch to stop after. Default 1. */
  readonly epochs?: number;
  /** Samples a step. Default 32; a last batch of fewer is kept. */
  readonly batchSize?: number;
  /** [x, y] or [x, y, sampleWeight]. */
  readonly validationData?: readonly [TensorLike, TensorLike, TensorLike?] | null;
  /** Share of the samples, from the end, to validate on: 0..1. */
  readonly validationSplit?: number;
  /** Default batchSize. */
  readonly validationBatchSize?: number | null;
  /** Validate every so many epochs. */
  readonly validationFreq?: number;
  /** Another order of the samples in every epoch. Default true. */
  readonly shuffle?: boolean;
  /** Weights of classes; those not named weigh 1. Not together with sampleWeight. */
  readonly classWeight?: Readonly<Record<number, number>> | null;
  /** A weight a sample. */
  readonly sampleWeight?: TensorLike | null;
  readonly callbacks?: readonly Callback[];
  /** Number of the epoch to start at, counted from 0. */
  readonly initialEpoch?: number;
  /** Batches of an epoch, when not all of them. Every epoch starts with an order of its own. */
  readonly stepsPerEpoch?: number | null;
  /** 0 silent, 1 progress bar (also `auto`), 2 a line an epoch. */
  readonly verbose?: Verbose;
  /** Ends training between two steps; `fit` then rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

const fitOptions: readonly string[] = [
  'epochs',
  'batchSize',
  'validationData',
  'validationSplit',
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

export async function fit(
  model: Model,
  x: TensorLike,
  y: TensorLike,
  o: FitOptions,
): Promise<History> {
  checkOptions('fit', o, fitOptions);
  const epochs = checkCount('fit', 'epochs', o.epochs ?? 1);
  const initialEpoch = checkCount('fit', 'initialEpoch', o.initialEpoch ?? 0, 0);
  const validationFreq = checkCount('fit', 'validationFreq', o.validationFreq ?? 1);
  const batchSize = checkCount('fit', 'batchSize', o.batchSize ?? 32);
  const validationBatch = checkCount(
    'fit',
    'validationBatchSize',
    o.validationBatchSize ?? batchSize,
  );
  const most = checkCount('fit', 'stepsPerEpoch', o.stepsPerEpoch ?? Number.MAX_SAFE_INTEGER);
  const verbose = level('fit', o.verbose);
  const pacer = new Pacer('fit', o.signal);
  const { data, validation, c } = await prepareData(model, x, y, o);

  const batch = Math.min(data.n, batchSize);
  const steps = Math.min(most, Math.ceil(data.n / batch));
  const history = new History();
  const bar = new ProgbarLogger();
  const callbacks = new CallbackList([...(o.callbacks ?? []), history, bar], model, {
    epochs,
    steps,
    verbose,
  });
  const shuffle = o.shuffle ?? true;
  // Keras on JAX shuffles once for nothing: the first fit after compile looks at a batch to learn
  // its shapes. Seeds give the same orders only if we do so too.
  if (shuffle && c.fresh) drawPermutation(data.n);

  const validate = async (v: Data): Promise<Read> => {
    const size = Math.min(v.n, validationBatch);
    const leave = model.enter('test', 'fit');
    try {
      await callbacks.call('onTestBegin');
      const read = await runPass('test', model, c, v, {
        batch: size,
        steps: Math.ceil(v.n / size),
        callbacks,
        pacer,
      });
      await callbacks.call('onTestEnd', makeLogs(read));
      return read;
    } finally {
      leave();
    }
  };

  const leave = model.enter('train', 'fit');
  const inspect = nanWatch();
  model.stopTraining = false;
  try {
    await callbacks.call('onTrainBegin');
    let logs: Logs = {};
    for (let epoch = initialEpoch; epoch < epochs; epoch++) {
      await callbacks.call('onEpochBegin', epoch);
      const order = shuffle ? { order: drawPermutation(data.n) } : {};
      const pass = { batch, steps, callbacks, pacer, bar, inspect, ...order };
      const figures = await runPass('train', model, c, data, pass);
      if (validation && (epoch + 1) % validationFreq === 0) {
        const found = await validate(validation);
        figures.push(...found.map(([k, n]): [string, number] => [`val_${k}`, n]));
        figures.sort(byName);
      }
      logs = makeLogs(figures);
      await callbacks.call('onEpochEnd', epoch, logs);
      bar.progress(steps, figures, true);
      if (model.stopTraining) break;
      if (pacer.due) await pacer.pause();
    }
    c.optimizer.finalize(model.trainableWeights);
    await callbacks.call('onTrainEnd', logs);
  } finally {
    leave();
  }
  return history;
}

/** Everything that can be wrong with what was given is found here, before the first step. */
async function prepareData(
  model: Model,
  x: TensorLike,
  y: TensorLike,
  o: FitOptions,
): Promise<{ data: Data; validation: Data | undefined; c: Compiled }> {
  if (o.classWeight && o.sampleWeight != null)
    throw new GradloomError('data', 'fit: classWeight and sampleWeight cannot be given together.');
  let data = makeData('fit', x, y, o.sampleWeight);
  let validation = o.validationData
    ? makeData('fit (validationData)', ...o.validationData)
    : undefined;
  const split = o.validationSplit ?? 0;
  if (!(split >= 0 && split < 1))
    throw new GradloomError('data', `fit: validationSplit must lie in [0, 1); received ${split}.`, {
      validationSplit: split,
    });
  if (split > 0 && !validation) [data, validation] = splitData('fit', data, split);
  const c = model.prepare('fit', data.x, data.y);
  await checkTargets('fit', model, c, data);
  if (validation) {
    model.prepareInputs('fit (validationData)', validation.x);
    sameTargets('fit (validationData)', data, validation);
    await checkTargets('fit (validationData)', model, c, validation);
  }
  await warnNonFinite('fit', 'x', data.x);
  await warnNonFinite('fit', 'y', data.y!);
  if (o.classWeight) data = { ...data, weight: await classWeights('fit', data.y!, o.classWeight) };
  return { data, validation, c };
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
