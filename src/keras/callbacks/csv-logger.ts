/** CSVLogger. */
import { GradloomError } from '../../errors.ts';
import { isNode } from '../../platform.ts';
import { checkOptions } from '../identifiers.ts';
import { pythonFloat } from '../utils/python-float.ts';
import { Callback, figuresOf, type Logs } from './callback.ts';

export interface CSVLoggerOptions {
  /** Path of the file. Without one the lines are only kept in `text`. */
  readonly filename?: string | null;
  /** One character between columns. Default a comma. */
  readonly separator?: string;
  /** Goes on at the end of a file that is there, instead of writing a new one. Default false. */
  readonly append?: boolean;
}

/**
 * Writes a line of figures each epoch, in the form of Keras's file: the columns are those of the first
 * epoch, by Keras's names, with `val_` ones even when the first epoch was not validated; `NA` where a
 * figure is missing. Files are written in Node only; `text` holds what this training has written.
 */
export class CSVLogger extends Callback {
  readonly filename: string | null;
  readonly separator: string;
  readonly append: boolean;
  #keys: readonly string[] | undefined;
  #header = true;
  #text = '';

  /** Throws `callback`, `unknown-option`; with a filename in a browser, `node-only`. */
  constructor(filename?: string | CSVLoggerOptions | null, more: CSVLoggerOptions = {}) {
    super();
    const o: CSVLoggerOptions =
      typeof filename === 'object' && filename !== null ? filename : { ...more, filename };
    checkOptions('CSVLogger', o, ['filename', 'separator', 'append']);
    this.filename = o.filename ?? null;
    this.separator = o.separator ?? ',';
    this.append = o.append ?? false;
    if (this.filename !== null && (typeof this.filename !== 'string' || this.filename === ''))
      throw new GradloomError(
        'callback',
        `CSVLogger: filename must be a path; received ${JSON.stringify(filename)}.`,
        { filename },
      );
    if (typeof this.separator !== 'string' || this.separator.length !== 1)
      throw new GradloomError(
        'callback',
        `CSVLogger: separator must be one character; received ${JSON.stringify(o.separator)}.`,
        { separator: o.separator },
      );
    if (this.filename !== null && !isNode())
      throw new GradloomError(
        'node-only',
        'CSVLogger can write files in Node only. In a browser leave the filename out and read `text` of the callback.',
        { filename: this.filename },
      );
  }

  /** The lines of the current training, or of the last one. */
  get text(): string {
    return this.#text;
  }

  /** Throws `file-unwritable`. */
  override async onTrainBegin(): Promise<void> {
    this.#keys = undefined;
    this.#text = '';
    if (this.filename === null) return;
    const { createFile, hasContent } = await import('./log-files.node.ts');
    if (!this.append) await createFile('CSVLogger', this.filename);
    else this.#header = !(await hasContent('CSVLogger', this.filename));
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const figures = new Map(figuresOf(logs));
    let lines = '';
    if (!this.#keys) {
      const keys = [...figures.keys()].sort();
      const validated = keys.some((k) => k.startsWith('val_'));
      this.#keys = validated ? keys : [...keys, ...keys.map((k) => `val_${k}`)];
      if (this.#header) lines += this.#line(['epoch', ...this.#keys]);
    }
    const cell = (k: string): string => {
      const v: unknown = figures.get(k);
      return v === undefined ? 'NA' : typeof v === 'number' ? pythonFloat(v) : String(v);
    };
    lines += this.#line([String(epoch), ...this.#keys.map(cell)]);
    this.#text += lines;
    if (this.filename === null) return;
    const { addToFile } = await import('./log-files.node.ts');
    await addToFile('CSVLogger', this.filename, lines);
  }

  override async getState(): Promise<unknown> {
    const state = { keys: this.#keys, header: this.#header, text: this.#text };
    if (this.filename === null) return { ...state, size: 0 };
    const { sizeOfFile } = await import('./log-files.node.ts');
    return { ...state, size: await sizeOfFile('CSVLogger', this.filename) };
  }
  /** What was written after the state was taken will be written again. */
  override async setState(state: unknown): Promise<void> {
    const { keys, header, text, size } = state as {
      keys: readonly string[] | undefined;
      header: boolean;
      text: string;
      size: number;
    };
    this.#keys = keys;
    this.#header = header;
    this.#text = text;
    if (this.filename === null) return;
    const { addToFile, cutFile } = await import('./log-files.node.ts');
    // A file of its own has just been begun anew.
    if (this.append) await cutFile('CSVLogger', this.filename, size);
    else await addToFile('CSVLogger', this.filename, text);
  }

  /** As Python's csv module writes it. */
  #line(cells: readonly string[]): string {
    const quoted = (c: string): string =>
      c.includes(this.separator) || /["\r\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : c;
    return `${cells.map(quoted).join(this.separator)}\r\n`;
  }
}

export const csvLogger = (
  filename?: string | CSVLoggerOptions | null,
  o: CSVLoggerOptions = {},
): CSVLogger => new CSVLogger(filename, o);
