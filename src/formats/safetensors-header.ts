/** The header of a safetensors file: everything that can be wrong is found before an element is read. */
import { GradloomError } from '../errors.ts';

export interface SafetensorsEntry {
  /** The file's own name of it: `F32`, `BF16`, `I64`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Elements. */
  readonly count: number;
  /** Bytes of the file. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** By name, in the order of their bytes. */
  readonly tensors: Map<string, SafetensorsEntry>;
  readonly metadata: Map<string, string>;
  /** Where the elements begin. */
  readonly dataStart: number;
}

export interface SafetensorsHeaderOptions {
  /** What error messages call the input. Default `safetensors data`. */
  readonly name?: string;
}

/** Those of the reference implementation, and a bound on dimensions. */
export const formatLimits = { header: 100_000_000, rank: 32 } as const;

/** Bytes an element. Types of less than a byte are refused as unknown. */
const widths: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  C64: 8,
  F64: 8,
  I64: 8,
  U64: 8,
};

/**
 * What is in the file. `bytes` may be its beginning only, if `length` says how long it is; the
 * header must be whole.
 *
 * @throws GradloomError `safetensors`
 */
export function readSafetensorsHeader(
  bytes: Uint8Array,
  o: SafetensorsHeaderOptions & { readonly length?: number } = {},
): SafetensorsHeader {
  const name = o.name ?? 'safetensors data';
  const total = o.length ?? bytes.length;
  const wrong = (message: string, facts: Record<string, unknown> = {}): GradloomError =>
    new GradloomError('safetensors', `${name} ${message}`, { name, ...facts });
  if (bytes.length === 0) throw wrong('is empty.');
  if (bytes.length < 8) throw wrong(`is cut off: it has ${bytes.length} bytes.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // As a double it may round, but then it is far beyond the limit.
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > formatLimits.header || (length > 0 && bytes[8] !== 0x7b))
    throw wrong('is no safetensors file: it does not begin with the length of a header and {.');
  if (8 + length > bytes.length)
    throw wrong(`is cut off: its header ends at byte ${8 + length} of ${bytes.length}.`);
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length));
    parsed = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GradloomError(
      'safetensors',
      `${name} has a header that cannot be read: ${why}`,
      { name },
      { cause },
    );
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) throw wrong(`names ${JSON.stringify(twice)} twice.`, { tensor: twice });
  const dataStart = 8 + length;
  const metadata = new Map<string, string>();
  const found: (readonly [string, SafetensorsEntry])[] = [];
  for (const [key, value] of Object.entries(parsed as Record<string, unknown>)) {
    if (key === '__metadata__') {
      if (!isRecord(value)) throw wrong('has metadata that are no object of strings.');
      for (const [k, v] of Object.entries(value)) {
        if (typeof v !== 'string')
          throw wrong(`has metadata that are no strings: ${JSON.stringify(k)}.`, { key: k });
        metadata.set(k, v);
      }
    } else found.push([key, entryOf(value, dataStart, JSON.stringify(key), wrong)]);
  }
  found.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = dataStart;
  for (const [key, { begin, end }] of found) {
    if (begin !== at)
      throw wrong(
        `${begin < at ? 'has arrays that overlap' : 'leaves a hole'} before ${JSON.stringify(key)}: it begins at byte ${begin - dataStart} of the elements, expected ${at - dataStart}.`,
        { tensor: key, expected: at - dataStart, received: begin - dataStart },
      );
    at = end;
  }
  if (at > total)
    throw wrong(`is cut off: its elements end at byte ${at} of ${total}.`, {
      expected: at,
      received: total,
    });
  if (at < total) throw wrong(`has ${total - at} bytes after its last element.`, { expected: at });
  return { tensors: new Map(found), metadata, dataStart };
}

const isRecord = (v: unknown): v is Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

const isSize = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;

function entryOf(
  value: unknown,
  dataStart: number,
  key: string,
  wrong: (message: string, facts?: Record<string, unknown>) => GradloomError,
): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets, ...rest } = isRecord(value) ? value : {};
  if (
    typeof dtype !== 'string' ||
    !Array.isArray(shape) ||
    !shape.every(isSize) ||
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isSize) ||
    Object.keys(rest).length > 0
  )
    throw wrong(
      `describes ${key} in a way that cannot be read: it needs dtype, shape and data_offsets.`,
      {
        tensor: key,
      },
    );
  const width = Object.hasOwn(widths, dtype) ? widths[dtype] : undefined;
  if (width === undefined)
    throw wrong(`gives ${key} the unknown type ${JSON.stringify(dtype.slice(0, 40))}.`, {
      tensor: key,
    });
  if (shape.length > formatLimits.rank)
    throw wrong(
      `gives ${key} ${shape.length} dimensions; at most ${formatLimits.rank} are allowed.`,
    );
  const [first, last] = offsets as [number, number];
  const count = shape.reduce((a: number, b: number) => a * b, 1);
  if (!isSize(count) || count * width !== last - first)
    throw wrong(
      `gives ${key} (${dtype} of shape (${shape.join(', ')})) ${last - first} bytes, expected ${count * width}.`,
      { tensor: key, expected: count * width, received: last - first },
    );
  return { dtype, shape, count, begin: dataStart + first, end: dataStart + last };
}

/** A key that the outermost object of valid JSON has twice: JSON.parse would keep the last. */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (let m = token.exec(text); m; m = token.exec(text)) {
    const [whole, colon] = m;
    if (whole === '{' || whole === '[') depth++;
    else if (whole === '}' || whole === ']') depth--;
    else if (colon && depth === 1) {
      const key = JSON.parse(whole.slice(0, whole.length - colon.length)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}
