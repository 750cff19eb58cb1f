import { Resvg } from '@resvg/resvg-js';
import { describe, expect, it } from 'vitest';
import { softmax } from '../backends/compliance/case.ts';
import { Graph, gradient, graphToDot, graphToSvg, graphToText, lax } from './index.ts';

function dense(): Graph {
  const x = lax.parameter([64, 784], 'float32', 'x');
  const w = lax.parameter([784, 128], 'float32', 'kernel');
  const b = lax.parameter([128], 'float32');
  const z = lax.dot(x, w);
  const y = lax.max(lax.add(z, lax.broadcastTo(b, z.shape)), lax.full(z.shape, 0, 'float32'));
  return new Graph([x, w, b], [y, x], 'dense');
}

/** A training step with some 90 operations. */
function step(): Graph {
  const params = [
    lax.parameter([5, 4], 'float32', 'w1'),
    lax.parameter([4, 3], 'float32', 'w2'),
    lax.parameter([4, 3], 'float32', 'w3'),
  ];
  const x = lax.parameter([7, 5], 'float32', 'x');
  const h = lax.tanh(lax.dot(x, params[0]));
  const p = softmax(lax.mul(lax.dot(h, params[1]), softmax(lax.dot(h, params[2]))));
  const loss = lax.neg(lax.reduceSum(lax.log(p)));
  const grads = gradient(loss, params);
  return new Graph([x, ...params], [...params.map((w, i) => lax.sub(w, grads[i])), loss], 'step');
}

const awkward = 'a "quoted" <b>&amp;</b> \\ label\nin two lines \u0007\ud800';

function labelled(): Graph {
  const x = lax.parameter([2], 'float32', awkward);
  const y = lax.mul(x, x);
  y.node.label = awkward;
  return new Graph([x], [y], awkward);
}

describe('graphToText', () => {
  it('numbers inputs, then results, and shows attributes', () => {
    expect(graphToText(dense())).toBe(`graph "dense" {
  %0: float32(64, 784) = input 0 "x"
  %1: float32(784, 128) = input 1 "kernel"
  %2: float32(128,) = input 2
  %3: float32(64, 128) = dot_general(%0, %1) {lhsContract: [1], rhsContract: [0]}
  %4: float32(64, 128) = broadcast_in_dim(%2) {dimensions: [1]}
  %5: float32(64, 128) = add(%3, %4)
  %6: float32() = constant() {value: 0}
  %7: float32(64, 128) = broadcast_in_dim(%6)
  %8: float32(64, 128) = max(%5, %7)
  return %8, %0
}
`);
  });

  it('shows nodes of several results, one input given twice, odd numbers, and an empty graph', () => {
    const x = lax.parameter([20], 'float32');
    const [s, i] = lax.sort([x, lax.iota([20], 0, 'int32')], 0, true);
    const t = lax.literal(
      Float32Array.from({ length: 16 }, (_, k) => k),
      [16],
      'float32',
    );
    const text = graphToText(
      new Graph([x, x], [i, s, lax.scalar(-0, 'float64'), lax.scalar(Number.NaN, 'float32'), t]),
    );
    expect(text).toContain('%0: float32(20,) = input 0, 1\n');
    expect(text).toContain(
      '%2: float32(20,), %3: int32(20,) = sort(%0, %1) {axis: 0, descending: true}\n',
    );
    expect(text).toContain('{value: -0}');
    expect(text).toContain('{value: NaN}');
    expect(text).toContain('literal() {data: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … 4 more]}');
    expect(text).toContain('return %3, %2, ');
    expect(graphToText(new Graph([], []))).toBe('graph "graph" {\n  return\n}\n');
  });

  it('keeps one line for each operation whatever a label holds', () => {
    expect(graphToText(labelled()).split('\n')).toHaveLength(6);
  });
});

