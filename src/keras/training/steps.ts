/**
 * A step as one program: the model's `trainStep` or `testStep`, traced, over state that is updated in
 * place. The batch is taken from the whole data set inside the program where that lies on the device,
 * so that a step moves no data through JavaScript.
 */
import type { Backend, DeviceBuffer } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { type Aval, lax, type Value } from '../../graph/index.ts';
import {
  asTensor,
  fromBuffer,
  fromData,
  recordingGraph,
  type StateCell,
  stateScope,
  Tensor,
  type TensorLike,
  type TracedProgram,
  traceToExecutable,
} from '../../tensor/index.ts';
import type { Model } from '../models/model.ts';
import { randomState, setRandomState } from '../random/seeds.ts';
import { Variable } from '../variable.ts';
import type { Figures, Kind, Read } from './figures.ts';
import { flatten, mapLeaves, structure, type TreeOf } from './tree.ts';

/** What a step is given: see `Model.trainStep`. */
export interface StepData<X = Tensor, Y = Tensor, W = Tensor | undefined> {
  readonly x: X;
  /** undefined where there are no targets. */
  readonly y: Y;
  readonly sampleWeight: W;
}

/** Scalars by name: what a step returns for the log. */
export type StepLogs = Record<string, TensorLike>;

export interface Trees {
  readonly x: TreeOf<Tensor | null>;
  readonly y: TreeOf<Tensor | null>;
  readonly weight: TreeOf<Tensor | null>;
}

/** The structure of x, y and sample weights, with the shapes and dtypes of their tensors. */
export class Layout {
  readonly key: string;
  /** The tensors in the order in which a step takes them, each once. */
  readonly tensors: readonly Tensor[];
  readonly #trees: Trees;
  /** Where each leaf of the trees is among them. */
  readonly #places: readonly number[];

  constructor(trees: Trees) {
    this.#trees = trees;
    const { x, y, weight } = trees;
    const leaves = [x, y, weight].flatMap((t) => flatten(t)).filter((t) => t !== null);
    this.tensors = [...new Set(leaves)];
    this.#places = leaves.map((t) => this.tensors.indexOf(t));
    const leaf = (t: Tensor | null): string => (t ? `${t.dtype}[${t.shape.join()}]` : '-');
    this.key = [x, y, weight]
      .map((t) => `${structure(t)} ${flatten(t).map(leaf).join(' ')}`)
      .join(';');
    if (leaves.length > this.tensors.length) this.key += `;${this.#places}`;
  }

