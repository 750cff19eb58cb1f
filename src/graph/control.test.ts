/** Building loops and branches: what is refused, what goes inside, and what the compiler makes of it. */
import { describe, expect, it } from 'vitest';
import { interpret } from '../backends/reference/interpret.ts';
import { lowerGraph } from '../compiler/lower.ts';
import { kernelsOf, type Program } from '../compiler/program.ts';
import { Graph, gradient, graphToDot, graphToSvg, graphToText, lax, type Value } from './index.ts';

const target = {
  name: 'native',
  lanes: 8,
  tileRows: 6,
  tileCols: 16,
  parallelThreshold: 30_000,
} as const;

/** tanh(x + h W) over `steps`, and the gradients of its sum. */
function recurrent(steps: number): Graph {
  const xs = lax.parameter([steps, 4, 32], 'float32');
  const w = lax.parameter([32, 32], 'float32');
  const h = lax.full([4, 32], 0, 'float32');
  const r = lax.scan(
    ([c], [x]) => {
      const n = lax.tanh(lax.add(x, lax.dot(c, w)));
      return { carry: [n], ys: [n] };
    },
    [h],
    [xs],
  );
  const loss = lax.reduceSum(r.ys[0]);
  return new Graph([xs, w], [loss, ...gradient(loss, [xs, w])]);
}

const lower = (steps: number): Program => lowerGraph(recurrent(steps), { target });

const v = (shape: number[], dtype: 'float32' | 'int32' | 'bool' = 'float32'): Value =>
  lax.parameter(shape, dtype);

/** The parameters that a value rests on. */
function sourcesOf(root: Value): Value[] {
  const found = new Set<Value>();
  const walk = (x: Value): void => {
    if (x.node.primitive.name === 'parameter') found.add(x);
    for (const i of x.node.inputs) walk(i);
  };
  walk(root);
  return [...found];
}

describe('scan', () => {
  it('refuses a carry that changes, lengths that differ, and a length that is missing', () => {
    const keep = (c: Value[]) => ({ carry: c, ys: [] });
    expect(() =>
      lax.scan(([c]) => ({ carry: [lax.reshape(c, [3, 1])], ys: [] }), [v([3])], [], { length: 2 }),
    ).toThrow(/carry must keep.*value 0 comes in as float32\(3,\) and leaves as float32\(3, 1\)/);
    expect(() =>
      lax.scan(([c]) => ({ carry: [lax.convert(c, 'int32')], ys: [] }), [v([])], [], { length: 2 }),
    ).toThrow(/leaves as int32\(\)/);
    expect(() => lax.scan(() => ({ carry: [], ys: [] }), [v([3])], [], { length: 2 })).toThrow(
      /as many values to carry as it takes, 1; it returned 0/,
    );
    expect(() => lax.scan(keep, [], [v([3, 2]), v([4])])).toThrow(/must be 3 here; value 1/);
    expect(() => lax.scan(keep, [], [v([])])).toThrow(/number of steps.*received undefined/);
    expect(() => lax.scan(keep, [v([])], [], { length: -1 })).toThrow(/received -1/);
  });

  it('leaves outside what does not depend on the step; views of it take no buffer', () => {
    const b = v([3]);
    const w = v([3]);
    const r = lax.scan(
      ([c], [x]) => ({
        carry: [lax.add(c, lax.broadcastTo(b, [2, 3]))],
        ys: [lax.add(lax.broadcastTo(lax.exp(w), [2, 3]), x)],
      }),
      [v([2, 3])],
      [v([4, 2, 3])],
    );
    const { node } = r.carry[0];
    const body = node.attrs.body as Graph;
    expect(body.computed.map((n) => n.primitive.name)).not.toContain('exp');
    const p = lowerGraph(new Graph(sourcesOf(r.carry[0]), [...r.carry, ...r.ys]), { target });
    expect(kernelsOf(p.steps).map((k) => k.name)).not.toContainEqual(
      expect.stringContaining('broadcast'),
    );
  });

  it('has the gradient of a view that it uses', () => {
    const x = v([2]);
    const view = lax.reshape(x, [1, 2]);
    const r = lax.scan(
      ([c]) => ({ carry: [lax.mul(c, view)], ys: [] }),
      [lax.full([1, 2], 1, 'float32')],
      [],
      { length: 3 },
    );
    const [g] = gradient(lax.reduceSum(r.carry[0]), [view]);
    const run = interpret(new Graph([x], [g])).run([Float32Array.of(2, 3)]);
    expect(Array.from(run[0])).toEqual([12, 27]);
  });

  it('compiles to the same program whatever the length, with the forward loop only once', () => {
    const [short, long] = [lower(10), lower(100)];
    const names = (p: Program): string[] => kernelsOf(p.steps).map((k) => k.name);
    expect(names(long)).toEqual(names(short));
    expect(long.steps.filter((s) => s.control)).toHaveLength(2);
    // The weight's gradient is one product over all steps, after the loops.
    expect(long.steps.some((s) => s.kernel?.name.includes('dot_general'))).toBe(true);
  });

  it('packs weights before the loop', () => {
    const w = v([320, 320]);
    const r = lax.scan(
      ([c]) => ({ carry: [lax.tanh(lax.dot(c, w))], ys: [] }),
      [v([16, 320])],
      [],
      { length: 50 },
    );
    const p = lowerGraph(new Graph([w, r.carry[0].node.inputs[1]], r.carry), { target });
    expect(p.steps.some((s) => s.kernel?.name.includes('pack_b'))).toBe(true);
    const loop = p.steps.find((s) => s.control)?.control;
    expect(loop && kernelsOf([{ control: loop, barrier: true }])).toHaveLength(1);
  });

  it('drops results that nobody reads, with what only they need', () => {
    const r = lax.scan(
      ([a, b], [x, y]) => ({ carry: [lax.add(a, x), lax.mul(b, y)], ys: [lax.exp(b), a] }),
      [v([]), v([])],
      [v([5]), v([5])],
    );
    const inputs = r.carry[0].node.inputs;
    const p = lowerGraph(new Graph(inputs, [r.carry[0]]), { target });
    const read = new Set(kernelsOf(p.steps).flatMap((k) => k.reads));
    const slots = p.buffers.flatMap(({ place }, i) =>
      place.kind === 'input' && read.has(i) ? [place.slot] : [],
    );
    expect(slots.sort()).toEqual([0, 2]);
  });
});

