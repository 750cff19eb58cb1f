/** TensorProto.DataType: the numbers under which ONNX knows its element types. */
import type { DType } from '../dtype.ts';

export const elementType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** What our dtypes are called there. */
export const elementTypeOf: Readonly<Record<DType, number>> = {
  float32: elementType.float,
  float64: elementType.double,
  int32: elementType.int32,
  uint32: elementType.uint32,
  uint8: elementType.uint8,
  bool: elementType.bool,
};

/** The name of an element type, for messages. */
export function elementTypeName(n: number | undefined): string {
  return Object.entries(elementType).find(([, v]) => v === n)?.[0] ?? `element type ${n}`;
}
