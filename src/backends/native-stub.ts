/** Stands in for the native backend where there is no Node: see "imports" in package.json. */
import { GradloomError } from '../errors.ts';
import type { Backend } from './backend.ts';

export const expected = false;

export function probeNative(): { ok: true } | { ok: false; reason: string } {
  return { ok: false, reason: 'this is not Node' };
}

export function createNativeBackend(_options?: { threads?: number }): Backend {
  throw new GradloomError('backend', 'The native backend needs Node. Use "wasm" here.');
}
