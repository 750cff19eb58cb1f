/** Reading HDF5 files: groups, datasets and attributes, each when it is asked for. */
import { type H5Array, heldAs, numbers, texts } from './elements.ts';
import { membersOf } from './groups.ts';
import {
  dataspace,
  datatype,
  type Message,
  messagesAt,
  messageTypes,
  unsupported,
} from './headers.ts';
import { rawBytes } from './layouts.ts';
import { Source } from './source.ts';
import { type H5Type, isHdf5, wrong } from './types.ts';

export type H5Attribute = string | readonly string[] | H5Array;

export interface ReadHdf5Options {
  /** What error messages call the input. Default `HDF5 data`. */
  readonly name?: string;
  /** Refuse files whose arrays and text take more than this in memory. Default: 4 times the file, 16 MiB at least. */
  readonly maxBytes?: number;
}

class Item {
  readonly path: string;
  protected readonly source: Source;
  protected readonly messages: readonly Message[];
  #attributes: Map<string, H5Attribute> | undefined;

  constructor(source: Source, path: string, messages: readonly Message[]) {
    this.source = source;
    this.path = path;
    this.messages = messages;
  }

  get attributes(): ReadonlyMap<string, H5Attribute> {
    this.#attributes ??= attributesOf(this.source, this.messages);
    return this.#attributes;
  }
}

export class H5Group extends Item {
  readonly kind = 'group';
  #members: Map<string, number> | undefined;

  #table(): Map<string, number> {
    this.#members ??= membersOf(this.source, this.messages);
    return this.#members;
  }

  get names(): string[] {
    return [...this.#table().keys()];
  }

  /** A member, or what lies at a path from here; undefined where there is nothing. */
  get(path: string): H5Group | H5Dataset | undefined {
    let here: H5Group | H5Dataset | undefined = this;
    for (const name of path.split('/')) {
      if (here?.kind !== 'group') return undefined;
      here = here.#member(name);
    }
    return here;
  }

  #member(name: string): H5Group | H5Dataset | undefined {
    const at = this.#table().get(name);
    return at === undefined ? undefined : itemAt(this.source, at, `${this.path}/${name}`);
  }

  group(path: string): H5Group | undefined {
    const found = this.get(path);
    return found?.kind === 'group' ? found : undefined;
  }
}

export class H5Dataset extends Item {
  readonly kind = 'dataset';
  readonly shape: readonly number[];
  readonly type: H5Type;
  readonly #size: number;

  constructor(source: Source, path: string, messages: readonly Message[]) {
    super(source, path, messages);
    const of = (type: number): number => {
      const m = messages.find((x) => x.type === type);
      if (!m) throw wrong(source.name, `is damaged: dataset ${path} lacks a part of its header.`);
      return m.at;
    };
    this.shape = dataspace(source, of(messageTypes.dataspace));
    const { type, size } = datatype(source, of(messageTypes.datatype));
    this.type = type === '|V2' && this.attributes.get('dtype') === 'bfloat16' ? '<bf2' : type;
    this.#size = size;
  }

  /**
   * The elements, as views into the file where they lie as they should: not to be written to. 64-bit
   * integers become int32 (checked), float16 and bfloat16 float32. Throws `hdf5` for text.
   */
  read(): H5Array {
    const dtype = heldAs(this.type);
    if (!dtype)
      throw wrong(this.source.name, `has no numbers in dataset ${this.path}, but ${this.type}.`);
    const raw = rawBytes(this.source, this.messages, this.shape, this.#size);
    const count = this.shape.reduce((a, b) => a * b, 1);
    return { data: numbers(this.source, raw, this.type, count), dtype, shape: this.shape };
  }

  /** The elements as text. */
  text(): string[] {
    const raw = rawBytes(this.source, this.messages, this.shape, this.#size);
    const count = this.shape.reduce((a, b) => a * b, 1);
    const at = raw.byteOffset - this.source.bytes.byteOffset;
    if (this.type === '|T' && raw.buffer !== this.source.bytes.buffer)
      throw unsupported(this.source, 'text in chunks');
    return texts(this.source, raw, at, this.type, count);
  }
}

function itemAt(s: Source, at: number, path: string): H5Group | H5Dataset {
  if (path.length > 4096) throw wrong(s.name, 'leads in circles.');
  const messages = messagesAt(s, at);
  const isDataset = messages.some((m) => m.type === messageTypes.layout);
  return isDataset ? new H5Dataset(s, path, messages) : new H5Group(s, path, messages);
}

function attributesOf(s: Source, messages: readonly Message[]): Map<string, H5Attribute> {
  const out = new Map<string, H5Attribute>();
  for (const m of messages) {
    if (m.type === messageTypes.attributeInfo) {
      const flags = s.u8(m.at + 1);
      const heap = m.at + 2 + (flags & 1 ? 2 : 0);
      if (s.address(heap) !== undefined) throw unsupported(s, 'very many attributes');
    }
    if (m.type !== messageTypes.attribute) continue;
    const version = s.u8(m.at);
    if (version < 1 || version > 3) throw unsupported(s, `attributes of version ${version}`);
    const [nameSize, typeSize, spaceSize] = [2, 4, 6].map((d) => s.u16(m.at + d));
    const padded = (n: number): number => (version === 1 ? Math.ceil(n / 8) * 8 : n);
    const name = m.at + (version === 3 ? 9 : 8);
    const type = name + padded(nameSize);
    const space = type + padded(typeSize);
    const data = space + padded(spaceSize);
    const end = m.at + m.size;
    const shape = dataspace(s, space);
    const t = datatype(s, type);
    const count = shape.reduce((a, b) => a * b, 1);
    if (data + count * t.size > end)
      throw wrong(s.name, 'is damaged: an attribute is longer than its place.');
    const raw = s.slice(data, count * t.size);
    out.set(s.text(name, nameSize), valueOf(s, raw, data, t.type, shape, count));
  }
  return out;
}

function valueOf(
  s: Source,
  raw: Uint8Array,
  at: number,
  type: H5Type,
  shape: readonly number[],
  count: number,
): H5Attribute {
  const dtype = heldAs(type);
  s.spend(raw.length, 'an attribute');
  if (dtype) return { data: numbers(s, raw, type, count), dtype, shape };
  const list = texts(s, raw, at, type, count);
  return shape.length === 0 ? list[0] : list;
}

/** The root group of an HDF5 file. Throws `hdf5`, `hdf5-too-large`, `hdf5-unsupported`, here or when parts are read. */
export function readHdf5(bytes: Uint8Array, o: ReadHdf5Options = {}): H5Group {
  const name = o.name ?? 'HDF5 data';
  if (!isHdf5(bytes))
    throw wrong(
      name,
      bytes.length === 0 ? 'is empty.' : 'is no HDF5 file: it does not begin with \\x89HDF.',
    );
  const s = new Source(bytes, name, o.maxBytes ?? Math.max(2 ** 24, 4 * bytes.length));
  const version = s.u8(8);
  let root: number;
  if (version <= 1) {
    if (s.u8(13) !== 8 || s.u8(14) !== 8) throw unsupported(s, 'addresses of other than 8 bytes');
    root = s.u64(24 + (version === 1 ? 4 : 0) + 32 + 8);
  } else if (version <= 3) {
    if (s.u8(9) !== 8 || s.u8(10) !== 8) throw unsupported(s, 'addresses of other than 8 bytes');
    root = s.u64(36);
  } else throw unsupported(s, `a superblock of version ${version}`);
  const item = itemAt(s, root, '');
  if (item.kind !== 'group') throw wrong(name, 'is damaged: its root is no group.');
  return item;
}
