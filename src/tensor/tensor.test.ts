/** Dtypes, reading, disposing, and what is said about bad input. */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import { compile, type Tensor, tensor } from './index.ts';

beforeAll(() => {
  setBackend('reference');
});

/** The code of the error that `f` throws. */
function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (e) {
    if (e instanceof GradloomError) return e.code;
    throw e;
  }
  return 'nothing thrown';
}
describe('dtypes', () => {
  const i = tensor([1, 2], { dtype: 'int32' });
  const u = tensor([1, 2], { dtype: 'uint8' });
  const b = tensor([true, false]);
  const f = tensor([1, 2]);
  const d = tensor(Float64Array.of(1, 2));

  it('plain numbers are weakly typed', () => {
    expect([i.add(1), u.add(1), f.add(1), d.add(0.1)].map((t) => t.dtype)).toEqual([
      'int32',
      'uint8',
      'float32',
      'float64',
    ]);
    // A fraction makes integers float32; a number makes bool int32.
    expect([i.add(0.5), b.add(1), b.mul(0.5), i.mul(true)].map((t) => t.dtype)).toEqual([
      'float32',
      'int32',
      'float32',
      'int32',
    ]);
    expect(d.add(0.1).arraySync()).toEqual([1.1, 2.1]);
  });

  it('tensors meet in the later of bool, uint8, int32, float32, float64', () => {
    expect([b.add(u), u.add(i), i.add(f), f.add(d), b.add(b)].map((t) => t.dtype)).toEqual([
      'uint8',
      'int32',
      'float32',
      'float64',
      'int32',
    ]);
  });

  it('a tensor of no dimensions is not weak', () => {
    expect(i.add(tensor(1)).dtype).toBe('float32');
  });

  it('division and roots are float', () => {
    expect([i.div(2), i.sqrt(), b.exp(), u.mean(), d.div(3)].map((t) => t.dtype)).toEqual([
      'float32',
      'float32',
      'float32',
      'float32',
      'float64',
    ]);
    expect(i.floorDiv(2).dtype).toBe('int32');
  });

  it('comparing with a number that the dtype cannot hold', () => {
    expect(u.lt(300).arraySync()).toEqual([true, true]);
    expect(u.gt(-1).arraySync()).toEqual([true, true]);
    expect(i.eq(1.5).arraySync()).toEqual([false, false]);
    expect(codeOf(() => u.add(300))).toBe('range');
  });

  it('casts truncate and saturate', () => {
    const x = tensor([1.9, -1.9, Number.NaN, 1e20, -1e20]);
    expect(x.astype('int32').arraySync()).toEqual([1, -1, 0, 2 ** 31 - 1, -(2 ** 31)]);
    expect(x.astype('bool').arraySync()).toEqual([true, true, true, true, true]);
    expect(codeOf(() => x.astype('int8'))).toBe('dtype');
  });

  it('small integers add up as int32', () => {
    expect(tensor([200, 100], { dtype: 'uint8' }).sum().item()).toBe(300);
    expect(b.sum().dtype).toBe('int32');
    expect(tensor([200], { dtype: 'uint8' }).add(100).item()).toBe(44);
  });
});

