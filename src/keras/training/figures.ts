/** The figures of a run: the loss and the metrics, accumulated on the device. */
import { getBackend } from '../../backends/registry.ts';
import { makeArray } from '../../dtype.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { Mean, MeanMetricWrapper, type Metric } from '../metrics/index.ts';
import { Variable } from '../variable.ts';

interface Entry {
  /** As logged: unlike any other's. */
  readonly name: string;
  readonly metric: Metric;
  readonly weighted: boolean;
  readonly state: Variable[];
}

export class Figures {
  readonly #loss: Entry;
  readonly #metrics: Entry[];

  constructor(metrics: readonly Metric[], weighted: readonly Metric[]) {
    const taken = new Set<string>();
    // As Keras names them: a weighted metric beside its unweighted twin is weighted_accuracy.
    const unlike = (name: string, isWeighted: boolean): string => {
      const base = isWeighted && taken.has(name) ? `weighted_${name}` : name;
      let free = base;
      for (let k = 1; taken.has(free); k++) free = `${base}_${k}`;
      taken.add(free);
      return free;
    };
    const entry = (metric: Metric, isWeighted: boolean): Entry => ({
      name: unlike(metric.name, isWeighted),
      metric,
      weighted: isWeighted,
      state: metric.variables().map(
        (v) =>
          new Variable(
            fromData(
              makeArray(
                'float32',
                v.shape.reduce((a, b) => a * b, 1),
              ),
              v.shape,
            ),
            { name: v.name, trainable: false },
          ),
      ),
    });
    this.#loss = entry(new Mean({ name: 'loss' }), true);
    this.#metrics = [
      ...metrics.map((m) => entry(m, false)),
      ...weighted.map((m) => entry(m, true)),
    ];
  }

  get #all(): readonly Entry[] {
    return [this.#loss, ...this.#metrics];
  }
  get variables(): readonly Variable[] {
    return this.#all.flatMap((e) => e.state);
  }
  /** loss first, then the metrics in the order given. */
  get names(): readonly string[] {
    return this.#all.map((e) => e.name);
  }

  /** Traceable: a batch's share. The loss counts by samples. */
  update(
    loss: Tensor,
    samples: number,
    yTrue: Tensor,
    yPred: Tensor,
    weight: Tensor | undefined,
  ): void {
    const [total, count] = this.#loss.state;
    total.assign(total.tensor.add(loss.mul(samples)));
    count.assign(count.tensor.add(samples));
    for (const e of this.#metrics) {
      const next = e.metric.update(
        e.state.map((v) => v.tensor),
        yTrue,
        yPred,
        e.weighted ? weight : undefined,
      );
      next.forEach((t, i) => {
        e.state[i].assign(t);
      });
    }
  }

  reset(): void {
    for (const v of this.variables) v.write(makeArray('float32', v.size));
  }

  /** Names and values, sorted by name as Keras logs them. Takes what the device holds now. */
  async read(): Promise<[string, number][]> {
    const out: [string, number][] = [];
    const backend = getBackend();
    for (const { name, metric, state } of this.#all) {
      const arrays: Float32Array[] = [];
      for (const v of state) {
        const buffer = v.take(backend);
        const bytes = backend.sync ? buffer.readSync() : await buffer.read();
        arrays.push(new Float32Array(bytes.buffer, bytes.byteOffset, v.size));
      }
      out.push([name, isPlainMean(metric) ? ratio(arrays) : await result(metric, state, arrays)]);
    }
    return out.sort(byName);
  }
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

async function result(
  metric: Metric,
  state: readonly Variable[],
  arrays: readonly Float32Array[],
): Promise<number> {
  const tensors = arrays.map((a, i) => fromData(a, state[i].shape, 'float32'));
  return (await metric.result(tensors).data())[0];
}

/** Figures in the order of compile: loss first; a bare number when there is only the loss. */
export function inOrder(
  figures: Figures,
  read: readonly (readonly [string, number])[],
): number | number[] {
  const byName = new Map(read);
  const list = figures.names.map((n) => byName.get(n)!);
  return list.length === 1 ? list[0] : list;
}
