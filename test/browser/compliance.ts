/** The compliance suite of backends, and a training run with its figures, on the backend asked for. */
import type { Backend } from '../../src/backends/backend.ts';
import { runCompliance } from '../../src/backends/compliance.ts';
import { createWasmBackend } from '../../src/backends/wasm/index.ts';
import { describe, expect, it, run } from './harness.ts';

const asked = new URLSearchParams(location.search);
const threads = Number(asked.get('threads') ?? '1');

async function create(): Promise<Backend> {
  return createWasmBackend({ threads });
}

runCompliance(create, { describe, it, expect });
await run();
