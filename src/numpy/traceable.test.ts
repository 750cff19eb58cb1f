/** Functions inside compile and grad: they only describe the computation, and give what they give outside. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import { compile, grad, type Tensor, tensor } from '../tensor/index.ts';
import * as np from './index.ts';

beforeAll(() => {
  setBackend('reference');
});

const x = tensor([
  [0.5, -1.5, 2.25],
  [3, 0.25, -0.75],
]);
const y = tensor([
  [1.5, 2, 0.5],
  [-1.25, 4, 3],
]);
const i = tensor([2, 0, 1], { dtype: 'int32' });

type Fn = (x: Tensor, y: Tensor, i: Tensor) => Tensor | Tensor[];
const functions: Record<string, Fn> = {
  array: (a, b) => np.array([a, b]),
  zerosLike: (a) => np.zerosLike(a).add(a),
  full: (a) => np.full([2, 3], a.sum()),
  meshgrid: (a, b) => np.meshgrid(a.at(0), b.at(1)),
  diag: (a) => [np.diag(a), np.diag(a.at(0)), np.tril(a), np.triu(a, 1), np.trace(a)],
  arithmetic: (a, b) => [np.add(a, b), np.subtract(1, a), np.power(np.abs(a), b), np.mod(a, b)],
  division: (a, b) => [np.divide(a, b), np.floorDivide(a, b), np.reciprocal(a)],
  functions: (a) => [np.exp(a), np.log1p(np.abs(a)), np.arctan(a), np.tanh(a), np.sinh(a)],
  logarithms: (a) => [np.log2(np.abs(a)), np.log10(np.abs(a)), np.sqrt(np.square(a))],
  rounding: (a) => [np.floor(a), np.ceil(a), np.round(a, 1), np.trunc(a), np.sign(a)],
  clip: (a, b) => [np.clip(a, -1, 1), np.maximum(a, b), np.minimum(a, 0), np.nanToNum(a)],
  where: (a, b) => np.where(np.greater(a, 0), a, b),
  logic: (a, b) => [np.logicalAnd(a, b), np.isnan(a), np.isclose(a, b), np.lessEqual(a, b)],
  reductions: (a) => [np.sum(a, 0), np.mean(a), np.std(a, { axis: 1 }), np.ptp(a), np.prod(a, -1)],
  positions: (a) => [np.argmax(a, 1), np.argmin(a), np.countNonzero(a), np.any(a), np.all(a, 0)],
  running: (a) => [np.cumsum(a), np.cumprod(a, 1), np.diff(a), np.diff(a, 1, 0)],
  order: (a) => [np.median(a), np.percentile(a, 30, 1), np.quantile(a, [0.2, 0.9])],
  average: (a) => np.average(a, { axis: 1, weights: [1, 2, 3] } as never),
  sorting: (a) => [np.sort(a), np.argsort(a, 0), np.sort(a, null)],
  searching: (a) => np.searchsorted(np.sort(a.ravel()), a),
  joining: (a, b) => [
    np.concatenate([a, b], 1),
    np.stack([a, b]),
    np.vstack([a, b]),
    np.dstack([a, b]),
  ],
  splitting: (a) => [...np.split(a, 3, 1), ...np.arraySplit(a, 2)],
  shapes: (a) => [np.reshape(a, [3, 2]), np.moveaxis(a, 0, 1), np.expandDims(a, 1), np.ravel(a)],
  repeating: (a) => [np.tile(a, [2, 1]), np.repeat(a, 2, 1), np.repeat(a, [2, 0, 1], 1)],
  turning: (a) => [np.flip(a), np.roll(a, 1, 1), np.rot90(a), np.fliplr(a)],
  padding: (a) => [np.pad(a, 1), np.pad(a, [1, 2], 'reflect'), np.pad(a, 1, 'edge')],
  taking: (a, _, k) => [np.take(a, k, 1), np.takeAlongAxis(a, np.argsort(a), 1), a.slice(':', k)],
  products: (a, b) => [np.matmul(a, b.T), np.outer(a, b), np.inner(a, b), np.tensordot(a, b)],
  einsum: (a, b) => [
    np.einsum('ij,kj->ik', a, b),
    np.einsum('ij->j', a),
    np.einsum('...i,...i', a, b),
  ],
  norm: (a) => [np.linalg.norm(a), np.linalg.norm(a, { ord: 1, axis: 0 })],
};

const list = (r: Tensor | Tensor[]): Tensor[] => (Array.isArray(r) ? r : [r]);

describe('inside compile', () => {
  it.each(Object.keys(functions))('%s', (name) => {
    const f = functions[name];
    const want = list(f(x, y, i));
    const got = list(compile(f)(x, y, i));
    expect(got.length).toBe(want.length);
    got.forEach((g, k) => {
      expect([g.shape, g.dtype]).toEqual([want[k].shape, want[k].dtype]);
      expect(g.arraySync()).toEqual(want[k].arraySync());
    });
  });
});

describe('inside grad: against differences', () => {
  const smooth = Object.keys(functions).filter(
    (name) =>
      !['positions', 'logic', 'searching', 'rounding', 'zerosLike', 'division'].includes(name),
  );
  it.each([...smooth, 'quotient'])('%s', (name) => {
    const f: Fn = name === 'quotient' ? (a, b) => np.divide(b, a) : functions[name];
    // Different elements count differently.
    const total = (a: Tensor): Tensor =>
      list(f(a, y.astype('float64'), i))
        .filter((t) => t.dtype.startsWith('float'))
        .map((t) => t.mul(np.arange(1, t.size + 1).reshape(t.shape)).sum())
        .reduce((p, q) => p.add(q));
    const at = x.astype('float64');
    const g = grad(total)(at).dataSync();
    const h = 1e-6;
    for (let k = 0; k < at.size; k++) {
      const step = np
        .zeros([6])
        .add(np.equal(np.arange(6), k))
        .mul(h)
        .reshape([2, 3]);
      const d =
        total(at.add(step.astype('float64'))).item() - total(at.sub(step.astype('float64'))).item();
      expect(g[k] / (d / (2 * h) || 1)).toBeCloseTo(d === 0 ? g[k] : 1, 4);
    }
  });
});

describe('what depends on the elements', () => {
  it.each<[string, (a: Tensor) => unknown]>([
    ['unique', (a) => np.unique(a)],
    ['nonzero', (a) => np.nonzero(a)],
    ['argwhere', (a) => np.argwhere(a)],
    ['bincount', (a) => np.bincount(a)],
    ['histogram', (a) => np.histogram(a)],
    ['a mask', (a) => a.slice(np.greater(a, 0))],
    ['allclose', (a) => np.allclose(a, a)],
  ])('%s cannot be traced, and says so', (_, f) => {
    const traced = compile((a: Tensor) => {
      f(a);
      return a;
    });
    expect(() => traced(x)).toThrow(/being traced/);
  });
});
