import { describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { NativeBackend } from './backend.ts';
import { loadRuntime } from './runtime.ts';

for (const cc of ['gcc', 'clang']) {
  describe(cc, () => {
    runCompliance(
      () => new NativeBackend(loadRuntime({ cc }), { threads: 2 }),
      { describe, it, expect },
      { batch: 60 },
    );
  });
}
