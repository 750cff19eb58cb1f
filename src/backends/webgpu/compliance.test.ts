/**
 * The compliance suite on WebGPU in Node; skipped where no adapter is found. A sample of the cases,
 * all of them with GRADLOOM_WEBGPU_TESTS=all, those whose names match with GRADLOOM_WEBGPU_TESTS=dot.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { experimentalGpu, tryWebgpu } from './testing.ts';
import type { WebgpuBackend } from './webgpu.ts';

const found = await tryWebgpu();
// On SwiftShader the default is not to share.
const sharing = await tryWebgpu({ shared: true });
const tree = await tryWebgpu({ shared: true, features: [] });
const half =
  'reason' in found
    ? found
    : await tryWebgpu({ shared: true, products: 'float16', gpu: await experimentalGpu() });

if ('reason' in found || 'reason' in sharing || 'reason' in tree || 'reason' in half)
  it.skip(`webgpu: ${'reason' in found ? found.reason : ''}`, () => {});
else {
  const wanted = process.env.GRADLOOM_WEBGPU_TESTS;
  const only = wanted && wanted !== 'all' ? { only: new RegExp(wanted) } : {};
  afterAll(() => {
    found.backend.dispose();
    for (const { backend } of [sharing, tree, half]) backend.dispose();
  });
  describe(`webgpu on ${found.backend.description}`, () => {
    const size = wanted ? { batch: 1 } : { batch: 5, oneIn: 5 };
    runCompliance(() => found.backend, { describe, it, expect }, { ...size, ...only });
  });
  const withFeatures = (name: string, b: WebgpuBackend): string =>
    `${name}${b.features.map((f) => `, ${f}`).join('')}`;
  describe(withFeatures('webgpu with workgroup memory', sharing.backend), () => {
    const some = {
      only: wanted
        ? /./
        : /^(dot 13x|dense layer with relu|softmax|conv.*7x7)|reduce_sum .*37,2003|SGD step 7/,
    };
    runCompliance(() => sharing.backend, { describe, it, expect }, { ...some, ...only });
  });
  describe('webgpu with workgroup memory and no more', () => {
    const some = { only: wanted ? /./ : /softmax|reduce_(sum|max) .*37,2003/ };
    runCompliance(() => tree.backend, { describe, it, expect }, { ...some, ...only });
  });
  const { features } = half.backend;
  describe.skipIf(!features.includes('shader-f16'))(
    withFeatures('webgpu with factors of half precision', half.backend),
    () => {
      const some = { only: wanted && wanted !== 'all' ? only.only : /^(dot|dense layer|conv)/ };
      const tolerance = { rel: 4e-3, abs: 2e-2 };
      runCompliance(() => half.backend, { describe, it, expect }, { ...some, tolerance });
    },
  );
}
