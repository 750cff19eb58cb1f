/** Which of several buckets a string falls into, as TensorFlow's string hashes have it. */
import { GradloomError } from '../../../errors.ts';
import { fingerprint64 } from './farmhash.ts';
import { siphash24 } from './siphash.ts';
import { utf8 } from './strings.ts';

export type Salt = number | readonly [number, number] | null | undefined;

/** A salt as two numbers. Throws `layer-option`. */
export function checkSalt(what: string, salt: Salt): readonly [number, number] | null {
  if (salt == null) return null;
  const both = typeof salt === 'number' ? [salt, salt] : salt;
  if (Array.isArray(both) && both.length === 2 && both.every((n) => Number.isSafeInteger(n)))
    return [both[0], both[1]];
  throw new GradloomError(
    'layer-option',
    `${what}: salt is a whole number or two of them; received ${JSON.stringify(salt)}.`,
    { salt },
  );
}

/** 0 … buckets-1. With a salt SipHash, whose buckets nobody can foresee who does not know it. */
export function bucketOf(
  s: string,
  buckets: number,
  salt: readonly [number, number] | null,
): number {
  const hash = salt
    ? siphash24(utf8(s), [BigInt(salt[0]), BigInt(salt[1])])
    : fingerprint64(utf8(s));
  return Number(hash % BigInt(buckets));
}
