/** The figures of a run: the loss and the metrics, accumulated on the device. */
import { makeArray } from '../../dtype.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { Mean, type Metric } from '../metrics/index.ts';
import { Variable } from '../variable.ts';

interface Entry {
  readonly metric: Metric;
  readonly weighted: boolean;
  readonly state: Variable[];
}

export class Figures {
  readonly #loss: Entry;
  readonly #metrics: Entry[];

  constructor(metrics: readonly Metric[], weighted: readonly Metric[]) {
    const entry = (metric: Metric, isWeighted: boolean): Entry => ({
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
    return this.#all.map((e) => e.metric.name);
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
    for (const e of this.#all) {
      const state: Tensor[] = [];
      for (const v of e.state) {
        const bytes = await v.take().read();
        state.push(
          fromData(
            new Float32Array(bytes.buffer, bytes.byteOffset, v.size).slice(),
            v.shape,
            'float32',
          ),
        );
      }
      out.push([e.metric.name, (await e.metric.result(state).data())[0]]);
    }
    return out.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
