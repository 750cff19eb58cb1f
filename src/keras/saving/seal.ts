/**
 * A checksum inside of a safetensors file: the metadata entry `gradloom_sha256` is the SHA-256 of the
 * file in which its own 64 digits are zeros.
 */
import { GradloomError } from '../../errors.ts';
import { sha256Hex } from '../../files/sha256.ts';
import { encodeSafetensors, type SafetensorsArray } from '../../formats/safetensors.ts';

const key = 'gradloom_sha256';
const zeros = '0'.repeat(64);
const mark: string = `"${key}":"`;

/** The bytes of a safetensors file with a checksum. */
export async function encodeSealed(
  tensors: Iterable<readonly [string, SafetensorsArray]>,
  metadata: Iterable<readonly [string, string]> = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = encodeSafetensors(tensors, { metadata: [[key, zeros], ...metadata] });
  const digest = await sha256Hex(bytes);
  bytes.set(new TextEncoder().encode(digest), digitsAt(bytes)!);
  return bytes;
}

/**
 * Throws `checksum` when the file has a checksum that is not its own; files without one pass. Pages
 * that browsers give no hashing to look at nothing.
 */
export async function checkSeal(bytes: Uint8Array, name: string): Promise<void> {
  const at = digitsAt(bytes);
  if (at === undefined) return;
  const expected = new TextDecoder().decode(bytes.subarray(at, at + 64));
  const blank = new TextEncoder().encode(zeros);
  let received: string;
  try {
    received = await sha256Hex(bytes.subarray(0, at), blank, bytes.subarray(at + 64));
  } catch (e) {
    if (e instanceof GradloomError && e.code === 'sha256-unavailable') return;
    throw e;
  }
  if (received !== expected)
    throw new GradloomError(
      'checksum',
      `${name} is damaged: its checksum says ${expected.slice(0, 16)}…, its bytes give ${received.slice(0, 16)}….`,
      { name, expected, received },
    );
}

/** Where the digits begin: the entry is the first of the metadata, which come first. */
function digitsAt(bytes: Uint8Array): number | undefined {
  const start = `{"__metadata__":{${mark}`;
  const found = new TextDecoder('latin1').decode(bytes.subarray(8, 8 + start.length));
  return found === start && bytes.length >= 8 + start.length + 64 ? 8 + start.length : undefined;
}
