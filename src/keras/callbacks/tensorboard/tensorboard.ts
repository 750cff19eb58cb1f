/** TensorBoard: the figures of training in event files, by Keras's names. */
import type { Variable } from '../../variable.ts';
import { Callback, figuresOf, type Logs } from '../callback.ts';
import { currentLearningRate } from '../learning-rate.ts';
import type { EventWriter } from './event-writer.node.ts';
import { type TensorBoardOptions, tensorBoardOptions } from './options.ts';

type Folder = 'train' | 'validation';

/**
 * Writes what `tensorboard --logdir logs` shows: in `logs/train` the curves `epoch_loss`,
 * `epoch_learning_rate`, … over epochs, `batch_loss`, … over batches if asked for, the graph of layers,
 * histograms (and pictures) of weights; in `logs/validation` the same figures of validation, and
 * `evaluation_loss_vs_iterations`, … . Every training writes files of its own. In Node only.
 */
export class TensorBoard extends Callback {
  readonly options: ReturnType<typeof tensorBoardOptions>;
  #writers = new Map<Folder, EventWriter>();
  /** Batches of this training, counted from 1 as Keras does. */
  #batches = 0;
  #batchBegan = 0;
  #epochBegan = 0;
  #stepsBefore = 0;

  /** Throws `callback`, `range`, `unknown-option`; in a browser `node-only`. */
  constructor(logDir: string | TensorBoardOptions = {}, more: TensorBoardOptions = {}) {
    super();
    this.options = tensorBoardOptions(typeof logDir === 'string' ? { ...more, logDir } : logDir);
    const { updateFreq } = this.options;
    if (updateFreq === 'epoch') return;
    // Only then: a callback that has these makes training stop to read its figures.
    this.onTrainBatchBegin = () => {
      this.#batches++;
      this.#batchBegan = performance.now();
    };
    this.onTrainBatchEnd = (_, logs) => this.#writeBatch(logs ?? {});
    this.readsBatch = () => this.#batches % updateFreq === 0;
  }

  /** Throws `file-unwritable`, as all of them. */
  override async onTrainBegin(): Promise<void> {
    this.#batches = 0;
    this.#stepsBefore = 0;
    this.#writers = new Map();
    if (this.options.writeGraph) await this.#writeGraph();
    // A folder that cannot be written is found out before training.
    await this.#flush();
    if (this.options.embeddingsFreq > 0) {
      const { configureProjector } = await import('./embeddings.node.ts');
      await configureProjector(this.model, this.options);
    }
  }

  override getState(): unknown {
    return this.#batches;
  }
  override async setState(batches: unknown): Promise<void> {
    this.#batches = batches as number;
    await this.onEpochBegin();
  }

  override async onEpochBegin(): Promise<void> {
    if (!this.options.writeStepsPerSecond) return;
    this.#stepsBefore = await this.#iterations();
    this.#epochBegan = performance.now();
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const train = new Map<string, number>();
    const validation = new Map<string, number>();
    for (const [name, v] of figuresOf(logs)) {
      if (name.startsWith('val_')) validation.set(name.slice('val_'.length), v);
      else train.set(name, v);
    }
    train.set('learning_rate', await currentLearningRate(this.model.optimizer));
    if (this.options.writeStepsPerSecond) {
      const seconds = (performance.now() - this.#epochBegan) / 1000;
      train.set('steps_per_second', ((await this.#iterations()) - this.#stepsBefore) / seconds);
    }
    for (const [name, v] of train) await this.#scalar('train', `epoch_${name}`, v, epoch);
    for (const [name, v] of validation) await this.#scalar('validation', `epoch_${name}`, v, epoch);
    const { histogramFreq, embeddingsFreq } = this.options;
    if (histogramFreq > 0 && epoch % histogramFreq === 0) await this.#writeWeights(epoch);
    if (embeddingsFreq > 0 && epoch % embeddingsFreq === 0) {
      const { writeEmbeddings } = await import('./embeddings.node.ts');
      await writeEmbeddings(this.model, this.options);
    }
    await this.#flush();
  }

  override async onTestEnd(logs: Logs = {}): Promise<void> {
    const step = await this.#iterations();
    for (const [name, v] of figuresOf(logs))
      await this.#scalar('validation', `evaluation_${name}_vs_iterations`, v, step);
    await this.#flush();
  }

  override async onTrainEnd(): Promise<void> {
    await this.#flush();
  }

  async #writeBatch(logs: Logs): Promise<void> {
    const step = this.#batches;
    if (step % (this.options.updateFreq as number) !== 0) return;
    if (this.options.writeStepsPerSecond) {
      const seconds = (performance.now() - this.#batchBegan) / 1000;
      await this.#scalar('train', 'batch_steps_per_second', 1 / seconds, step);
    }
    for (const [name, v] of figuresOf(logs)) await this.#scalar('train', `batch_${name}`, v, step);
  }

  async #writer(folder: Folder): Promise<EventWriter> {
    const known = this.#writers.get(folder);
    if (known) return known;
    const { EventWriter } = await import('./event-writer.node.ts');
    const made = new EventWriter(`${this.options.logDir}/${folder}`);
    this.#writers.set(folder, made);
    return made;
  }

  async #scalar(folder: Folder, tag: string, value: number, step: number): Promise<void> {
    const { scalar } = await import('./summaries.ts');
    await (await this.#writer(folder)).write(step, scalar(tag, value));
  }

  async #flush(): Promise<void> {
    for (const w of this.#writers.values()) await w.flush();
  }

  async #iterations(): Promise<number> {
    return (await this.model.optimizer.iterations.tensor.data())[0];
  }

  async #writeGraph(): Promise<void> {
    const { modelJson } = await import('./model-json.ts');
    let json: string | undefined;
    try {
      json = modelJson(this.model);
    } catch (e) {
      console.warn(`Model failed to serialize as JSON. Ignoring... ${(e as Error).message}`);
    }
    if (json === undefined) return;
    const { modelGraph } = await import('./summaries.ts');
    await (await this.#writer('train')).write(0, modelGraph('keras', json));
  }

  async #writeWeights(epoch: number): Promise<void> {
    const [{ histogram }, writer] = [await import('./summaries.ts'), await this.#writer('train')];
    for (const [tag, weight] of taggedWeights(this.model.layers)) {
      const data = await weight.tensor.data();
      await writer.write(epoch, histogram(`${tag}/histogram`, data));
      if (!this.options.writeImages) continue;
      const { weightImages } = await import('./weight-images.ts');
      const shown = weightImages(`${tag}/image`, data, weight.shape);
      if (shown) await writer.write(epoch, shown);
    }
  }
}

/** Weights under names that no two have. */
function taggedWeights(
  layers: readonly { readonly name: string; readonly weights: readonly Variable[] }[],
): Map<string, Variable> {
  const found = new Map<string, Variable>();
  for (const layer of layers)
    for (const weight of layer.weights) {
      const path = weight.path.replaceAll(':', '_');
      const base = path.startsWith(`${layer.name}/`) ? path : `${layer.name}/${path}`;
      let tag = base;
      for (let k = 1; found.has(tag); k++) tag = `${base}_${k}`;
      found.set(tag, weight);
    }
  return found;
}

export const tensorBoard = (
  logDir: string | TensorBoardOptions = {},
  o: TensorBoardOptions = {},
): TensorBoard => new TensorBoard(logDir, o);
