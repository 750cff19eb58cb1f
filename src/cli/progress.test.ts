import { expect, it } from 'vitest';
import { progressLine } from './progress.ts';

it('a bar comes after a while, moves, and is wiped off', () => {
  let [out, t] = ['', 0];
  const { progress, clear } = progressLine(
    (text) => {
      out += text;
    },
    () => t,
  );
  progress('reading', 10, 100);
  expect(out).toBe('');
  t = 300;
  progress('reading', 50_000_000, 100_000_000);
  expect(out).toBe(
    `\r\x1b[Kreading    ${'━'.repeat(12)}${'─'.repeat(12)}  50%  50.0 MB of 100.0 MB`,
  );
  t = 310;
  out = '';
  progress('reading', 51_000_000, 100_000_000);
  expect(out).toBe('');
  progress('converting');
  expect(out).toBe('\r\x1b[Kconverting …');
  out = '';
  clear();
  clear();
  expect(out).toBe('\r\x1b[K');
});
