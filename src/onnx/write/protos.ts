/** Small makers of ONNX's messages. */
import type { DType, TypedArray } from '../../dtype.ts';
import {
  type AttributeProto,
  attributeTypes,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../messages.ts';
import type { Dim } from './dims.ts';

export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | TensorProto
  | { readonly graph: GraphProto };

/** An array of one element. */
export function makeOne(value: number, dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return Float32Array.of(value);
    case 'float64':
      return Float64Array.of(value);
    case 'int32':
      return Int32Array.of(value);
    case 'uint32':
      return Uint32Array.of(value);
    default:
      return Uint8Array.of(value);
  }
}

/** Named after its first output. */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: string[],
  attributes: Readonly<Record<string, AttributeValue>>,
): NodeProto {
  const attribute = Object.entries(attributes).map(([name, v]) => ({ name, ...attributeOf(v) }));
  return { input: [...input], output, name: output[0], opType, attribute };
}

function attributeOf(v: AttributeValue): AttributeProto {
  if (typeof v === 'number') return { type: attributeTypes.i, i: v };
  if (typeof v === 'string') return { type: attributeTypes.s, s: new TextEncoder().encode(v) };
  if (Array.isArray(v)) return { type: attributeTypes.ints, ints: v as number[] };
  if ('float' in v) return { type: attributeTypes.f, f: v.float };
  if ('graph' in v) return { type: attributeTypes.g, g: v.graph };
  return { type: attributeTypes.t, t: v as TensorProto };
}

/** A value of a graph by name, element type and, where they are known, sizes. */
export function valueInfo(
  name: string,
  elemType: number,
  dims?: readonly Dim[],
  batchName = 'batch',
): ValueInfoProto {
  const dim = dims?.map((d) =>
    typeof d === 'number'
      ? { dimValue: d }
      : d.times === 1 && d.plus === 0
        ? { dimParam: batchName }
        : {},
  );
  return { name, type: { tensorType: { elemType, ...(dim && { shape: { dim } }) } } };
}
