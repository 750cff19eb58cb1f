/**
 * Keras's progress bar (keras/src/utils/progbar.py). On a terminal it is redrawn in place; elsewhere
 * only finished lines are printed, so that logs stay readable.
 */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';
import { type Output, standardOutput } from './terminal.ts';

/** Names and values in the order in which they are shown. */
export type Entries = readonly (readonly [string, number])[];

export interface ProgbarOptions {
  /** Characters of the bar. Default 20. */
  readonly width?: number;
  /** 0 silent, 1 bar (default), 2 a line when done. */
  readonly verbose?: 0 | 1 | 2;
  /** Least seconds between redraws. Default 0.05. */
  readonly interval?: number;
  /** Values shown as they are; the others are averaged over the steps. */
  readonly statefulMetrics?: readonly string[];
  /** The other way about: values that are averaged; all others are shown as they are. */
  readonly statelessMetrics?: readonly string[];
  /** What is counted. Default `step`. */
  readonly unitName?: string;
  /** Where to write. Default standard output, or the console. */
  readonly output?: Output;
  /** The time in seconds; for tests. */
  readonly now?: () => number;
}

const options = [
  'width',
  'verbose',
  'interval',
  'statefulMetrics',
  'statelessMetrics',
  'unitName',
  'output',
  'now',
];

export class Progbar {
  /** Steps there will be; null when that is not known. */
  target: number | null;
  readonly #o: Required<Pick<ProgbarOptions, 'width' | 'verbose' | 'interval' | 'unitName'>>;
  readonly #averaged: (name: string) => boolean;
  readonly #out: Output;
  readonly #now: () => number;
  readonly #start: number;
  readonly #values = new Map<string, [sum: number, count: number]>();
  #seen = 0;
  #afterFirst: number | undefined;
  #lastUpdate = Number.NEGATIVE_INFINITY;
  #previousWidth = 0;

  constructor(target: number | null, o: ProgbarOptions = {}) {
    checkOptions('Progbar', o, options);
    if (o.statefulMetrics && o.statelessMetrics)
      throw new GradloomError(
        'option',
        'Progbar: only one of statefulMetrics and statelessMetrics can be given.',
      );
    this.target = target;
    this.#o = {
      width: o.width ?? 20,
      verbose: o.verbose ?? 1,
      interval: o.interval ?? 0.05,
      unitName: o.unitName ?? 'step',
    };
    const { statefulMetrics = [], statelessMetrics } = o;
    this.#averaged = statelessMetrics
      ? (name) => statelessMetrics.includes(name)
      : (name) => !statefulMetrics.includes(name);
    this.#out = o.output ?? standardOutput();
    this.#now = o.now ?? (() => performance.now() / 1000);
    this.#start = this.#now();
  }

  /** Whether a redraw would be seen. */
  get live(): boolean {
    return this.#o.verbose === 1 && this.#out.live;
  }

  /** Marks the end of the first step, whose compilation would distort the rate. */
  firstStepDone(): void {
    this.#afterFirst ??= this.#now();
  }

  /** `n` more steps are done. */
  add(n: number, values: Entries = []): void {
    this.update(this.#seen + n, values);
  }

  /** `current` steps are done. The last update ends the line; by default the one that reaches target. */
  update(
    current: number,
    values: Entries = [],
    finalize: boolean = this.target !== null && current >= this.target,
  ): void {
    this.#collect(current, values, finalize);
    const now = this.#now();
    const perStep = this.#perStep(current, now);
    if (current === 1) this.#afterFirst ??= now;
    const { verbose, interval } = this.#o;
    if (verbose === 1) {
      if (!finalize && (!this.#out.live || now - this.#lastUpdate < interval)) return;
      this.#draw(current, now, perStep, finalize);
    } else if (verbose === 2 && finalize) {
      const elapsed = `${(now - this.#start).toFixed(0)}s`;
      const rate = rateText(perStep, this.#o.unitName);
      this.#out.write(`${this.#count(current)} - ${elapsed} -${rate}${this.#metrics()}\n`);
    }
    this.#lastUpdate = now;
  }

  #collect(current: number, values: Entries, finalize: boolean): void {
    const steps = Math.max(current - this.#seen, 1);
    for (const [name, v] of values) {
      const sofar = this.#values.get(name);
      if (finalize || !this.#averaged(name)) this.#values.set(name, [v, 1]);
      else if (!sofar) this.#values.set(name, [v * steps, steps]);
      else {
        sofar[0] += v * steps;
        sofar[1] += steps;
      }
    }
    this.#seen = current;
  }

  #draw(current: number, now: number, perStep: number, finalize: boolean): void {
    const { live, color } = this.#out;
    const paint = (code: number, text: string): string =>
      color ? `\x1b[${code}m${text}\x1b[0m` : text;
    const { width } = this.#o;
    let bar = this.#count(current);
    let length = bar.length;
    if (this.target) {
      const done = Math.min(width, Math.floor((width * current) / this.target));
      bar = `${paint(1, bar)} ${done > 0 ? paint(32, '━'.repeat(done)) : ''}${paint(37, '━'.repeat(width - done))}`;
      length += 1 + width;
    }
    const time =
      this.target && !finalize
        ? etaText(perStep * (this.target - current))
        : `${(now - this.#start).toFixed(0)}s`;
    const rest = `${rateText(perStep, this.#o.unitName)}${this.#metrics()}`;
    length += 1 + time.length + rest.length;
    // Spaces over what is left of a longer line.
    const blank = live ? ' '.repeat(Math.max(0, this.#previousWidth - length)) : '';
    this.#previousWidth = length;
    this.#out.write(
      `${live ? '\r' : ''}${bar} ${paint(1, time)}${rest}${blank}${finalize ? '\n' : ''}`,
    );
  }

  #count(current: number): string {
    if (!this.target) return `${String(current).padStart(7)}/Unknown`;
    return `${String(current).padStart(String(this.target).length)}/${this.target}`;
  }

  #perStep(current: number, now: number): number {
    if (current <= 0) return 0;
    return this.#afterFirst !== undefined && current > 1
      ? (now - this.#afterFirst) / (current - 1)
      : (now - this.#start) / current;
  }

  #metrics(): string {
    let text = '';
    for (const [name, [sum, count]] of this.#values)
      text += ` - ${name}: ${numberText(sum / Math.max(1, count))}`;
    return text;
  }
}

const two = (v: number): string => String(Math.floor(v)).padStart(2, '0');

function etaText(left: number): string {
  if (left > 3600) return `${Math.floor(left / 3600)}:${two((left % 3600) / 60)}:${two(left % 60)}`;
  if (left > 60) return `${Math.floor(left / 60)}:${two(left % 60)}`;
  return `${Math.floor(left)}s`;
}

function rateText(seconds: number, unit: string): string {
  if (seconds >= 1 || seconds === 0) return ` ${seconds.toFixed(0)}s/${unit}`;
  if (seconds >= 1e-3) return ` ${(seconds * 1e3).toFixed(0)}ms/${unit}`;
  return ` ${(seconds * 1e6).toFixed(0)}us/${unit}`;
}

/** Four digits, with an exponent where they would show nothing: `0.9123`, `1.2000e-04`. */
function numberText(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf';
  if (Math.abs(v) > 1e-3) return v.toFixed(4);
  const [m, e] = v.toExponential(4).split('e');
  return `${m}e${e[0]}${e.slice(1).padStart(2, '0')}`;
}
