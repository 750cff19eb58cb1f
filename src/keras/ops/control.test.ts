import { describe, expect, it } from 'vitest';
import { compile, grad, type Tensor, tensor } from '../../tensor/index.ts';
import { cond, foriLoop, map, scan, vectorizedMap, whileLoop } from './index.ts';

const list = (t: Tensor): number[] => Array.from(t.dataSync());

describe('keras.ops control flow', () => {
  it('scan carries trees and stacks what the steps give', () => {
    const xs = { a: tensor([1, 2, 3]), b: tensor([10, 20, 30]) };
    const [carry, ys] = scan<{ sum: Tensor }, Tensor>(
      ({ sum }, x: { a: Tensor; b: Tensor }) => {
        const next = sum.add(x.a.mul(x.b));
        return [{ sum: next }, next.mul(2)];
      },
      { sum: tensor(0, { dtype: 'float32' }) },
      xs,
    );
    expect(list(carry.sum)).toEqual([140]);
    expect(list(ys)).toEqual([20, 100, 280]);
  });

  it('scan has a gradient, also in a compiled function', () => {
    const f = (x: Tensor): Tensor =>
      scan<Tensor, null>((c) => [c.mul(x), null], tensor(1, { dtype: 'float32' }), null, 4)[0];
    expect(list(grad(f)(tensor(3)))).toEqual([108]);
    expect(list(compile(grad(f))(tensor(2)) as Tensor)).toEqual([32]);
  });

  it('map and vectorizedMap go over trees, and have gradients', () => {
    const xs = {
      a: tensor([
        [1, 2],
        [3, 4],
      ]),
      b: tensor([10, 20]),
    };
    const f = (x: { a: Tensor; b: Tensor }): { p: Tensor; q: Tensor } => ({
      p: x.a.mul(x.b),
      q: x.a.sum(),
    });
    for (const over of [map, vectorizedMap]) {
      const { p, q } = over(f as never, xs) as { p: Tensor; q: Tensor };
      expect(p.arraySync()).toEqual([
        [10, 20],
        [60, 80],
      ]);
      expect(list(q)).toEqual([3, 7]);
    }
    const g = (x: Tensor): Tensor => map<Tensor>((v: Tensor) => v.mul(v).mul(v), x).sum();
    expect(list(grad(g)(tensor([1, 2, 3])))).toEqual([3, 12, 27]);
    const lengths = { a: tensor([1, 2]), b: tensor([1, 2, 3]) };
    expect(() => map(f as never, lengths)).toThrow(/length|dimension/);
  });

  it('cond runs one side', () => {
    const x = tensor([1, 2]);
    const f = (v: number): Tensor[] =>
      cond<Tensor[]>(
        tensor(v).gt(0),
        () => [x.add(1), x],
        () => [x.neg(), x.mul(0)],
      );
    expect(f(1).map(list)).toEqual([
      [2, 3],
      [1, 2],
    ]);
    expect(f(-1).map(list)).toEqual([
      [-1, -2],
      [0, 0],
    ]);
    expect(() =>
      cond(
        x.gt(0),
        () => x,
        () => x,
      ),
    ).toThrow(/pred must be one bool/);
  });

  it('whileLoop goes on while it may', () => {
    const zero = tensor(0, { dtype: 'int32' });
    const run = (most?: number): Tensor[] =>
      whileLoop<Tensor[]>(
        (i: Tensor) => i.lt(10),
        (i: Tensor, s: Tensor) => [i.add(1).astype('int32'), s.add(i).astype('int32')],
        [zero, zero],
        most,
      );
    expect(run().map(list)).toEqual([[10], [45]]);
    expect(run(3).map(list)).toEqual([[3], [3]]);
  });

  it('foriLoop counts', () => {
    const powers = foriLoop(
      2,
      5,
      (i, v: Tensor) => v.mul(i.astype('float32')),
      tensor([1, 2]).astype('float32'),
    );
    expect(list(powers)).toEqual([24, 48]);
  });
});
