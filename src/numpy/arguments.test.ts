/** Arguments: by position and by name, plain arrays for tensors, and what is said about bad ones. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import { Tensor, tensor } from '../tensor/index.ts';
import * as np from './index.ts';

beforeAll(() => {
  setBackend('reference');
});

const m = np.array([
  [1, 2, 3],
  [4, 5, 6],
]);
const read = (t: unknown): unknown => (t instanceof Tensor ? t.arraySync() : t);

describe('axis', () => {
  it('by position or by name', () => {
    expect(read(np.sum(m, 0))).toEqual([5, 7, 9]);
    expect(read(np.sum(m, { axis: 0 }))).toEqual([5, 7, 9]);
    expect(read(np.sum(m, 0, { keepdims: true }))).toEqual([[5, 7, 9]]);
    expect(read(np.sum(m, { axis: [0, 1], keepdims: true }))).toEqual([[21]]);
    expect(read(np.std(m, { axis: 1, ddof: 1 }))).toEqual([1, 1]);
    expect(read(np.std(m, 1, { ddof: 1 }))).toEqual([1, 1]);
    expect(read(np.argmax(m, { axis: 1, keepdims: true }))).toEqual([[2], [2]]);
    expect(read(np.cumsum(m, { axis: 1 }))).toEqual(read(np.cumsum(m, 1)));
    expect(read(np.sort(m, { axis: null }))).toEqual(read(np.sort(m, null)));
    expect(read(np.flip(m, { axis: 0 }))).toEqual(read(np.flip(m, 0)));
    expect(read(np.roll(m, 1, { axis: 1 }))).toEqual(read(np.roll(m, 1, 1)));
    expect(np.squeeze([[1]], { axis: 0 }).shape).toEqual([1]);
    expect(np.expandDims(m, { axis: -1 }).shape).toEqual([2, 3, 1]);
    expect(read(np.concatenate([m, m], { axis: 1 }))).toEqual(read(np.hstack([m, m])));
    expect(read(np.average(m, { axis: 1, weights: [1, 0, 1] } as never))).toEqual([2, 5]);
  });
});

describe('plain arrays and typed arrays', () => {
  it('stand for tensors', () => {
    expect(read(np.add([1, 2], 1))).toEqual([2, 3]);
    expect(read(np.multiply(2, 3))).toBe(6);
    expect(np.add(Int32Array.of(1), 1).dtype).toBe('int32');
    expect(np.add(1, 2).dtype).toBe('float32');
    expect(read(np.where([true, false], 1, 0))).toEqual([1, 0]);
    expect(read(np.array([tensor([1, 2]), [3, 4]] as never))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(np.array([1, 2], 'int32').dtype).toBe('int32');
    expect(np.array([1, 2], { dtype: np.float64 }).dtype).toBe('float64');
  });
});

describe('constants', () => {
  it('are NumPy’s', () => {
    expect([np.pi, np.e, np.inf, np.nan, np.newaxis]).toEqual([
      Math.PI,
      Math.E,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      null,
    ]);
    expect([np.float32, np.float64, np.int32, np.uint8, np.bool]).toEqual([
      'float32',
      'float64',
      'int32',
      'uint8',
      'bool',
    ]);
    expect(m.slice(np.newaxis, 0).shape).toEqual([1, 3]);
  });
});

describe('text', () => {
  const before = np.getPrintoptions();
  afterEach(() => {
    np.setPrintoptions(before);
  });
  it('follows setPrintoptions', () => {
    np.setPrintoptions({ precision: 2 });
    expect(np.arrayStr([1 / 3])).toBe('[0.33]');
    expect(np.arrayRepr([1 / 3])).toBe('array([0.33], dtype=float32)');
    expect(np.array2string([1 / 3], { precision: 4 })).toBe('[0.3333]');
    expect(`${tensor([1 / 3])}`).toBe('[0.33]');
    expect(() => np.setPrintoptions({ digits: 3 } as never)).toThrow(/digits.*precision/);
  });
});

describe('bad input', () => {
  it.each<[string, () => unknown, string, RegExp]>([
    ['add', () => np.add(m, [1, 2]), 'shape', /\(2, 3\) and \(2,\)/],
    ['array, ragged', () => np.array([[1, 2], [3]]), 'ragged', /ragged/],
    ['array, text', () => np.array('abc' as never), 'tensor', /string/],
    ['array, dtype', () => np.array([1], 'int16'), 'dtype', /int16.*int32/],
    ['array, range', () => np.array([256], 'uint8'), 'range', /256.*uint8.*255/],
    ['zeros, negative', () => np.zeros([-1]), 'shape', /-1/],
    ['zeros, fraction', () => np.zeros(1.5), 'shape', /1.5/],
    ['eye', () => np.eye(-1), 'argument', /-1/],
    ['arange, step', () => np.arange(0, 1, 0), 'argument', /step/],
    ['arange, infinite', () => np.arange(Number.POSITIVE_INFINITY), 'argument', /finite/],
    ['linspace', () => np.linspace(0, 1, -1), 'argument', /-1/],
    ['geomspace', () => np.geomspace(-1, 1), 'argument', /sign/],
    ['diag', () => np.diag(np.zeros([2, 2, 2])), 'shape', /3 dimensions/],
    ['diagonal', () => np.diagonal([1, 2]), 'axis', /two dimensions/],
    ['diagonal, axis', () => np.diagonal(m, 0, 0, 5), 'axis', /5/],
    ['sum, axis', () => np.sum(m, 2), 'axis', /2 is out of bounds/],
    ['max, empty', () => np.max([]), 'empty', /empty/],
    ['median, empty', () => np.median([]), 'empty', /empty/],
    ['percentile', () => np.percentile(m, 101), 'argument', /0 and 100/],
    ['quantile', () => np.quantile(m, -0.1), 'argument', /0 and 1/],
    ['average', () => np.average(m, { weights: [1, 2, 3] } as never), 'axis', /axis/],
    ['diff', () => np.diff(m, -1), 'argument', /-1/],
    ['reshape', () => np.reshape(m, [4, 4]), 'shape', /6 elements/],
    ['transpose', () => np.transpose(m, [0]), 'axis', /2 dimensions/],
    ['swapaxes', () => np.swapaxes(m, 0, 2), 'axis', /2 is out/],
    ['moveaxis', () => np.moveaxis(m, [0, 1], [0]), 'axis', /moveaxis/],
    ['squeeze', () => np.squeeze(m, 0), 'shape', /size 2/],
    ['expandDims', () => np.expandDims(m, 5), 'axis', /5/],
    ['expandDims, none', () => np.expandDims(m, undefined as never), 'argument', /axis/],
    ['broadcastTo', () => np.broadcastTo(m, [3, 3]), 'shape', /\(2, 3\) to \(3, 3\)/],
    ['tile', () => np.tile(m, -1), 'argument', /-1/],
    ['repeat', () => np.repeat(m, [1, 2], 1), 'shape', /2 counts for 3/],
    ['roll', () => np.roll(m, [1, 2], [0]), 'argument', /2 shifts for 1/],
    ['rot90', () => np.rot90(m, 1, [0, 0]), 'axis', /different/],
    ['pad, width', () => np.pad(m, -1), 'argument', /-1/],
    ['pad, mode', () => np.pad(m, 1, 'mirror' as never), 'argument', /mirror.*reflect/],
    ['pad, empty', () => np.pad([], 1, 'edge'), 'empty', /empty/],
    ['concatenate', () => np.concatenate([m, [[1, 2]]]), 'shape', /\(2, 3\)|\(1, 2\)/],
    ['concatenate, nothing', () => np.concatenate([]), 'argument', /./],
    ['stack', () => np.stack([m, [1]]), 'shape', /one shape/],
    ['split', () => np.split(m, 2, 1), 'shape', /3 elements.*arraySplit/],
    ['split, sections', () => np.split(m, 0), 'argument', /1 or more/],
    ['take, bounds', () => np.take(m, [6]), 'index', /6 is out of bounds/],
    ['take, floats', () => np.take(m, tensor([0.5])), 'dtype', /integers/],
    ['takeAlongAxis', () => np.takeAlongAxis(m, [0], 1), 'shape', /as many dimensions/],
    ['where', () => np.where(m, 1 as never, undefined as never), 'argument', /both/],
    ['matmul', () => np.matmul(m, m), 'shape', /do not fit/],
    ['matmul, scalar', () => np.matmul(m, 2), 'shape', /scalars/],
    ['dot', () => np.dot(m, m), 'shape', /do not fit/],
    ['inner', () => np.inner(m, [1, 2]), 'shape', /do not match/],
    ['tensordot', () => np.tensordot(m, m, 1), 'shape', /do not match/],
    ['tensordot, axes', () => np.tensordot(m, m, 3), 'axis', /3 axes/],
    ['einsum, operands', () => np.einsum('ij,jk', m), 'einsum', /2 operands, received 1/],
    ['einsum, sizes', () => np.einsum('ij,jk', m, m), 'einsum', /"j" is 3.*2/],
    ['einsum, dimensions', () => np.einsum('ijk', m), 'einsum', /3 dimensions.*\(2, 3\)/],
    ['einsum, result', () => np.einsum('ij->ik', m), 'einsum', /"k"/],
    ['einsum, twice', () => np.einsum('ij->ii', m), 'einsum', /twice/],
    ['einsum, letters', () => np.einsum('i1', m), 'einsum', /letters/],
    ['einsum, arrows', () => np.einsum('ij->i->j', m), 'einsum', /->/],
    ['einsum, ellipses', () => np.einsum('...i...', m), 'einsum', /ellipsis/],
    ['norm', () => np.linalg.norm(m, { ord: 3 }), 'argument', /"fro"/],
    ['sort', () => np.sort(m, 2), 'axis', /2/],
    ['searchsorted', () => np.searchsorted(m, 1), 'shape', /vector/],
    [
      'searchsorted, side',
      () => np.searchsorted([1], 1, 'middle' as never),
      'argument',
      /middle.*right/,
    ],
    ['bincount', () => np.bincount([-1]), 'range', /-1/],
    ['bincount, weights', () => np.bincount([1, 2], { weights: [1] }), 'shape', /1 weights for 2/],
    ['histogram, bins', () => np.histogram(m, 0), 'argument', /bins/],
    ['histogram, edges', () => np.histogram(m, [3, 1]), 'argument', /ascending/],
    ['histogram, NaN', () => np.histogram([np.nan]), 'range', /finite/],
    ['bitwiseAnd', () => np.bitwiseAnd([1.5], 1), 'dtype', /integers/],
    ['clip, range', () => np.clip(np.array([1], 'uint8'), -1, 2), 'range', /-1/],
    [
      'meshgrid, indexing',
      () => np.meshgrid([1], [2], { indexing: 'yx' as never }),
      'argument',
      /yx/,
    ],
    [
      'quantile, method',
      () => np.quantile(m, 0.5, null, { method: 'median' as never }),
      'argument',
      /median/,
    ],
  ])('%s', (_, f, code, message) => {
    let error: unknown;
    try {
      f();
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(GradloomError);
    expect([(error as GradloomError).code, (error as Error).message]).toEqual([
      code,
      expect.stringMatching(message),
    ]);
  });
});

describe('nothing in it', () => {
  const none = np.zeros([0, 3]);
  it.each<[string, () => Tensor, readonly number[]]>([
    ['sum', () => np.sum(none, 0), [3]],
    ['mean of columns', () => np.mean(none, 1), [0]],
    ['cumsum', () => np.cumsum(none), [0]],
    ['sort', () => np.sort(none, 0), [0, 3]],
    ['unique', () => np.unique([]), [0]],
    ['concatenate', () => np.concatenate([none, m]), [2, 3]],
    ['matmul', () => np.matmul(np.zeros([2, 0]), none), [2, 3]],
    ['einsum', () => np.einsum('ij,ik->jk', none, none), [3, 3]],
    ['reshape', () => np.reshape(none, [3, 0]), [3, 0]],
    ['flip', () => np.flip(none), [0, 3]],
    ['roll', () => np.roll(none, 1, 0), [0, 3]],
    ['tile', () => np.tile(m, 0), [2, 0]],
    ['repeat', () => np.repeat(m, 0, 0), [0, 3]],
    ['where', () => np.where(none, 1, 0), [0, 3]],
    ['exp', () => np.exp(none), [0, 3]],
    [
      'pad',
      () =>
        np.pad(none, [
          [1, 1],
          [0, 0],
        ]),
      [2, 3],
    ],
    ['take', () => np.take(m, [], 1), [2, 0]],
    ['arange', () => np.arange(0), [0]],
    ['diff', () => np.diff([1]), [0]],
  ])('%s', (_, f, shape) => {
    const t = f();
    expect([t.shape, t.dataSync().length]).toEqual([shape, shape.reduce((a, b) => a * b, 1)]);
  });
});

describe('arguments by name', () => {
  const m = np.arange(6, { dtype: 'float64' }).reshape([2, 3]);
  it.each<[string, np.Tensor, np.Tensor]>([
    ['eye', np.eye(2, { M: 3, k: 1 }), np.eye(2, 3, 1)],
    ['tri', np.tri(2, { M: 3, k: 1 }), np.tri(2, 3, 1)],
    ['vander', np.vander([1, 2], { N: 3, increasing: true }), np.vander([1, 2], 3, true)],
    ['diag', np.diag(m, { k: 1 }), np.diag(m, 1)],
    ['diagonal', np.diagonal(m, { offset: 1 }), np.diagonal(m, 1)],
    ['trace', np.trace(m, { offset: 1 }), np.trace(m, 1)],
    ['diff', np.diff(m, { n: 1, axis: 0 }), np.diff(m, 1, 0)],
    ['round', np.round(m.div(7), { decimals: 1 }), np.round(m.div(7), 1)],
    ['clip', np.clip(m, { min: 2 }), np.clip(m, 2, null)],
    ['transpose', np.transpose(m, { axes: [1, 0] }), m.T],
    ['rot90', np.rot90(m, { k: -1 }), np.rot90(m, -1)],
    ['roll', np.roll(m, { shift: 1, axis: 1 }), np.roll(m, 1, 1)],
    ['tensordot', np.tensordot(m, m, { axes: [[0], [0]] }), np.tensordot(m, m, [[0], [0]])],
    ['average', np.average(m, { axis: 1, weights: [1, 0, 0] }), m.slice(':', 0)],
  ])('%s', (_, named, placed) => {
    expect(named.shape).toEqual(placed.shape);
    expect(named.arraySync()).toEqual(placed.arraySync());
  });
  it('random numbers', () => {
    const draw = (f: (g: np.random.Generator) => np.Tensor): unknown =>
      f(np.random.defaultRng(3)).arraySync();
    expect(draw((g) => g.normal({ loc: 2, scale: 3, size: [2] }))).toEqual(
      draw((g) => g.normal(2, 3, [2])),
    );
    expect(draw((g) => g.uniform({ high: 9, size: 3 }))).toEqual(draw((g) => g.uniform(0, 9, 3)));
    expect(draw((g) => g.integers(5, { size: 3 }))).toEqual(draw((g) => g.integers(5, null, 3)));
    expect(draw((g) => g.integers(2, 5, { size: 3, endpoint: true }))).toEqual(
      draw((g) => g.integers(2, 5, 3, { endpoint: true })),
    );
    expect(draw((g) => g.random({ size: 2, dtype: 'float64' }))).toEqual(
      draw((g) => g.random(2, { dtype: 'float64' })),
    );
    const all = draw((g) => g.choice(5, 5, false)) as number[];
    expect([...all].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(draw((g) => g.choice(3, 4, true, [0, 1, 0]))).toEqual([1, 1, 1, 1]);
  });
  it.each<[() => unknown, RegExp]>([
    [() => np.sum(m, { axes: 0 } as object), /no option "axes". Did you mean "axis"/],
    [() => np.mean(m, { keepdim: true } as object), /no option "keepdim". Did you mean "keepdims"/],
    [() => np.argmax(m, { dim: 1 } as object), /argmax has no option "dim"/],
    [() => np.concatenate([m, m], { axes: 1 } as object), /no option "axes"/],
    [() => np.zeros([2], { type: 'int32' } as object), /no option "type". Did you mean "dtype"/],
    [() => np.arange(3, { dtyp: 'int32' } as object), /no option "dtyp"/],
    [() => np.pad(m, 1, { constant: 3 } as object), /pad has no option "constant"/],
    [() => np.unique(m, { return_counts: true } as object), /Did you mean "returnCounts"/],
    [() => np.round(m, { decimal: 1 } as object), /Did you mean "decimals"/],
    [() => np.clip(m, { low: 1 } as object), /clip has no option "low"/],
    [() => np.random.normal({ mean: 1 } as object), /normal has no option "mean"/],
    [() => np.random.choice(3, { count: 1 } as object), /choice has no option "count"/],
    [() => np.linalg.norm(m, { order: 1 } as object), /Did you mean "ord"/],
    [() => np.bincount([1], { minLength: 3 } as object), /Did you mean "minlength"/],
    [() => np.histogram(m, { bin: 3 } as object), /Did you mean "bins"/],
    [() => np.diag(m, 0.5), /k must be a whole number/],
  ])('refuses what is not known: %s', (f, message) => {
    expect(f).toThrow(message);
  });
});

describe('unique slices', () => {
  const x = np.array(
    [
      [1, 2],
      [0, 9],
      [1, 2],
      [1, 0],
    ],
    { dtype: 'int32' },
  );
  it('along an axis, with where they came from', () => {
    const [u, index, inverse, counts] = np.unique(x, {
      axis: 0,
      returnIndex: true,
      returnInverse: true,
      returnCounts: true,
    }) as np.Tensor[];
    expect(u.arraySync()).toEqual([
      [0, 9],
      [1, 0],
      [1, 2],
    ]);
    expect(index.arraySync()).toEqual([1, 3, 0]);
    expect(inverse.arraySync()).toEqual([2, 0, 2, 1]);
    expect(counts.arraySync()).toEqual([1, 1, 2]);
    expect((np.unique(x.T, { axis: -1 }) as np.Tensor).arraySync()).toEqual(u.T.arraySync());
    const none = np.unique(np.zeros([0, 2]), { axis: 0 }) as np.Tensor;
    expect(none.shape).toEqual([0, 2]);
  });
});
