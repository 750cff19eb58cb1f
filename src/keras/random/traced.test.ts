/** Random numbers inside traced functions: another draw at every run, the same as by hand. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { compile, type Tensor, tensor } from '../../tensor/index.ts';
import * as random from './index.ts';

beforeAll(() => {
  setBackend('reference');
});
const values = (t: Tensor): number[] => [...t.dataSync()];

describe('inside a traced function', () => {
  it.each([
    ['uniform', (seed: random.Seed) => random.uniform([5], { seed, minval: -2, maxval: 3 })],
    ['normal', (seed: random.Seed) => random.normal([5], { seed, mean: 1, stddev: 2 })],
    ['dropout', (seed: random.Seed) => random.dropout(tensor([1, 2, 3, 4, 5]), 0.5, { seed })],
    ['categorical', (seed: random.Seed) => random.categorical([[0, 1, 2]], 5, { seed })],
  ] as const)('%s goes on from run to run', (_, draw) => {
    const [inside, outside] = [new random.SeedGenerator(5), new random.SeedGenerator(5)];
    draw(inside);
    draw(outside);
    const f = compile((x: Tensor) => draw(inside).astype('float32').add(x));
    const want = [draw(outside), draw(outside)].map((t) => values(t.astype('float32')));
    const got = [f(tensor(0)), f(tensor(0))].map(values);
    got.forEach((g, i) => {
      g.forEach((v, k) => {
        expect(v).toBeCloseTo(want[i][k], 5);
      });
    });
    expect(got[0]).not.toEqual(got[1]);
    // And outside it goes on where the runs stopped.
    expect(inside.state).toEqual([5, 3]);
    expect(values(draw(inside))).toEqual(values(draw(outside)));
    // A number is the same at every run, none is another.
    const fixed = compile((x: Tensor) => draw(9).astype('float32').add(x));
    expect(values(fixed(tensor(0)))).toEqual(values(fixed(tensor(0))));
    const free = compile((x: Tensor) => draw(undefined).astype('float32').add(x));
    const runs = Array.from({ length: 8 }, () => values(free(tensor(0))).join());
    expect(new Set(runs).size).toBeGreaterThan(1);
  });

  it('what is drawn on the host is refused, but for seeds that are numbers', () => {
    for (const [name, draw] of [
      ['randint', (seed: random.Seed) => random.randint([3], 0, 9, { seed })],
      ['shuffle', (seed: random.Seed) => random.shuffle(tensor([1, 2, 3]), { seed })],
      ['truncatedNormal', (seed: random.Seed) => random.truncatedNormal([3], { seed })],
    ] as const) {
      const generator = new random.SeedGenerator(1);
      expect(() => compile((x: Tensor) => draw(generator).add(x))(tensor(0))).toThrow(
        new RegExp(`${name} draws on the host`),
      );
      expect(values(compile((x: Tensor) => draw(3).add(x))(tensor(0)))).toEqual(values(draw(3)));
    }
  });
});
