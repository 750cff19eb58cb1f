/** For tests: good files damaged in ways that readers meet, and how many of them. */
import fc from 'fast-check';
import { GradloomError } from '../errors.ts';

/** So many cases, or as many as GRADLOOM_FUZZ says: `npm run fuzz` has it say many. */
export function cases(usual: number): number {
  const asked = Number(process.env.GRADLOOM_FUZZ);
  return asked > 0 ? asked : usual;
}

type Edit =
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'flip'; readonly at: number; readonly value: number }
  | { readonly kind: 'length'; readonly at: number; readonly value: number; readonly size: number }
  | { readonly kind: 'cut'; readonly at: number; readonly size: number }
  | { readonly kind: 'drop'; readonly at: number; readonly size: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly size: number };

const at = fc.nat();
/** Numbers that lengths, counts and addresses are not. */
const lengths = fc.constantFrom(
  0,
  1,
  7,
  8,
  0xff,
  0xffff,
  0x7fffffff,
  0x80000000,
  0xfffffff0,
  0xffffffff,
);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('set'), at, value: fc.nat(255) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('flip'), at, value: fc.nat(7) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('length'),
      at,
      value: lengths,
      size: fc.constantFrom(1, 2, 4, 8),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('cut', 'drop', 'repeat'),
      at,
      size: fc.integer({ min: 1, max: 64 }),
    }),
  },
) as fc.Arbitrary<Edit>;

/** One of the files with some damage. */
export function damaged(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...files), fc.array(edit, { minLength: 1, maxLength: 5 }))
    .map(([good, edits]) => edits.reduce(apply, good.slice()));
}

function apply(bytes: Uint8Array, e: Edit): Uint8Array {
  if (bytes.length === 0) return bytes;
  const i = e.at % bytes.length;
  if (e.kind === 'set') bytes[i] = e.value;
  else if (e.kind === 'flip') bytes[i] ^= 1 << e.value;
  else if (e.kind === 'length') {
    for (let k = 0; k < e.size && i + k < bytes.length; k++)
      bytes[i + k] = k < 4 ? e.value >>> (8 * k) : 0;
  } else if (e.kind === 'cut') return bytes.slice(0, i);
  else {
    const again = e.kind === 'repeat' ? bytes.subarray(i, i + e.size) : bytes.subarray(0, 0);
    const rest = bytes.subarray(e.kind === 'repeat' ? i : i + e.size);
    return Uint8Array.from([...bytes.subarray(0, i), ...again, ...rest]);
  }
  return bytes;
}

/** Runs it: a value and a GradloomError are both fine, and nothing else is. True for a value. */
export async function ends(read: () => unknown): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (e) {
    if (e instanceof GradloomError) return false;
    throw e;
  }
}

/** One of the values with something somewhere in it replaced. */
export function changedJson(values: readonly unknown[]): fc.Arbitrary<unknown> {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      -1,
      0,
      0.5,
      1e9,
      '',
      'x',
      true,
      [],
      {},
      [null],
      [[]],
      '__proto__',
    ),
    fc.constantFrom<unknown>('constructor', '../x', '/etc/passwd', 2 ** 53, { class_name: 'x' }),
    fc.jsonValue({ maxDepth: 1 }),
  );
  return fc
    .tuple(
      fc.constantFrom(...values),
      fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 2 }),
    )
    .map(([good, edits]) => edits.reduce((x, [where, v]) => replaced(x, where, v), good));
}

function replaced(x: unknown, where: number, value: unknown): unknown {
  const copy = structuredClone(x);
  const places: [Record<string, unknown>, string][] = [];
  const walk = (v: unknown): void => {
    if (typeof v !== 'object' || v === null) return;
    for (const k of Object.keys(v)) {
      places.push([v as Record<string, unknown>, k]);
      walk((v as Record<string, unknown>)[k]);
    }
  };
  walk(copy);
  if (places.length === 0) return value;
  const [object, key] = places[where % places.length];
  object[key] = value;
  return copy;
}
