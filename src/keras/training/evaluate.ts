/** The loss and metrics on given data. */
import { GradloomError } from '../../errors.ts';
import { type Callback, CallbackList, makeLogs, ProgbarLogger } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import type { Feed } from './batches.ts';
import { checkCount } from './data.ts';
import { inOrder, type Read } from './figures.ts';
import { Pacer, type PassOptions, runPass } from './loop.ts';
import { gather, makeFeed, needSteps } from './prepare.ts';
import type { Trainer } from './trainer.ts';
import type { DataTree } from './tree.ts';
import { level, type Verbose } from './verbose.ts';

export interface EvaluateOptions {
  /** Default 32. Not for sources of batches. */
  readonly batchSize?: number;
  readonly sampleWeight?: DataTree;
  /** Batches to look at, when not all of them. */
  readonly steps?: number | null;
  /** 0 silent, 1 progress bar (also `auto`), 2 a line. */
  readonly verbose?: Verbose;
  readonly callbacks?: readonly Callback[];
  /** Figures by name instead of a list. */
  readonly returnDict?: boolean;
  readonly signal?: AbortSignal;
}

export const evaluateOptions: readonly string[] = [
  'batchSize',
  'sampleWeight',
  'steps',
  'verbose',
  'callbacks',
  'returnDict',
  'signal',
];

export async function evaluate(
  model: Model,
  x: unknown,
  y: DataTree | null | undefined,
  o: EvaluateOptions,
): Promise<number | number[] | Record<string, number>> {
  checkOptions('evaluate', o, evaluateOptions);
  const trainer = model.needTrainer('evaluate');
  const steps = o.steps == null ? null : checkCount('evaluate', 'steps', o.steps);
  const given = gather('evaluate', model, trainer, x, y, o.sampleWeight, { ...o, shuffle: false });
  needSteps('evaluate', 'steps', given, steps);
  const n = given.data?.n ?? 0;
  const batchSize = checkCount(
    'evaluate',
    'batchSize',
    o.batchSize ?? (steps === null ? 32 : Math.max(1, Math.ceil(n / steps))),
  );
  const verbose = level('evaluate', o.verbose);
  const pacer = new Pacer('evaluate', o.signal);
  const leave = model.enter('test', 'evaluate');
  let feed: Feed | undefined;
  try {
    feed = await makeFeed(model, trainer, given, {
      method: 'evaluate',
      kind: 'test',
      counted: steps !== null,
      shuffle: false,
      batchSize,
    });
    const count = steps ?? feed.length;
    const bar = new ProgbarLogger();
    bar.begin(count, verbose);
    const callbacks = new CallbackList(o.callbacks ?? [], model, {
      epochs: 1,
      steps: count,
      verbose,
    });
    const figures = await testPass(model, trainer, feed, {
      method: 'evaluate',
      steps: count,
      callbacks,
      pacer,
      bar,
    });
    return o.returnDict ? makeLogs(figures) : inOrder(trainer.entries, figures);
  } finally {
    await feed?.close();
    leave();
  }
}

/** An evaluation with its callbacks: of `evaluate`, and of the validation inside `fit`. */
export async function testPass(
  model: Model,
  trainer: Trainer,
  feed: Feed,
  o: PassOptions & { readonly method: string },
): Promise<Read> {
  await o.callbacks.call('onTestBegin');
  const { figures, steps } = await runPass('test', model, trainer, feed, o);
  if (steps === 0)
    throw new GradloomError(
      'data',
      `${o.method}: the data source gave no batches. A generator is used up after one pass: give the function that makes it.`,
    );
  o.bar?.progress(steps, figures, true);
  await o.callbacks.call('onTestEnd', makeLogs(figures));
  return figures;
}
