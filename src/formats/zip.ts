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
 * The members by name. Throws `zip` for what is no archive, is damaged (each member has a checksum) or holds a member twice or a path
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
        return true;
      },
    });
    const found = new Map(Object.entries(members));
    const crc = await quickCrc32();
    for (const [member, expected] of checksums(bytes))
      if (found.has(member) && crc(found.get(member)!) !== expected)
        throw fail(`is damaged: ${JSON.stringify(member)} is not what its checksum says.`, {
          member,
        });
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

/** The checksums of the members, in the directory at the end, which fflate has gone through before. */
function checksums(bytes: Uint8Array): [member: string, crc: number][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  const count = view.getUint16(end + 8, true);
  let at = view.getUint32(end + 16, true);
  const out: [string, number][] = [];
  for (let i = 0; i < count && view.getUint32(at, true) === 0x02014b50; i++) {
    const [name, extra, comment] = [28, 30, 32].map((k) => view.getUint16(at + k, true));
    // Names without the flag for UTF-8 are Latin-1, as fflate reads them.
    const utf8 = (view.getUint16(at + 8, true) & 0x800) !== 0;
    const decoder = new TextDecoder(utf8 ? 'utf-8' : 'latin1');
    const text = decoder.decode(bytes.subarray(at + 46, at + 46 + name));
    out.push([text, view.getUint32(at + 16, true)]);
    at += 46 + name + extra + comment;
  }
  return out;
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
