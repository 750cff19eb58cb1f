/**
 * The layers' battery on WebGPU in Node: a sample of each family's rows, or all of them with
 * GRADLOOM_WEBGPU_TESTS=all, or those that match it.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { families, familyOf } from '../../keras/layers/battery/battery.ts';
import { checkRow } from '../../keras/layers/battery/checks.ts';
import { setBackend } from '../registry.ts';
import { tryWebgpu } from './testing.ts';

const found = await tryWebgpu();
const wanted = process.env.GRADLOOM_WEBGPU_TESTS;
const pattern = new RegExp(wanted && wanted !== 'all' ? wanted : '');
/** One row in so many. */
const oneIn = wanted ? 1 : 12;

if ('reason' in found) it.skip(`webgpu: ${found.reason}`, () => {});
else {
  const { backend } = found;
  beforeAll(() => void setBackend(backend));
  afterAll(() => {
    setBackend('reference');
    backend.dispose();
  });
  describe.each(families())('battery on webgpu: %s', (family) => {
    const rows = familyOf(family).filter(({ row }, i) => i % oneIn === 0 && pattern.test(row.name));
    if (rows.length > 0) it.each(rows)('$row.name', ({ row, golden }) => checkRow(row, golden));
    else it.skip('no such row', () => {});
  });
}
