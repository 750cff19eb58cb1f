import { describe, expect, it } from 'vitest';
import type { DownloadProgress } from './download.ts';
import { createProgressReporter, formatBytes, formatProgress } from './progress.ts';

function at(received: number, more: Partial<DownloadProgress> = {}): DownloadProgress {
  return {
    file: 'train-images.gz',
    received,
    total: 9_912_422,
    resumedFrom: 0,
    host: 'example.org',
    done: false,
    ...more,
  };
}

describe('formatBytes', () => {
  it('keeps to a few digits', () => {
    const cases: [number, string][] = [
      [0, '0 B'],
      [999, '999 B'],
      [1000, '1.0 kB'],
      [99_949, '99.9 kB'],
      [99_950, '100 kB'],
      [999_499, '999 kB'],
      [999_500, '1.0 MB'],
      [9_912_422, '9.9 MB'],
      [47_040_016, '47.0 MB'],
      [3.2e12, '3.2 TB'],
    ];
    for (const [bytes, text] of cases) expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatProgress', () => {
  it('shows bytes, rate and the time left', () => {
    expect(formatProgress(at(4_956_211), 2_000_000, 2.5, 100)).toBe(
      'train-images.gz [===============>              ]  50%  5.0/9.9 MB  2.0 MB/s  ETA 0:03',
    );
    expect(formatProgress(at(9_912_422, { done: true }), 2_000_000, 65, 100)).toBe(
      'train-images.gz [==============================] 100%  9.9/9.9 MB  2.0 MB/s  in 1:05',
    );
  });

  it('shows no share and no rate it does not know', () => {
    expect(formatProgress(at(0), 0, 0, 100)).toMatch(/\[> {29}\] {3}0% {2}0.0\/9.9 MB$/);
    expect(formatProgress(at(5_000_000, { total: undefined }), 1e6, 5, 100)).toBe(
      'train-images.gz  5.0 MB  1.0 MB/s  0:05',
    );
  });

  it('never claims 100% early and never exceeds the width', () => {
    expect(formatProgress(at(9_912_421), 1e6, 9, 100)).toContain(' 99%');
    for (let width = 1; width < 120; width++) {
      for (const received of [0, 1, 5e6, 9_912_422]) {
        expect(formatProgress(at(received), 1234, 7000, width).length).toBeLessThanOrEqual(width);
      }
    }
    expect(formatProgress(at(5e6), 1e6, 5, 40)).toMatch(/50% {2}5.0\/9.9 MB {2}1.0 MB\/s/);
  });
});

describe('createProgressReporter', () => {
  function record(isTTY: boolean) {
    let text = '';
    let time = 0;
    const stream = { isTTY, columns: 100, write: (more: string) => (text += more) };
    const { report, end } = createProgressReporter(stream, () => time);
    const step = (ms: number, progress: DownloadProgress) => {
      time += ms;
      report(progress);
    };
    return { step, end, text: () => text };
  }

  it('redraws one line on a terminal, not for every chunk', () => {
    const { step, text } = record(true);
    for (let i = 0; i <= 1000; i++) step(1, at(i * 9912));
    step(1, at(9_912_422, { done: true }));
    const drawn = text().split('\r').slice(1);
    expect(drawn.length).toBe(12);
    expect(text().endsWith('\n')).toBe(true);
    expect(text().split('\n').length).toBe(2);
    // Each drawing covers the one before it, and none fills the last column.
    expect(new Set(drawn.map((line) => line.replace('\n', '').length))).toEqual(new Set([99]));
  });

  it('counts only new bytes into the rate of a resumed download', () => {
    const { step, text } = record(true);
    step(0, at(8_000_000, { resumedFrom: 8_000_000 }));
    step(1000, at(9_000_000, { resumedFrom: 8_000_000 }));
    expect(text()).toContain('1.0 MB/s  ETA 0:01');
  });

  it('writes plain lines elsewhere: one at the start, one at the end', () => {
    const { step, text } = record(false);
    step(0, at(1_000_000, { resumedFrom: 1_000_000 }));
    for (let i = 1; i < 100; i++) step(50, at(1_000_000 + i * 1000));
    step(50, at(9_912_422, { done: true }));
    expect(text()).toBe(
      'Downloading train-images.gz (9.9 MB) from example.org, resuming at 1.0 MB\n' +
        'Downloaded train-images.gz: 9.9 MB in 5.0 s\n',
    );
  });

  it('leaves the line of a mirror that failed, and ends an open line once', () => {
    const { step, end, text } = record(true);
    step(0, at(0));
    step(200, at(5_000_000));
    step(0, at(0, { host: 'other.org' }));
    expect(text().split('\n').length).toBe(2);
    end();
    end();
    expect(text().split('\n').length).toBe(3);
  });
});
