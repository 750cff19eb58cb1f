/** What `fit` returns: the figures of every epoch. */
import { camelCase } from '../identifiers.ts';
import { Callback, type Logs } from './callback.ts';

/** Remembers every epoch's figures: `history.history.valAccuracy[epoch]` (or `val_accuracy`). */
export class History extends Callback {
  readonly epoch: number[] = [];
  readonly history: Record<string, number[]> = {};
  override onTrainBegin(): void {
    this.epoch.length = 0;
    for (const k of Object.getOwnPropertyNames(this.history)) delete this.history[k];
  }
  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.epoch.push(epoch);
    for (const name of Object.getOwnPropertyNames(logs)) {
      const camel = camelCase(name);
      if (!(camel in this.history)) this.history[camel] = [];
      if (name === camel) this.history[camel].push(logs[name]);
      else this.#alias(name, camel);
    }
  }
  #alias(name: string, camel: string): void {
    if (name in this.history) return;
    Object.defineProperty(this.history, name, {
      value: this.history[camel],
      enumerable: false,
      configurable: true,
    });
  }

  override getState(): unknown {
    const names = Object.getOwnPropertyNames(this.history);
    return { epoch: [...this.epoch], names, values: { ...this.history } };
  }
  override setState(state: unknown): void {
    const { epoch, names, values } = state as {
      epoch: number[];
      names: string[];
      values: Record<string, number[]>;
    };
    this.epoch.push(...epoch);
    Object.assign(this.history, values);
    for (const name of names) if (!(name in values)) this.#alias(name, camelCase(name));
  }
}
