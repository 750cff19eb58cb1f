/** What may happen during training: the base class, and the list that calls them in order. */
import { camelCase } from '../identifiers.ts';
import type { Model } from '../models/model.ts';

/**
 * Figures by name. Keras's own names (`val_loss`) and camelCase (`valLoss`) both work; only the
 * camelCase ones are listed.
 */
export type Logs = Record<string, number>;

export function makeLogs(entries: readonly (readonly [string, number])[]): Logs {
  const logs: Logs = {};
  for (const [name, value] of entries) {
    const camel = camelCase(name);
    logs[camel] = value;
    if (camel !== name) Object.defineProperty(logs, name, { value, enumerable: false });
  }
  return logs;
}

export interface FitParams {
  readonly epochs: number;
  readonly steps: number | null;
  readonly verbose: 0 | 1 | 2;
}

type Maybe = void | Promise<void>;

/** Override what you need. A method may be async; training waits for it. */
export class Callback {
  model!: Model;
  params!: FitParams;
  onTrainBegin(_logs?: Logs): Maybe {}
  onTrainEnd(_logs?: Logs): Maybe {}
  onEpochBegin(_epoch: number, _logs?: Logs): Maybe {}
  onEpochEnd(_epoch: number, _logs?: Logs): Maybe {}
  onTrainBatchBegin(_batch: number, _logs?: Logs): Maybe {}
  /** Overriding this makes training read its figures after every batch. */
  onTrainBatchEnd(_batch: number, _logs?: Logs): Maybe {}
  onTestBegin(_logs?: Logs): Maybe {}
  onTestEnd(_logs?: Logs): Maybe {}
}

type Hook = Exclude<keyof Callback, 'model' | 'params'>;

export class CallbackList {
  readonly callbacks: readonly Callback[];
  constructor(callbacks: readonly Callback[], model: Model, params: FitParams) {
    this.callbacks = callbacks;
    for (const c of callbacks) {
      c.model = model;
      c.params = params;
    }
  }
  /** Whether any callback does something at this point. */
  has(hook: Hook): boolean {
    return this.callbacks.some((c) => c[hook] !== Callback.prototype[hook]);
  }
  async call(hook: Hook, ...args: unknown[]): Promise<void> {
    for (const c of this.callbacks) {
      if (c[hook] === Callback.prototype[hook]) continue;
      await (c[hook] as (...a: unknown[]) => Maybe)(...args);
    }
  }
}
