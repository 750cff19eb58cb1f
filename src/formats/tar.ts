/**
 * TAR archives (POSIX ustar, with the long names of GNU and pax) from strangers: headers are checked,
 * and only plain files are given.
 */
import { GradloomError } from '../errors.ts';
import { safe } from './zip.ts';

export interface UntarOptions {
  /** More members are refused. Default 1,000,000. */
  readonly maxEntries?: number;
  /** What error messages call the input. Default `The archive`. */
  readonly name?: string;
}

const block = 512;
const text = new TextDecoder();

/** The text of a field, up to its first zero byte. */
function field(header: Uint8Array, at: number, length: number): string {
  const bytes = header.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return text.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** A number in octal digits, or (GNU) in binary behind a byte of 128; NaN for neither. */
function number(header: Uint8Array, at: number, length: number): number {
  if (header[at] === 0x80) {
    let n = 0;
    for (let i = 1; i < length; i++) n = n * 256 + header[at + i];
    return n;
  }
  const digits = field(header, at, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : digits === '' ? 0 : Number.NaN;
}

/** Whether the header's sum of bytes is what it says, its own field counted as blanks. */
function intact(header: Uint8Array): boolean {
  let sum = 8 * 32;
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i];
  return sum === number(header, 148, 8);
}

/** Whether `bytes` begin with a TAR header. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= block && intact(bytes.subarray(0, block));
}

/** `path` of a pax header: lines of "length key=value\n". */
function paxPath(data: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at);
    const length = Number(text.decode(data.subarray(at, space)));
    if (space < 0 || !Number.isInteger(length) || length <= 0) return path;
    const [, key, value] =
      /^([^=]*)=([\s\S]*)\n$/.exec(text.decode(data.subarray(space + 1, at + length))) ?? [];
    if (key === 'path') path = value;
    at += length;
  }
  return path;
}

/**
 * The plain files by name, as views into `bytes`; folders, links and devices are left out. Throws
 * `tar` for what is no archive, is damaged, or holds a path that leads out of it.
 */
export function untar(bytes: Uint8Array, o: UntarOptions = {}): Map<string, Uint8Array> {
  const archive = o.name ?? 'The archive';
  const fail = (message: string, facts: Record<string, unknown> = {}): GradloomError =>
    new GradloomError('tar', `${archive} ${message}`, { name: archive, ...facts });
  if (!isTar(bytes)) throw fail(bytes.length === 0 ? 'is empty.' : 'is no TAR archive.');
  const files = new Map<string, Uint8Array>();
  let long: string | undefined;
  for (let at = 0; at + block <= bytes.length; ) {
    const header = bytes.subarray(at, at + block);
    // Zeros end the archive.
    if (header.every((b) => b === 0)) break;
    const size = number(header, 124, 12);
    if (!intact(header) || !Number.isSafeInteger(size))
      throw fail(`is damaged at byte ${at}.`, { at });
    const from = at + block;
    if (from + size > bytes.length)
      throw fail(`ends in the middle of a member, at byte ${bytes.length}.`, { at });
    const data = bytes.subarray(from, from + size);
    at = from + Math.ceil(size / block) * block;
    const type = String.fromCharCode(header[156]);
    if (type === 'L') {
      long = field(data, 0, data.length);
      continue;
    }
    if (type === 'x') {
      long = paxPath(data) ?? long;
      continue;
    }
    const name = long ?? join(header);
    long = undefined;
    if (type !== '0' && type !== '\0' && type !== '7') continue;
    if (name.endsWith('/')) continue;
    if (!safe(name))
      throw fail(`holds the path ${JSON.stringify(name)}, which leads out of it.`, {
        member: name,
      });
    files.set(name, data);
    if (files.size > (o.maxEntries ?? 1e6))
      throw fail(`holds more than ${o.maxEntries ?? 1e6} files.`);
  }
  return files;
}

function join(header: Uint8Array): string {
  const name = field(header, 0, 100);
  const prefix = text.decode(header.subarray(257, 262)) === 'ustar' ? field(header, 345, 155) : '';
  return prefix ? `${prefix}/${name}` : name;
}
