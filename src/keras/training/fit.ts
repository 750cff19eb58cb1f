/** The training loop and evaluation. */
import type { DeviceBuffer } from '../../backends/backend.ts';
import { GradloomError } from '../../errors.ts';
import { bufferOf, fromData, type Tensor, type TensorLike } from '../../tensor/index.ts';
import {
  type Callback,
  CallbackList,
  History,
  type Logs,
  makeLogs,
  ProgbarLogger,
} from '../callbacks/index.ts';
import { checkOptions } from '../identifiers.ts';
import { SparseCategoricalCrossentropy } from '../losses/index.ts';
import { type Compiled, inOrder, type Model } from '../models/model.ts';
import { drawPermutation } from '../random/index.ts';
import {
  checkCount,
  checkLabels,
  classWeights,
  type Data,
  makeData,
  takeRows,
  warnNonFinite,
} from './data.ts';
import type { Figures } from './figures.ts';

export type Verbose = 'auto' | 0 | 1 | 2 | boolean;

export interface FitOptions {
  readonly epochs?: number;
  readonly batchSize?: number;
  /** [x, y] or [x, y, sampleWeight]. */
  readonly validationData?: readonly [TensorLike, TensorLike, TensorLike?] | null;
  /** Share of the samples, from the end, to validate on. */
  readonly validationSplit?: number;
  readonly validationBatchSize?: number | null;
  /** Validate every so many epochs. */
  readonly validationFreq?: number;
  readonly shuffle?: boolean;
  /** Weights of classes; those not named weigh 1. */
  readonly classWeight?: Readonly<Record<number, number>> | null;
  readonly sampleWeight?: TensorLike | null;
  readonly callbacks?: readonly Callback[];
  readonly initialEpoch?: number;
  /** Batches of an epoch, when not all of them. */
  readonly stepsPerEpoch?: number | null;
  /** 0 silent, 1 progress bar, 2 a line an epoch. */
  readonly verbose?: Verbose;
  readonly signal?: AbortSignal;
}

const fitOptions = [
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

const level = (v: Verbose | undefined): 0 | 1 | 2 =>
  v === undefined || v === 'auto' || v === true ? 1 : v === false ? 0 : v;

/** How long a stretch of steps may keep the event loop waiting, in milliseconds. */
const stretch = 50;

export async function fit(
  model: Model,
  x: TensorLike,
  y: TensorLike,
  o: FitOptions,
): Promise<History> {
  checkOptions('fit', o, fitOptions);
  const epochs = checkCount('fit', 'epochs', o.epochs ?? 1);
  const batch = checkCount('fit', 'batchSize', o.batchSize ?? 32);
  const initialEpoch = checkCount('fit', 'initialEpoch', o.initialEpoch ?? 0, 0);
  const verbose = level(o.verbose);
  throwIfAborted(o.signal);
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
  if (split > 0 && !validation) {
    const at = Math.floor(data.n * (1 - split));
    if (at === 0 || at === data.n) {
      throw new GradloomError(
        'data',
        `fit: validationSplit ${split} of ${data.n} samples leaves ${at === 0 ? 'nothing to train on' : 'nothing to validate on'}.`,
        { validationSplit: split, samples: data.n },
      );
    }
    [data, validation] = [takeRows(data, 0, at), takeRows(data, at, data.n)];
  }
  const c = model.prepare('fit', data.x, data.y);
  await checkTargets('fit', model, c, data);
  if (validation) {
    model.prepareInputs('fit (validationData)', validation.x);
    await checkTargets('fit (validationData)', model, c, validation);
  }
  await warnNonFinite('fit', 'x', data.x);
  if (o.classWeight) data = { ...data, weight: await classWeights('fit', data.y!, o.classWeight) };

  const whole = Math.ceil(data.n / batch);
  const steps =
    o.stepsPerEpoch == null
      ? whole
      : Math.min(whole, checkCount('fit', 'stepsPerEpoch', o.stepsPerEpoch));
  const history = new History();
  const bar = new ProgbarLogger();
  const callbacks = new CallbackList([...(o.callbacks ?? []), history, bar], model, {
    epochs,
    steps,
    verbose,
  });
  const loop = new Epochs(model, c, data, batch, steps, callbacks, bar, o.signal);
  model.stopTraining = false;
  try {
    await callbacks.call('onTrainBegin');
    let logs: Logs = {};
    for (let epoch = initialEpoch; epoch < epochs; epoch++) {
      await callbacks.call('onEpochBegin', epoch);
      const order =
        o.shuffle === false
          ? Int32Array.from({ length: data.n }, (_, i) => i)
          : drawPermutation(data.n);
      const figures = await loop.run(order);
      if (validation && (epoch + 1) % (o.validationFreq ?? 1) === 0) {
        await callbacks.call('onTestBegin');
        const v = await testPass(c, validation, o.validationBatchSize ?? batch, o.signal);
        figures.push(...v.map(([k, n]): [string, number] => [`val_${k}`, n]));
        await callbacks.call('onTestEnd', makeLogs(v));
      }
      logs = makeLogs(figures);
      bar.progress(steps, figures, true);
      await callbacks.call('onEpochEnd', epoch, logs);
      if (model.stopTraining) break;
    }
    c.optimizer.finalize(model.trainableWeights);
    await callbacks.call('onTrainEnd', logs);
  } finally {
    loop.free();
    model.settle();
  }
  return history;
}

async function checkTargets(method: string, model: Model, c: Compiled, d: Data): Promise<void> {
  if (!(c.loss instanceof SparseCategoricalCrossentropy) || !d.y) return;
  const shape = model.outputShape!;
  const last = d.y.shape[d.y.ndim - 1];
  // One-hot targets get their own message from the loss itself.
  if (d.y.ndim === shape.length && last !== 1) return;
  await checkLabels(
    method,
    d.y,
    shape[shape.length - 1] as number,
    c.loss.getConfig().ignoreClass as number | null,
  );
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new GradloomError(
      'aborted',
      'fit was aborted; the weights hold the last whole step.',
      {},
      { cause: signal.reason },
    );
  }
}

