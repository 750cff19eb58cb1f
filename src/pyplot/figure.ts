import { GradloomError } from '../errors.ts';
import type { Mappable } from './artist.ts';
import { Axes, type Cell } from './axes.ts';
import { type Caption, type TextOptions, textLook } from './axis.ts';
import { type Color, parseColor } from './color.ts';
import { drawAxes } from './draw-axes.ts';
import { layout } from './layout.ts';
import type { ColorbarOptions, FigureOptions, SubplotsOptions } from './options.ts';
import { svgToPng } from './png.ts';
import { SvgCanvas } from './svg.ts';
import { drawInTerminal, type TerminalOptions, terminalOptions } from './terminal.ts';

/** Options of `savefig`. */
export interface SaveOptions {
  /** Pixels per inch of a PNG, 1..10000; the figure's by default. */
  dpi?: number;
  /** 'svg' or 'png'; told from the file's name by default. */
  format?: 'svg' | 'png';
}

/** The axes of `subplots`: one, a list of one row or column, or a list of rows. */
export type AxesGrid = Axes | Axes[] | Axes[][];

function checkGrid(rows: number, cols: number): void {
  for (const n of [rows, cols]) {
    if (!Number.isInteger(n) || n < 1 || n > 1000) {
      throw new GradloomError(
        'pyplot.subplots',
        `Rows and columns must be whole numbers within 1..1000, but are ${rows} and ${cols}.`,
        { rows, cols },
      );
    }
  }
}

/** A page of one or more axes. */
export class Figure {
  readonly figsize: readonly [number, number];
  readonly dpi: number;
  readonly axes: Axes[] = [];
  readonly #facecolor: Color;
  #suptitle: Caption | undefined;
  #tight = false;
  #current: Axes | undefined;

  /** @throws GradloomError `pyplot.figure` for a size or dpi that cannot be */
  constructor(options: FigureOptions = {}) {
    const { figsize = [6.4, 4.8], dpi = 100 } = options;
    const [w, h] = figsize;
    if (figsize.length !== 2 || !(w > 0 && h > 0 && dpi >= 1 && w * dpi <= 2e4 && h * dpi <= 2e4)) {
      throw new GradloomError(
        'pyplot.figure',
        `figsize must be [width, height] in inches and dpi 1 or more, at most 20000 pixels a ` +
          `side; got [${figsize}] at ${dpi} dpi.`,
        { figsize, dpi },
      );
    }
    this.figsize = [w, h];
    this.dpi = dpi;
    this.#facecolor = parseColor(options.facecolor ?? 'white');
  }

  /**
   * Adds the axes at one place of a grid, or finds it when it is there.
   * @param index 1 for the first, counted along the rows
   */
  addSubplot(rows = 1, cols = 1, index = 1): Axes {
    checkGrid(rows, cols);
    if (!Number.isInteger(index) || index < 1 || index > rows * cols) {
      throw new GradloomError(
        'pyplot.subplots',
        `index must be within 1..${rows * cols} for ${rows} x ${cols} subplots, but is ${index}.`,
        { rows, cols, index },
      );
    }
    const cell = { rows, cols, row: Math.floor((index - 1) / cols), col: (index - 1) % cols };
    const same = (c: Cell): boolean =>
      c.rows === rows && c.cols === cols && c.row === cell.row && c.col === cell.col;
    const axes = this.axes.find((a) => same(a.cell)) ?? new Axes(cell);
    if (!this.axes.includes(axes)) this.axes.push(axes);
    this.#current = axes;
    return axes;
  }

  /** Adds rows x cols axes, in the shape matplotlib gives them. */
  subplots(rows: 1, cols: 1, options?: SubplotsOptions & { squeeze?: true }): Axes;
  subplots(rows?: number, cols?: number, options?: SubplotsOptions): AxesGrid;
  subplots(rows = 1, cols = 1, options: SubplotsOptions = {}): AxesGrid {
    checkGrid(rows, cols);
    const grid = Array.from({ length: rows }, (_, r) =>
      Array.from({ length: cols }, (_, c) => this.addSubplot(rows, cols, r * cols + c + 1)),
    );
    const all = grid.flat();
    for (const axes of all) {
      if (options.sharex) axes.sharedX = all;
      if (options.sharey) axes.sharedY = all;
    }
    this.#current = all[0];
    if (options.squeeze === false) return grid;
    if (rows === 1 && cols === 1) return all[0];
    return rows === 1 || cols === 1 ? all : grid;
  }

  /** The axes drawn on last; a new one when there is none. */
  gca(): Axes {
    return this.#current ?? this.addSubplot();
  }

  /** Makes `axes` the current one. */
  sca(axes: Axes): void {
    this.#current = axes;
  }

