import { describe, expect, it } from 'vitest';
import { convolutionalNetwork, plainNetwork } from '../model/spec.ts';
import { describeProgram, drawProgram } from './kernels.ts';
import { languages, parts } from './protocol.ts';
import { lowerFor, traceNetwork } from './worker.ts';

describe('the graph of a network', () => {
  it('grows from the forward pass to the whole step, and fusion makes it small', () => {
    const graphs = parts.map((p) => traceNetwork(plainNetwork, p, 8));
    const nodes = graphs.map((g) => g.computed.length);
    expect(nodes[0]).toBeLessThan(nodes[1]);
    expect(nodes[1]).toBeLessThan(nodes[2]);
    expect(graphs[0].inputs.map((v) => v.node.label)).toEqual([
      'images',
      'dense_1/kernel',
      'dense_1/bias',
      'output/kernel',
      'output/bias',
    ]);
    const { boxes } = describeProgram(lowerFor(graphs[2], 'c'), graphs[2], 'c');
    const kernels = boxes.filter((b) => b.kind === 'kernel').length;
    expect(kernels).toBeGreaterThan(2);
    expect(kernels).toBeLessThan(nodes[2] / 3);
  });

  it.each(languages)('prints every kernel as %s', (language) => {
    const graph = traceNetwork(convolutionalNetwork, 'gradient', 4);
    const { boxes, arrows } = describeProgram(lowerFor(graph, language), graph, language);
    const kernels = boxes.filter((b) => b.kind === 'kernel');
    const sign = { c: /static __attribute__|void /, wgsl: /@compute/, loops: /b\d+\[/ }[language];
    for (const k of kernels) expect(k.source).toMatch(sign);
    const ids = new Set(boxes.map((b) => b.id));
    expect(ids.size).toBe(boxes.length);
    for (const a of arrows) {
      expect(ids).toContain(a.from);
      expect(ids).toContain(a.to);
    }
  });

  it('places every box inside of the drawing', async () => {
    const graph = traceNetwork(plainNetwork, 'step', 8);
    const d = await drawProgram(lowerFor(graph, 'c'), graph, 'c');
    for (const b of d.boxes) {
      expect(b.x).toBeGreaterThanOrEqual(0);
      expect(b.y).toBeGreaterThanOrEqual(0);
      expect(b.x + b.width).toBeLessThanOrEqual(d.width);
      expect(b.y + b.height).toBeLessThanOrEqual(d.height);
    }
    expect(d.boxes.some((b) => b.title === 'dense_1/kernel ′')).toBe(true);
  });
});
