/** Keras's progress bar. On a terminal it is redrawn in place; elsewhere it prints finished lines. */
import { type Output, standardOutput } from './terminal.ts';

const width = 20;

export interface ProgbarOptions {
  readonly target?: number | null;
  /** 0 silent, 1 bar, 2 a line when done. */
  readonly verbose?: 0 | 1 | 2;
  readonly unitName?: string;
  readonly output?: Output;
  /** Seconds, for tests. */
  readonly now?: () => number;
}

export class Progbar {
  target: number | null;
  readonly #verbose: 0 | 1 | 2;
  readonly #unit: string;
  readonly #out: Output;
  readonly #now: () => number;
  readonly #start: number;
  #afterFirst: number | undefined;
  #lastUpdate = 0;
  #previous = 0;

  constructor(o: ProgbarOptions = {}) {
    this.target = o.target ?? null;
    this.#verbose = o.verbose ?? 1;
    this.#unit = o.unitName ?? 'step';
    this.#out = o.output ?? standardOutput();
    this.#now = o.now ?? (() => performance.now() / 1000);
    this.#start = this.#now();
  }

  /** Whether a redraw would be seen. */
  get live(): boolean {
    return this.#verbose === 1 && this.#out.live;
  }

  /** Marks the end of the first step, whose compilation would distort the rate. */
  firstStepDone(): void {
    this.#afterFirst ??= this.#now();
  }

  update(current: number, values: readonly (readonly [string, number])[], finalize = false): void {
    const now = this.#now();
    if (current > 0) this.#afterFirst ??= now;
    if (this.#verbose === 0) return;
    if (this.#verbose === 2) {
      if (finalize)
        this.#out.write(
          `${this.#count(current)} - ${this.#elapsed(now)}${this.#rate(current, now)}${metricsText(values)}\n`,
        );
      return;
    }
    if (!finalize && (!this.#out.live || now - this.#lastUpdate < 0.05)) return;
    this.#lastUpdate = now;
    const bar = this.#bar(current);
    const time = this.target !== null && !finalize ? this.#eta(current, now) : this.#elapsed(now);
    const text = ` ${time}${this.#rate(current, now)}${metricsText(values)}`;
    const length = bar.length + text.length;
    const pad = ' '.repeat(Math.max(0, this.#previous - length));
    this.#previous = length;
    this.#out.write(
      `${this.#out.live ? '\r' : ''}${bar.text}${text}${this.#out.live ? pad : ''}${finalize ? '\n' : ''}`,
    );
  }

  #count(current: number): string {
    if (this.target === null) return `${String(current).padStart(7)}/Unknown`;
    return `${String(current).padStart(String(this.target).length)}/${this.target}`;
  }

  #bar(current: number): { text: string; length: number } {
    const count = this.#count(current);
    const done = this.target ? Math.floor((width * current) / this.target) : 0;
    const [on, off] = ['━'.repeat(done), '━'.repeat(width - done)];
    const plain = this.target === null ? count : `${count} ${on}${off}`;
    if (!this.#out.color) return { text: plain, length: plain.length };
    const colored =
      this.target === null
        ? `\x1b[1m${count}\x1b[0m`
        : `\x1b[1m${count}\x1b[0m ${on ? `\x1b[32m${on}\x1b[0m` : ''}\x1b[37m${off}\x1b[0m`;
    return { text: colored, length: plain.length };
  }

  #perStep(current: number, now: number): number {
    if (current <= 0) return 0;
    return this.#afterFirst !== undefined && current > 1
      ? (now - this.#afterFirst) / (current - 1)
      : (now - this.#start) / current;
  }

  #eta(current: number, now: number): string {
    const left = this.#perStep(current, now) * (this.target! - current);
    if (left > 3600)
      return `${Math.floor(left / 3600)}:${two((left % 3600) / 60)}:${two(left % 60)}`;
    if (left > 60) return `${Math.floor(left / 60)}:${two(left % 60)}`;
    return `${Math.floor(left)}s`;
  }

  #elapsed(now: number): string {
    return `${(now - this.#start).toFixed(0)}s`;
  }

  #rate(current: number, now: number): string {
    const t = this.#perStep(current, now);
    const unit = this.#unit;
    const lead = this.#verbose === 2 ? ' - ' : ' ';
    if (t >= 1 || t === 0) return `${lead}${t.toFixed(0)}s/${unit}`;
    return t >= 1e-3
      ? `${lead}${(t * 1e3).toFixed(0)}ms/${unit}`
      : `${lead}${(t * 1e6).toFixed(0)}us/${unit}`;
  }
}

const two = (v: number): string => String(Math.floor(v)).padStart(2, '0');

/** ` - accuracy: 0.9123 - loss: 1.2000e-04`. */
export function metricsText(values: readonly (readonly [string, number])[]): string {
  return values
    .map(([k, v]) => ` - ${k}: ${Math.abs(v) > 1e-3 ? v.toFixed(4) : exponent(v)}`)
    .join('');
}

function exponent(v: number): string {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf';
  const [m, e] = v.toExponential(4).split('e');
  return `${m}e${e[0]}${e.slice(1).padStart(2, '0')}`;
}
