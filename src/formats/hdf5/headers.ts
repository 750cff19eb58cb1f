/** Object headers: the messages that say what an object is. */
import { GradloomError } from '../../errors.ts';
import type { Source } from './source.ts';
import { type H5Type, wrong } from './types.ts';

export interface Message {
  readonly type: number;
  readonly at: number;
  readonly size: number;
}

export const messageTypes = {
  dataspace: 0x1,
  linkInfo: 0x2,
  datatype: 0x3,
  link: 0x6,
  externalFiles: 0x7,
  layout: 0x8,
  filters: 0xb,
  attribute: 0xc,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** Throws for what only newer or rarer files hold. */
export function unsupported(s: Source, what: string): GradloomError {
  return new GradloomError(
    'hdf5-unsupported',
    `${s.name} uses ${what}, which is not read here. Files that Keras writes do not; write it again with Keras 3.`,
    { name: s.name, feature: what },
  );
}

/** All messages of the object at an address. */
export function messagesAt(s: Source, at: number): Message[] {
  s.step();
  if (s.u8(at) === 1) return versionOne(s, at);
  s.expect(at, 'OHDR');
  return versionTwo(s, at);
}

function versionOne(s: Source, at: number): Message[] {
  const out: Message[] = [];
  const blocks: [number, number][] = [[at + 16, s.u32(at + 8)]];
  for (let b = 0; b < blocks.length; b++) {
    const [start, length] = blocks[b];
    s.step();
    s.check(start, length);
    for (let p = start; p + 8 <= start + length; ) {
      const type = s.u16(p);
      const size = s.u16(p + 2);
      take(s, out, blocks, { type, at: p + 8, size }, s.u8(p + 4));
      p += 8 + size;
    }
  }
  return out;
}

function versionTwo(s: Source, at: number): Message[] {
  const flags = s.u8(at + 5);
  let p = at + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const width = 1 << (flags & 3);
  const first = s.uint(p, width);
  p += width;
  const out: Message[] = [];
  const blocks: [number, number][] = [[p, first]];
  const head = flags & 4 ? 6 : 4;
  for (let b = 0; b < blocks.length; b++) {
    let [start, length] = blocks[b];
    s.step();
    s.check(start, length);
    if (b > 0) {
      s.expect(start, 'OCHK');
      start += 4;
      length -= 8; // the letters and the checksum
    }
    for (let q = start; q + head <= start + length; ) {
      const size = s.u16(q + 1);
      take(s, out, blocks, { type: s.u8(q), at: q + head, size }, s.u8(q + 3));
      q += head + size;
    }
  }
  return out;
}

function take(
  s: Source,
  out: Message[],
  blocks: [number, number][],
  m: Message,
  flags: number,
): void {
  s.step();
  s.check(m.at, m.size);
  if (m.type === messageTypes.continuation) {
    blocks.push([s.u64(m.at), s.u64(m.at + 8)]);
    return;
  }
  if (flags & 2 && m.type !== 0) throw unsupported(s, 'shared header messages');
  out.push(m);
}

/** Sizes of the dimensions; none for a scalar. A null dataspace has one of 0. */
export function dataspace(s: Source, at: number): number[] {
  const version = s.u8(at);
  const rank = s.u8(at + 1);
  if (rank > 32 || version < 1 || version > 2)
    throw wrong(s.name, `is damaged: a dataspace of version ${version} and rank ${rank}.`);
  if (version === 2 && s.u8(at + 3) === 2) return [0];
  const start = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, i) => s.u64(start + 8 * i));
}

export interface Datatype {
  readonly type: H5Type;
  /** Bytes of an element in the file. */
  readonly size: number;
}

const orders = ['<', '>'];

export function datatype(s: Source, at: number): Datatype {
  const kind = s.u8(at) & 0xf;
  const bits = s.u8(at + 1);
  const size = s.u32(at + 4);
  const order = size === 1 ? '|' : orders[bits & 1];
  switch (kind) {
    case 0:
      if (![1, 2, 4, 8].includes(size)) throw unsupported(s, `whole numbers of ${size} bytes`);
      return { type: `${order}${bits & 8 ? 'i' : 'u'}${size}`, size };
    case 1:
      if (![2, 4, 8].includes(size)) throw unsupported(s, `floating point of ${size} bytes`);
      // Half precision has 5 bits of exponent; bfloat16 has 8.
      if (size === 2 && s.u8(at + 13) === 8) return { type: `${order}bf2`, size };
      return { type: `${order}f${size}`, size };
    case 3:
      return { type: `|S${size}`, size };
    case 5:
      return { type: `|V${size}`, size };
    case 8:
      // NumPy's booleans are enumerations of FALSE and TRUE.
      return size === 1 ? { type: '|b1', size } : datatype(s, at + 8);
    case 9:
      if ((bits & 0xf) !== 1) throw unsupported(s, 'sequences of varying length');
      return { type: '|T', size };
    default:
      throw unsupported(s, `elements of class ${kind}`);
  }
}
