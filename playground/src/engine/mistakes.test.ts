import { expect, it } from 'vitest';
import { findMistakes } from './mistakes.ts';

it('counts answers by truth and finds the mistakes made with most confidence', () => {
  const row = (answer: number, p: number): number[] =>
    Array.from({ length: 10 }, (_, d) => (d === answer ? p : (1 - p) / 9));
  const probabilities = [...row(3, 0.9), ...row(4, 0.6), ...row(5, 0.95), ...row(1, 0.5)];
  const pixels = Uint8Array.from({ length: 4 * 784 }, (_, i) => Math.floor(i / 784));
  const e = findMistakes(probabilities, Uint8Array.of(3, 9, 6, 1), pixels, 1);
  expect(e.accuracy).toBe(0.5);
  expect(e.confusion[9][4]).toBe(1);
  expect(e.confusion[3][3]).toBe(1);
  expect(e.confusion.flat().reduce((a, b) => a + b)).toBe(4);
  expect(e.worst).toEqual([
    { pixels: new Uint8Array(784).fill(2), truth: 6, answer: 5, sureness: 0.95 },
  ]);
});
