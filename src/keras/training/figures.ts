/** The figures of a run: the loss and the metrics, accumulated on the device. */
import { getBackend } from '../../backends/registry.ts';
import { viewArray } from '../../dtype.ts';
import { fromData } from '../../tensor/index.ts';
import { Mean, MeanMetricWrapper, type Metric } from '../metrics/index.ts';
import type { Variable } from '../variable.ts';
import type { MetricEntry } from './compile-metrics.ts';

/** Names and values of the loss and the metrics, sorted by name. */
export type Read = [string, number][];
export type Kind = 'train' | 'test';

/**
 * The state of a model's metrics, once for training and once for testing, so that an evaluation in
 * the middle of an epoch does not disturb the epoch's figures.
 */
export class Figures {
  readonly #entries: () => readonly MetricEntry[];
  readonly #sets: Readonly<Record<Kind, Map<Metric, readonly Variable[]>>> = {
    train: new Map(),
    test: new Map(),
  };
  /** As listed when last asked for: looking through all layers costs more than reading a few numbers. */
  #inUse: readonly MetricEntry[] = [];

  /** `entries` lists the metrics with their names; it may grow when the first step is traced. */
  constructor(entries: () => readonly MetricEntry[]) {
    this.#entries = entries;
  }

  get entries(): readonly MetricEntry[] {
    return this.#entries();
  }

  /** Makes all metrics count in the state of `kind` from here on. */
  use(kind: Kind): void {
    const other = this.#sets[kind === 'train' ? 'test' : 'train'];
    this.#inUse = this.#entries();
    for (const { metric } of this.#inUse) {
      if (!metric.built) continue;
      let cells = this.#sets[kind].get(metric);
      if (!cells) {
        // What it has counted in so far is as good as any, unless the other kind uses it.
        cells = other.has(metric) ? metric.makeState() : metric.stateVariables;
        this.#sets[kind].set(metric, cells);
      }
      metric.useState(cells);
    }
  }

  /** The state of the metrics. */
  cells(kind: Kind): ReadonlySet<Variable> {
    return new Set([...this.#sets[kind].values()].flat());
  }

  /** Takes what the device holds now: of the state in use. */
  async read(): Promise<Read> {
    const out: Read = [];
    for (const { name, metric } of this.#inUse) {
      const arrays: Float32Array[] = [];
      for (const v of metric.stateVariables) arrays.push(await readVariable(v));
      out.push([name, isPlainMean(metric) ? ratio(arrays) : await result(metric, arrays)]);
    }
    return out.sort(byName);
  }
}

async function readVariable(v: Variable): Promise<Float32Array> {
  const backend = getBackend();
  const buffer = v.peek(backend);
  const bytes = backend.sync ? buffer.readSync() : await buffer.read();
  return viewArray(v.dtype, bytes.buffer, bytes.byteOffset, v.size) as Float32Array;
}

/** The order of Keras's logs. */
export function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Most metrics are a total over a count, which needs no program to divide. */
function isPlainMean(m: Metric): boolean {
  return m.result === Mean.prototype.result || m.result === MeanMetricWrapper.prototype.result;
}

function ratio([[total], [count]]: readonly Float32Array[]): number {
  return count === 0 ? 0 : Math.fround(total / count);
}

/** Of a metric of several values, their mean. */
async function result(metric: Metric, arrays: readonly Float32Array[]): Promise<number> {
  const cells = metric.stateVariables;
  const tensors = arrays.map((a, i) => fromData(a, cells[i].shape, cells[i].dtype));
  const values: ArrayLike<number> = await metric.result(tensors).data();
  return Array.from(values).reduce((a, b) => a + b, 0) / values.length;
}

/**
 * Figures in the order of Keras's lists: the loss, the metrics that are logged under their own names,
 * the outputs' losses, then the rest by name. A bare number when there is only one.
 */
export function inOrder(entries: readonly MetricEntry[], read: Read): number | number[] {
  const values = new Map(read);
  const list: number[] = [];
  for (const { name, metric } of entries) {
    const v = name === metric.name ? values.get(name) : undefined;
    if (v === undefined) continue;
    list.push(v);
    values.delete(name);
  }
  for (const [name, v] of read) if (values.has(name)) list.push(v);
  return list.length === 1 ? list[0] : list;
}
