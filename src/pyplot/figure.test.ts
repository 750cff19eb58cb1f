import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Axes } from './axes.ts';
import { toDense } from './data.ts';
import { Figure } from './figure.ts';
import * as plt from './index.ts';
import { Line } from './line.ts';
import { textWidth } from './text-metrics.ts';

afterEach(() => plt.close('all'));

/** The numbers of the first path with this stroke. */
function pathOf(svg: string, stroke: string): number[] {
  const d = new RegExp(`<path d="([^"]*)" fill="none"[^>]*stroke="${stroke}"`).exec(svg)?.[1];
  return (d ?? '').match(/-?[\d.]+/g)?.map(Number) ?? [];
}

function frameOf(svg: string): number[] {
  const m =
    /<clipPath[^>]*><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/.exec(svg);
  return (m ?? []).slice(1).map(Number);
}

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((m) => m[1]);
}

/** Left, top, right and bottom of every text, and what it says. */
function textBoxes(svg: string): [number, number, number, number, string][] {
  const pattern =
    /<text x="([\d.-]+)" y="([\d.-]+)" font-size="([\d.]+)" text-anchor="(\w+)"([^>]*)>([^<]*)</g;
  return [...svg.matchAll(pattern)].map((m) => {
    const [x, y, size] = m.slice(1, 4).map(Number);
    const w = textWidth(m[6], size);
    const left = { start: 0, middle: w / 2, end: w }[m[4]] as number;
    const turned = /rotate\(-90 [\d.]+ ([\d.]+)\)/.exec(m[5]);
    if (!turned) return [x - left, y - 0.73 * size, x - left + w, y, m[6]];
    const middle = Number(turned[1]);
    return [x - size / 2, middle - w / 2, x + size / 2, middle + w / 2, m[6]];
  });
}

