/** The worker's part of the second page: single neurons, and small networks on points in the plane. */
import { type Tensor, tensor } from 'gradloom';
import * as keras from 'gradloom/keras';
import { useOneThread } from '../engine/backends.ts';
import type { Emit } from '../engine/protocol.ts';
import { type Fit, measure } from './measure.ts';
import {
  extent,
  type NeuronAnswer,
  type NeuronQuestion,
  planeSide,
  type ToyFrame,
  type ToyNetwork,
  type ToyTask,
} from './protocol.ts';

const planeCount = planeSide * planeSide;

/** The middles of the picture's points, from the top left. */
function planePlaces(): Float32Array {
  const places = new Float32Array(planeCount * 2);
  const at = (i: number): number => ((i + 0.5) / planeSide - 0.5) * 2 * extent;
  for (let i = 0; i < planeCount; i++) {
    places[i * 2] = at(i % planeSide);
    places[i * 2 + 1] = -at(Math.floor(i / planeSide));
  }
  return places;
}

const plane = planePlaces();
const line = Float32Array.from({ length: 101 }, (_, i) => (i - 50) / 10);

async function read(t: Tensor): Promise<Float32Array> {
  const data = Float32Array.from((await t.data()) as Float32Array);
  t.dispose();
  return data;
}

/** What one neuron says everywhere in the plane, and the shape of its activation. */
export async function neuron(q: NeuronQuestion): Promise<NeuronAnswer> {
  await useOneThread();
  const places = tensor(plane, { shape: [planeCount, 2] });
  const weights = tensor([[q.weights[0]], [q.weights[1]]]);
  const activate = (z: Tensor): Tensor =>
    q.activation === 'step' ? z.gt(0).astype('float32') : keras.activations[q.activation](z);
  const sum = places.matmul(weights).add(q.bias);
  return { plane: await read(activate(sum)), curve: await read(activate(tensor(line))) };
}

interface Session {
  readonly model: keras.Sequential;
  /** All layers' outputs at once. */
  readonly probe: keras.Model;
  readonly hidden: readonly number[];
  epoch: number;
}

function build(n: ToyNetwork): Session {
  keras.utils.setRandomSeed(n.seed);
  const { layers } = keras;
  const stack: keras.Layer[] = [];
  const shown: keras.Layer[] = [];
  const kernelRegularizer = n.l2 > 0 ? keras.regularizers.l2(n.l2) : undefined;
  for (const units of n.hidden) {
    const layer = layers.dense(units, { activation: n.activation, kernelRegularizer });
    stack.push(layer);
    shown.push(layer);
    if (n.dropout > 0) stack.push(layers.dropout(n.dropout));
  }
  const last = layers.dense(1, { activation: 'sigmoid', kernelRegularizer });
  const model = keras.sequential([keras.input({ shape: [2] }), ...stack, last]);
  model.compile({
    optimizer: keras.optimizers.adam({ learningRate: n.learningRate }),
    loss: 'binaryCrossentropy',
  });
  const outputs = [...shown, last].map((l) => l.output as keras.KerasTensor);
  const probe = new keras.Model({ inputs: model.inputs, outputs });
  return { model, probe, hidden: n.hidden, epoch: 0 };
}

let session: Session | undefined;
let stopper: AbortController | undefined;
let stopped = 0;

/** How the network stands: its answers everywhere, and on both sets of points. */
async function look(s: Session, task: ToyTask): Promise<ToyFrame> {
  const [a, b] = [task.train.classes.length, task.test.classes.length];
  const all = new Float32Array((planeCount + a + b) * 2);
  all.set(plane);
  all.set(task.train.places, planeCount * 2);
  all.set(task.test.places, (planeCount + a) * 2);
  const x = tensor(all, { shape: [planeCount + a + b, 2] });
  const given = await s.probe.predictOnBatch(x);
  x.dispose();
  const tensors = (Array.isArray(given) ? given : [given]) as Tensor[];
  const outputs = await Promise.all(tensors.map(read));
  const said = outputs[outputs.length - 1];
  const train: Fit = measure(said, task.train.classes, planeCount);
  const test: Fit = measure(said, task.test.classes, planeCount + a);
  const units = s.hidden.map((n, layer) =>
    Array.from({ length: n }, (_, u) =>
      Float32Array.from({ length: planeCount }, (_, i) => outputs[layer][i * n + u]),
    ),
  );
  return {
    ticket: task.ticket,
    epoch: s.epoch,
    train,
    test,
    plane: said.slice(0, planeCount),
    units,
  };
}

/** Time between two pictures, and the least time an epoch takes: it is there to be watched. */
const frameEvery = 50;
const epochTakes = 6;

class Painter extends keras.callbacks.Callback {
  readonly #show: () => Promise<void>;
  readonly #session: Session;
  #painted = 0;
  #began = performance.now();

  constructor(s: Session, show: () => Promise<void>) {
    super();
    this.#session = s;
    this.#show = show;
  }

  override async onEpochEnd(): Promise<void> {
    this.#session.epoch++;
    if (performance.now() - this.#painted > frameEvery) {
      await this.#show();
      this.#painted = performance.now();
    }
    const spare = epochTakes - (performance.now() - this.#began);
    if (spare > 1) await new Promise((done) => setTimeout(done, spare));
    this.#began = performance.now();
  }
}

/** Shows the network; trains it until it is stopped, if asked to. */
export async function toy(task: ToyTask, emit: Emit): Promise<Record<string, never>> {
  await useOneThread();
  stopper = new AbortController();
  const { signal } = stopper;
  if (task.fresh || !session) session = build(task.network);
  const s = session;
  const show = async (): Promise<void> => emit('frame', await look(s, task));
  await show();
  if (!task.run || signal.aborted || task.ticket <= stopped) return {};
  const { places, classes } = task.train;
  try {
    await s.model.fit(
      tensor(places, { shape: [classes.length, 2] }),
      tensor(classes, { shape: [classes.length, 1] }),
      {
        initialEpoch: s.epoch,
        epochs: s.epoch + 100_000,
        batchSize: 16,
        callbacks: [new Painter(s, show)],
        verbose: 0,
        signal,
      },
    );
  } catch (error) {
    if ((error as { code?: string }).code !== 'aborted') throw error;
    await show();
  }
  return {};
}

export function stopToy(p: { readonly upTo: number }): Record<string, never> {
  stopped = p.upTo;
  stopper?.abort();
  return {};
}
