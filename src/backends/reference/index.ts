export { createReferenceBackend } from './reference.ts';

/** What `createReferenceBackend` needs is here already; in browsers see later.ts. */
export async function loadReferenceBackend(): Promise<void> {}
