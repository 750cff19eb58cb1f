import { describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { createNativeBackend } from './index.ts';
import { compilers } from './testing.ts';

const api = { describe, it, expect };

// Everything with the first compiler; what its printer's choices could break with the second.
const some = /step|softmax|sort|reduce_max|convert|concatenate|pad|dot \d/;

for (const [i, cc] of compilers().entries()) {
  describe(`native with ${cc}`, () => {
    runCompliance(() => createNativeBackend({ cc, threads: 2, tier: 'cc' }), api, {
      batch: 60,
      ...(i > 0 && { only: some }),
    });
  });
}

describe.skipIf(compilers().length === 0)('native, small graphs on WebAssembly', () => {
  runCompliance(() => createNativeBackend({ threads: 2, tier: 'auto' }), api, {
    batch: 10,
    only: /step|softmax|many small/,
    optimize: false,
  });
});
