/**
 * The state of a training run between two steps: with it, another process that makes the same model and
 * is given the same data goes on as if it had been the first.
 */
import type { TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sameShape, showShape } from '../../shape.ts';
import { fromData, Tensor } from '../../tensor/index.ts';
import type { Callback } from '../callbacks/index.ts';
import type { Model } from '../models/model.ts';
import { type RandomState, randomState, setRandomState } from '../random/seeds.ts';
import { type NamedArray, readVariable, writeVariable } from '../saving/values.ts';
import { isPlainObject } from '../tree.ts';
import { Variable } from '../variable.ts';
import type { Batch, Feed } from './batches.ts';
import type { Read } from './figures.ts';
import { type DataSource, replay, type SourceProgress } from './source.ts';
import type { Trainer } from './trainer.ts';

export interface RunState {
  readonly version: 1;
  /** The epoch that is running, or comes next. */
  readonly epoch: number;
  /** Steps of it that have been done: 0 between epochs. */
  readonly batch: number;
  /** Whether training was to stop. */
  readonly stop: boolean;
  /** The figures of the last epoch that ended. */
  readonly logs: Read;
  readonly random: RandomState;
  readonly feed: unknown;
  /** How far the source of the validation has been used, and what it remembers. */
  readonly validation: (Readonly<SourceProgress> & { readonly memory: unknown }) | null;
  readonly callbacks: readonly { readonly name: string; readonly state: unknown }[];
  /** The variables that there are, each once. */
  readonly cells: readonly (NamedArray & { readonly path: string })[];
  /** Which of them are the model's and the optimizer's, in order. */
  readonly model: readonly number[];
  readonly optimizer: readonly number[];
  /** Which of them each compiled step uses; -1 for what begins anew. */
  readonly steps: readonly { readonly key: string; readonly cells: readonly number[] }[];
}

/** What a run consists of. */
export interface Run {
  readonly model: Model;
  readonly trainer: Trainer;
  readonly feed: Feed;
  readonly validation: DataSource | undefined;
  readonly callbacks: readonly Callback[];
}

/** Where in the run it is. */
export interface Place {
  readonly epoch: number;
  readonly batch: number;
  readonly logs: Read;
}

const own = (model: Model): readonly Variable[] => [...model.weights, ...model.states];

/** Between two steps, when all callbacks have seen the last. */
export async function captureRun(run: Run, place: Place): Promise<RunState> {
  const { model, trainer, feed } = run;
  const [training, testing] = [trainer.figures.cells('train'), trainer.figures.cells('test')];
  const numbers = new Map<Variable, number>();
  const numberOf = (v: unknown): number => {
    // Metrics begin anew with the next epoch, and with every validation.
    if (!(v instanceof Variable)) return -1;
    if (training.has(v) ? place.batch === 0 : testing.has(v)) return -1;
    const n = numbers.get(v) ?? numbers.size;
    numbers.set(v, n);
    return n;
  };
  const lists = {
    model: own(model).map(numberOf),
    optimizer: trainer.optimizer.variables.map(numberOf),
    steps: [...trainer.stepper.cells].map(([key, c]) => ({ key, cells: c.map(numberOf) })),
  };
  const cells: (NamedArray & { path: string })[] = [];
  for (const v of numbers.keys()) cells.push({ path: v.path, ...(await readVariable(v)) });
  const callbacks: { name: string; state: unknown }[] = [];
  for (const c of run.callbacks) {
    const state = await c.getState();
    if (state !== undefined)
      callbacks.push({ name: c.constructor.name, state: await copied(state) });
  }
  return {
    version: 1,
    ...place,
    stop: model.stopTraining,
    random: randomState(),
    feed: feed.state(),
    validation: run.validation
      ? { ...run.validation.progress, memory: run.validation.memory?.get() ?? null }
      : null,
    callbacks,
    cells,
    ...lists,
  };
}

/** The same in memory of its own, tensors on the host: what it was made of goes on changing. */
async function copied(x: unknown): Promise<unknown> {
  if (x instanceof Tensor)
    return fromData((await x.data()).slice() as TypedArray, x.shape, x.dtype);
  if (Array.isArray(x)) {
    const out: unknown[] = [];
    for (const e of x) out.push(await copied(e));
    return out;
  }
  if (!isPlainObject(x)) return x;
  const fields: [string, unknown][] = [];
  for (const [k, v] of Object.entries(x)) fields.push([k, await copied(v)]);
  return Object.fromEntries(fields);
}

