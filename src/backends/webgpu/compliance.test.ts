/**
 * The compliance suite on WebGPU in Node; skipped where no adapter is found. A sample of the cases,
 * all of them with GRADLOOM_WEBGPU_TESTS=all, those whose names match with GRADLOOM_WEBGPU_TESTS=dot.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { tryWebgpu } from './testing.ts';

const found = await tryWebgpu();

if ('reason' in found) it.skip(`webgpu: ${found.reason}`, () => {});
else {
  const { backend } = found;
  afterAll(() => backend.dispose());
  const wanted = process.env.GRADLOOM_WEBGPU_TESTS;
  describe(`webgpu on ${backend.description}`, () => {
    runCompliance(
      () => backend,
      { describe, it, expect },
      {
        batch: wanted ? 1 : 5,
        oneIn: wanted ? 1 : 3,
        ...(wanted && wanted !== 'all' && { only: new RegExp(wanted) }),
      },
    );
  });
}
