/**
 * For tests: event files read by code of its own, which shares nothing with what writes them, from the
 * descriptions of TFRecord and of protocol buffers.
 */

export interface ReadEvent {
  readonly bytes: Uint8Array;
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly writer?: string;
  readonly tag?: string;
  readonly plugin?: string;
  readonly content?: string;
  readonly dtype?: number;
  readonly shape?: number[];
  /** Numbers of a tensor, or its strings as Latin-1. */
  readonly numbers?: number[];
  readonly strings?: string[];
}

/** Bit by bit: slow, and different from the table that is tested. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const b of bytes) {
    crc ^= BigInt(b);
    for (let k = 0; k < 8; k++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

function records(file: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const data = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== checksum(file.subarray(at, at + 8)))
      throw new Error(`checksum of the length at ${at}`);
    if (view.getUint32(at + 12 + length, true) !== checksum(data))
      throw new Error(`checksum of the record at ${at}`);
    out.push(data);
    at += 16 + length;
  }
  return out;
}

type Field = bigint | number | Uint8Array;

/** The fields of a message by number. */
function fields(message: Uint8Array): Map<number, Field[]> {
  const found = new Map<number, Field[]>();
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let v = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = message[at++];
      v |= BigInt(b & 127) << shift;
      if (b < 128) return v;
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const [number, wire] = [key >> 3, key & 7];
    let value: Field;
    if (wire === 0) value = varint();
    else if (wire === 1) {
      value = view.getFloat64(at, true);
      at += 8;
    } else if (wire === 2) {
      const length = Number(varint());
      if (at + length > message.length) throw new Error(`field ${number} is cut off`);
      value = message.subarray(at, at + length);
      at += length;
    } else throw new Error(`wire type ${wire}`);
    found.set(number, [...(found.get(number) ?? []), value]);
  }
  return found;
}

const bytesIn = (m: Map<number, Field[]>, n: number): Uint8Array | undefined =>
  m.get(n)?.[0] as Uint8Array | undefined;
const latin = (b: Uint8Array | undefined): string | undefined =>
  b && Buffer.from(b).toString('latin1');

function numbersOf(dtype: number, content: Uint8Array): number[] {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const size = dtype === 1 ? 4 : 8;
  return Array.from({ length: content.length / size }, (_, i) =>
    dtype === 1 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true),
  );
}

/** The events of a file, each with at most one value, as all writers of version 2 have it. */
export function readEvents(file: Uint8Array): ReadEvent[] {
  return records(file).map((bytes) => {
    const event = fields(bytes);
    const head = {
      bytes,
      wallTime: event.get(1)?.[0] as number,
      step: Number(event.get(2)?.[0] ?? 0n),
    };
    const source = bytesIn(event, 10);
    const summary = bytesIn(event, 5);
    if (!summary)
      return {
        ...head,
        fileVersion: latin(bytesIn(event, 3)),
        writer: source && latin(bytesIn(fields(source), 1)),
      };
    const values = fields(summary).get(1) as Uint8Array[];
    if (values.length !== 1) throw new Error(`${values.length} values in an event`);
    const value = fields(values[0]);
    const tensor = fields(bytesIn(value, 8)!);
    const plugin = fields(bytesIn(fields(bytesIn(value, 9)!), 1)!);
    const dtype = Number(tensor.get(1)![0]);
    const dims = (fields(bytesIn(tensor, 2)!).get(2) ?? []) as Uint8Array[];
    const content = bytesIn(tensor, 4);
    return {
      ...head,
      tag: latin(bytesIn(value, 1)),
      plugin: latin(bytesIn(plugin, 1)),
      content: latin(bytesIn(plugin, 2)),
      dtype,
      shape: dims.map((d) => Number(fields(d).get(1)?.[0] ?? 0n)),
      ...(dtype === 7
        ? { strings: (tensor.get(8) as Uint8Array[]).map((s) => latin(s)!) }
        : { numbers: numbersOf(dtype, content ?? new Uint8Array(0)) }),
    };
  });
}
