/** Where a dataset's elements lie: in its header, in one piece, or in chunks. */
import { unzlibSync } from 'fflate';
import { GradloomError } from '../../errors.ts';
import { type Message, messageTypes, unsupported } from './headers.ts';
import type { Source } from './source.ts';
import { wrong } from './types.ts';

interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

/** The bytes of all elements. What was written nowhere is zero. */
export function rawBytes(
  s: Source,
  messages: readonly Message[],
  shape: readonly number[],
  size: number,
): Uint8Array {
  const of = (type: number): Message | undefined => messages.find((m) => m.type === type);
  if (of(messageTypes.externalFiles))
    throw wrong(s.name, 'keeps elements in other files. Those are not read; Keras writes none.');
  const layout = of(messageTypes.layout);
  if (!layout) throw wrong(s.name, 'is damaged: a dataset without a layout.');
  const bytes = shape.reduce((a, b) => a * b, 1) * size;
  s.spend(bytes, `a dataset of shape (${shape.join(', ')})`);
  const version = s.u8(layout.at);
  if (version === 3 || version === 4) {
    const kind = s.u8(layout.at + 1);
    if (kind === 0) return exactly(s, layout.at + 4, s.u16(layout.at + 2), bytes);
    if (kind === 1) {
      const at = s.address(layout.at + 2);
      if (at === undefined) return new Uint8Array(bytes);
      return exactly(s, at, s.u64(layout.at + 10), bytes);
    }
    if (kind === 2 && version === 3)
      return chunks(s, layout.at + 2, filtersOf(s, of(messageTypes.filters)), shape, size);
    if (kind === 3)
      throw wrong(s.name, 'holds a virtual dataset, whose elements lie in other files.');
    throw unsupported(s, 'a newer index of chunks');
  }
  throw unsupported(s, `a layout of version ${version}`);
}

function exactly(s: Source, at: number, length: number, bytes: number): Uint8Array {
  if (length < bytes)
    throw wrong(s.name, `is damaged: a dataset has ${length} bytes where ${bytes} are needed.`);
  return s.slice(at, bytes);
}

function filtersOf(s: Source, m: Message | undefined): Filter[] {
  if (!m) return [];
  const version = s.u8(m.at);
  const count = s.u8(m.at + 1);
  const out: Filter[] = [];
  let p = m.at + (version === 1 ? 8 : 2);
  for (let i = 0; i < count; i++) {
    const id = s.u16(p);
    const named = version === 1 || id >= 256;
    const nameLength = named ? s.u16(p + 2) : 0;
    p += named ? 4 : 2;
    const n = s.u16(p + 2);
    p += 4 + (version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    out.push({ id, values: Array.from({ length: n }, (_, k) => s.u32(p + 4 * k)) });
    p += 4 * n + (version === 1 && n % 2 === 1 ? 4 : 0);
  }
  return out;
}

/** @param at where the number of dimensions stands */
function chunks(
  s: Source,
  at: number,
  filters: readonly Filter[],
  shape: readonly number[],
  size: number,
): Uint8Array {
  const rank = s.u8(at) - 1;
  const root = s.address(at + 1);
  const chunk = Array.from({ length: rank }, (_, i) => s.u32(at + 9 + 4 * i));
  const total = shape.reduce((a, b) => a * b, 1) * size;
  const out = new Uint8Array(total);
  if (rank !== shape.length || chunk.some((n) => n < 1))
    throw wrong(s.name, 'is damaged: its chunks have another rank than their dataset.');
  if (root === undefined || total === 0) return out;
  const chunkBytes = chunk.reduce((a, b) => a * b, 1) * size;
  s.spend(chunkBytes, `a chunk of shape (${chunk.join(', ')})`);
  const keyBytes = 8 + 8 * (rank + 1);
  const nodes: [at: number, depth: number][] = [[root, 64]];
  while (nodes.length > 0) {
    const [node, depth] = nodes.pop()!;
    s.step();
    if (depth === 0) throw wrong(s.name, 'leads in circles.');
    s.expect(node, 'TREE');
    const level = s.u8(node + 5);
    const used = s.u16(node + 6);
    for (let i = 0; i < used; i++) {
      s.step();
      const key = node + 24 + i * (keyBytes + 8);
      const child = s.u64(key + keyBytes);
      if (level > 0) {
        nodes.push([child, depth - 1]);
        continue;
      }
      const start = chunk.map((_, d) => s.u64(key + 8 + 8 * d));
      if (start.some((v, d) => v >= shape[d])) continue;
      const packed = s.slice(child, s.u32(key));
      place(out, unfilter(s, packed, filters, s.u32(key + 4), chunkBytes), {
        start,
        chunk,
        shape,
        size,
      });
    }
  }
  return out;
}

function unfilter(
  s: Source,
  packed: Uint8Array,
  filters: readonly Filter[],
  skipped: number,
  chunkBytes: number,
): Uint8Array {
  let data = packed;
  for (let i = filters.length - 1; i >= 0; i--) {
    if (skipped & (1 << i)) continue;
    const { id, values } = filters[i];
    if (id === 1) data = inflate(s, data, chunkBytes);
    else if (id === 2) data = unshuffle(data, values[0] ?? 1);
    else if (id === 3)
      data = data.subarray(0, Math.max(0, data.length - 4)); // fletcher32
    else throw unsupported(s, `filter ${id}`);
  }
  if (data.length !== chunkBytes)
    throw wrong(s.name, `is damaged: a chunk has ${data.length} bytes where ${chunkBytes} belong.`);
  return data;
}

function inflate(s: Source, data: Uint8Array, most: number): Uint8Array {
  try {
    // Into a place of the right size: whoever packed more sees it refused.
    return unzlibSync(data, { out: new Uint8Array(most) });
  } catch (cause) {
    throw new GradloomError(
      'hdf5',
      `${s.name} is damaged: a chunk cannot be unpacked (${(cause as Error).message}).`,
      { name: s.name },
      { cause },
    );
  }
}

/** First bytes of all elements, then all second ones, …: back to elements. */
function unshuffle(data: Uint8Array, size: number): Uint8Array {
  if (size <= 1) return data;
  const n = Math.floor(data.length / size);
  const out = Uint8Array.from(data);
  for (let b = 0; b < size; b++) for (let i = 0; i < n; i++) out[i * size + b] = data[b * n + i];
  return out;
}

/** Copies the part of a chunk that lies in the dataset, row by row. */
function place(
  out: Uint8Array,
  data: Uint8Array,
  p: { start: readonly number[]; chunk: readonly number[]; shape: readonly number[]; size: number },
): void {
  const { start, chunk, shape, size } = p;
  const rank = shape.length;
  if (rank === 0) {
    out.set(data.subarray(0, size));
    return;
  }
  const extent = chunk.map((n, d) => Math.min(n, shape[d] - start[d]));
  const rows = extent.slice(0, -1).reduce((a, b) => a * b, 1);
  const width = extent[rank - 1] * size;
  const index = new Array<number>(rank - 1).fill(0);
  for (let r = 0; r < rows; r++) {
    let from = 0;
    let to = 0;
    for (let d = 0; d < rank; d++) {
      const i = d < rank - 1 ? index[d] : 0;
      from = from * chunk[d] + i;
      to = to * shape[d] + start[d] + i;
    }
    out.set(data.subarray(from * size, from * size + width), to * size);
    for (let d = rank - 2; d >= 0; d--) {
      if (++index[d] < extent[d]) break;
      index[d] = 0;
    }
  }
}
