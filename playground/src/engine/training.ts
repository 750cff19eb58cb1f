/** Training on MNIST: one network at a time, stopped and gone on with at will. */
import { getBackend, type Tensor, tensor } from 'gradloom';
import * as keras from 'gradloom/keras';
import { buildNetwork, compileNetwork, type LearningOptions } from '../model/build.ts';
import type { NetworkSpec } from '../model/spec.ts';
import { takeWeights } from '../model/weights-file.ts';
import { findMistakes } from './mistakes.ts';
import { loadMnist, type Mnist } from './mnist.ts';
import type { Emit, Examination, TrainOptions, TrainResult } from './protocol.ts';

interface Session {
  readonly model: keras.Sequential;
  readonly spec: NetworkSpec;
  readonly learning: LearningOptions;
  readonly key: string;
  epochs: number;
}

let session: Session | undefined;
let stopper: AbortController | undefined;
let held: { readonly samples: number; readonly x: Tensor; readonly y: Tensor } | undefined;
let test: { readonly x: Tensor; readonly y: Tensor } | undefined;

const images = (data: Uint8Array): Tensor => tensor(data, { shape: [data.length / 784, 28, 28] });

function trainingData(mnist: Mnist, samples: number): { readonly x: Tensor; readonly y: Tensor } {
  if (held?.samples !== samples) {
    held?.x.dispose();
    held?.y.dispose();
    const x = images(mnist.trainImages.subarray(0, samples * 784));
    held = { samples, x, y: tensor(mnist.trainLabels.subarray(0, samples)) };
  }
  return held;
}

function testData(mnist: Mnist): { readonly x: Tensor; readonly y: Tensor } {
  test ??= { x: images(mnist.testImages), y: tensor(mnist.testLabels) };
  return test;
}

function sessionFor(o: TrainOptions): Session {
  const key = JSON.stringify([o.spec, o.optimizer, o.learningRate]);
  if (o.resume && session?.key === key) return session;
  const { spec, optimizer, learningRate } = o;
  const learning = { optimizer, learningRate };
  session = { model: makeModel(spec, learning), spec, learning, key, epochs: 0 };
  return session;
}

function makeModel(spec: NetworkSpec, learning: LearningOptions): keras.Sequential {
  const model = buildNetwork(spec);
  compileNetwork(model, learning);
  return model;
}

const stateOf = (m: keras.Sequential): readonly keras.Variable[] => [
  ...m.weights,
  ...m.optimizer.variables,
];

/**
 * Changes the backend and takes the network along, the optimizer's memory and all. By way of the host:
 * what lies on a graphics card can only be read by waiting for it.
 */
export async function changeBackend<T>(change: () => Promise<T>): Promise<T> {
  const state = session && stateOf(session.model);
  const values = state && (await Promise.all(state.map((v) => v.tensor.data())));
  for (const t of [held?.x, held?.y, test?.x, test?.y]) t?.dispose();
  held = undefined;
  test = undefined;
  const result = await change();
  if (session && values) {
    const model = makeModel(session.spec, session.learning);
    model.optimizer.build(model.trainableWeights);
    const state = stateOf(model);
    values.forEach((data, i) => {
      state[i].assign(tensor(data, { shape: [...state[i].shape] }));
    });
    session = { ...session, model };
  }
  return result;
}

/** Tells the page how an epoch goes and how it went. */
class Reporter extends keras.callbacks.Callback {
  readonly #emit: Emit;
  readonly #samples: number;
  readonly #session: Session;
  #epoch = 0;
  #began = 0;
  #seconds = 0;

  constructor(emit: Emit, samples: number, s: Session) {
    super();
    this.#emit = emit;
    this.#samples = samples;
    this.#session = s;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
    this.#began = performance.now();
  }

  /** Called by the training loop now and then, not at every batch. */
  watch(batch: number, logs: keras.callbacks.Logs): void {
    const share = (batch + 1) / (this.params.steps ?? 1);
    const seconds = (performance.now() - this.#began) / 1000;
    this.#emit('progress', {
      epoch: this.#epoch,
      share,
      loss: logs.loss,
      accuracy: logs.accuracy,
      speed: (share * this.#samples) / seconds,
    });
  }

  override onTestBegin(): void {
    this.#seconds = (performance.now() - this.#began) / 1000;
  }

  override async onEpochEnd(epoch: number, logs?: keras.callbacks.Logs): Promise<void> {
    const s = this.#session;
    s.epochs = epoch + 1;
    const { loss, accuracy, valLoss, valAccuracy } = logs!;
    const weights = await takeWeights(s.model, s.spec);
    const seconds = this.#seconds;
    this.#emit('epoch', { epoch, seconds, loss, accuracy, valLoss, valAccuracy, weights });
  }
}

export async function train(o: TrainOptions, emit: Emit): Promise<TrainResult> {
  if (stopper) throw new Error('A training is running already.');
  stopper = new AbortController();
  const { signal } = stopper;
  try {
    const mnist = await loadMnist(o.data, (share) => emit('loading', { share }));
    const s = sessionFor(o);
    const data = trainingData(mnist, o.samples);
    const check = testData(mnist);
    let stopped = false;
    try {
      await s.model.fit(data.x, data.y, {
        initialEpoch: s.epochs,
        epochs: s.epochs + o.epochs,
        batchSize: o.batchSize,
        validationData: [check.x, check.y],
        validationBatchSize: 500,
        callbacks: [new Reporter(emit, o.samples, s)],
        verbose: 0,
        signal,
      });
    } catch (error) {
      if ((error as { code?: string }).code !== 'aborted') throw error;
      stopped = true;
    }
    const weights = await takeWeights(s.model, o.spec);
    const { threads = 1 } = getBackend() as { threads?: number };
    return { stopped, epochs: s.epochs, weights, threads };
  } finally {
    stopper = undefined;
  }
}

/** Ends the training after the step that is running; the network stays for going on. */
export function stop(): Record<string, never> {
  stopper?.abort();
  return {};
}

function needSession(): Session {
  if (!session) throw new Error('No network has been trained yet.');
  return session;
}

/** All test images put to the network. */
export async function examine(): Promise<Examination> {
  const { model } = needSession();
  const mnist = await loadMnist('', () => {});
  const { x } = testData(mnist);
  const y = (await model.predict(x, { batchSize: 500, verbose: 0 })) as Tensor;
  const probabilities = (await y.data()) as Float32Array;
  y.dispose();
  return findMistakes(probabilities, mnist.testLabels, mnist.testImages);
}
