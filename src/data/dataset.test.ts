/** Pipelines against what tf.data gives (TensorFlow 2.21), and what goes wrong in them. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { type Tensor, tensor } from '../tensor/index.ts';
import { Dataset } from './index.ts';

const digits = Dataset.range(10);
const read = (t: Tensor): unknown => t.arraySync();

async function failure(run: () => Promise<unknown>): Promise<GradloomError> {
  const e = await run().then(
    () => undefined,
    (x: unknown) => x,
  );
  expect(e).toBeInstanceOf(GradloomError);
  return e as GradloomError;
}

describe('sources', () => {
  it('cuts arrays into rows, keeping the structure', async () => {
    const d = Dataset.fromTensorSlices({
      x: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      y: Int32Array.of(7, 8, 9),
    });
    const all = await d.toArray();
    expect(d.cardinality).toBe(3);
    expect(all.map((e) => ({ x: read(e.x), y: read(e.y), dtype: e.y.dtype }))).toEqual([
      { x: [1, 2], y: 7, dtype: 'int32' },
      { x: [3, 4], y: 8, dtype: 'int32' },
      { x: [5, 6], y: 9, dtype: 'int32' },
    ]);
    expectTypeOf(all[0].y).toEqualTypeOf<Tensor>();
  });

  it('takes strings', async () => {
    const d = Dataset.fromTensorSlices([
      ['a', 'b', 'c'],
      [1, 2, 3],
    ] as const).batch(2);
    const [first] = await d.toArray();
    expect(first[0]).toEqual(['a', 'b']);
  });

  it('refuses arrays of different lengths, scalars and nothing', () => {
    expect(() => Dataset.fromTensorSlices([tensor([1, 2]), tensor([[1], [2], [3]])])).toThrow(
      /\[0\] has 2 rows but \[1\] has 3 \(shape \(3, 1\)\)/,
    );
    expect(() => Dataset.fromTensorSlices({ a: tensor(1) })).toThrow(/a is a scalar/);
    expect(() => Dataset.fromTensorSlices({ a: 3 })).toThrow(/a is a number/);
    expect(() => Dataset.fromTensorSlices([])).toThrow(/no arrays/);
  });

  it('starts a generator anew for every iteration', async () => {
    let started = 0;
    const d = Dataset.fromGenerator(function* () {
      started++;
      yield* [1, 2];
    });
    expect([await d.toArray(), await d.toArray(), started]).toEqual([[1, 2], [1, 2], 2]);
  });

  it('says where a generator failed, with its error as the cause', async () => {
    const cause = new Error('the disk is gone');
    const d = Dataset.fromGenerator(async function* () {
      yield 1;
      throw cause;
    });
    const e = await failure(() => d.toArray());
    expect([e.code, e.message, e.cause]).toEqual([
      'data',
      'The generator failed after 1 element: the disk is gone',
      cause,
    ]);
    expect(
      (await failure(() => Dataset.fromGenerator(() => 3 as never).toArray())).message,
    ).toMatch(/iterable/);
  });

  it('counts as range does', async () => {
    expect(await Dataset.range(2, 9, 3).toArray()).toEqual([2, 5, 8]);
    expect(await Dataset.range(3, 0, -1).toArray()).toEqual([3, 2, 1]);
    expect(await Dataset.range(3, 3).toArray()).toEqual([]);
    expect(() => Dataset.range(0, 1, 0)).toThrow(/step/);
  });
});

describe('batches', () => {
  it('stacks elements of any structure', async () => {
    const d = Dataset.fromArray([
      { x: tensor([1, 2]), n: 3, ok: true, s: 'a' },
      { x: tensor([4, 5]), n: 6, ok: false, s: 'b' },
    ]).batch(2);
    const [b] = await d.toArray();
    expect([read(b.x), read(b.n), read(b.ok), b.s]).toEqual([
      [
        [1, 2],
        [4, 5],
      ],
      [3, 6],
      [true, false],
      ['a', 'b'],
    ]);
    expect([b.n.dtype, b.ok.dtype]).toEqual(['float32', 'bool']);
    expectTypeOf(b.s).toEqualTypeOf<string[]>();
  });

  it.each([true, false])(
    'from rows in memory and from elements alike (map between: %s)',
    async (map) => {
      const rows = Dataset.fromTensorSlices([Float32Array.from({ length: 7 }, (_, i) => i)]);
      const source = map ? rows.map((e) => e) : rows;
      const sizes = async (drop: boolean) => {
        const d = source.batch(3, { dropRemainder: drop });
        const all = await d.toArray();
        expect(d.cardinality).toBe(all.length);
        return all.map((b) => read(b[0]));
      };
      expect(await sizes(false)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
      expect(await sizes(true)).toEqual([
        [0, 1, 2],
        [3, 4, 5],
      ]);
    },
  );

  it('says which element does not match', async () => {
    const shapes = Dataset.fromArray([tensor([1]), tensor([1, 2])]).batch(2);
    expect((await failure(() => shapes.toArray())).message).toMatch(
      /element 1 of the batch does not match the first: shape \(2\) for \(1\)|\(2,\) for \(1,\)/,
    );
    const kinds = Dataset.fromArray<unknown>([1, 'a']).batch(2);
    expect((await failure(() => kinds.toArray())).message).toMatch(/a string for a number/);
    const parts = Dataset.fromArray<unknown>([[1], [1, 2]]).batch(2);
    expect((await failure(() => parts.toArray())).message).toMatch(/2 parts for 1/);
    const objects = Dataset.fromArray<unknown>([new Date(0)]).batch(2);
    expect((await failure(() => objects.toArray())).message).toMatch(/found Date/);
  });

  it('pads', async () => {
    const d = Dataset.fromArray([[1], [2, 3], [4, 5, 6]].map((a) => Int32Array.from(a)));
    const lists = async (o: object) => (await d.paddedBatch(2, o).toArray()).map(read);
    expect(await lists({ paddingValues: -1 })).toEqual([
      [
        [1, -1],
        [2, 3],
      ],
      [[4, 5, 6]],
    ]);
    expect(await lists({ paddedShapes: [[4]] })).toEqual([
      [
        [1, 0, 0, 0],
        [2, 3, 0, 0],
      ],
      [[4, 5, 6, 0]],
    ]);
    expect((await failure(() => lists({ paddedShapes: [[2]] }))).message).toMatch(
      /3 long in dimension 0, longer than the 2/,
    );
    const matrices = Dataset.fromArray([tensor([[1, 2]]), tensor([[3], [4]])]).paddedBatch(2);
    expect((await matrices.toArray()).map(read)).toEqual([
      [
        [
          [1, 2],
          [0, 0],
        ],
        [
          [3, 0],
          [4, 0],
        ],
      ],
    ]);
  });

  it('takes batches apart', async () => {
    const d = Dataset.fromArray([tensor([1, 2]), tensor([3])]).unbatch();
    expect(((await d.toArray()) as Tensor[]).map(read)).toEqual([1, 2, 3]);
  });
});

describe('steps', () => {
  it.each([1, 3])('maps in order, %i at a time', async (parallel) => {
    let [now, most] = [0, 0];
    const d = Dataset.range(8).map(
      async (n, i) => {
        most = Math.max(most, ++now);
        await new Promise((done) => setTimeout(done, (8 - n) % 3));
        now--;
        return n * 10 + i;
      },
      { parallel },
    );
    expect(await d.toArray()).toEqual([0, 11, 22, 33, 44, 55, 66, 77]);
    expect(most).toBe(parallel);
  });

  it.each([1, 4])('a failing map names the element (%i at a time)', async (parallel) => {
    const d = digits.map(
      (n) => {
        if (n === 5) throw new RangeError('no fives');
        return n;
      },
      { parallel },
    );
    const seen: number[] = [];
    const e = await failure(() => d.forEach((n) => void seen.push(n)));
    expect(e.message).toBe('map failed on element 5: no fives');
    expect(e.cause).toBeInstanceOf(RangeError);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  it('filters, takes, skips, shards, joins, counts', async () => {
    expect(await digits.filter((n) => n % 3 === 0).toArray()).toEqual([0, 3, 6, 9]);
    expect(await digits.skip(2).take(3).toArray()).toEqual([2, 3, 4]);
    expect(await digits.shard(3, 1).toArray()).toEqual([1, 4, 7]);
    expect(await Dataset.range(2).concatenate(Dataset.range(5, 7)).toArray()).toEqual([0, 1, 5, 6]);
    expect(await Dataset.range(3, 5).enumerate().toArray()).toEqual([
      [0, 3],
      [1, 4],
    ]);
    expect(await digits.reduce(0, (a, b) => a + b)).toBe(45);
    expect([digits.skip(2).take(3).cardinality, digits.shard(3, 1).cardinality]).toEqual([3, 3]);
    expect([digits.take(0), digits.skip(20)].map((d) => d.cardinality)).toEqual([0, 0]);
    expect(digits.filter(Boolean).cardinality).toBeUndefined();
  });

  it('rows in memory: take, skip and shard keep what batches need', async () => {
    const d = Dataset.fromTensorSlices(Int32Array.from({ length: 10 }, (_, i) => i));
    const lists = async (e: Dataset<Tensor>) => (await e.batch(4).toArray()).map(read);
    expect(await lists(d.skip(2).take(5))).toEqual([[2, 3, 4, 5], [6]]);
    expect(await lists(d.shard(3, 1))).toEqual([[1, 4, 7]]);
  });

  it('repeats', async () => {
    expect(await Dataset.range(2).repeat(2).toArray()).toEqual([0, 1, 0, 1]);
    expect(await Dataset.range(2).repeat().take(5).toArray()).toEqual([0, 1, 0, 1, 0]);
    expect(await Dataset.range(0).repeat().toArray()).toEqual([]);
    expect((await failure(() => Dataset.range(2).repeat().toArray())).message).toMatch(/no end/);
  });

  it('zips to the shortest', async () => {
    const d = Dataset.zip<[number, number]>(Dataset.range(3), Dataset.range(5, 9));
    expect(await d.toArray()).toEqual([
      [0, 5],
      [1, 6],
      [2, 7],
    ]);
    expect(d.cardinality).toBe(3);
  });

  it('interleaves as tf.data', async () => {
    const six = Dataset.range(1, 6).interleave((x) => Dataset.fromTensors(x).repeat(6), {
      cycleLength: 2,
      blockLength: 4,
    });
    expect((await six.toArray()).join('')).toBe('111122221122333344443344555555');
    const ranges = Dataset.range(1, 5).interleave((x) => Dataset.range(x), {
      cycleLength: 3,
      blockLength: 2,
    });
    expect((await ranges.toArray()).join('')).toBe('0010101223');
    const flat = Dataset.range(3).flatMap((x) => Dataset.fromArray([x, -x]));
    expect(await flat.toArray()).toEqual([0, -0, 1, -1, 2, -2]);
  });

  it.each([
    [5, 5, 1, false, '01234 56789 10'],
    [3, 2, 1, false, '012 234 456 678 8910 10'],
    [3, 2, 1, true, '012 234 456 678 8910'],
    [2, 2, 2, false, '02 24 46 68 810 10'],
    [3, 1, 2, true, '024 135 246 357 468 579 6810'],
    [2, 5, 1, false, '01 56 10'],
    [3, 4, 2, false, '024 468 810'],
  ])(
    'windows of %i every %i, stride %i, drop %s, as tf.data',
    async (size, shift, stride, dropRemainder, expected) => {
      const d = Dataset.range(11).window(size, { shift, stride, dropRemainder });
      const all = await d.map(async (w) => (await w.toArray()).join('')).toArray();
      expect(all.join(' ')).toBe(expected);
    },
  );

  it('caches what has been gone through', async () => {
    let made = 0;
    const d = Dataset.range(4)
      .map((n) => {
        made++;
        return n;
      })
      .cache();
    for await (const n of d) if (n === 1) break;
    expect(made).toBe(2);
    await d.toArray();
    expect([await d.toArray(), made]).toEqual([[0, 1, 2, 3], 6]);
  });

  it('prefetches ahead of the reader', async () => {
    let made = 0;
    const d = Dataset.fromGenerator(function* () {
      for (let i = 0; i < 9; i++) yield made++;
    }).prefetch(3);
    const it = d[Symbol.asyncIterator]();
    await it.next();
    await new Promise((done) => setTimeout(done, 5));
    expect(made).toBe(4);
    await it.return?.();
    expect(await d.take(2).toArray()).toEqual([4, 5]);
  });

  it('closes its sources when the reader stops', async () => {
    let closed = 0;
    const source = Dataset.fromGenerator(function* () {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed++;
      }
    });
    const steps = source
      .map((n) => n, { parallel: 2 })
      .prefetch(2)
      .shuffle(4)
      .filter(() => true)
      .batch(2);
    for await (const _ of steps) break;
    expect(closed).toBe(1);
  });

  it('refuses sizes that are none', () => {
    for (const f of [
      () => digits.batch(0),
      () => digits.shuffle(1.5),
      () => digits.take(-1),
      () => digits.map((n) => n, { parallel: 0 }),
      () => digits.shard(2, 2),
      () => digits.prefetch(Number.NaN),
    ])
      expect(f).toThrow(GradloomError);
  });
});

describe('shuffling', () => {
  it('another program goes on from the state of this one', async () => {
    const make = (): Dataset<unknown> => {
      const odd = Dataset.range(5).shuffle(5, { seed: 1 });
      return Dataset.zip(odd.repeat(2), Dataset.range(10).cache().shuffle(4, { seed: 2 }))
        .concatenate(Dataset.zip(odd, odd))
        .batch(3) as Dataset<unknown>;
    };
    const first = make();
    await first.toArray();
    const [state, orders] = [first.getState(), [] as unknown[]];
    for (let k = 0; k < 2; k++) orders.push(JSON.stringify(await first.toArray()));
    const second = make();
    expect(JSON.stringify(await second.toArray())).not.toBe(orders[0]);
    second.setState(state);
    for (const o of orders) expect(JSON.stringify(await second.toArray())).toBe(o);
    expect(() => second.setState([1])).toThrow(/another dataset/);
  });
  const rows = Dataset.fromTensorSlices(Int32Array.from({ length: 100 }, (_, i) => i));
  const lists = async (d: Dataset<Tensor>): Promise<number[]> =>
    (await d.toArray()).map((t) => t.item() as number);

  it.each([
    ['all rows', 100],
    ['a buffer', 10],
  ])('%s: each element once, by the seed, anew in each epoch', async (_, size) => {
    const make = (o: object) => rows.shuffle(size, o);
    const d = make({ seed: 7 });
    const [a, b] = [await lists(d), await lists(d)];
    const again = make({ seed: 7 });
    expect([await lists(again), await lists(again)]).toEqual([a, b]);
    expect(a).not.toEqual(b);
    expect(a).not.toEqual(await lists(make({ seed: 8 })));
    for (const order of [a, b])
      expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    const fixed = make({ seed: 7, reshuffleEachIteration: false });
    expect(await lists(fixed)).toEqual(await lists(fixed));
  });

  it('a buffer lets no element come early by more than its size', async () => {
    const order = await lists(rows.shuffle(10, { seed: 1 }));
    order.forEach((v, at) => {
      expect(v).toBeLessThanOrEqual(at + 9);
    });
  });

  it('is even: every element is everywhere equally often', async () => {
    const d = Dataset.range(4).shuffle(4, { seed: 3 });
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let k = 0; k < 2000; k++)
      (await d.toArray()).forEach((v, at) => {
        counts[v][at]++;
      });
    // Standard deviation 19: five of them.
    for (const c of counts.flat()) expect(Math.abs(c - 500)).toBeLessThan(100);
  });

  it('goes on shuffling under repeat', async () => {
    const all = await lists(rows.shuffle(100, { seed: 2 }).repeat(2));
    expect(all.slice(0, 100)).not.toEqual(all.slice(100));
  });
});
