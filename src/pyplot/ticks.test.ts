import { describe, expect, it } from 'vitest';
import { autoLimits } from './scale.ts';
import { labelledTicks, linearLabels, linearTicks, logTicks } from './ticks.ts';

describe('linearTicks', () => {
  it('takes round steps of 1, 2, 2.5 or 5', () => {
    expect(linearTicks(0, 10, 9)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(0.05, 20.95, 9)).toEqual([2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20]);
    expect(linearTicks(-0.3, 0.3, 6)).toEqual([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  });

  it('never makes more intervals than asked, and at least two ticks', () => {
    for (let n = 1; n <= 9; n++) {
      for (const [lo, hi] of [
        [0, 1],
        [-3.7, 91.2],
        [0.0013, 0.0029],
        [-1e12, 3e12],
      ]) {
        const ticks = linearTicks(lo, hi, n);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        if (n > 1) expect(ticks.length).toBeLessThanOrEqual(n + 1);
        for (const t of ticks) expect(t >= lo && t <= hi).toBe(true);
      }
    }
  });

  it('copes with ranges at the ends of what a double holds', () => {
    const huge = linearTicks(-Number.MAX_VALUE, Number.MAX_VALUE, 9);
    expect(huge.length).toBeGreaterThan(2);
    expect(huge.every(Number.isFinite)).toBe(true);
    const tiny = linearTicks(0, 1e-310, 5);
    expect(tiny.length).toBeGreaterThanOrEqual(2);
  });
});

describe('labels', () => {
  it('share their decimals and write a true minus', () => {
    expect(linearLabels([-0.5, 0, 0.5]).labels).toEqual(['−0.5', '0.0', '0.5']);
    expect(linearLabels([0, 0.25, 0.5]).labels).toEqual(['0.00', '0.25', '0.50']);
    expect(linearLabels([0, 20000, 40000])).toEqual({
      labels: ['0', '20000', '40000'],
      offset: '',
    });
  });

  it('take out a power of ten or a shared part', () => {
    expect(linearLabels([0, 1e6, 2e6])).toEqual({ labels: ['0', '1', '2'], offset: '1e6' });
    expect(linearLabels([0, 1e-7, 2e-7])).toEqual({ labels: ['0', '1', '2'], offset: '1e−7' });
    expect(linearLabels([1e9 + 1, 1e9 + 2])).toEqual({ labels: ['1', '2'], offset: '+1e9' });
  });

  it('are all different, whatever the range', () => {
    for (const [lo, hi] of [
      [1e-300, 3e-300],
      [1e300, 3e300],
      [-Number.MAX_VALUE, Number.MAX_VALUE],
      [0.1234567, 0.1234568],
      [123456.001, 123456.002],
      [0, 5e-324 * 1000],
    ]) {
      const labels = labelledTicks(lo, hi, 6).major.map((t) => t.label);
      expect(new Set(labels).size).toBe(labels.length);
      for (const l of labels) expect(l).toMatch(/^−?\d+(\.\d+)?$/);
    }
  });
});

describe('logTicks', () => {
  it('labels powers of ten and marks what lies between', () => {
    const t = logTicks(0.01, 100, 9);
    expect(t.major.map((m) => m.label)).toEqual(['10⁻²', '10⁻¹', '10⁰', '10¹', '10²']);
    expect(t.minor).toContain(0.02);
    expect(t.minor).not.toContain(1);
  });

  it('skips powers on a long axis and labels others on a short one', () => {
    expect(logTicks(1e-30, 1e30, 9).major.length).toBeLessThanOrEqual(11);
    expect(logTicks(1.5, 8, 9).major.map((m) => m.label)).toEqual(['2×10⁰', '3×10⁰', '5×10⁰']);
    expect(logTicks(2.1, 2.6, 5).major.length).toBeGreaterThanOrEqual(2);
  });
});

describe('autoLimits', () => {
  it('keeps a margin, but not at a sticky end', () => {
    expect(autoLimits([{ range: [0, 10] }], 'linear', 0.05)).toEqual([-0.5, 10.5]);
    expect(autoLimits([{ range: [0, 10], sticky: [0] }], 'linear', 0.05)).toEqual([0, 10.5]);
  });

  it('widens a single value, and has an answer for no data', () => {
    for (const v of [5, -5, 0, 1e300, 1e-300, Number.MAX_VALUE]) {
      const [lo, hi] = autoLimits([{ range: [v, v] }], 'linear', 0.05);
      expect(lo < v && (hi > v || v === Number.MAX_VALUE)).toBe(true);
    }
    const [lo, hi] = autoLimits([{ range: [0, 0], sticky: [0] }], 'linear', 0.05);
    expect(hi).toBeGreaterThan(lo);
    expect(autoLimits([], 'linear', 0.05)).toEqual([0, 1]);
    expect(autoLimits([], 'log', 0.05)).toEqual([1, 10]);
  });

  it('puts the margin of a log axis on its logarithm', () => {
    const [lo, hi] = autoLimits([{ range: [1, 1000] }], 'log', 0.1);
    expect(Math.log10(lo)).toBeCloseTo(-0.3);
    expect(Math.log10(hi)).toBeCloseTo(3.3);
  });
});