describe('bad arguments', () => {
  const m = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  it.each<[string, () => unknown, string, RegExp]>([
    ['add', () => m.add([1, 2]), 'shape', /\(2, 3\) and \(2,\)/],
    ['matmul', () => m.matmul(m), 'shape', /matmul.*\(2, 3\) and \(2, 3\)/],
    ['matmul of a scalar', () => m.matmul(2), 'shape', /mul/],
    ['axis', () => m.sum(2), 'axis', /2 is out of bounds/],
    ['axis below', () => m.sum({ axis: -3 }), 'axis', /-3/],
    ['axis twice', () => m.sum([0, -2]), 'axis', /twice/],
    ['reshape', () => m.reshape([4, 2]), 'shape', /6 elements/],
    ['reshape -1', () => m.reshape([4, -1]), 'shape', /6 elements/],
    ['reshape -1 twice', () => m.reshape([-1, -1]), 'shape', /6 elements/],
    ['transpose', () => m.transpose([0, 0]), 'axis', /not an order/],
    ['squeeze', () => m.squeeze(0), 'shape', /size 2/],
    ['item', () => m.item(), 'shape', /one element/],
    ['broadcastTo', () => m.broadcastTo([2, 4]), 'shape', /\(2, 3\)/],
    ['max of nothing', () => tensor([]).max(), 'empty', /max/],
    ['argmax of nothing', () => tensor([]).argmax(), 'empty', /argmax/],
    ['too many indices', () => m.slice(0, 0, 0), 'index', /2 dimensions/],
    ['out of bounds', () => m.at(2), 'index', /2 is out of bounds/],
    ['out of bounds below', () => m.slice(':', -4), 'index', /-4/],
    ['two ellipses', () => m.slice('...', '...'), 'index', /one ellipsis/],
    ['a step of 0', () => m.slice([null, null, 0]), 'index', /step/],
    ['an unreadable index', () => m.slice('1:x'), 'index', /1:x/],
    ['a float index', () => m.slice(tensor([0.5])), 'index', /astype/],
    ['a fraction', () => m.at(0.5), 'index', /0.5/],
    ['a mask of another shape', () => m.slice(tensor([true])), 'index', /\(1,\)/],
    ['an index array out of bounds', () => m.slice({ take: [0, 2] }), 'index', /2 is out/],
  ])('%s', (_, f, code, message) => {
    expect(codeOf(f)).toBe(code);
    expect(f).toThrow(message);
  });
});

describe('disposing', () => {
  it('makes every use an error', async () => {
    const x = tensor([1, 2]).add(1).realize();
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(codeOf(() => x.add(1))).toBe('disposed');
    expect(codeOf(() => x.dataSync())).toBe('disposed');
    expect(codeOf(() => x.realize())).toBe('disposed');
    await expect(x.data()).rejects.toThrow(/disposed/);
    expect(String(x)).toMatch(/<disposed float32\(2,\)>/);
    expect([x.shape, x.dtype]).toEqual([[2], 'float32']);
  });

  it('leaves what was computed from it', () => {
    const x = tensor([1, 2]).add(1).realize();
    const y = x.mul(2).realize();
    x.dispose();
    expect(y.arraySync()).toEqual([4, 6]);
  });

  it('fails what is pending on it, by name', () => {
    const x = tensor([1, 2]).add(1).realize();
    const y = x.mul(2);
    x.dispose();
    expect(codeOf(() => y.dataSync())).toBe('disposed');
  });

  it('waits for the last tensor that shares the memory', () => {
    const x = tensor([1, 2]).add(1).realize();
    const same = x.reshape([2]);
    x.dispose();
    expect(same.arraySync()).toEqual([2, 3]);
    same.dispose();
    expect(same.disposed).toBe(true);
  });

  it('frees the memory of the backend', () => {
    const backend = setBackend('reference');
    const before = backend.memory().bytes;
    const x = tensor([1, 2, 3, 4]).add(1).realize();
    expect(backend.memory().bytes).toBeGreaterThan(before);
    x.dispose();
    // The operand went to the backend too.
    expect(backend.memory().bytes).toBeLessThanOrEqual(before + 16);
  });
});

describe('as text', () => {
  it('prints like NumPy', () => {
    expect(String(tensor([[1, 2.5]]))).toBe('[[1.  2.5]]');
    expect(`${tensor(2)}`).toBe('2.0');
    expect(JSON.stringify({ t: tensor([[1], [2]]) })).toBe('{"t":[[1],[2]]}');
  });

  it('prints the type of what is being traced', () => {
    let text = '';
    compile((x: Tensor) => {
      text = String(x.add(1));
      return x;
    })(tensor([1, 2]));
    expect(text).toMatch(/<traced float32\(2,\)>/);
  });
});
