/** Tables of comma-separated values as elements (parsed by papaparse). */
import { GradloomError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';

/** A path (Node), an http(s) URL, a Blob or File, or the text itself (anything with a line break). */
export type CsvSource = string | URL | Blob;

export interface CsvOptions {
  /** Whether the first line names the columns. Default true; without it they are `0`, `1`, … */
  readonly header?: boolean;
  /** Which columns, in this order; default all but the label. */
  readonly columns?: readonly string[];
  /** The column to predict: elements are then [features, label]. */
  readonly label?: string;
  /** One Float32Array of the features (all of them numbers) instead of an object by column. */
  readonly vector?: boolean;
  /** Default: found out. */
  readonly delimiter?: string;
  /** Columns to take as text, though they look like numbers. */
  readonly text?: readonly string[];
  /** What stands for an empty cell of a column of numbers. Without it such a cell is an error. */
  readonly missing?: number;
}

type Cell = number | string;
export type CsvFeatures = Readonly<Record<string, Cell>> | Float32Array;
export type CsvRow = CsvFeatures | [features: CsvFeatures, label: Cell];

async function readText(source: CsvSource): Promise<string> {
  if (typeof source !== 'string' && 'text' in source) return source.text();
  const where = String(source);
  if (typeof source === 'string' && /[\r\n]/.test(source)) return source;
  try {
    if (/^https?:/.test(where)) {
      const r = await fetch(where);
      if (!r.ok) throw new Error(`the server answered ${r.status}`);
      return await r.text();
    }
    const { readFile } = await import('node:fs/promises');
    return await readFile(source as string | URL, 'utf8');
  } catch (cause) {
    throw new GradloomError(
      'data',
      `fromCsv: ${where} cannot be read: ${(cause as Error).message}`,
      { source: where },
      { cause },
    );
  }
}

/** The rows of a table. Throws `data` naming line and column of what is wrong. */
export async function readCsv(source: CsvSource, o: CsvOptions): Promise<Iterable<CsvRow>> {
  const text = await readText(source);
  const { default: papa } = await import('papaparse');
  const parsed = papa.parse<string[]>(text.replace(/^\uFEFF/, ''), {
    delimiter: o.delimiter ?? '',
    skipEmptyLines: true,
  });
  const broken = parsed.errors.find((e) => e.type === 'Quotes');
  if (broken)
    throw new GradloomError('data', `fromCsv: line ${(broken.row ?? 0) + 1}: ${broken.message}.`, {
      line: (broken.row ?? 0) + 1,
    });
  const lines = parsed.data;
  const header = o.header ?? true;
  if (lines.length <= (header ? 1 : 0))
    throw new GradloomError('data', 'fromCsv: the table has no rows.', {});
  const names = header ? lines[0].map((s) => s.trim()) : lines[0].map((_, i) => String(i));
  const body = header ? lines.slice(1) : lines;
  const first = header ? 2 : 1;
  body.forEach((cells, i) => {
    if (cells.length !== names.length)
      throw new GradloomError(
        'data',
        `fromCsv: line ${i + first} has ${cells.length} cells; there are ${names.length} columns.`,
        { line: i + first, cells: cells.length, columns: names.length },
      );
  });
  return rows(names, body, first, o);
}

function place(names: readonly string[], name: string): number {
  const at = names.indexOf(name);
  if (at < 0)
    throw new GradloomError(
      'data',
      `fromCsv: there is no column "${name}".${didYouMean(name, names)} There are ${names.join(', ')}.`,
      { column: name, columns: [...names] },
    );
  return at;
}

const isNumber = (s: string): boolean => s.trim() !== '' && !Number.isNaN(Number(s));

function* rows(
  names: readonly string[],
  body: readonly string[][],
  first: number,
  o: CsvOptions,
): Generator<CsvRow> {
  const label = o.label === undefined ? -1 : place(names, o.label);
  const columns =
    o.columns?.map((c) => place(names, c)) ?? names.map((_, i) => i).filter((i) => i !== label);
  for (const c of o.text ?? []) place(names, c);
  const textual = new Set(
    names.flatMap((n, i) =>
      o.text?.includes(n) || !body.every((r) => r[i].trim() === '' || isNumber(r[i])) ? [i] : [],
    ),
  );
  const cell = (r: readonly string[], c: number, line: number): Cell => {
    if (textual.has(c)) return r[c];
    if (r[c].trim() !== '') return Number(r[c]);
    if (o.missing !== undefined) return o.missing;
    throw new GradloomError(
      'data',
      `fromCsv: line ${line}, column "${names[c]}" is empty. Say what stands for it: { missing: 0 }.`,
      { line, column: names[c] },
    );
  };
  const words = columns.find((c) => textual.has(c));
  if (o.vector && words !== undefined)
    throw new GradloomError(
      'data',
      `fromCsv: vector wants numbers only, but column "${names[words]}" holds text. Choose columns, or turn it into numbers with map.`,
      { column: names[words] },
    );
  for (const [i, r] of body.entries()) {
    const line = i + first;
    const features: CsvFeatures = o.vector
      ? Float32Array.from(columns, (c) => cell(r, c, line) as number)
      : Object.fromEntries(columns.map((c) => [names[c], cell(r, c, line)]));
    yield label < 0 ? features : [features, cell(r, label, line)];
  }
}
