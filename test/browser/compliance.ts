/** The compliance suite of backends, on the backend that the address asks for. */
import type { Backend } from '../../src/backends/backend.ts';
import { runCompliance } from '../../src/backends/compliance.ts';
import { createWasmBackend } from '../../src/backends/wasm/index.ts';
import { describe, expect, it, note, run } from './harness.ts';

const asked = new URLSearchParams(location.search);
const number = (name: string): number => Number(asked.get(name) ?? '1');

async function create(): Promise<Backend> {
  if (asked.get('backend') !== 'webgpu') return createWasmBackend({ threads: number('threads') });
  const { createWebgpuBackend } = await import('../../src/backends/webgpu/index.ts');
  const backend = await createWebgpuBackend();
  note(`on ${backend.description}`);
  return backend;
}

runCompliance(create, { describe, it, expect }, { batch: number('batch'), oneIn: number('oneIn') });
await run();
