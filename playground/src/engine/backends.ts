/** Which backend a worker computes with. */
import { loadBackend, setBackend } from 'gradloom';
import type { BackendChoice, BackendState } from './protocol.ts';

let choice: BackendChoice = 'wasm';
let chosen = false;

const isolated = (): boolean =>
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;

/** Whether there is a graphics card (or what stands for one) that the page may use. */
async function hasWebgpu(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  return Boolean(gpu && (await gpu.requestAdapter().catch(() => null)));
}

async function available(): Promise<BackendChoice[]> {
  const several = isolated() && navigator.hardwareConcurrency > 1;
  return [
    'wasm',
    ...(several ? (['wasm-1'] as const) : []),
    ...((await hasWebgpu()) ? (['webgpu'] as const) : []),
    'reference',
  ];
}

async function use(next: BackendChoice): Promise<void> {
  if (next === 'wasm-1') setBackend('wasm', { threads: 1 });
  else await loadBackend(next);
  choice = next;
  chosen = true;
}

/** Chooses one, where a choice is given; tells what is in use. */
export async function backend(p: { readonly choice?: BackendChoice }): Promise<BackendState> {
  if (p.choice && (p.choice !== choice || !chosen)) await use(p.choice);
  const threads = choice === 'wasm' && isolated() ? Math.min(8, navigator.hardwareConcurrency) : 1;
  return { choice, available: await available(), threads, isolated: isolated() };
}

/** For workers that answer single questions: threads would cost more than they bring. */
export async function useOneThread(): Promise<void> {
  if (!chosen) await use('wasm-1');
}
