/**
 * What TensorBoard's event files hold: the protocol buffer messages Event and Summary, as TensorFlow's
 * summary writers of version 2 fill them. The field numbers are those of tensorflow/core/util/event.proto
 * and tensorflow/core/framework/{summary,tensor,tensor_shape}.proto.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A small tensor: float32 and float64 little endian in `content`, or a list of byte strings. */
export type SummaryTensor =
  | {
      readonly dtype: 'float32' | 'float64';
      readonly shape: readonly number[];
      readonly content: Uint8Array;
    }
  | {
      readonly dtype: 'string';
      readonly shape: readonly number[];
      readonly strings: readonly Uint8Array[];
    };

export interface SummaryValue {
  readonly tag: string;
  readonly tensor: SummaryTensor;
  /** Which of TensorBoard's plugins shows it: `scalars`, `histograms`, `images`, … */
  readonly plugin: string;
  /** For the plugin. */
  readonly content?: Uint8Array;
}

export interface Event {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  /** Of the first event of a file: `brain.Event:2`. */
  readonly fileVersion?: string;
  readonly values?: readonly SummaryValue[];
  /** Of the first event of a file: the program that writes it. */
  readonly writer?: string;
}

const dtypes = { float32: 1, float64: 2, string: 7 } as const;
const { Varint, Bit64, LengthDelimited } = WireType;

/** The bytes of an Event. Fields that hold their default are left out, as in proto3. */
export function encodeEvent(e: Event): Uint8Array {
  const w = new BinaryWriter();
  w.tag(1, Bit64).double(e.wallTime);
  if (e.step) w.tag(2, Varint).int64(e.step);
  if (e.fileVersion) w.tag(3, LengthDelimited).string(e.fileVersion);
  if (e.values) {
    w.tag(5, LengthDelimited).fork();
    for (const v of e.values) writeValue(w.tag(1, LengthDelimited).fork(), v).join();
    w.join();
  }
  if (e.writer) w.tag(10, LengthDelimited).fork().tag(1, LengthDelimited).string(e.writer).join();
  return w.finish();
}

function writeValue(w: BinaryWriter, v: SummaryValue): BinaryWriter {
  w.tag(1, LengthDelimited).string(v.tag);
  writeTensor(w.tag(8, LengthDelimited).fork(), v.tensor).join();
  // SummaryMetadata, in it PluginData.
  w.tag(9, LengthDelimited).fork().tag(1, LengthDelimited).fork();
  w.tag(1, LengthDelimited).string(v.plugin);
  if (v.content && v.content.length > 0) w.tag(2, LengthDelimited).bytes(v.content);
  return w.join().join();
}

function writeTensor(w: BinaryWriter, t: SummaryTensor): BinaryWriter {
  w.tag(1, Varint).int32(dtypes[t.dtype]);
  w.tag(2, LengthDelimited).fork();
  for (const size of t.shape) {
    w.tag(2, LengthDelimited).fork();
    if (size > 0) w.tag(1, Varint).int64(size);
    w.join();
  }
  w.join();
  if (t.dtype === 'string') for (const s of t.strings) w.tag(8, LengthDelimited).bytes(s);
  else if (t.content.length > 0) w.tag(4, LengthDelimited).bytes(t.content);
  return w;
}
