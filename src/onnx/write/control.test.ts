/** Loops and choices as ONNX, read again: what each turn asks, and computes, is its own. */
import { beforeAll, expect, it } from 'vitest';
import { complianceCases } from '../../backends/compliance.ts';
import { interpret } from '../../backends/reference/interpret.ts';
import { setBackend } from '../../backends/registry.ts';
import { fromData } from '../../tensor/index.ts';
import { fromOnnx } from '../index.ts';
import { graphToOnnx } from './testing.ts';

beforeAll(() => {
  setBackend('wasm', { threads: 1 });
});

const cases = complianceCases().filter((c) => /^(while|cond|scan of|scan that)/.test(c.name));

it('there are loops and choices to write', () => {
  expect(cases.map((c) => c.name).join()).toMatch(/while.*/);
  expect(cases.length).toBeGreaterThan(2);
});

it.each(cases)('$name', async (c) => {
  const { graph, inputs } = c.build();
  const model = fromOnnx(await graphToOnnx(graph));
  const feeds = graph.inputs.map((v, i) => [`in${i}`, fromData(inputs[i], v.shape, v.dtype)]);
  const found = Object.values(await model.run(Object.fromEntries(feeds)));
  const want = interpret(graph).run(inputs);
  expect(found.length).toBe(want.length);
  for (const [i, w] of want.entries()) {
    const got = await found[i].data();
    w.forEach((v: number, k: number) => {
      expect(Math.abs(Number(got[k]) - v)).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(v)));
    });
  }
});
