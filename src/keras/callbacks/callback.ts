/** What may happen during training: the base class, and the list that calls them in order. */
import { GradloomError } from '../../errors.ts';
import { camelCase } from '../identifiers.ts';
import type { Model } from '../models/model.ts';
import type { RunState } from '../training/run-state.ts';

/**
 * Figures by name. Keras's own names (`val_loss`) and camelCase (`valLoss`) both work; only the
 * camelCase ones are listed.
 */
export type Logs = Record<string, number>;

export function makeLogs(entries: readonly (readonly [string, number])[]): Logs {
  const logs: Logs = {};
  for (const [name, value] of entries) addFigure(logs, name, value);
  return logs;
}

/** Puts in a figure (or another value for it) by the name that Keras logs it under. */
export function addFigure(logs: Logs, name: string, value: number): void {
  const camel = camelCase(name);
  logs[camel] = value;
  if (camel === name) return;
  Object.defineProperty(logs, name, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

/** The figures in order, by the names that Keras logs them under. */
export function figuresOf(logs: Logs): [string, number][] {
  const names = Object.getOwnPropertyNames(logs);
  const spelled = new Set(names.map((n) => (camelCase(n) === n ? '' : camelCase(n))));
  return names.filter((n) => !spelled.has(n)).map((n) => [n, logs[n]]);
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
  /** Overriding this makes training read its figures after every batch, or see `readsBatch`. */
  onTrainBatchEnd(_batch: number, _logs?: Logs): Maybe {}
  /**
   * Whether `onTrainBatchEnd` has a use for the batch just run: it may be left out where this says no.
   * Asked once a batch.
   */
  readsBatch?: (batch: number) => boolean;
  /** evaluate, and the validation inside fit. */
  onTestBegin(_logs?: Logs): Maybe {}
  onTestEnd(_logs?: Logs): Maybe {}
  onTestBatchBegin(_batch: number, _logs?: Logs): Maybe {}
  onTestBatchEnd(_batch: number, _logs?: Logs): Maybe {}
  onPredictBegin(_logs?: Logs): Maybe {}
  onPredictEnd(_logs?: Logs): Maybe {}
  onPredictBatchBegin(_batch: number, _logs?: Logs): Maybe {}
  onPredictBatchEnd(_batch: number, _logs?: Logs): Maybe {}

  /**
   * What the callback must know to go on in another process as if nothing had happened, for
   * BackupAndRestore: numbers, strings, tensors, and lists and objects of them (or a promise of it).
   * Nothing: undefined.
   */
  getState(): unknown {
    return undefined;
  }
  /** Takes back what `getState` gave, after `onTrainBegin`. */
  setState(_state: unknown): Maybe {}
}

export type Hook = Exclude<
  keyof Callback,
  'model' | 'params' | 'readsBatch' | 'getState' | 'setState'
>;

/** Every hook by name. */
export const hooks: readonly Hook[] = Object.getOwnPropertyNames(Callback.prototype).filter(
  (name) => name.startsWith('on'),
) as Hook[];

/** A callback that keeps the state of the whole run, when all callbacks have had their turn. */
export interface Keeper {
  /** The state to go on from, when training begins. */
  load(): Promise<RunState | undefined>;
  /** Whether to keep the state after this batch; null at the end of an epoch. Asked once. */
  wants(batch: number | null): boolean;
  save(state: RunState): Promise<void>;
  /** Training has come to its end. */
  done(): Promise<void>;
}

/** Those that are. */
export function keepersAmong(callbacks: readonly Callback[]): Keeper[] {
  return callbacks.filter((c) => 'wants' in c && 'save' in c && 'load' in c) as never;
}

export class CallbackList {
  readonly callbacks: readonly Callback[];
  constructor(callbacks: readonly Callback[], model: Model, params: FitParams) {
    for (const c of callbacks)
      if (!(c instanceof Callback))
        throw new GradloomError(
          'callback',
          `callbacks holds objects made of keras.callbacks (or of classes that extend Callback); received ${c === null ? 'null' : typeof c}.`,
        );
    this.callbacks = callbacks;
    for (const c of callbacks) {
      c.model = model;
      c.params = params;
    }
  }
  /** Callbacks that look at the figures now and then: see TerminateOnNaN. */
  get watchers(): { watch(batch: number, logs: Logs): void }[] {
    return this.callbacks.filter((c) => 'watch' in c && typeof c.watch === 'function') as never;
  }
  /** Whether any callback does something at this point. */
  has(hook: Hook): boolean {
    return this.callbacks.some((c) => c[hook] !== Callback.prototype[hook]);
  }
  /** Whether any callback looks at the end of this batch. */
  readsBatch(hook: Hook, batch: number): boolean {
    // All are asked: some count.
    const wanted = this.callbacks.filter(
      (c) =>
        c[hook] !== Callback.prototype[hook] &&
        (hook !== 'onTrainBatchEnd' || (c.readsBatch?.(batch) ?? true)),
    );
    return wanted.length > 0;
  }
  async call(hook: Hook, ...args: unknown[]): Promise<void> {
    for (const c of this.callbacks) {
      if (c[hook] === Callback.prototype[hook]) continue;
      await (c[hook] as (...a: unknown[]) => Maybe)(...args);
    }
  }
}
