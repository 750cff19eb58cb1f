import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { parseColor, toHex } from './color.ts';
import { colorScale, getColormap } from './colormap.ts';
import { toDense, withDense } from './data.ts';
import { parseFormat, parseLineStyle, parseMarker } from './format-string.ts';
import { histogram } from './histogram.ts';

describe('format strings', () => {
  it('are read in any order', () => {
    expect(parseFormat('r--o')).toEqual({ color: 'r', linestyle: '--', marker: 'o' });
    expect(parseFormat('o--r')).toEqual({ color: 'r', linestyle: '--', marker: 'o' });
    expect(parseFormat('C3-.')).toEqual({ color: 'C3', linestyle: '-.' });
    expect(parseFormat(':')).toEqual({ linestyle: ':' });
    expect(parseFormat('')).toEqual({});
  });

  it('with a marker alone draw no line', () => {
    expect(parseFormat('k.')).toEqual({ color: 'k', marker: '.', linestyle: 'none' });
  });

  it('are refused when a part is unknown or doubled', () => {
    for (const bad of ['q', 'rr', 'o^', '----', 'r--o!']) {
      expect(() => parseFormat(bad)).toThrow(GradloomError);
    }
    expect(() => parseFormat('rb')).toThrow(/two colours/);
    expect(() => parseLineStyle('wavy')).toThrow(/dashed/);
    expect(() => parseLineStyle('constructor')).toThrow(GradloomError);
    expect(() => parseMarker('oo')).toThrow(/Unknown marker/);
  });
});

describe('colours', () => {
  it('are read as matplotlib writes them', () => {
    const hex = (s: string | number[]): string => toHex(parseColor(s));
    expect(hex('g')).toBe('#008000');
    expect(hex('C1')).toBe('#ff7f0e');
    expect(hex('C10')).toBe('#1f77b4');
    expect(hex('tab:red')).toBe('#d62728');
    expect(hex('tab:grey')).toBe('#7f7f7f');
    expect(hex('steelblue')).toBe('#4682b4');
    expect(hex('#abc')).toBe('#aabbcc');
    expect(hex('0.5')).toBe('#808080');
    expect(hex([1, 0, 0.5])).toBe('#ff0080');
    expect(parseColor('none').a).toBe(0);
    expect(parseColor('red', 0.5).a).toBe(0.5);
  });

  it('are refused when unknown', () => {
    for (const bad of ['nocolour', '', 'tab:none', '#12', '1.5', 'toString']) {
      expect(() => parseColor(bad)).toThrow(/Unknown colour/);
    }
    expect(() => parseColor([1, 2, 3])).toThrow(/0\.\.1/);
    expect(() => parseColor('red', 2)).toThrow(/alpha/);
  });

  it('come from maps', () => {
    expect(toHex(getColormap('viridis')(0))).toBe('#440154');
    expect(toHex(getColormap('gray')(1))).toBe('#ffffff');
    expect(toHex(getColormap('gray_r')(1))).toBe('#000000');
    expect(() => getColormap('vridis')).toThrow(/viridis/);
    const scale = colorScale([0, Number.NaN, 10], 'gray');
    expect([scale.vmin, scale.vmax]).toEqual([0, 10]);
    expect(toHex(scale.color(5))).toBe('#808080');
    expect(scale.color(Number.NaN).a).toBe(0);
    expect(() => colorScale([1], 'gray', 5, 1)).toThrow(/vmin/);
    const wide = colorScale([-Number.MAX_VALUE, Number.MAX_VALUE], 'gray');
    expect(toHex(wide.color(0))).toBe('#808080');
  });
});

describe('data', () => {
  it('is read from lists and typed arrays, nested or not', () => {
    expect(
      toDense(
        [
          [1, 2],
          [3, 4],
        ],
        'x',
      ),
    ).toEqual({
      shape: [2, 2],
      data: Float64Array.of(1, 2, 3, 4),
    });
    expect(toDense([Float32Array.of(1, 2)], 'x').shape).toEqual([1, 2]);
    expect([...toDense(BigInt64Array.of(7n), 'x').data]).toEqual([7]);
    expect([...toDense([1, null, undefined], 'x').data]).toEqual([1, Number.NaN, Number.NaN]);
    expect(toDense([], 'x').shape).toEqual([0]);
  });

  it('is refused when ragged or not numbers', () => {
    expect(() => toDense([[1, 2], [3]], 'x')).toThrow(/ragged/);
    expect(() => toDense([1, [2]], 'x')).toThrow(/ragged/);
    expect(() => toDense(['a'], 'height')).toThrow(/height must hold numbers.*"a"/);
    expect(() => toDense(undefined, 'y')).toThrow(/missing/);
    expect(() => toDense({}, 'y')).toThrow(/object/);
  });

  it('of tensors is read at once when it can be, and later otherwise', async () => {
    const quick = {
      shape: [2],
      dtype: 'float32',
      data: async () => [1, 2],
      dataSync: () => [1, 2],
    };
    const slow = {
      ...quick,
      dataSync: () => {
        throw new Error('not here');
      },
    };
    const seen: number[][] = [];
    expect(withDense([{ value: quick, name: 'x' }], ([d]) => seen.push([...d.data]))).toBe(
      undefined,
    );
    expect(seen).toEqual([[1, 2]]);
    const later = withDense([{ value: slow, name: 'x' }], ([d]) => seen.push([...d.data]));
    expect(seen.length).toBe(1);
    await later;
    expect(seen.length).toBe(2);
    const short = { ...quick, shape: [3] };
    expect(() => withDense([{ value: short, name: 'x' }], () => {})).toThrow(/gave 2 values/);
  });
});

describe('histogram', () => {
  it('counts as NumPy does', () => {
    const h = histogram([1, 2, 1, 4, Number.NaN], 3);
    expect(h.edges).toEqual([1, 2, 3, 4]);
    expect(h.counts).toEqual([2, 1, 1]);
    expect(histogram([0, 1, 2, 3], [0, 1, 3]).counts).toEqual([1, 3]);
    expect(histogram([5, 5], 2).edges).toEqual([4.5, 5, 5.5]);
    expect(histogram([-1, 0, 9], 2, [0, 2]).counts).toEqual([1, 0]);
  });

  it('as a density has area 1', () => {
    const { counts, edges } = histogram([0, 0.1, 3, 7], [0, 1, 8], undefined, true);
    const area = counts.reduce((s, c, i) => s + c * (edges[i + 1] - edges[i]), 0);
    expect(area).toBeCloseTo(1);
  });

  it('refuses bins that cannot be', () => {
    expect(() => histogram([1], 0)).toThrow(/bins/);
    expect(() => histogram([1], 2.5)).toThrow(/bins/);
    expect(() => histogram([1], [3, 1])).toThrow(/rising/);
    expect(() => histogram([1], 3, [2, 1])).toThrow(/range/);
  });
});
