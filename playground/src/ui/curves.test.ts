import { expect, it } from 'vitest';
import { Curves } from './curves.ts';

it('joins figures of one place and leaves gaps', () => {
  const c = new Curves(['loss', 'test']);
  c.add(0.5, { loss: 2 });
  c.add(1, { loss: 1 });
  c.add(1, { test: 3 });
  expect(c.rows('loss', 'test')).toEqual([
    [0.5, 1],
    [2, 1],
    [null, 3],
  ]);
});

it('an epoch begun anew takes the place of what was drawn of it', () => {
  const c = new Curves(['loss']);
  for (const x of [0.5, 1, 1.4, 1.8]) c.add(x, { loss: x });
  c.add(1.2, { loss: 9 });
  expect(c.rows('loss')).toEqual([
    [0.5, 1, 1.2],
    [0.5, 1, 9],
  ]);
});

it('thins out the past and keeps what has every figure', () => {
  const c = new Curves(['loss', 'test'], 100);
  for (let i = 0; i < 150; i++) c.add(i, i === 20 ? { loss: i, test: i } : { loss: i });
  const [x, , test] = c.rows('loss', 'test');
  expect(x.length).toBeLessThanOrEqual(101);
  expect(x.at(-1)).toBe(149);
  expect(test[x.indexOf(20)]).toBe(20);
  expect([...x].sort((a, b) => a! - b!)).toEqual(x);
});
