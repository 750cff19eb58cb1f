/**
 * The layers' battery on WebGPU in Node, and twenty steps of training each of its layers with the losses
 * of the reference: a sample of each family's rows, or all of them with GRADLOOM_WEBGPU_TESTS=all, or
 * those that match it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  families,
  familyOf,
  type Golden,
  type Row,
  Subject,
} from '../../keras/layers/battery/battery.ts';
import { checkRow } from '../../keras/layers/battery/checks.ts';
import type { Backend } from '../backend.ts';
import { setBackend } from '../registry.ts';
import { tryWebgpu } from './testing.ts';

const found = await tryWebgpu();
const wanted = process.env.GRADLOOM_WEBGPU_TESTS;
const pattern = new RegExp(wanted && wanted !== 'all' ? wanted : '');
/** One row in so many. */
const oneIn = wanted ? 1 : 12;

async function trainsAsReference(backend: Backend, row: Row, golden: Golden): Promise<void> {
  const losses = async (): Promise<number[]> => new Subject(row, golden).losses(20);
  const got = await losses();
  setBackend('reference');
  let want: number[];
  try {
    want = await losses();
  } finally {
    setBackend(backend);
  }
  expect(got).toHaveLength(want.length);
  for (const [i, g] of got.entries()) {
    // One row divides by nothing but an epsilon and diverges: what follows is rounding, doubled.
    if (want[i] > 1e6) break;
    expect(Math.abs(g - want[i]), `step ${i}: ${g} for ${want[i]}`).toBeLessThanOrEqual(
      // Losses of hundreds and thousands (pictures of 0 to 255) are held to five digits.
      1e-3 * Math.max(1, Math.abs(want[i]) / 100),
    );
  }
}

if ('reason' in found) it.skip(`webgpu: ${found.reason}`, () => {});
else {
  const { backend } = found;
  beforeAll(() => void setBackend(backend));
  afterAll(() => {
    setBackend('reference');
    backend.dispose();
  });
  describe.each(families())('battery on webgpu: %s', (family) => {
    const all = familyOf(family).filter(({ row }) => pattern.test(row.name));
    const sample = (from: number): typeof all => all.filter((_, i) => i % oneIn === from % oneIn);
    if (all.length === 0) it.skip('no such row', () => {});
    else it.each(sample(0))('$row.name', ({ row, golden }) => checkRow(row, golden));
    const trained = sample(5).filter(({ golden }) => golden.gradients);
    if (trained.length > 0)
      it.each(trained)('$row.name: twenty steps', ({ row, golden }) =>
        trainsAsReference(backend, row, golden),
      );
  });
}