describe('graphToDot', () => {
  it('has a vertex for each operation and an arrow for each edge', () => {
    const g = dense();
    const dot = graphToDot(g);
    expect(dot).toContain('digraph "dense" {');
    expect(dot.match(/^ {2}\w+ \[label=/gm)).toHaveLength(g.nodes.length + g.outputs.length);
    expect(dot.match(/ -> /g)).toHaveLength(g.edges.length + g.outputs.length);
    expect(dot).toContain('n0 -> n3 [label="float32(64, 784)"];');
    expect(dot).toContain('n0 -> out1 ');
  });

  it('escapes quotes, backslashes and line ends', () => {
    const dot = graphToDot(labelled());
    expect(dot).toContain('a \\"quoted\\" <b>&amp;</b> \\\\ label\\nin two lines');
    for (const line of dot.split('\n')) {
      const quotes = line.replaceAll('\\\\', '').replaceAll('\\"', '').match(/"/g) ?? [];
      expect(quotes.length % 2, line).toBe(0);
    }
  });

  it('tells the results of one node apart, and takes a given result from its input', () => {
    const x = lax.parameter([4], 'float32');
    const [keys, order] = lax.sort([x, lax.iota([4], 0, 'int32')], 0);
    expect(graphToDot(new Graph([x], [keys, order]))).toContain('label="#1 int32(4,)"');
    const dot = graphToDot(new Graph([keys, x], [lax.neg(keys), order]));
    expect(dot).toContain('n0 -> n2 [label="#0 float32(4,)"];');
  });
});

interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The boxes of a drawing (the rectangles with rounded corners and a title). */
function boxes(svg: string): Rect[] {
  const pattern =
    /<\/title>\n<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"/g;
  return [...svg.matchAll(pattern)].map((m) => {
    const [x, y, width, height] = m.slice(1).map(Number);
    return { x, y, width, height };
  });
}

const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('graphToSvg', () => {
  it('draws boxes that do not overlap, inside the picture, with an arrow for each edge', async () => {
    for (const direction of ['down', 'right'] as const) {
      const svg = await graphToSvg(step(), { direction });
      const all = boxes(svg);
      expect(all.length).toBeGreaterThan(50);
      for (const [i, a] of all.entries())
        expect(all.slice(i + 1).filter((b) => overlap(a, b))).toEqual([]);
      const [, width, height] = svg.match(/<svg .*width="(\d+)" height="(\d+)"/)!.map(Number);
      expect(Math.min(...all.map((b) => b.x))).toBeGreaterThanOrEqual(0);
      expect(Math.max(...all.map((b) => b.x + b.width))).toBeLessThanOrEqual(width);
      expect(Math.max(...all.map((b) => b.y + b.height))).toBeLessThanOrEqual(height);
    }
  });

  it('writes numbers into the operation that uses them, and shapes on the arrows', async () => {
    const svg = await graphToSvg(dense());
    expect(svg).toContain('>max(·, 0)<');
    expect(svg).not.toContain('>constant<');
    expect(svg).toContain('>64×784<');
    expect(svg).toContain('>kernel<');
    // dot_general 2, broadcast 1, add 2, max 1, outputs 2.
    expect(svg.match(/marker-end/g)).toHaveLength(8);
    expect(boxes(svg)).toHaveLength(3 + 4 + 2);
  });

  it('draws a constant that is an output, an input that is an output, and nothing at all', async () => {
    const x = lax.parameter([], 'int32');
    const svg = await graphToSvg(new Graph([x], [x, x, lax.full([2], 3, 'float32')]));
    expect(boxes(svg)).toHaveLength(1 + 1 + 3);
    expect(svg).toContain('>int32 scalar<');
    expect(boxes(await graphToSvg(new Graph([], [])))).toEqual([]);
  });

  it('is well-formed XML whatever a label holds', async () => {
    const graphs = [labelled(), dense(), step(), new Graph([], [])];
    for (const g of graphs) {
      const svg = await graphToSvg(g);
      // The rasteriser parses strictly and throws for what is not XML.
      expect(new Resvg(svg).width).toBeGreaterThan(0);
    }
    expect(await graphToSvg(labelled())).toContain('&quot;quoted&quot; &lt;b&gt;&amp;amp;&lt;/b');
    expect(() => new Resvg('<svg xmlns="http://www.w3.org/2000/svg"><a></svg>')).toThrow();
  });

  it('refuses a picture nobody could read', async () => {
    let x = lax.parameter([], 'float32');
    const first = x;
    for (let i = 0; i < 1200; i++) x = lax.neg(x);
    await expect(graphToSvg(new Graph([first], [x]))).rejects.toThrow(/1202 boxes.*graphToDot/);
  });
});
