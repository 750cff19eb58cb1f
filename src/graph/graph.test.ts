import { describe, expect, it } from 'vitest';
import { Graph, lax, type Node } from './index.ts';

const names = (nodes: readonly Node[]): string[] => nodes.map((n) => n.primitive.name);

describe('Graph', () => {
  it('lists nodes after those they need, operands from the left', () => {
    const x = lax.parameter([3], 'float32');
    const y = lax.parameter([3], 'float32');
    const g = new Graph([x, y], [lax.mul(lax.exp(x), lax.sin(y))]);
    expect(names(g.nodes)).toEqual(['parameter', 'parameter', 'exp', 'sin', 'mul']);
    expect(names(g.computed)).toEqual(['exp', 'sin', 'mul']);
  });

  it('lists every edge, one value used twice as two', () => {
    const x = lax.parameter([3], 'float32');
    const square = lax.mul(x, x);
    const g = new Graph([x], [lax.add(square, x)]);
    expect(g.edges.map(([v, n, k]) => [v.node.primitive.name, n.primitive.name, k])).toEqual([
      ['parameter', 'mul', 0],
      ['parameter', 'mul', 1],
      ['mul', 'add', 0],
      ['parameter', 'add', 1],
    ]);
  });

  it('takes shared work once', () => {
    const x = lax.parameter([], 'float32');
    let y = x;
    for (let i = 0; i < 60; i++) y = lax.add(y, y);
    expect(new Graph([x], [y, y, x]).computed).toHaveLength(60);
  });

  it('is empty without outputs, and holds an input that is an output', () => {
    const x = lax.parameter([2], 'float32');
    expect(new Graph([], []).nodes).toEqual([]);
    expect(new Graph([x, x], [x]).nodes).toEqual([x.node]);
    expect(new Graph([x, x], [x]).computed).toEqual([]);
    expect(new Graph([x], [x]).edges).toEqual([]);
  });

  it('stops at an intermediate value that is an input', () => {
    const x = lax.parameter([2], 'float32');
    const e = lax.exp(x);
    const g = new Graph([e], [lax.neg(e)]);
    expect(names(g.nodes)).toEqual(['exp', 'neg']);
    expect(names(g.computed)).toEqual(['neg']);
    expect(g.edges.map(([v]) => v)).toEqual([e]);
  });

  it('computes a node one of whose outputs is given while another is wanted', () => {
    const x = lax.parameter([4], 'float32');
    const [keys, order] = lax.sort([x, lax.iota([4], 0, 'int32')], 0);
    const g = new Graph([keys, x], [lax.add(keys, keys), order]);
    expect(names(g.computed)).toEqual(['add', 'iota', 'sort']);
    expect(names(g.nodes)).toEqual(['parameter', 'add', 'iota', 'sort']);
    expect(new Graph([keys], [keys]).computed).toEqual([]);
  });

  it('names a parameter that was left out of the inputs', () => {
    const x = lax.parameter([2, 3], 'float32', 'kernel');
    expect(() => new Graph([], [lax.neg(x)]).nodes).toThrow(
      'The graph uses float32(2, 3) "kernel", which is not one of its inputs.',
    );
  });

  it('sorts a chain of 50,000 and a fan of 10,000', () => {
    const x = lax.parameter([], 'float32');
    let y = x;
    for (let i = 0; i < 50_000; i++) y = lax.neg(y);
    expect(new Graph([x], [y]).computed).toHaveLength(50_000);
    const many = Array.from({ length: 10_000 }, () => lax.exp(lax.reshape(x, [1])));
    const g = new Graph([x], [lax.concatenate(many, 0)]);
    expect(g.computed).toHaveLength(20_001);
    expect(g.edges).toHaveLength(30_000);
  });
});

describe('Node.key', () => {
  const key = (value: number): string => lax.scalar(value, 'float32').node.key;

  it('tells attributes apart that JSON would not', () => {
    const keys = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1].map(
      key,
    );
    expect(new Set(keys).size).toBe(keys.length);
    expect(key(-0)).toBe(key(-0));
    const literal = (x: number): string => lax.literal(Float32Array.of(x), [1], 'float32').node.key;
    expect(literal(0)).not.toBe(literal(-0));
    expect(literal(Number.NaN)).toBe(literal(Number.NaN));
    expect(lax.literal(Int32Array.of(1), [1], 'int32').node.key).not.toBe(literal(1));
  });
});

describe('operands are checked when the graph is built', () => {
  const x = lax.parameter([2, 3], 'float32');
  const mask = lax.parameter([2], 'bool');
  const rows: [string, () => unknown, RegExp][] = [
    [
      'shapes',
      () => lax.add(x, lax.parameter([3, 2], 'float32')),
      /add: .*one shape.*\(2, 3\) and \(3, 2\)/,
    ],
    [
      'dtypes',
      () => lax.add(x, lax.parameter([2, 3], 'int32')),
      /one dtype, received float32 and int32/,
    ],
    [
      'domain',
      () => lax.exp(lax.parameter([2], 'int32')),
      /exp: takes float32, float64; received int32/,
    ],
    ['permutation', () => lax.transpose(x, [0]), /\[0\] is not a permutation/],
    ['reshape', () => lax.reshape(x, [-2, -3]), /whole numbers/],
    ['reverse', () => lax.reverse(x, [2]), /distinct dimensions of \(2, 3\)/],
    ['slice', () => lax.slice(x, [0], [1]), /for each dimension/],
    ['slice', () => lax.slice(x, [0, 0], [2, 4]), /lies outside \(2, 3\)/],
    ['pad', () => lax.pad(x, 0, [0, 0], [0, 0], [-1, 0]), /interior \(0 or more\)/],
    ['pad', () => lax.pad(x, 0, [-3, 0], [0, 0]), /crop more than/],
    ['concatenate', () => lax.concatenate([x, x], 2), /has no dimension 2/],
    ['dot', () => lax.dot(x, x), /must match: \(2, 3\) over \[1\] with \(2, 3\) over \[0\]/],
    [
      'dot',
      () =>
        lax.dotGeneral(x, x, { lhsContract: [1], rhsContract: [1], lhsBatch: [1], rhsBatch: [1] }),
      /must be distinct/,
    ],
    ['axes', () => lax.reduceSum(x, [2]), /reduce_sum/],
    ['argmax', () => lax.argmax(lax.parameter([0], 'float32'), 0), /empty sequence/],
    [
      'scatter',
      () =>
        lax.scatter(mask, lax.full([1, 1], 0, 'int32'), lax.full([1], 1, 'bool'), 'add', {
          windowDims: [],
          insertedDims: [0],
          indexMap: [0],
        }),
      /"add" does not take bool/,
    ],
  ];
  for (const [name, build, message] of rows)
    it(`${name}: ${message.source}`, () => {
      expect(build).toThrow(message);
    });
});