/**
 * Brings a run that has just begun to where another was. Resolves with the last batch that was run, in
 * the middle of an epoch.
 *
 * @throws GradloomError `backup` when it is another model, or other data
 */
export async function restoreRun(run: Run, s: RunState): Promise<Batch | undefined> {
  const { model, trainer, feed } = run;
  const cells = new Cells(s);
  checkModel(own(model), s.model, s, model.name);
  // What the first step builds is not there yet; it is found by the step.
  if (trainer.optimizer.built)
    checkModel(trainer.optimizer.variables, s.optimizer, s, trainer.optimizer.name);
  const steps = new Map(s.steps.map((t) => [t.key, t.cells]));
  trainer.stepper.expect({
    has: (key) => steps.has(key),
    met: (key, met) => cells.bind(met, steps.get(key)!),
  });
  const last = await feed.resume(s.feed);
  // Again for all: the feed has begun an iteration, and with it what it counts.
  cells.again();
  cells.bind(own(model), s.model);
  if (trainer.optimizer.built) cells.bind(trainer.optimizer.variables, s.optimizer);
  if (s.validation && run.validation) {
    const { opened, ended, memory } = s.validation;
    await replay(run.validation, opened, ended);
    if (memory !== null) run.validation.memory?.set(memory);
  }
  await restoreCallbacks(run.callbacks, s.callbacks);
  setRandomState(s.random);
  model.stopTraining = s.stop;
  return last;
}

/** Values for variables, each of which gets its own once. */
class Cells {
  readonly #values: RunState['cells'];
  readonly #bound = new Map<number, Variable>();

  constructor(s: RunState) {
    this.#values = s.cells;
  }

  bind(variables: readonly unknown[], numbers: readonly number[]): void {
    numbers.forEach((n, i) => {
      const v = variables[i];
      if (n < 0 || this.#bound.has(n) || !(v instanceof Variable)) return;
      if (!fits(v, this.#values[n])) throw another(`step`, [difference(v, this.#values[n])]);
      this.#bound.set(n, v);
      writeVariable(v, this.#values[n]);
    });
  }

  again(): void {
    for (const [n, v] of this.#bound) writeVariable(v, this.#values[n]);
  }
}

const fits = (v: Variable, a: NamedArray | undefined): boolean =>
  a !== undefined && v.dtype === a.dtype && sameShape(v.shape, a.shape);

function difference(
  v: Variable | undefined,
  a: (NamedArray & { path: string }) | undefined,
): string {
  const show = (x: Variable | (NamedArray & { path: string }) | undefined): string =>
    x ? `${x.path} ${x.dtype} ${showShape(x.shape)}` : 'nothing';
  return `${show(a)} in the backup, ${show(v)} now`;
}

function another(what: string, differences: readonly string[]): GradloomError {
  return new GradloomError(
    'backup',
    `The backup was made by another ${what}: ${differences.join('; ')}. Train the same model, or delete the backup to begin anew.`,
    { differences },
  );
}

function checkModel(
  variables: readonly Variable[],
  numbers: readonly number[],
  s: RunState,
  name: string,
): void {
  const wrong: string[] = [];
  for (let i = 0; i < Math.max(variables.length, numbers.length); i++) {
    const [v, a] = [variables[i], s.cells[numbers[i]]];
    if (!v || !fits(v, a)) wrong.push(difference(v, a));
  }
  if (wrong.length > 0) throw another(`model or optimizer than "${name}"`, wrong);
}

async function restoreCallbacks(
  callbacks: readonly Callback[],
  saved: RunState['callbacks'],
): Promise<void> {
  const rest = [...saved];
  for (const c of callbacks) {
    const at = rest.findIndex((r) => r.name === c.constructor.name);
    if (at >= 0) await c.setState(rest.splice(at, 1)[0].state);
  }
  if (rest.length > 0)
    console.warn(
      `fit: the backup holds the state of callbacks that are not there any more: ${rest.map((r) => r.name).join(', ')}.`,
    );
}
