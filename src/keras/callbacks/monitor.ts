/** What callbacks that watch a figure share: which one, which way is better, and by how much. */
import { GradloomError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import { camelCase, lookup } from '../identifiers.ts';
import { checkNumber } from '../losses/options.ts';
import { type Direction, Mean } from '../metrics/index.ts';
import type { Model } from '../models/model.ts';
import { Callback, type Logs } from './callback.ts';

export type MonitorMode = 'auto' | 'min' | 'max';

export interface MonitorOptions {
  /** The figure to watch, as in the logs: `valLoss` (or `val_loss`), which is the default. */
  readonly monitor?: string;
  /** Whether it should fall or rise. 'auto' (the default) asks the metric of that name. */
  readonly mode?: MonitorMode;
  /** Smaller changes are no improvement. Default 0. */
  readonly minDelta?: number;
  /** What the first value must beat. Default null: nothing. */
  readonly baseline?: number | null;
}

const modes: Record<MonitorMode, MonitorMode> = { auto: 'auto', min: 'min', max: 'max' };

/**
 * Extend it for a callback that acts on a figure's improvement, and ask `current` and `isImprovement`
 * at the end of an epoch. Throws `unknown-id` for a mode there is not, `range` for numbers that are none.
 */
export abstract class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: MonitorMode;
  readonly minDelta: number;
  /** The best value so far; null before the first. */
  best: number | null;
  #direction: Direction | undefined;
  /** The model that the direction was asked of. */
  #asked: Model | undefined;
  readonly #warned = new Set<string>();

  constructor(o: MonitorOptions) {
    super();
    const what = this.constructor.name;
    const monitor: unknown = o.monitor ?? 'valLoss';
    if (typeof monitor !== 'string' || monitor === '')
      throw new GradloomError(
        'callback',
        `${what}: monitor must be the name of a figure, such as "valLoss"; received ${JSON.stringify(monitor)}.`,
        { monitor },
      );
    this.monitor = monitor;
    this.mode = lookup('mode', o.mode ?? 'auto', modes);
    this.minDelta = Math.abs(checkNumber(what, 'minDelta', o.minDelta ?? 0));
    this.best = o.baseline == null ? null : checkNumber(what, 'baseline', o.baseline);
  }

  /**
   * The watched figure, or undefined after a warning (the same only once) when the logs have none.
   * Throws `callback` when it cannot be told which way is better.
   */
  protected current(logs: Logs, warning: (available: string) => string): number | undefined {
    const value = figure(logs, this.monitor);
    const names = Object.keys(logs);
    if (this.#asked !== this.model) {
      this.#direction = this.#findDirection(value !== undefined, names);
      this.#asked = this.model;
    }
    if (value === undefined) this.warn(warning(names.join(',')) + didYouMean(this.monitor, names));
    return value;
  }

  /** Whether `value` is better than `reference` by more than `minDelta`; anything is better than null. */
  protected isImprovement(value: number, reference: number | null): boolean {
    if (reference === null) return true;
    // Keras compares in float32, in which the figures are.
    const than = Math.fround(reference);
    return this.#direction === 'up'
      ? Math.fround(value - this.minDelta) > than
      : Math.fround(value + this.minDelta) < than;
  }

  /** Says it once. */
  protected warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    console.warn(text);
  }

  #findDirection(known: boolean, names: readonly string[]): Direction {
    if (this.mode !== 'auto') return this.mode === 'min' ? 'down' : 'up';
    const found = directions(this.model).get(plain(this.monitor));
    if (found) return found;
    const missing = known
      ? ''
      : ` It is not available either.${didYouMean(this.monitor, names)} Available metrics are: ${names.join(', ')}.`;
    throw new GradloomError(
      'callback',
      `${this.constructor.name} callback received monitor=${this.monitor}, but it cannot be told whether that metric should be maximized or minimized. Pass mode: 'max' in order to monitor based on the highest metric value, or pass mode: 'min' in order to use the lowest value.${missing}`,
      { monitor: this.monitor, available: [...names] },
    );
  }
}

/** The figure of that name, in either spelling. */
export function figure(logs: Logs, name: string): number | undefined {
  return logs[name] ?? logs[camelCase(name)];
}

function plain(name: string): string {
  const camel = camelCase(name);
  return /^val[A-Z0-9]/.test(camel) ? camel[3].toLowerCase() + camel.slice(4) : camel;
}

/** Which way the model's figures get better, by name, where their metrics know. */
function directions(model: Model): Map<string, Direction> {
  const found = new Map<string, Direction>([['loss', 'down']]);
  const names = model.metricsNames;
  for (const [i, metric] of model.metrics.entries()) {
    // An output's own loss is kept by a plain mean.
    const lost = metric instanceof Mean && names[i].endsWith('_loss');
    const direction = metric.direction ?? (lost ? 'down' : undefined);
    const name = plain(names[i]);
    if (direction && !found.has(name)) found.set(name, direction);
  }
  return found;
}
