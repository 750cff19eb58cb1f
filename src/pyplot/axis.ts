import { GradloomError } from '../errors.ts';
import { type ColorSpec, parseColor } from './color.ts';
import type { TextLook } from './note.ts';
import { autoLimits, type ScaleKind, type Span } from './scale.ts';
import { labelledTicks, linearLabels, logTicks, type Ticks } from './ticks.ts';

/** Options of every text. */
export interface TextOptions {
  /** Points; matplotlib's sizes by default. */
  fontsize?: number;
  color?: ColorSpec;
  /** Degrees anticlockwise. */
  rotation?: number;
  ha?: 'left' | 'center' | 'right';
  va?: 'top' | 'center' | 'bottom' | 'baseline';
  fontweight?: 'normal' | 'bold';
  alpha?: number;
}

/** The look that the options ask for; what they leave out is as in `base`. */
export function textLook(options: TextOptions, base: Partial<TextLook> = {}): TextLook {
  const fontsize = options.fontsize ?? base.fontsize ?? 10;
  if (!(fontsize > 0 && fontsize < 1e4)) {
    throw new GradloomError('pyplot.option', `fontsize must be positive, but is ${fontsize}.`, {
      fontsize,
    });
  }
  return {
    fontsize,
    color: parseColor(options.color ?? 'black', options.alpha),
    ha: options.ha ?? base.ha ?? 'left',
    va: options.va ?? base.va ?? 'baseline',
    rotation: options.rotation ?? base.rotation ?? 0,
    bold: options.fontweight === 'bold',
  };
}

/** A text together with its look. */
export interface Caption {
  readonly text: string;
  readonly look: TextLook;
}

/** Ticks set by hand. */
interface FixedTicks {
  readonly values: readonly number[];
  readonly labels: readonly string[] | undefined;
}

/** Everything about one axis (x or y) of an axes. */
export class Axis {
  readonly name: 'x' | 'y';
  scale: ScaleKind = 'linear';
  label: Caption | undefined;
  tickLook: TextLook;
  /** Undefined while each tick label may turn by itself to find room. */
  rotation: number | undefined;
  #limits: readonly [number | undefined, number | undefined] = [undefined, undefined];
  #inverted = false;
  #fixed: FixedTicks | undefined;
  #categories: string[] = [];

  constructor(name: 'x' | 'y') {
    this.name = name;
    this.tickLook = textLook({}, { fontsize: 10 });
  }

  /** Positions for names: each new name takes the next whole number. */
  categorise(names: readonly string[]): number[] {
    return names.map((name) => {
      const known = this.#categories.indexOf(name);
      return known >= 0 ? known : this.#categories.push(name) - 1;
    });
  }

  /** Sets one or both ends; undefined leaves that end to the data. */
  setLimits(lo: number | undefined, hi: number | undefined): void {
    for (const v of [lo, hi]) {
      if (v !== undefined && !Number.isFinite(v)) {
        throw new GradloomError('pyplot.limits', `${this.name}lim must be finite, but got ${v}.`);
      }
      if (v !== undefined && this.scale === 'log' && v <= 0) {
        throw new GradloomError(
          'pyplot.limits',
          `${this.name}lim must be above 0 on a log scale, but got ${v}.`,
        );
      }
    }
    if (lo !== undefined && lo === hi) {
      throw new GradloomError(
        'pyplot.limits',
        `${this.name}lim needs two different ends, but both are ${lo}.`,
      );
    }
    this.#limits = [lo, hi];
  }

  setScale(kind: string): void {
    if (kind !== 'linear' && kind !== 'log') {
      throw new GradloomError(
        'pyplot.option',
        `Unknown ${this.name}scale ${JSON.stringify(kind)}. Use 'linear' or 'log'.`,
      );
    }
    this.scale = kind;
    // Ends that a log scale has no place for are left to the data again.
    if (kind === 'log') {
      const [lo, hi] = this.#limits;
      this.#limits = [lo && lo > 0 ? lo : undefined, hi && hi > 0 ? hi : undefined];
    }
  }

  /** Swaps the direction in which values grow. */
  invert(): void {
    this.#inverted = !this.#inverted;
  }

  setTicks(values: readonly number[], labels: readonly string[] | undefined): void {
    if (labels && labels.length !== values.length) {
      throw new GradloomError(
        'pyplot.ticks',
        `${this.name}ticks needs one label for each of its ${values.length} ticks, but got ` +
          `${labels.length}.`,
      );
    }
    this.#fixed = { values: values.map(Number), labels };
  }

  /** Whether the ticks were set by hand or are names, so that none may be left out for room. */
  get hasFixedTicks(): boolean {
    return this.#fixed !== undefined || this.#categories.length > 0;
  }

  /** The values at the axis's beginning and end, given what the artists cover. */
  limits(spans: readonly Span[], margin: number): [number, number] {
    const [lo, hi] = this.#limits;
    const auto = autoLimits(spans, this.scale, margin);
    let ends: [number, number] = [lo ?? auto[0], hi ?? auto[1]];
    if (ends[0] === ends[1]) ends = [ends[0], ends[0] + (Math.abs(ends[0]) || 1)];
    // One end set by hand beyond all the data must not turn the axis around.
    if (ends[0] > ends[1] && (lo === undefined || hi === undefined)) {
      const size = Math.abs(auto[1] - auto[0]);
      ends = lo === undefined ? [ends[1] - size, ends[1]] : [ends[0], ends[0] + size];
    }
    return this.#inverted ? [ends[1], ends[0]] : ends;
  }

  /** The ticks within the limits, at most `bins` intervals of them unless set by hand. */
  ticks(limits: readonly [number, number], bins: number): Ticks {
    const lo = Math.min(...limits);
    const hi = Math.max(...limits);
    const inside = (v: number): boolean => {
      const slack = this.scale === 'linear' ? (hi / 2 - lo / 2) * 1e-9 : 0;
      return v >= lo - slack && v <= hi + slack;
    };
    if (this.#fixed) {
      const { values, labels } = this.#fixed;
      const auto = labels ? { labels, offset: '' } : linearLabels(values);
      const major = values
        .map((value, i) => ({ value, label: auto.labels[i] }))
        .filter((t) => inside(t.value));
      return { major, minor: [], offset: auto.offset };
    }
    if (this.#categories.length > 0) {
      const major = this.#categories.map((label, value) => ({ value, label }));
      return { major: major.filter((t) => inside(t.value)), minor: [], offset: '' };
    }
    const found = this.scale === 'log' ? logTicks(lo, hi, bins) : labelledTicks(lo, hi, bins);
    return { ...found, major: found.major.filter((t) => inside(t.value)) };
  }
}
