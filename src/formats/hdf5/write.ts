/**
 * Writing HDF5 files in the dialect that h5py, and so Keras, writes: superblock 0, symbol tables,
 * datasets in one piece, attributes of text in a global heap.
 */
import type { TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { H5Array } from './elements.ts';
import { nowhere, signature } from './types.ts';

/** Text, texts, or numbers. */
export type H5Value = string | readonly string[] | H5Array;

export interface H5Tree {
  readonly attributes?: Readonly<Record<string, H5Value>>;
  readonly groups?: ReadonlyMap<string, H5Tree>;
  readonly datasets?: ReadonlyMap<string, H5Array>;
}

/** Members of a leaf and children of a node, twice: what the superblock says. */
const leafK = 4;
const nodeK = 16;
const entryBytes = 40;
const superblockBytes = 96;
/** A message's length is 16 bits. */
const largestMessage = 65_000;

const pad8 = (n: number): number => Math.ceil(n / 8) * 8;
const utf8 = new TextEncoder();

/** Bytes put together, with numbers in little endian. */
class Bytes {
  #data: Uint8Array<ArrayBuffer>;
  length = 0;
  constructor(capacity = 64) {
    this.#data = new Uint8Array(capacity);
  }
  #room(n: number): number {
    const at = this.length;
    this.length += n;
    if (this.length > this.#data.length) {
      const larger = new Uint8Array(Math.max(this.length, 2 * this.#data.length));
      larger.set(this.#data);
      this.#data = larger;
    }
    return at;
  }
  raw(bytes: ArrayLike<number>): this {
    const at = this.#room(bytes.length);
    this.#data.set(bytes, at);
    return this;
  }
  text(s: string): this {
    return this.raw(utf8.encode(s));
  }
  uint(v: number, size: number): this {
    const at = this.#room(size);
    for (let i = 0, rest = v; i < size; i++, rest = Math.floor(rest / 256))
      this.#data[at + i] = rest % 256;
    return this;
  }
  /** Zeros up to a multiple of 8. */
  pad(): this {
    this.#room(pad8(this.length) - this.length);
    return this;
  }
  zeros(n: number): this {
    this.#room(n);
    return this;
  }
  done(): Uint8Array<ArrayBuffer> {
    return this.#data.subarray(0, this.length);
  }
}

const undefinedAddress = (b: Bytes): Bytes =>
  b.raw(new Uint8Array(8).fill(Number(nowhere & 0xffn)));

const types: Readonly<Record<string, () => Bytes>> = {
  float32: () => float(4, [23, 8, 0, 23], 127),
  float64: () => float(8, [52, 11, 0, 52], 1023),
  int32: () => integer(4, true),
  uint32: () => integer(4, false),
  uint8: () => integer(1, false),
  bool: () => {
    // NumPy's boolean: an enumeration of int8.
    const b = new Bytes().uint(0x18, 1).uint(2, 3).uint(1, 4).raw(integer(1, true).done());
    for (const name of ['FALSE', 'TRUE']) b.raw(new Bytes().text(`${name}\0`).pad().done());
    return b.uint(0, 1).uint(1, 1);
  },
};

function integer(size: number, signed: boolean): Bytes {
  return new Bytes()
    .uint(0x10, 1)
    .uint(signed ? 8 : 0, 3)
    .uint(size, 4)
    .uint(0, 2)
    .uint(8 * size, 2);
}

function float(size: number, places: readonly number[], bias: number): Bytes {
  const b = new Bytes()
    .raw([0x11, 0x20, 8 * size - 1, 0])
    .uint(size, 4)
    .uint(0, 2)
    .uint(8 * size, 2);
  return b.raw(places).uint(bias, 4);
}

/** UTF-8 text of any length. */
const textType = (): Bytes =>
  new Bytes().raw([0x19, 0x01, 0x01, 0]).uint(16, 4).raw([0x13, 0x10, 0, 0]).uint(1, 4);

function dataspace(shape: readonly number[]): Bytes {
  const b = new Bytes().raw([1, shape.length, 0, 0]).uint(0, 4);
  for (const n of shape) b.uint(n, 8);
  return b;
}

interface Message {
  readonly type: number;
  readonly data: Uint8Array;
}

/** The file as pieces in order, each at the next multiple of 8. */
class Writer {
  readonly pieces: Uint8Array[] = [];
  at = superblockBytes;
  readonly #heap: { text: Uint8Array; place: (address: number, index: number) => void }[] = [];

  /** Puts a piece at the end and says where. */
  put(bytes: Uint8Array): number {
    const here = this.at;
    this.pieces.push(bytes);
    const padding = pad8(bytes.length) - bytes.length;
    if (padding > 0) this.pieces.push(new Uint8Array(padding));
    this.at += bytes.length + padding;
    return here;
  }

  /** The 16 bytes that stand for a text; where it lies is filled in by `flushHeap`. */
  refer(text: string): Uint8Array {
    const encoded = utf8.encode(text);
    const reference = new Uint8Array(16);
    const view = new DataView(reference.buffer);
    view.setUint32(0, encoded.length, true);
    this.#heap.push({
      text: encoded,
      place: (address, index) => {
        view.setBigUint64(4, BigInt(address), true);
        view.setUint32(12, index, true);
      },
    });
    return reference;
  }

  /** Texts so far as collections of the global heap. Their references are written in place. */
  flushHeap(): void {
    for (let from = 0; from < this.#heap.length; ) {
      const body = new Bytes();
      let count = 0;
      while (from + count < this.#heap.length && count < 60_000 && body.length < 1 << 20) {
        const { text } = this.#heap[from + count];
        body.uint(++count, 2).uint(0, 6).uint(text.length, 8).raw(text).pad();
      }
      // The smallest collection has 4096 bytes; what is left over is an object too, number 0.
      const free = Math.max(16, 4096 - 16 - body.length);
      const size = 16 + body.length + free;
      body
        .uint(0, 8)
        .uint(free, 8)
        .zeros(free - 16);
      const head = new Bytes().text('GCOL').uint(1, 4).uint(size, 8);
      const address = this.put(head.raw(body.done()).done());
      for (let i = 0; i < count; i++) this.#heap[from + i].place(address, i + 1);
      from += count;
    }
    this.#heap.length = 0;
  }
}

function attribute(w: Writer, name: string, value: H5Value): Message {
  const encodedName = new Bytes().text(`${name}\0`);
  let type: Bytes;
  let shape: readonly number[];
  let data: Uint8Array[];
  if (typeof value === 'string' || Array.isArray(value)) {
    const list = typeof value === 'string' ? [value] : (value as readonly string[]);
    type = textType();
    shape = typeof value === 'string' ? [] : [list.length];
    data = list.map((t) => w.refer(t));
  } else {
    const a = value as H5Array;
    type = types[a.dtype]();
    shape = a.shape;
    data = [bytesOf(a.data)];
  }
  const space = dataspace(shape);
  const head = new Bytes()
    .uint(1, 2)
    .uint(encodedName.length, 2)
    .uint(type.length, 2)
    .uint(space.length, 2);
  head.raw(encodedName.pad().done()).raw(type.pad().done()).raw(space.pad().done());
  const length = head.length + data.reduce((n, d) => n + d.length, 0);
  if (length > largestMessage)
    throw new GradloomError(
      'hdf5',
      `An attribute of an HDF5 file holds up to 64 kB; ${JSON.stringify(name)} has ${length} bytes.`,
      { attribute: name, bytes: length },
    );
  // References are filled in later, so the message must share their memory.
  const bytes = new Uint8Array(pad8(length));
  bytes.set(head.done());
  return { type: 0xc, data: compose(bytes, head.length, data) };
}

/** Copies parts into `bytes`, so that later changes to the parts show: see `late`. */
function compose(bytes: Uint8Array, at: number, parts: readonly Uint8Array[]): Uint8Array {
  late.set(bytes, { at, parts });
  return bytes;
}
const late = new WeakMap<Uint8Array, { at: number; parts: readonly Uint8Array[] }>();

function settle(bytes: Uint8Array): void {
  const l = late.get(bytes);
  if (!l) return;
  let { at } = l;
  for (const p of l.parts) {
    bytes.set(p, at);
    at += p.length;
  }
}

const bytesOf = (a: TypedArray): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

/** An object header. Attributes' text has its place in the heap by then. */
function header(w: Writer, messages: readonly Message[]): number {
  w.flushHeap();
  const body = new Bytes();
  for (const { type, data } of messages) {
    settle(data);
    body.uint(type, 2).uint(pad8(data.length), 2).uint(0, 4).raw(data).pad();
  }
  return w.put(
    new Bytes()
      .uint(1, 2)
      .uint(messages.length, 2)
      .uint(1, 4)
      .uint(body.length, 4)
      .uint(0, 4)
      .raw(body.done())
      .done(),
  );
}

function dataset(w: Writer, a: H5Array): number {
  const type = types[a.dtype];
  if (!type)
    throw new GradloomError('hdf5', `HDF5: arrays of ${a.dtype} are not written.`, {
      dtype: a.dtype,
    });
  const raw = bytesOf(a.data);
  const layout = new Bytes().raw([3, 1]);
  if (raw.length === 0) undefinedAddress(layout).uint(0, 8);
  else layout.uint(w.put(raw), 8).uint(raw.length, 8);
  return header(w, [
    { type: 0x1, data: dataspace(a.shape).done() },
    { type: 0x3, data: type().pad().done() },
    // No fill value of its own; space is taken early.
    { type: 0x5, data: new Uint8Array([2, 1, 0, 1, 0, 0, 0, 0]) },
    { type: 0x8, data: layout.pad().done() },
  ]);
}

interface Member {
  readonly name: Uint8Array;
  readonly header: number;
  /** Of a group: its tree and heap, which its entry keeps at hand. */
  readonly table?: readonly [tree: number, heap: number];
}

const byName = (a: Member, b: Member): number => {
  for (let i = 0; i < Math.min(a.name.length, b.name.length); i++)
    if (a.name[i] !== b.name[i]) return a.name[i] - b.name[i];
  return a.name.length - b.name.length;
};

function group(w: Writer, tree: H5Tree): Omit<Member, 'name'> {
  const members: Member[] = [];
  for (const [name, g] of tree.groups ?? [])
    members.push({ name: utf8.encode(name), ...group(w, g) });
  for (const [name, d] of tree.datasets ?? [])
    members.push({ name: utf8.encode(name), header: dataset(w, d) });
  members.sort(byName);
  const [btree, heap] = symbolTable(w, members);
  const table: Message = { type: 0x11, data: new Bytes().uint(btree, 8).uint(heap, 8).done() };
  const attributes = Object.entries(tree.attributes ?? {}).map(([k, v]) => attribute(w, k, v));
  return { header: header(w, [table, ...attributes]), table: [btree, heap] };
}

/** Names in a local heap, entries in leaves, leaves under a tree of nodes. */
function symbolTable(w: Writer, members: readonly Member[]): [tree: number, heap: number] {
  const names = new Bytes().zeros(8);
  const offsets = members.map(({ name }) => {
    const at = names.length;
    names.raw(name).zeros(1).pad();
    return at;
  });
  const data = w.put(names.done());
  const heap = w.put(
    // 1: no free space in it.
    new Bytes().text('HEAP').uint(0, 4).uint(names.length, 8).uint(1, 8).uint(data, 8).done(),
  );
  let level: { at: number; last: number }[] = [];
  for (let i = 0; i < members.length; i += 2 * leafK) {
    const part = members.slice(i, i + 2 * leafK);
    const leaf = new Bytes().text('SNOD').uint(1, 2).uint(part.length, 2);
    part.forEach((m, k) => {
      leaf
        .uint(offsets[i + k], 8)
        .uint(m.header, 8)
        .uint(m.table ? 1 : 0, 4)
        .uint(0, 4);
      if (m.table) leaf.uint(m.table[0], 8).uint(m.table[1], 8);
      else leaf.zeros(16);
    });
    leaf.zeros(8 + 2 * leafK * entryBytes - leaf.length);
    level.push({ at: w.put(leaf.done()), last: offsets[i + part.length - 1] });
  }
  for (let height = 0; ; height++) {
    const nodes: typeof level = [];
    const count = Math.max(1, Math.ceil(level.length / (2 * nodeK)));
    // Neighbours are known beforehand: nodes of a level lie side by side.
    const size = 24 + (2 * nodeK + 1) * 8 + 2 * nodeK * 8;
    const first = w.at;
    let before = 0;
    for (let n = 0; n < count; n++) {
      const part = level.slice(n * 2 * nodeK, (n + 1) * 2 * nodeK);
      const node = new Bytes().text('TREE').uint(0, 1).uint(height, 1).uint(part.length, 2);
      if (n > 0) node.uint(first + (n - 1) * size, 8);
      else undefinedAddress(node);
      if (n + 1 < count) node.uint(first + (n + 1) * size, 8);
      else undefinedAddress(node);
      node.uint(before, 8);
      for (const { at, last } of part) node.uint(at, 8).uint(last, 8);
      before = part.at(-1)?.last ?? 0;
      node.zeros(size - node.length);
      nodes.push({ at: w.put(node.done()), last: before });
    }
    level = nodes;
    if (level.length === 1) return [level[0].at, heap];
  }
}

/** An HDF5 file. Throws `hdf5` for attributes beyond 64 kB. */
export function writeHdf5(tree: H5Tree): Uint8Array<ArrayBuffer> {
  const w = new Writer();
  const root = group(w, tree);
  const head = new Bytes().raw(signature).raw([0, 0, 0, 0, 0, 8, 8, 0]);
  head.uint(leafK, 2).uint(nodeK, 2).uint(0, 4).uint(0, 8);
  undefinedAddress(head).uint(w.at, 8);
  undefinedAddress(head).uint(0, 8).uint(root.header, 8).uint(1, 4).uint(0, 4);
  head.uint(root.table![0], 8).uint(root.table![1], 8);
  const out = new Uint8Array(w.at);
  out.set(head.done());
  let at = superblockBytes;
  for (const p of w.pieces) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
