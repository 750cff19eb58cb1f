/** In the place of index.ts in browsers: pages that never compare with the reference do not load it. */
import { GradloomError } from '../../errors.ts';
import type { Backend } from '../backend.ts';

let create: (() => Backend) | undefined;

export async function loadReferenceBackend(): Promise<void> {
  create = (await import('./reference.ts')).createReferenceBackend;
}

/** Throws `backend` before `loadReferenceBackend` is done. */
export function createReferenceBackend(): Backend {
  if (create) return create();
  throw new GradloomError(
    'backend',
    'In a browser the reference backend is loaded when it is asked for: await loadBackend("reference").',
  );
}
