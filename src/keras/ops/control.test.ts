import { describe, expect, it } from 'vitest';
import { compile, grad, type Tensor, tensor } from '../../tensor/index.ts';
import { cond, foriLoop, scan, whileLoop } from './index.ts';

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
