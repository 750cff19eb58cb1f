/** Which backend a worker computes with. */
import { availableBackends, getBackend, setBackend } from 'gradloom';
import type { BackendChoice, BackendState } from './protocol.ts';

let choice: BackendChoice = 'wasm';
let chosen = false;

const isolated = (): boolean =>
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;

function available(): BackendChoice[] {
  const known = availableBackends() as readonly string[];
  const several = isolated() && navigator.hardwareConcurrency > 1;
  return [
    'wasm',
    ...(several ? (['wasm-1'] as const) : []),
    ...(known.includes('webgpu') && 'gpu' in navigator ? (['webgpu'] as const) : []),
    'reference',
  ];
}

function use(next: BackendChoice): void {
  if (next === 'wasm-1') setBackend('wasm', { threads: 1 });
  else setBackend(next);
  choice = next;
  chosen = true;
}

/** Chooses one, where a choice is given; tells what is in use. */
export async function backend(p: { readonly choice?: BackendChoice }): Promise<BackendState> {
  if (p.choice && (p.choice !== choice || !chosen)) use(p.choice);
  const list = available();
  const threads = choice === 'wasm' && isolated() ? Math.min(8, navigator.hardwareConcurrency) : 1;
  getBackend();
  return { choice, available: list, threads, isolated: isolated() };
}

/** For workers that answer single questions: threads would cost more than they bring. */
export function useOneThread(): void {
  if (!chosen) use('wasm-1');
}
