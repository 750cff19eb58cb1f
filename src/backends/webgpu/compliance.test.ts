/**
 * The compliance suite on WebGPU in Node; skipped where no adapter is found. A sample of the cases,
 * all of them with GRADLOOM_WEBGPU_TESTS=all, those whose names match with GRADLOOM_WEBGPU_TESTS=dot.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { tryWebgpu } from './testing.ts';

const found = await tryWebgpu();
// On SwiftShader the default is not to share.
const sharing = await tryWebgpu({ shared: true });

if ('reason' in found || 'reason' in sharing)
  it.skip(`webgpu: ${'reason' in found ? found.reason : ''}`, () => {});
else {
  const wanted = process.env.GRADLOOM_WEBGPU_TESTS;
  const only = wanted && wanted !== 'all' ? { only: new RegExp(wanted) } : {};
  afterAll(() => {
    found.backend.dispose();
    sharing.backend.dispose();
  });
  describe(`webgpu on ${found.backend.description}`, () => {
    const size = wanted ? { batch: 1 } : { batch: 5, oneIn: 5 };
    runCompliance(() => found.backend, { describe, it, expect }, { ...size, ...only });
  });
  describe('webgpu with workgroup memory', () => {
    const some = {
      only: wanted
        ? /./
        : /^(dot 13x|dense layer with relu|softmax|conv.*7x7)|reduce_sum .*37,2003|SGD step 7/,
    };
    runCompliance(() => sharing.backend, { describe, it, expect }, { ...some, ...only });
  });
}
