/**
 * ZIP archives from strangers: every size and name is checked against the directory before anything is
 * unpacked. Packing and unpacking themselves are fflate's.
 */
import { GradloomError } from '../errors.ts';
import { quickCrc32 } from './crc32.ts';

export interface UnzipOptions {
  /** Refuse archives whose members take more than this many bytes together. Default: 64 times the file, 64 MiB at least. */
  readonly maxBytes?: number;
  /** More members are refused. Default 10,000. */
  readonly maxEntries?: number;
  /** What error messages call the input. Default `The archive`. */
  readonly name?: string;
  /** Only these members. */
  readonly only?: (name: string) => boolean;
}

/** A path that stays where it is put. */
export function safe(name: string): boolean {
  return (
    name !== '' &&
    !/^([/\\]|[a-zA-Z]:)/.test(name) &&
    !name.includes('\0') &&
    !name.split(/[/\\]/).includes('..')
  );
}

/**
 * The members by name; those that are not packed as views into the archive. Throws `zip` for what is no archive, is damaged (each member has a checksum) or holds a member twice or a path
 * that leads out of it; `zip-too-large` before anything of that size is unpacked.
 */
export async function unzip(
  bytes: Uint8Array,
  o: UnzipOptions = {},
): Promise<Map<string, Uint8Array>> {
  const { unzipSync } = await import('fflate');
  const name = o.name ?? 'The archive';
  const limit = o.maxBytes ?? Math.max(2 ** 26, bytes.length * 64);
  const fail = (message: string, facts: Record<string, unknown> = {}): GradloomError =>
    new GradloomError('zip', `${name} ${message}`, { name, ...facts });
  if (bytes.length < 22 || bytes[0] !== 0x50 || bytes[1] !== 0x4b)
    throw fail(bytes.length === 0 ? 'is empty.' : 'is no ZIP archive.');
  const seen = new Set<string>();
  const stored = new Set<string>();
  let total = 0;
  try {
    const members = unzipSync(bytes, {
      filter: (f) => {
        if (f.name.endsWith('/')) return false;
        if (!safe(f.name))
          throw fail(`holds the path ${JSON.stringify(f.name)}, which leads out of it.`, {
            member: f.name,
          });
        if (seen.has(f.name))
          throw fail(`holds ${JSON.stringify(f.name)} twice.`, { member: f.name });
        seen.add(f.name);
        if (seen.size > (o.maxEntries ?? 10_000))
          throw fail(`holds more than ${o.maxEntries ?? 10_000} members.`);
        if (o.only && !o.only(f.name)) return false;
        // A stored member is as long as it says or fails; a packed one is never given more room.
        total += Math.max(f.originalSize, f.compression === 0 ? f.size : 0);
        if (!(total <= limit))
          throw new GradloomError(
            'zip-too-large',
            `${name} unpacks to more than ${limit} bytes. Raise maxBytes if it is meant to be this large.`,
            { name, maxBytes: limit },
          );
        if (f.compression !== 0 && f.compression !== 8)
          throw fail(
            `packs ${JSON.stringify(f.name)} in a way (${f.compression}) that cannot be read.`,
          );
        // What is not packed is not copied either.
        const asItIs = f.compression === 0 && f.size < unsaid;
        if (asItIs) stored.add(f.name);
        return !asItIs;
      },
    });
    const found = new Map<string, Uint8Array>();
    const crc = await quickCrc32();
    // In the order of the archive, which is that of the directory.
    for (const entry of directory(bytes)) {
      const { name: member } = entry;
      const content = stored.has(member)
        ? contentAt(bytes, entry)
        : Object.hasOwn(members, member)
          ? members[member]
          : undefined;
      if (content && crc(content) !== entry.crc)
        throw fail(`is damaged: ${JSON.stringify(member)} is not what its checksum says.`, {
          member,
        });
      if (content) found.set(member, content);
    }
    // More than the directory counts to: in archives of the large kind.
    for (const [member, content] of Object.entries(members))
      if (!found.has(member)) found.set(member, content);
    return found;
  } catch (e) {
    if (e instanceof GradloomError) throw e;
    throw new GradloomError(
      'zip',
      `${name} is damaged: ${e instanceof Error ? e.message : String(e)}.`,
      { name },
      { cause: e },
    );
  }
}

interface Entry {
  readonly name: string;
  readonly crc: number;
  /** Bytes in the archive. */
  readonly size: number;
  /** Where the member's own header lies. */
  readonly header: number;
}

/** In the place of a size that has no room there. */
const unsaid = 0xffffffff;

/** What the directory at the end says, which fflate has gone through before. */
function directory(bytes: Uint8Array): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  const count = view.getUint16(end + 8, true);
  let at = view.getUint32(end + 16, true);
  const out: Entry[] = [];
  for (let i = 0; i < count && view.getUint32(at, true) === 0x02014b50; i++) {
    const [name, extra, comment] = [28, 30, 32].map((k) => view.getUint16(at + k, true));
    // Names without the flag for UTF-8 are Latin-1, as fflate reads them.
    const utf8 = (view.getUint16(at + 8, true) & 0x800) !== 0;
    const decoder = new TextDecoder(utf8 ? 'utf-8' : 'latin1');
    out.push({
      name: decoder.decode(bytes.subarray(at + 46, at + 46 + name)),
      crc: view.getUint32(at + 16, true),
      size: view.getUint32(at + 20, true),
      header: view.getUint32(at + 42, true),
    });
    at += 46 + name + extra + comment;
  }
  return out;
}

/** The bytes of a member that is not packed, where they lie. */
function contentAt(bytes: Uint8Array, { header, size }: Entry): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(header, true) !== 0x04034b50)
    throw new Error('a member is not where it is said');
  const at = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (at + size > bytes.length) throw new Error('unexpected EOF');
  return bytes.subarray(at, at + size);
}

/** An archive of the members in their order; packed unless `store`. */
export async function zip(
  members: Iterable<readonly [name: string, bytes: Uint8Array]>,
  o: { readonly store?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { zipSync } = await import('fflate');
  const tree: Record<string, Uint8Array> = {};
  for (const [name, bytes] of members) {
    if (!safe(name) || Object.hasOwn(tree, name))
      throw new GradloomError('zip', `${JSON.stringify(name)} cannot be the name of a member.`, {
        name,
      });
    tree[name] = bytes;
  }
  // A fixed date: the same content gives the same bytes.
  const options = { level: o.store ? 0 : 6, mtime: new Date(1980, 0, 1) } as const;
  return zipSync(tree, options) as Uint8Array<ArrayBuffer>;
}