/** Lets timers, input and AbortSignals have their turn. */
function turn(): Promise<void> {
  const g = globalThis as { setImmediate?: (f: () => void) => void };
  return new Promise((done) => (g.setImmediate ? g.setImmediate(done) : setTimeout(done, 0)));
}

function inputsOf(d: Data): DeviceBuffer[] {
  return [d.x, d.y!, ...(d.weight ? [d.weight] : [])].map((t) => bufferOf(t));
}

class Epochs {
  readonly #model: Model;
  readonly #c: Compiled;
  readonly #data: Data;
  readonly #batch: number;
  readonly #steps: number;
  readonly #callbacks: CallbackList;
  readonly #bar: ProgbarLogger;
  readonly #signal: AbortSignal | undefined;
  #order: Tensor | undefined;
  #warned = false;

  constructor(
    model: Model,
    c: Compiled,
    data: Data,
    batch: number,
    steps: number,
    callbacks: CallbackList,
    bar: ProgbarLogger,
    signal: AbortSignal | undefined,
  ) {
    this.#model = model;
    this.#c = c;
    this.#data = data;
    this.#batch = batch;
    this.#steps = steps;
    this.#callbacks = callbacks;
    this.#bar = bar;
    this.#signal = signal;
  }

  free(): void {
    this.#order?.dispose();
  }