  /** Writes a title over all the axes. */
  suptitle(text: string, options: TextOptions = {}): void {
    this.#suptitle = {
      text: String(text),
      look: textLook(options, { fontsize: 12, ha: 'center', va: 'top' }),
    };
  }

  /** Shows which colours stand for which values, beside the axes of the image or scatter. */
  colorbar(mappable: Mappable, options: ColorbarOptions = {}): void {
    const axes = this.axes.find((a) => a.artists.includes(mappable));
    if (!axes) {
      throw new GradloomError(
        'pyplot.colorbar',
        'colorbar takes what imshow or scatter returned, from an axes of this figure.',
      );
    }
    const { label } = options;
    const caption = label === undefined ? undefined : { text: label, look: textLook({}) };
    axes.colorbars.push({ mappable, label: caption });
  }

  /** Makes margins and gaps only as wide as the labels need. */
  tightLayout(): void {
    this.#tight = true;
  }

  /** Takes all axes and the title away. */
  clear(): void {
    this.axes.length = 0;
    this.#suptitle = undefined;
    this.#current = undefined;
  }

  /** Waits for the data of tensors that cannot be read at once. */
  async load(): Promise<void> {
    for (const axes of this.axes) await axes.load();
  }

  /**
   * The figure as an SVG document.
   * @throws GradloomError `pyplot.loading` while a tensor's data is on its way: await load() first
   */
  toSVG(): string {
    this.#checkLoaded();
    const { dpi } = this;
    const [width, height] = [this.figsize[0] * dpi, this.figsize[1] * dpi];
    const unit = dpi / 72;
    const canvas = new SvgCanvas();
    canvas.rect({ x: 0, y: 0, w: width, h: height }, this.#facecolor, undefined);
    const suptitle = this.#suptitle;
    const page = { width, height, unit, tight: this.#tight, suptitle };
    for (const [axes, box] of layout(this.axes, page)) drawAxes(canvas, axes, box, unit);
    if (suptitle) {
      const { text, look } = suptitle;
      canvas.text(text, [width / 2, 0.02 * height], {
        ...look,
        size: look.fontsize * unit,
        ha: 'center',
        va: 'top',
      });
    }
    return canvas.toString(width, height);
  }

  #checkLoaded(): void {
    if (this.axes.some((a) => a.isLoading)) {
      throw new GradloomError(
        'pyplot.loading',
        'Some tensors of this figure must be read asynchronously: await figure.load() first, or ' +
          'use savefig or show, which wait by themselves.',
      );
    }
  }

  /**
   * The figure as the bytes of a PNG file; in a worker of a browser there are none.
   * @param dpi pixels per inch, 1..10000; the figure's by default
   */
  async toPNG(dpi: number = this.dpi): Promise<Uint8Array> {
    const pixels = Math.round(this.figsize[0] * dpi);
    if (!(dpi >= 1 && dpi <= 1e4 && Math.max(...this.figsize) * dpi <= 2e4)) {
      throw new GradloomError(
        'pyplot.figure',
        `dpi must be within 1..10000 and the picture at most 20000 pixels a side; got ${dpi}.`,
        { dpi },
      );
    }
    await this.load();
    return svgToPng(this.toSVG(), pixels);
  }

  /**
   * Writes the figure to a file (Node only).
   * @param path its ending, .svg or .png, tells the format unless `format` does
   * @throws GradloomError for another format, or for PNG without `@resvg/resvg-js`
   */
  async savefig(path: string, options: SaveOptions = {}): Promise<void> {
    const format = options.format ?? /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? 'png';
    if (format !== 'svg' && format !== 'png') {
      throw new GradloomError(
        'pyplot.format',
        `savefig writes 'svg' or 'png', not ${JSON.stringify(format)}.`,
        { path, format },
      );
    }
    await this.load();
    const { writeFile } = await import('node:fs/promises').catch((cause) => {
      throw new GradloomError(
        'pyplot.save',
        'savefig writes files and so works in Node only; in a browser take toSVG() or show().',
        {},
        { cause },
      );
    });
    await writeFile(path, format === 'svg' ? this.toSVG() : await this.toPNG(options.dpi));
  }

  /** The figure drawn with characters, as `show` prints it in Node. */
  toText(options: TerminalOptions = {}): string {
    this.#checkLoaded();
    return drawInTerminal(this.axes, this.figsize, this.#suptitle?.text, options);
  }

  /** Shows the figure: in the document in a browser, else in the terminal. */
  async show(): Promise<void> {
    await this.load();
    if (typeof document !== 'undefined' && document.body) {
      const holder = document.createElement('div');
      holder.innerHTML = this.toSVG();
      document.body.append(holder);
      return;
    }
    const { stdout, env } = await import('node:process');
    const text = this.toText(terminalOptions(stdout, env));
    await new Promise<void>((done) => stdout.write(`${text}\n`, () => done()));
  }
}
