/** What `inspect` found, as text for a person or as JSON for a program. */

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface Report {
  readonly format: string;
  readonly facts: readonly (readonly [name: string, value: string | number])[];
  readonly tables: readonly Table[];
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1.2 MB` */
export function size(bytes: number): string {
  let [v, u] = [bytes, 0];
  while (v >= 1000 && u < units.length - 1) [v, u] = [v / 1000, u + 1];
  return `${u === 0 ? v : v.toFixed(1)} ${units[u]}`;
}

export const count = (n: number): string => n.toLocaleString('en-US');
export const shapeText = (shape: readonly unknown[]): string =>
  `(${shape.map((n) => n ?? 'None').join(', ')})`;

/** Control characters of strangers' names do not reach a terminal. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

export function asText(r: Report, most = 200): string {
  const lines = [`format      ${r.format}`];
  for (const [name, value] of r.facts) lines.push(`${name.padEnd(12)}${clean(String(value))}`);
  for (const t of r.tables) {
    if (t.rows.length === 0) continue;
    lines.push('', t.title);
    const text = (v: string | number): string => (typeof v === 'number' ? count(v) : clean(v));
    const shown = t.rows.slice(0, most).map((row) => row.map(text));
    // Numbers and sizes are read from their last digit.
    const number = t.columns.map((_, i) =>
      t.rows.every((row) => typeof row[i] === 'number' || /^[\d.]+ [kMGT]?B$/.test(row[i])),
    );
    const widths = t.columns.map((c, i) =>
      Math.max(c.length, ...shown.map((row) => row[i].length)),
    );
    const line = (row: readonly string[]): string =>
      `  ${row.map((v, i) => (number[i] ? v.padStart(widths[i]) : v.padEnd(widths[i]))).join('  ')}`.trimEnd();
    lines.push(line(t.columns), ...shown.map(line));
    if (t.rows.length > most)
      lines.push(`  … and ${count(t.rows.length - most)} more (--all shows them)`);
  }
  return lines.join('\n');
}

export function asJson(r: Report): string {
  const tables = r.tables.map((t) => [
    t.title,
    t.rows.map((row) => Object.fromEntries(t.columns.map((c, i) => [c, row[i]]))),
  ]);
  return JSON.stringify(
    { format: r.format, ...Object.fromEntries(r.facts), ...Object.fromEntries(tables) },
    null,
    2,
  );
}