describe('SVG', () => {
  it('maps data to the frame, which lies where matplotlib puts it', () => {
    plt.plot([0, 1, 2], [0, 10, 0], { color: 'red' });
    plt.xlim(0, 2);
    plt.ylim(0, 10);
    const svg = plt.toSVG();
    expect(svg).toContain('width="640" height="480" viewBox="0 0 640 480"');
    const [x, y, w, h] = frameOf(svg);
    expect([x, y, w, h]).toEqual([80, 57.6, 496, 369.6]);
    expect(pathOf(svg, '#ff0000')).toEqual([x, 427.2, x + w / 2, y, x + w, 427.2]);
  });

  it('takes tab10 colours in turn', () => {
    plt.plot([1, 2]);
    plt.plot([2, 1]);
    const svg = plt.toSVG();
    expect(pathOf(svg, '#1f77b4').length).toBe(4);
    expect(pathOf(svg, '#ff7f0e').length).toBe(4);
  });

  it('breaks a line at NaN and leaves out what a log axis cannot show', () => {
    plt.plot([1, 2, Number.NaN, 4, Number.POSITIVE_INFINITY, 5, 6], 'r');
    const paths = plt.toSVG().match(/<path [^>]*stroke="#ff0000"[^>]*>/g) ?? [];
    expect(paths.length).toBe(2);
    expect(paths.join()).not.toMatch(/NaN|Infinity/);
    plt.close();
    plt.semilogy([0.001, 0, -5, 10, 1000], 'ro');
    const log = plt.toSVG();
    expect(log.match(/<circle/g)?.length).toBe(3);
    expect(texts(log)).toContain('10⁰');
    expect(plt.gca().getYlim()[0]).toBeGreaterThan(0);
  });

  it('draws sensibly for constant, single, empty, NaN-only and huge data', () => {
    for (const y of [
      [5, 5, 5],
      [3],
      [],
      [Number.NaN, Number.NaN],
      [-1e308, 1e308],
      [1e-320, 2e-320],
      [-Number.MAX_VALUE, Number.MAX_VALUE],
      [1e16, 1e16 + 2],
    ]) {
      plt.figure();
      plt.plot(y, 'o-');
      const svg = plt.toSVG();
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(plt.gcf().toText()).not.toMatch(/NaN|undefined/);
      const [lo, hi] = plt.ylim();
      expect(hi).toBeGreaterThan(lo);
    }
  });

  it('escapes what people write and drops what XML cannot hold', () => {
    plt.title('<a> & "b"\u0000');
    plt.xlabel('损失 ε');
    const svg = plt.toSVG();
    expect(texts(svg)).toContain('&lt;a&gt; &amp; &quot;b&quot;');
    expect(texts(svg)).toContain('损失 ε');
  });

  it('lists labelled artists in the legend', () => {
    plt.plot([1, 2], { label: 'train' });
    plt.plot([1, 3], { label: '_hidden' });
    plt.bar([0, 1], [1, 1], { label: 'bars' });
    plt.legend({ loc: 'upper left', title: 'Key' });
    const all = texts(plt.toSVG());
    expect(all).toEqual(expect.arrayContaining(['train', 'bars', 'Key']));
    expect(all).not.toContain('_hidden');
    plt.legend(['one', 'two']);
    expect(texts(plt.toSVG())).toEqual(expect.arrayContaining(['one', 'two']));
    expect(() => plt.legend({ loc: 'somewhere' })).toThrow(/upper right/);
  });

  it('puts the best legend where no data are', () => {
    const legendX = (y: number[]): number => {
      plt.figure();
      plt.plot(y, { label: 'a' });
      plt.legend();
      return Number(/<rect x="([\d.]+)"[^>]* rx=/.exec(plt.toSVG())?.[1]);
    };
    expect(legendX([0, 1, 2, 3])).toBeLessThan(200);
    expect(legendX([3, 2, 1, 0])).toBeGreaterThan(400);
  });

  it('keeps every text inside the figure, however long the labels', () => {
    const [fig, axs] = plt.subplots(2, 2);
    for (const ax of axs.flat()) {
      ax.plot([1e5, 2e5], [123456.5, 999999.25]);
      ax.setTitle('A title');
      ax.setYlabel('why');
      ax.setXlabel('ex');
    }
    fig.suptitle('Over all');
    const svg = fig.toSVG();
    const boxes = textBoxes(svg);
    const frames = [...svg.matchAll(/<clipPath id="clip-([\d_-]+)"/g)].map((m) =>
      m[1].replaceAll('_', '.').split('-').map(Number),
    );
    expect(frames.length).toBe(4);
    expect(boxes.length).toBeGreaterThan(20);
    boxes.forEach(([x0, y0, x1, y1, text], i) => {
      expect(x0 >= 0 && y0 >= 0 && x1 <= 640 && y1 <= 480, text).toBe(true);
      for (const [fx, fy, fw, fh] of frames) {
        const outside = x1 <= fx || fx + fw <= x0 || y1 <= fy || fy + fh <= y0;
        expect(outside, `${text} over a frame`).toBe(true);
      }
      for (const [a0, b0, a1, b1, other] of boxes.slice(i + 1)) {
        const apart = x1 <= a0 || a1 <= x0 || y1 <= b0 || b1 <= y0;
        expect(apart, `${text} | ${other}`).toBe(true);
      }
    });
  });

  it('turns names that would touch, and thins numbers', () => {
    plt.bar(
      Array.from({ length: 10 }, (_, i) => `category ${i}`),
      Array.from({ length: 10 }, (_, i) => i),
    );
    expect(plt.toSVG().match(/rotate\(-45 /g)?.length).toBe(10);
    plt.close();
    plt.figure({ figsize: [2, 2] });
    plt.plot([1000.25, 1000.5], [1, 2]);
    expect(plt.toSVG()).not.toContain('rotate(-45');
  });
});

describe('axes', () => {
  it('come in the shape matplotlib gives them', () => {
    expect(plt.subplots()[1].constructor.name).toBe('Axes');
    expect(plt.subplots(1, 3)[1].length).toBe(3);
    const grid = plt.subplots(2, 3)[1];
    expect([grid.length, grid[0].length]).toEqual([2, 3]);
    const [, nested] = plt.subplots(1, 1, { squeeze: false });
    expect([nested.length, nested[0].length]).toEqual([1, 1]);
    expect(() => plt.subplots(0, 1)).toThrow(/whole numbers/);
    expect(() => plt.subplot(2, 2, 5)).toThrow(/1\.\.4/);
  });

  it('are found again by subplot', () => {
    const a = plt.subplot(1, 2, 1);
    plt.subplot(122);
    expect(plt.subplot(1, 2, 1)).toBe(a);
    expect(plt.gcf().axes.length).toBe(2);
  });

  it('share limits', () => {
    const [, [a, b]] = plt.subplots(1, 2, { sharey: true });
    a.plot([0, 10]);
    b.plot([5, 100]);
    expect(a.getYlim()).toEqual(b.getYlim());
    a.setYlim(0, 7);
    expect(b.getYlim()).toEqual([0, 7]);
    expect(a.getXlim()).toEqual([-0.05, 1.05]);
  });

  it('give bars a foot without margin, stacked or not', () => {
    plt.bar(['a', 'b'], [1, 4], { bottom: [1, 2] });
    expect(plt.ylim()[0]).toBe(1);
    plt.cla();
    plt.bar(['a', 'b'], [1, 4]);
    expect(plt.ylim()).toEqual([0, 4.2]);
    plt.cla();
    plt.bar([0, 1], [-3, 0]);
    expect(plt.ylim()[1]).toBe(0);
  });

  it('plot the columns of a two-dimensional y', () => {
    const lines = plt.plot([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(lines.map((l) => [...(l.y as Float64Array)])).toEqual([
      [1, 2, 3],
      [10, 20, 30],
    ]);
  });

  it('return counts and edges from hist', () => {
    const h = plt.hist([0, 1, 1, 2], { bins: 2 });
    expect([h.counts, h.edges]).toEqual([
      [1, 3],
      [0, 1, 2],
    ]);
  });

  it('refuse what cannot be drawn', () => {
    expect(() => plt.plot([1, 2], [1, 2, 3])).toThrow(/same length.*2 and 3/);
    expect(() => plt.plot([1], { color: 'nope' })).toThrow(/Unknown colour/);
    expect(() => plt.plot([1], 'z')).toThrow(/format/);
    expect(() => plt.scatter([1, 2], [1, 2], { c: [1, 2, 3, 4, 5] })).toThrow(/same length/);
    expect(() => plt.imshow([1, 2, 3])).toThrow(/\[3\]/);
    expect(() => plt.imshow([[]])).toThrow(/empty/);
    expect(plt.gca().artists).toEqual([]);
    expect(() => plt.xlim(1, 1)).toThrow(/different/);
    expect(() => plt.xticks([1, 2], ['one'])).toThrow(/one label/);
    expect(() => plt.yscale('cubic' as 'log')).toThrow(/'log'/);
    expect(() => plt.colorbar()).toThrow(/colorbar/);
    expect(() => plt.figure({ figsize: [0, 1] })).toThrow(/figsize/);
  });
});

describe('tensors', () => {
  const tensor = (data: number[], shape = [data.length]) => ({
    shape,
    dtype: 'float32',
    data: async () => Float32Array.from(data),
    dataSync(): Float32Array {
      throw new Error('asynchronous back end');
    },
  });

  it('that come later are waited for', async () => {
    const fig = new Figure();
    const ax: Axes = fig.addSubplot();
    const [line] = ax.plot(tensor([1, 2, 3]));
    ax.imshow(tensor([0, 1, 2, 3], [1, 2, 2, 1]));
    expect(() => fig.toSVG()).toThrow(/load/);
    await fig.load();
    expect(line).toBeInstanceOf(Line);
    expect([...(line.y as Float64Array)]).toEqual([1, 2, 3]);
    expect(fig.toSVG()).toContain('<image');
  });

  it('that fail, or do not fit, say so when waited for', async () => {
    const fig = new Figure();
    fig.gca().plot([1, 2], tensor([1, 2, 3]));
    await expect(fig.load()).rejects.toThrow(/same length/);
    await expect(fig.toPNG()).rejects.toThrow(/same length/);
  });
});

describe('PNG', () => {
  const pixel = (png: ReturnType<typeof decode>, x: number, y: number): number[] => {
    const at = (Math.round(y) * png.width + Math.round(x)) * png.channels;
    return [...png.data.slice(at, at + 3)];
  };

  it('has the size that dpi says, with text and data where they belong', async () => {
    plt.figure({ figsize: [4, 3], dpi: 50 });
    plt.bar([0], [1], { color: 'red', width: 1 });
    plt.axis('off');
    const png = decode(await plt.gcf().toPNG());
    expect([png.width, png.height]).toEqual([200, 150]);
    expect(pixel(png, 100, 100)).toEqual([255, 0, 0]);
    expect(pixel(png, 2, 2)).toEqual([255, 255, 255]);
    const double = decode(await plt.gcf().toPNG(100));
    expect([double.width, double.height]).toEqual([400, 300]);
  });

  it('shows text without any system font', async () => {
    const dark = async (title: string): Promise<number> => {
      plt.figure({ figsize: [3, 2] });
      plt.axis('off');
      plt.title(title);
      const png = decode(await plt.gcf().toPNG());
      let n = 0;
      for (let i = 0; i < png.data.length; i += png.channels) if (png.data[i] < 128) n++;
      return n;
    };
    expect(await dark('')).toBe(0);
    expect(await dark('Accuracy')).toBeGreaterThan(100);
  });

  it('shows image pixels unsmoothed, row 0 on top', async () => {
    plt.figure({ figsize: [2, 2] });
    plt.imshow(
      [
        [0, 255],
        [128, 0],
      ],
      { cmap: 'gray', vmin: 0, vmax: 255 },
    );
    plt.axis('off');
    const [x, y, w, h] = frameOf(plt.toSVG());
    const png = decode(await plt.gcf().toPNG());
    const at = (c: number, r: number): number => pixel(png, x + w * c, y + h * r)[0];
    for (const inset of [0.1, 0.25, 0.4]) {
      expect(at(inset, inset)).toBe(0);
      expect(at(0.5 + inset, inset)).toBe(255);
      expect(at(inset, 0.5 + inset)).toBe(128);
    }
    plt.cla();
    const [red, blue] = [
      [255, 0, 0],
      [0, 0, 255],
    ];
    plt.imshow([[red], [blue]], { origin: 'lower' });
    plt.axis('off');
    const box = frameOf(plt.toSVG());
    const rgb = decode(await plt.gcf().toPNG());
    expect(pixel(rgb, box[0] + box[2] / 2, box[1] + box[3] * 0.75)).toEqual(red);
    expect(pixel(rgb, box[0] + box[2] / 2, box[1] + box[3] * 0.25)).toEqual(blue);
  });

  it('is written by savefig, as is SVG, and other formats are refused', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gradloom-'));
    try {
      plt.plot([1, 2]);
      await plt.savefig(join(dir, 'a.png'), { dpi: 50 });
      expect(decode(await readFile(join(dir, 'a.png'))).width).toBe(320);
      await plt.savefig(join(dir, 'a.svg'));
      expect(await readFile(join(dir, 'a.svg'), 'utf8')).toBe(plt.toSVG());
      await expect(plt.savefig(join(dir, 'a.pdf'))).rejects.toThrow(/'svg' or 'png'.*"pdf"/);
      await expect(plt.savefig(join(dir, 'b.png'), { dpi: 0 })).rejects.toThrow(/dpi/);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

it('says what to install when the PNG renderer is missing', async () => {
  vi.doMock('@resvg/resvg-js', () => {
    throw new Error('not found');
  });
  try {
    await expect(new Figure().toPNG()).rejects.toThrow(/npm install @resvg\/resvg-js/);
  } finally {
    vi.doUnmock('@resvg/resvg-js');
  }
});

describe('show', () => {
  it('appends the SVG to the document in a browser, and closes the figures', async () => {
    const shown: { innerHTML: string }[] = [];
    vi.stubGlobal('document', {
      body: { append: (e: { innerHTML: string }) => shown.push(e) },
      createElement: () => ({ innerHTML: '' }),
    });
    try {
      plt.plot([1, 2]);
      const first = plt.gcf();
      await plt.show();
      expect(shown.length).toBe(1);
      expect(shown[0].innerHTML).toMatch(/^<svg/);
      expect(plt.gcf()).not.toBe(first);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('prints to standard output in Node', async () => {
    let out = '';
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation(((
      text: string,
      done: () => void,
    ) => {
      out += text;
      done();
      return true;
    }) as typeof process.stdout.write);
    plt.title('Printed');
    plt.plot([1, 2]);
    await plt.show();
    spy.mockRestore();
    expect(out).toContain('Printed');
  });
});

it('reads one-row tensors of any rank as an image', () => {
  expect(toDense([[[[1]]]], 'x').shape).toEqual([1, 1, 1, 1]);
});
