import { GradloomError } from '../errors.ts';
import { isNode } from './platform.ts';

/**
 * SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
 *
 * @throws GradloomError `sha256-unavailable` in a page that is not a secure context, where browsers
 *   offer no hashing
 */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  if (isNode()) {
    // Several times quicker than crypto.subtle, which copies its input to another thread first.
    const { createHash } = await import('node:crypto');
    return createHash('sha256').update(bytes).digest('hex');
  }
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new GradloomError(
      'sha256-unavailable',
      'This page cannot verify downloads: browsers offer crypto.subtle only over https and on localhost. Serve the page that way.',
    );
  }
  const digest = await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, '0')).join('');
}
