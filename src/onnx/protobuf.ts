/**
 * Protocol buffers by table: a message is a plain object, and a table of its fields says how it lies in
 * bytes. The wire itself is @bufbuild/protobuf's.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { GradloomError } from '../errors.ts';

type Scalar = 'int32' | 'int64' | 'uint64' | 'float' | 'double' | 'string' | 'bytes';
type Inner = { readonly fields: () => Fields };
type Single = Scalar | Inner;
type Repeated = { readonly of: Single; readonly packed: boolean };

/** Name to [number, type]. */
export type Fields = { readonly [name: string]: readonly [number, Single | Repeated] };

export const message = (fields: () => Fields): Inner => ({ fields });
export const list = (of: Single, packed?: 'packed'): Repeated => ({ of, packed: !!packed });

const wire: Readonly<Record<Scalar, WireType>> = {
  int32: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
};

type Message = Record<string, unknown>;

/** The bytes of a message. Fields that are undefined, and empty lists, are left out. */
export function encodeMessage(value: object, fields: Fields): Uint8Array {
  const w = new BinaryWriter();
  write(w, value as Message, fields);
  return w.finish();
}

function write(w: BinaryWriter, value: Message, fields: Fields): void {
  for (const [name, [number, type]] of Object.entries(fields)) {
    const v = value[name];
    if (v === undefined) continue;
    if (typeof type === 'string' || 'fields' in type) writeOne(w, number, type, v);
    else {
      const items = v as readonly unknown[];
      if (items.length === 0) continue;
      if (type.packed) {
        w.tag(number, WireType.LengthDelimited).fork();
        for (const item of items) writeScalar(w, type.of as Scalar, item);
        w.join();
      } else for (const item of items) writeOne(w, number, type.of, item);
    }
  }
}

function writeOne(w: BinaryWriter, number: number, type: Single, v: unknown): void {
  if (typeof type === 'string') writeScalar(w.tag(number, wire[type]), type, v);
  else {
    w.tag(number, WireType.LengthDelimited).fork();
    write(w, v as Message, type.fields());
    w.join();
  }
}

function writeScalar(w: BinaryWriter, type: Scalar, v: unknown): void {
  if (type === 'string') w.string(v as string);
  else if (type === 'bytes') w.bytes(v as Uint8Array);
  else if (type === 'int64' || type === 'uint64') w[type](BigInt(v as number));
  else w[type](v as number);
}

export interface DecodeOptions {
  /** For errors: what the bytes are. */
  readonly name: string;
  /** Refuse messages that take more memory than this, roughly. */
  readonly maxBytes: number;
  /** How deep messages may lie in each other. Default 64. */
  readonly maxDepth?: number;
}

/**
 * Reads a message. Byte fields are views of `bytes`; integers beyond 2^53 lose their last digits.
 *
 * @throws GradloomError `onnx` for what is cut off or no message, `onnx-too-large` beyond `maxBytes`
 */
export function decodeMessage(bytes: Uint8Array, fields: Fields, o: DecodeOptions): object {
  const state = { left: o.maxBytes, o };
  try {
    return read(new BinaryReader(bytes), fields, bytes.length, o.maxDepth ?? 64, state);
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    throw new GradloomError(
      'onnx',
      `${o.name} is not a readable ONNX model: ${cause instanceof Error ? cause.message : cause}. It may be cut off, or another kind of file.`,
      { bytes: bytes.length },
      { cause },
    );
  }
}

interface State {
  left: number;
  readonly o: DecodeOptions;
}

function take(state: State, bytes: number): void {
  state.left -= bytes;
  if (state.left < 0)
    throw new GradloomError(
      'onnx-too-large',
      `${state.o.name} takes more than the ${state.o.maxBytes} bytes of memory that are allowed. Raise \`budget\` if you trust it.`,
      { maxBytes: state.o.maxBytes },
    );
}

function read(r: BinaryReader, fields: Fields, end: number, depth: number, state: State): Message {
  if (depth === 0)
    throw new GradloomError('onnx', `${state.o.name}: messages lie too deep in each other.`);
  take(state, 96);
  const numbers = byNumber(fields);
  const m: Message = {};
  while (r.pos < end) {
    const [number, type] = r.tag();
    const field = numbers.get(number);
    if (!field) {
      r.skip(type, number);
      continue;
    }
    const [name, kind] = field;
    if (typeof kind === 'string' || 'fields' in kind)
      m[name] = readOne(r, kind, type, depth, state);
    else {
      let items = m[name] as unknown[] | undefined;
      if (!items) {
        items = [];
        m[name] = items;
      }
      const scalar = typeof kind.of === 'string' && wire[kind.of] !== WireType.LengthDelimited;
      // Numbers may come packed or one by one, whatever the table says.
      if (scalar && type === WireType.LengthDelimited) {
        const stop = r.uint32() + r.pos;
        if (stop > end) throw new RangeError('a list ends beyond its message');
        while (r.pos < stop) {
          take(state, 8);
          items.push(readScalar(r, kind.of as Scalar));
        }
      } else items.push(readOne(r, kind.of, type, depth, state));
    }
  }
  if (r.pos !== end) throw new RangeError('a field ends beyond its message');
  return m;
}

function readOne(
  r: BinaryReader,
  kind: Single,
  type: WireType,
  depth: number,
  state: State,
): unknown {
  const expected = typeof kind === 'string' ? wire[kind] : WireType.LengthDelimited;
  if (type !== expected) throw new RangeError(`a field is of wire type ${type}, not ${expected}`);
  if (typeof kind === 'string') {
    take(state, 16);
    if (kind === 'string') {
      const text = r.string();
      take(state, text.length * 2);
      return text;
    }
    return readScalar(r, kind);
  }
  const end = r.uint32() + r.pos;
  if (end > r.len) throw new RangeError('a message ends beyond the file');
  return read(r, kind.fields(), end, depth - 1, state);
}

function readScalar(r: BinaryReader, kind: Scalar): unknown {
  if (kind === 'int64' || kind === 'uint64') return Number(r[kind]());
  return r[kind]();
}

const tables = new WeakMap<Fields, Map<number, [string, Single | Repeated]>>();

function byNumber(fields: Fields): Map<number, [string, Single | Repeated]> {
  let t = tables.get(fields);
  if (!t) {
    t = new Map(Object.entries(fields).map(([name, [number, type]]) => [number, [name, type]]));
    tables.set(fields, t);
  }
  return t;
}
