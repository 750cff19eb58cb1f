import { afterEach, describe, expect, it } from 'vitest';
import * as plt from './index.ts';
import { textColumns } from './screen.ts';
import { terminalOptions } from './terminal.ts';

afterEach(() => plt.close('all'));

const widest = (text: string): number => Math.max(...text.split('\n').map(textColumns));

describe('terminal drawing', () => {
  it('keeps to the width and says title, labels, ticks and legend', () => {
    plt.plot([0, 1, 2, 3], [0, 1, 4, 9], { label: 'square' });
    plt.plot([0, 1, 2, 3], [0, 1, 2, 3], { label: 'line' });
    plt.title('Growth');
    plt.xlabel('n');
    plt.ylabel('value');
    plt.legend();
    for (const width of [40, 80, 120]) {
      const text = plt.gcf().toText({ width });
      expect(widest(text)).toBeLessThanOrEqual(width);
      for (const word of ['Growth', 'value', 'square', 'line']) expect(text).toContain(word);
      expect(text).not.toContain('\u001b');
    }
    const text = plt.gcf().toText({ width: 60 });
    expect(text).toContain('*** square');
    expect(text).toContain('+++ line');
    expect(text.match(/\*/g)?.length).toBeGreaterThan(20);
  });

  it('draws one rising line from the lower left to the upper right', () => {
    plt.plot([0, 1]);
    plt.axis('off');
    const rows = plt
      .gcf()
      .toText({ width: 40 })
      .split('\n')
      .filter((r) => r.trim() !== '');
    const column = (row: string): number => row.search(/[\u2801-\u28ff]/);
    expect(column(rows[0])).toBeGreaterThan(30);
    expect(column(rows[rows.length - 1])).toBeLessThan(5);
  });

  it('uses 24-bit colours when asked', () => {
    plt.bar(['a', 'b'], [1, 2], { color: ['#ff0000', '#00ff00'] });
    const text = plt.gcf().toText({ color: true });
    expect(text).toContain('\u001b[38;2;255;0;0m');
    expect(text).toContain('\u001b[38;2;0;255;0m');
    for (const line of text.split('\n')) {
      if (line.includes('\u001b[')) expect(line.endsWith('\u001b[0m')).toBe(true);
    }
  });

  it('draws a digit in ink whichever way its greys run', () => {
    const stroke = Array.from({ length: 28 }, (_, r) =>
      Array.from({ length: 28 }, (_, c) => (c > 11 && c < 16 && r > 3 && r < 24 ? 255 : 0)),
    );
    const drawn = (cmap: string): string => {
      plt.figure();
      plt.imshow(stroke, { cmap });
      plt.axis('off');
      return plt.gcf().toText({ width: 56 });
    };
    expect(drawn('gray')).toContain('@');
    expect(drawn('gray')).toBe(drawn('gray_r'));
    expect(drawn('gray').split('\n')[0].trim()).toBe('');
  });

  it('lets no control characters through', () => {
    plt.title('a\u001b[2Jb\nc');
    expect(plt.gcf().toText()).not.toContain('\u001b');
  });

  it('reads the stream and the environment', () => {
    expect(terminalOptions({ isTTY: true, columns: 70 }, {})).toEqual({ color: true, width: 70 });
    expect(terminalOptions({ isTTY: true, columns: 70 }, { NO_COLOR: '1' }).color).toBe(false);
    expect(terminalOptions({}, {})).toEqual({ color: false, width: 80 });
    expect(terminalOptions({}, { FORCE_COLOR: '1' }).color).toBe(true);
    expect(terminalOptions({ isTTY: true, columns: 5 }, {}).width).toBe(20);
  });
});