  /** What lies in `tensors`, in the same structure. */
  unpack(tensors: readonly Tensor[]): StepData<never, never, never> {
    let i = 0;
    const fill = (tree: TreeOf<Tensor | null>): unknown =>
      tree === null
        ? undefined
        : mapLeaves(tree, (t) => (t === null ? null : tensors[this.#places[i++]]));
    const [x, y, sampleWeight] = [this.#trees.x, this.#trees.y, this.#trees.weight].map(fill);
    return { x, y, sampleWeight } as StepData<never, never, never>;
  }
}

/**
 * Where a step's samples come from: `order` takes the next ones in the epoch's order, `next` the
 * next ones as they lie, `whole` all that is given.
 */
export type Source = 'order' | 'next' | 'whole';

export interface StepSpec {
  readonly kind: Kind;
  readonly layout: Layout;
  /** Samples of one step. */
  readonly batch: number;
  readonly source: Source;
  /** The samples left over at the end of an epoch, whatever the position. */
  readonly tail?: boolean;
}

/** What runs a batch. `data` are the tensors behind the buffers. */
export interface AnyStep {
  /** Whether it can run several times at once, on the next samples each time. */
  readonly repeats: boolean;
  run(buffers: readonly DeviceBuffer[], data: readonly Tensor[], times?: number): void;
  read(): Promise<Read>;
}

export class Step implements AnyStep {
  readonly repeats: boolean;
  readonly #run: TracedProgram['run'];
  readonly #figures: Figures;
  /** Names of what the step itself reports, where that is not the metrics' results. */
  readonly #names: readonly string[];
  readonly #avals: readonly Aval[];
  #last: Tensor[] = [];

  constructor(program: TracedProgram, figures: Figures, names: readonly string[]) {
    this.repeats = program.repeats;
    this.#run = program.run;
    this.#figures = figures;
    this.#names = names;
    this.#avals = program.outputs;
  }

  /** `data` are the buffers of the layout's tensors, and the order if it has one. */
  run(data: readonly DeviceBuffer[], _tensors: readonly Tensor[], times = 1): void {
    const out = this.#run(data, times);
    if (out.length === 0) return;
    for (const t of this.#last) t.dispose();
    this.#last = out.map((b, i) => fromBuffer(b, this.#avals[i]));
  }

  /** The figures after this step. */
  async read(): Promise<Read> {
    if (this.#names.length === 0) return this.#figures.read();
    const out: Read = [];
    for (const [i, name] of this.#names.entries())
      out.push([name, (await this.#last[i].data())[0]]);
    return out;
  }
}

/** What a step reports beside the metrics. */
interface Reported {
  readonly names: readonly string[];
  readonly values: Tensor[];
}

/** A step that is not compiled: its operations run as they are met, and values can be looked at. */
class EagerStep implements AnyStep {
  readonly repeats = false;
  readonly #body: (data: readonly Tensor[]) => Reported;
  readonly #figures: Figures;
  #last: Read | undefined;

  constructor(body: (data: readonly Tensor[]) => Reported, figures: Figures) {
    this.#body = body;
    this.#figures = figures;
  }

  run(_buffers: readonly DeviceBuffer[], data: readonly Tensor[]): void {
    // What is read on the way is still needed for gradients.
    const { names, values } = recordingGraph(() => this.#body(data));
    this.#last = names.length > 0 ? names.map((n, i) => [n, values[i].item()]) : undefined;
  }

  async read(): Promise<Read> {
    return this.#last?.map(([n, v]) => [n, v]) ?? this.#figures.read();
  }
}

/** Steps whose state is known from elsewhere: see resume.ts. */
export interface ExpectedSteps {
  has(key: string): boolean;
  /** Called when the step has been compiled. */
  met(key: string, cells: readonly StateCell[]): void;
}

function cellsKey({ kind, batch, source, tail, layout }: StepSpec): string {
  return `${kind} ${batch} ${source} ${tail ?? false} ${layout.key}`;
}

/** So many shapes of batches are hardly meant. */
const manyPrograms = 32;

export class Stepper {
  readonly #model: Model;
  readonly #figures: Figures;
  readonly #eager: boolean;
  readonly #positions: Readonly<Record<Kind, Variable>> = { train: counter(), test: counter() };
  readonly #cache = new Map<string, AnyStep>();
  #backend: Backend | undefined;
  /** The state that each step reads and changes, in the order in which it was met. */
  readonly #cells = new Map<string, readonly StateCell[]>();
  #expected: ExpectedSteps | undefined;

  /** `eager` runs steps without compiling them. */
  constructor(model: Model, figures: Figures, eager: boolean) {
    this.#model = model;
    this.#figures = figures;
    this.#eager = eager;
  }

  /** What each compiled step reads and changes, by what it was compiled for. */
  get cells(): ReadonlyMap<string, readonly StateCell[]> {
    return this.#cells;
  }
  get eager(): boolean {
    return this.#eager;
  }
  /** Says what is to become of the state of steps that another program compiled. */
  expect(expected: ExpectedSteps | undefined): void {
    this.#expected = expected;
    if (!expected) return;
    for (const [key, cells] of this.#cells) if (expected.has(key)) expected.met(key, cells);
  }

  /** Back to the first batch. */
  rewind(kind: Kind): void {
    this.#positions[kind].write(Int32Array.of(0));
  }

  step(spec: StepSpec): AnyStep {
    const backend = getBackend();
    if (backend !== this.#backend) {
      this.#cache.clear();
      this.#backend = backend;
    }
    const { revision } = this.#model.optimizer;
    const key = `${revision} ${cellsKey(spec)}`;
    let step = this.#cache.get(key);
    if (!step) {
      step = this.#make(spec);
      this.#cache.set(key, step);
      if (this.#cache.size === manyPrograms && !this.#eager)
        console.warn(
          `Model "${this.#model.name}" has compiled ${manyPrograms} steps for batches of different shapes; each shape takes a compilation. Pad batches to a few sizes (keras.utils.padSequences, Dataset.paddedBatch).`,
        );
    }
    return step;
  }

  #make(spec: StepSpec): AnyStep {
    const { kind, layout, source } = spec;
    if (this.#eager) return new EagerStep((data) => this.#body(spec, data), this.#figures);
    const [first] = layout.tensors;
    const order: readonly Aval[] =
      source === 'order' ? [{ shape: [first.shape[0]], dtype: 'int32' }] : [];
    let names: readonly string[] = [];
    const trace = (inputs: Tensor[]): Tensor[] => {
      const made = this.#body(spec, inputs);
      names = made.names;
      return made.values;
    };
    const key = cellsKey(spec);
    const expected = this.#expected?.has(key) ? this.#expected : undefined;
    const before = expected && randomState();
    const program = traceToExecutable(trace, [...layout.tensors, ...order], {
      name: `${this.#model.name}_${kind}`,
    });
    this.#cells.set(key, [...program.changed, ...program.read]);
    if (expected) {
      // What was drawn on the way was drawn when the step was compiled first.
      setRandomState(before!);
      expected.met(key, this.#cells.get(key)!);
    }
    // Metrics that were made on the way count in this kind's state too.
    this.#figures.use(kind);
    return new Step(program, this.#figures, names);
  }

  /** The model's step on a batch out of `inputs`, and what it reports beside the metrics. */
  #body(spec: StepSpec, inputs: readonly Tensor[]): Reported {
    const { kind, layout } = spec;
    const data = inputs.slice(0, layout.tensors.length);
    const batch = layout.unpack(this.#batch(spec, data, inputs[data.length]));
    const step = kind === 'train' ? 'trainStep' : 'testStep';
    const logs: StepLogs | undefined = this.#model[step](batch) ?? undefined;
    if ((logs as unknown) instanceof Promise)
      throw new GradloomError(
        'trace',
        `${step} cannot be async: it is traced once, into the program that runs at every batch.`,
      );
    if (this.#eager) this.#figures.use(kind);
    const names = logs && !this.#areMetrics(logs) ? Object.keys(logs).sort() : [];
    return { names, values: names.map((n) => asScalar(n, asTensor(logs![n]))) };
  }

  /**
   * Whether logs are the results of the model's metrics: then they are read from those, as Keras does
   * where the names are equal. What the step has not counted in any metric is reported as it is.
   */
  #areMetrics(logs: StepLogs): boolean {
    const scope = stateScope();
    const { entries } = this.#figures;
    return (
      entries.length === Object.keys(logs).length &&
      entries.every(
        ({ name, metric }) =>
          Object.hasOwn(logs, name) &&
          metric.built &&
          metric.stateVariables.some((v) => scope?.changes(v) ?? true),
      )
    );
  }

  /** The samples of this step. */
  #batch(
    { kind, batch, source, tail }: StepSpec,
    given: readonly Tensor[],
    order: Tensor,
  ): readonly Tensor[] {
    if (source === 'whole') return given;
    const position = this.#positions[kind];
    const start = tail
      ? lax.scalar(given[0].shape[0] - batch, 'int32')
      : lax.mul(position.tensor.value, lax.scalar(batch, 'int32'));
    if (!tail) position.assign(position.tensor.add(1));
    const zero = lax.scalar(0, 'int32');
    const cut = (v: Value): Value =>
      lax.dynamicSlice(
        v,
        [start, ...v.shape.slice(1).map(() => zero)],
        [batch, ...v.shape.slice(1)],
      );
    if (source === 'next') return given.map((t) => Tensor.of(cut(t.value), t));
    const indices = cut(order.value);
    return given.map((t) => Tensor.of(lax.take(t.value, indices, 0), t));
  }
}

function asScalar(name: string, t: Tensor): Tensor {
  if (t.size === 0)
    throw new GradloomError('trace', `The step returned an empty tensor as "${name}".`, { name });
  const f = t.astype('float32');
  return f.ndim === 0 ? f : f.mean();
}

function counter(): Variable {
  return new Variable(fromData(Int32Array.of(0), []), { name: 'position', trainable: false });
}
