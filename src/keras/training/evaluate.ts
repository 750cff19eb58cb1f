/** The loss and metrics on given data. */
import type { TensorLike } from '../../tensor/index.ts';
import { type Callback, CallbackList, makeLogs, ProgbarLogger } from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import { checkCount, checkTargets, makeData } from './data.ts';
import { inOrder } from './figures.ts';
import { Pacer, runPass } from './loop.ts';
import { level, type Verbose } from './verbose.ts';

export interface EvaluateOptions {
  /** Default 32. */
  readonly batchSize?: number;
  readonly sampleWeight?: TensorLike | null;
  /** 0 silent, 1 progress bar (also `auto`), 2 a line. */
  readonly verbose?: Verbose;
  readonly callbacks?: readonly Callback[];
  /** Figures by name instead of a list. */
  readonly returnDict?: boolean;
  readonly signal?: AbortSignal;
}

const evaluateOptions: readonly string[] = [
  'batchSize',
  'sampleWeight',
  'verbose',
  'callbacks',
  'returnDict',
  'signal',
];

export async function evaluate(
  model: Model,
  x: TensorLike,
  y: TensorLike,
  o: EvaluateOptions,
): Promise<number | number[] | Record<string, number>> {
  checkOptions('evaluate', o, evaluateOptions);
  const data = makeData('evaluate', x, y, o.sampleWeight);
  const batch = Math.min(data.n, checkCount('evaluate', 'batchSize', o.batchSize ?? 32));
  const verbose = level('evaluate', o.verbose);
  const pacer = new Pacer('evaluate', o.signal);
  const c = model.prepare('evaluate', data.x, data.y);
  await checkTargets('evaluate', model, c, data);
  const steps = Math.ceil(data.n / batch);
  const bar = new ProgbarLogger();
  bar.begin(steps, verbose);
  const callbacks = new CallbackList(o.callbacks ?? [], model, { epochs: 1, steps, verbose });
  const leave = model.enter('test', 'evaluate');
  try {
    await callbacks.call('onTestBegin');
    const figures = await runPass('test', model, c, data, { batch, steps, callbacks, pacer, bar });
    bar.progress(steps, figures, true);
    await callbacks.call('onTestEnd', makeLogs(figures));
    return o.returnDict ? makeLogs(figures) : inOrder(c.test, figures);
  } finally {
    leave();
  }
}
