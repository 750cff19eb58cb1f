import { GradloomError } from '../errors.ts';
import { isNode } from '../platform.ts';

/**
 * SHA-256 of `parts` one after another, as 64 lower-case hexadecimal digits.
 *
 * @throws GradloomError `sha256-unavailable` in a page that is not a secure context, where browsers
 *   offer no hashing
 */
export async function sha256Hex(...parts: readonly Uint8Array[]): Promise<string> {
  if (isNode()) {
    // Several times quicker than crypto.subtle, which copies its input to another thread first.
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    for (const p of parts) hash.update(p);
    return hash.digest('hex');
  }
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new GradloomError(
      'sha256-unavailable',
      'This page cannot verify downloads: browsers offer crypto.subtle only over https and on localhost. Serve the page that way.',
    );
  }
  const whole = parts.length === 1 ? parts[0] : joined(parts);
  const digest = await subtle.digest('SHA-256', whole as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, '0')).join('');
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