describe('cond and while', () => {
  it('refuse a predicate that is not one bool, and branches that differ', () => {
    const x = v([2]);
    const same = (a: Value): Value[] => [a];
    expect(() => lax.cond(v([], 'int32'), [x], same, same)).toThrow(/must be one bool/);
    expect(() => lax.cond(v([2], 'bool'), [x], same, same)).toThrow(/must be one bool/);
    expect(() => lax.cond(v([], 'bool'), [x], same, (a) => [a, a])).toThrow(
      /same shapes and dtypes; received float32\(2,\) and float32\(2,\), float32\(2,\)/,
    );
    expect(() =>
      lax.whileLoop(
        (a) => a,
        (a) => [a],
        [v([])],
      ),
    ).toThrow(/condition must return one bool; received float32\(\)/);
    expect(() =>
      lax.whileLoop(
        () => v([], 'bool'),
        () => [],
        [x],
      ),
    ).toThrow(/as many values as it takes, 1/);
  });

  it('run only the branch that is taken', () => {
    const x = v([2]);
    const [y] = lax.cond(
      v([], 'bool'),
      [],
      () => [lax.exp(x)],
      () => [lax.sin(x)],
    );
    expect(y.node.inputs).toHaveLength(2);
    expect((y.node.attrs.then as Graph).computed.map((n) => n.primitive.name)).toEqual(['exp']);
  });

  it('have a gradient, or say why not', () => {
    const x = v([]);
    const [y] = lax.whileLoop(
      (a) => lax.lt(a, lax.scalar(9, 'float32')),
      (a) => [lax.add(a, a)],
      [x],
    );
    expect(() => gradient(y, [x])).toThrow(/whileLoop has no gradient in reverse.*lax\.scan/);
    expect(() => gradient(lax.mul(lax.stopGradient(y), x), [x])).not.toThrow();
  });
});

describe('graphs inside of graphs', () => {
  it('are printed, drawn and copied', async () => {
    const g = recurrent(3);
    const text = graphToText(g);
    expect(text).toMatch(/= scan\(.*\{.*length: 3/);
    expect(text).toMatch(/\n {4}body \{\n {6}%0: float32\(32, 32\) = input 0/);
    expect(graphToDot(g)).toContain('scan');
    expect(await graphToSvg(g)).toContain('scan');
    expect(graphToText(g.copy())).toContain('scan');
  });

  it('tell functions apart in keys', () => {
    const x = lax.parameter([4], 'float32');
    const key = (f: (c: Value) => Value): string =>
      lax.scan(([c]) => ({ carry: [f(c)], ys: [] }), [x], [], { length: 3 }).carry[0].node.key;
    expect(key(lax.sin)).toBe(key(lax.sin));
    expect(key(lax.sin)).not.toBe(key(lax.cos));
    const scaled = (n: number) => key((c) => lax.mul(c, lax.full([4], n, 'float32')));
    expect(scaled(0.3)).not.toBe(scaled(0.4));
  });
});
