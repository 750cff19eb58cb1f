/** Figures gathered along the way, in the form in which charts take them. */
import type { ChartData } from './chart.ts';

export class Curves {
  readonly #names: readonly string[];
  readonly #most: number;
  #rows: { readonly x: number; readonly values: Readonly<Record<string, number>> }[] = [];

  /** Beyond `most` points every second of the older ones is left out. */
  constructor(names: readonly string[], most = 2000) {
    this.#names = names;
    this.#most = most;
  }

  clear(): void {
    this.#rows = [];
  }

  /** Adds figures at a place; what stands at or behind it is replaced: an epoch begun anew. */
  add(x: number, values: Readonly<Record<string, number>>): void {
    let row = { x, values };
    while (this.#rows.length > 0 && this.#rows[this.#rows.length - 1].x >= x) {
      const last = this.#rows.pop()!;
      if (last.x === x) row = { x, values: { ...last.values, ...values } };
    }
    this.#rows.push(row);
    if (this.#rows.length > this.#most) {
      const half = this.#rows.length >> 1;
      this.#rows = this.#rows.filter((r, i) => i % 2 === 1 || i >= half || this.#whole(r.values));
    }
  }

  /** Whether a row has every figure: those stay. */
  #whole(values: Readonly<Record<string, number>>): boolean {
    return this.#names.every((n) => n in values);
  }

  /** Places, then the named figures; null where there is none. */
  rows(...names: readonly string[]): ChartData {
    return [
      this.#rows.map((r) => r.x),
      ...names.map((n) => this.#rows.map((r) => r.values[n] ?? null)),
    ];
  }
}