  /** One epoch in this order of the samples; its figures. */
  async run(order: Int32Array): Promise<[string, number][]> {
    const { stepper, train } = this.#c;
    const { n, x, y, weight } = this.#data;
    this.free();
    this.#order = fromData(order, [n], 'int32');
    train.reset();
    stepper.position.write(Int32Array.of(0));
    const inputs = [...inputsOf(this.#data), bufferOf(this.#order)];
    const spec = { kind: 'train' as const, x, y: y!, weight, gather: true };
    const full = Math.min(this.#batch, n);
    const step = stepper.step({ ...spec, batch: full }, train);
    const rest = n % full;
    const watched =
      this.#callbacks.has('onTrainBatchBegin') || this.#callbacks.has('onTrainBatchEnd');

    let last = performance.now();
    for (let i = 0; i < this.#steps; i++) {
      if (watched) await this.#callbacks.call('onTrainBatchBegin', i);
      if (rest > 0 && (i + 1) * full > n) await this.#partial(inputs, rest, i * full, order);
      else step.run(inputs);
      if (i === 0) this.#bar.firstStepDone();
      if (watched) {
        await this.#callbacks.call('onTrainBatchEnd', i, makeLogs(await train.read()));
        if (this.#model.stopTraining) break;
      }
      const now = performance.now();
      if (now - last < stretch) continue;
      if (this.#bar.live) this.#bar.progress(i + 1, await this.#figures(train));
      await turn();
      throwIfAborted(this.#signal);
      last = performance.now();
    }
    throwIfAborted(this.#signal);
    return this.#figures(train);
  }

  /** The last batch, when the samples do not divide evenly: the end of the order, as a batch of its own. */
  async #partial(
    inputs: readonly DeviceBuffer[],
    rest: number,
    from: number,
    order: Int32Array,
  ): Promise<void> {
    const { stepper, train } = this.#c;
    const { x, y, weight, n } = this.#data;
    // The step multiplies its position by its own batch, so the tail goes to the front of an order.
    const tail = new Int32Array(n);
    tail.set(order.subarray(from, from + rest));
    const t = fromData(tail, [n], 'int32');
    stepper.position.write(Int32Array.of(0));
    stepper
      .step({ kind: 'train', batch: rest, x, y: y!, weight, gather: true }, train)
      .run([...inputs.slice(0, -1), bufferOf(t)]);
    t.dispose();
  }

  async #figures(train: Figures): Promise<[string, number][]> {
    const figures = await train.read();
    const loss = figures.find(([k]) => k === 'loss')?.[1];
    if (!this.#warned && loss !== undefined && !Number.isFinite(loss)) {
      this.#warned = true;
      console.warn(
        `fit: the loss has become ${loss}. Lower the learning rate, check the data for NaN, or add keras.callbacks.terminateOnNaN() to stop when this happens.`,
      );
    }
    return figures;
  }
}

async function testPass(
  c: Compiled,
  data: Data,
  batchSize: number,
  signal?: AbortSignal,
  bar?: ProgbarLogger,
): Promise<[string, number][]> {
  const { stepper, test } = c;
  const { n, x, y, weight } = data;
  const batch = Math.min(n, checkCount('evaluate', 'validationBatchSize', batchSize));
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const orderTensor = fromData(order, [n], 'int32');
  const inputs = [...inputsOf(data), bufferOf(orderTensor)];
  test.reset();
  stepper.position.write(Int32Array.of(0));
  const spec = { kind: 'test' as const, x, y: y!, weight, gather: true };
  const step = stepper.step({ ...spec, batch }, test);
  const whole = Math.floor(n / batch);
  let last = performance.now();
  for (let i = 0; i < whole; i++) {
    step.run(inputs);
    if (performance.now() - last < stretch) continue;
    if (bar?.live) bar.progress(i + 1, await test.read());
    await turn();
    throwIfAborted(signal);
    last = performance.now();
  }
  const rest = n % batch;
  if (rest > 0) {
    const tail = new Int32Array(n);
    tail.set(order.subarray(n - rest));
    const t = fromData(tail, [n], 'int32');
    stepper.position.write(Int32Array.of(0));
    stepper.step({ ...spec, batch: rest }, test).run([...inputs.slice(0, -1), bufferOf(t)]);
    t.dispose();
  }
  orderTensor.dispose();
  return test.read();
}

export interface EvaluateOptions {
  readonly batchSize?: number;
  readonly sampleWeight?: TensorLike | null;
  readonly verbose?: Verbose;
  readonly returnDict?: boolean;
  readonly signal?: AbortSignal;
}

export async function evaluate(
  model: Model,
  x: TensorLike,
  y: TensorLike,
  o: EvaluateOptions,
): Promise<number | number[] | Record<string, number>> {
  checkOptions('evaluate', o, ['batchSize', 'sampleWeight', 'verbose', 'returnDict', 'signal']);
  const batch = checkCount('evaluate', 'batchSize', o.batchSize ?? 32);
  const data = makeData('evaluate', x, y, o.sampleWeight);
  const c = model.prepare('evaluate', data.x, data.y);
  await checkTargets('evaluate', model, c, data);
  const steps = Math.ceil(data.n / batch);
  const bar = new ProgbarLogger();
  bar.begin(steps, level(o.verbose));
  try {
    const figures = await testPass(c, data, batch, o.signal, bar);
    bar.progress(steps, figures, true);
    return o.returnDict ? makeLogs(figures) : inOrder(c.test, figures);
  } finally {
    model.settle();
  }
}
