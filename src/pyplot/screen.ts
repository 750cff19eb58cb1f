import type { Color } from './color.ts';

/** How one character cell looks. */
export interface CellStyle {
  readonly fg?: Color;
  readonly bg?: Color;
  readonly bold?: boolean;
}

interface CellContent extends CellStyle {
  readonly char: string;
}

/** How many columns a character takes in a terminal. */
export function columnsOf(char: string): number {
  const code = char.codePointAt(0) as number;
  if (code >= 0x300 && code < 0x370) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xff00 && code <= 0xff60) ||
    code >= 0x1f300;
  return wide ? 2 : 1;
}

/** Columns that a text takes. */
export function textColumns(text: string): number {
  let n = 0;
  for (const char of text) n += columnsOf(char);
  return n;
}

/** The text cut to at most `columns`, with an ellipsis when something was cut. */
export function truncate(text: string, columns: number): string {
  if (textColumns(text) <= columns) return text;
  let out = '';
  let n = 0;
  for (const char of text) {
    if (n + columnsOf(char) > columns - 1) break;
    out += char;
    n += columnsOf(char);
  }
  return columns > 0 ? `${out}…` : '';
}

/** A rectangle of character cells. */
export class Screen {
  readonly width: number;
  readonly height: number;
  readonly #cells: (CellContent | undefined)[];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#cells = new Array(width * height);
  }

  put(x: number, y: number, char: string, style: CellStyle = {}): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    this.#cells[y * this.width + x] = { ...style, char };
  }

  write(x: number, y: number, text: string, style: CellStyle = {}): void {
    let at = x;
    for (const char of text) {
      const n = columnsOf(char);
      // Control characters would move the cursor or worse; titles may come from anywhere.
      if (n === 0 || /\p{Cc}/u.test(char)) continue;
      this.put(at, y, char, style);
      if (n === 2) this.put(at + 1, y, '', style);
      at += n;
    }
  }

  /** Copies another screen to (x, y). */
  blit(other: Screen, x: number, y: number): void {
    for (let r = 0; r < other.height; r++) {
      for (let c = 0; c < other.width; c++) {
        const cell = other.#cells[r * other.width + c];
        if (cell) this.put(x + c, y + r, cell.char, cell);
      }
    }
  }

  /** The lines as text, with 24-bit colour sequences if `color`. */
  toString(color: boolean): string {
    const lines: string[] = [];
    for (let y = 0; y < this.height; y++) {
      let line = '';
      let style = '';
      let end = this.width;
      const blank = (c: CellContent | undefined): boolean => !c || (c.char === ' ' && !c.bg);
      while (end > 0 && blank(this.#cells[y * this.width + end - 1])) end--;
      for (let x = 0; x < end; x++) {
        const cell = this.#cells[y * this.width + x];
        if (color) {
          const next = sequence(cell ?? { char: ' ' });
          if (next !== style) line += `\u001b[0m${next}`;
          style = next;
        }
        line += cell ? cell.char : ' ';
      }
      lines.push(style === '' ? line : `${line}\u001b[0m`);
    }
    return lines.join('\n');
  }
}

function sequence(cell: CellContent): string {
  const rgb = (c: Color): string => [c.r, c.g, c.b].map((v) => Math.round(v)).join(';');
  return (
    (cell.bold ? '\u001b[1m' : '') +
    (cell.fg ? `\u001b[38;2;${rgb(cell.fg)}m` : '') +
    (cell.bg ? `\u001b[48;2;${rgb(cell.bg)}m` : '')
  );
}
