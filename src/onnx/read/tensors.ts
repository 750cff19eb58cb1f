/** TensorProto as arrays of ours. Every size is checked before memory is taken. */
import { type DType, makeArray, type TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { fromHalf } from '../../formats/npy.ts';
import { showShape } from '../../shape.ts';
import { elementTypeName, elementType as t } from '../element-types.ts';
import type { TensorProto } from '../messages.ts';

export interface HostArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

interface Held {
  readonly dtype: DType;
  /** In raw data. */
  readonly bytes: number;
  read(v: DataView, at: number): number;
  /** The field that holds the elements where they are not raw. */
  readonly field: 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data';
  /** From an element of that field. */
  from?(x: number): number;
}

const half = (bits: number): number => fromHalf(bits);
const scratch = new DataView(new ArrayBuffer(4));
const brain = (bits: number): number => {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
};
/** Wide integers are held as int32; what is larger (as the ends of slices are) becomes the largest. */
const narrow = (x: number): number => Math.min(Math.max(x, -(2 ** 31)), 2 ** 31 - 1);

const held: Readonly<Record<number, Held>> = {
  [t.float]: {
    dtype: 'float32',
    bytes: 4,
    read: (v, i) => v.getFloat32(i, true),
    field: 'floatData',
  },
  [t.double]: {
    dtype: 'float64',
    bytes: 8,
    read: (v, i) => v.getFloat64(i, true),
    field: 'doubleData',
  },
  [t.float16]: {
    dtype: 'float32',
    bytes: 2,
    read: (v, i) => half(v.getUint16(i, true)),
    field: 'int32Data',
    from: half,
  },
  [t.bfloat16]: {
    dtype: 'float32',
    bytes: 2,
    read: (v, i) => brain(v.getUint16(i, true)),
    field: 'int32Data',
    from: brain,
  },
  [t.uint8]: { dtype: 'uint8', bytes: 1, read: (v, i) => v.getUint8(i), field: 'int32Data' },
  [t.int8]: { dtype: 'int32', bytes: 1, read: (v, i) => v.getInt8(i), field: 'int32Data' },
  [t.uint16]: {
    dtype: 'int32',
    bytes: 2,
    read: (v, i) => v.getUint16(i, true),
    field: 'int32Data',
  },
  [t.int16]: { dtype: 'int32', bytes: 2, read: (v, i) => v.getInt16(i, true), field: 'int32Data' },
  [t.int32]: { dtype: 'int32', bytes: 4, read: (v, i) => v.getInt32(i, true), field: 'int32Data' },
  [t.uint32]: {
    dtype: 'uint32',
    bytes: 4,
    read: (v, i) => v.getUint32(i, true),
    field: 'uint64Data',
  },
  [t.int64]: {
    dtype: 'int32',
    bytes: 8,
    read: (v, i) => narrow(Number(v.getBigInt64(i, true))),
    field: 'int64Data',
    from: narrow,
  },
  [t.uint64]: {
    dtype: 'int32',
    bytes: 8,
    read: (v, i) => narrow(Number(v.getBigUint64(i, true))),
    field: 'uint64Data',
    from: narrow,
  },
  [t.bool]: { dtype: 'bool', bytes: 1, read: (v, i) => v.getUint8(i), field: 'int32Data' },
};

/** Our dtype for an element type; undefined where there is none (strings, complex numbers, …). */
export function dtypeOfElement(type: number | undefined): DType | undefined {
  return type === undefined ? undefined : held[type]?.dtype;
}

/** Counts memory down. */
export interface Budget {
  readonly total: number;
  left: number;
}

export function takeBytes(budget: Budget, bytes: number, what: string): void {
  budget.left -= bytes;
  if (!(budget.left >= 0))
    throw new GradloomError(
      'onnx-too-large',
      `${what} takes the ONNX model over the ${budget.total} bytes of memory that it is allowed. Raise \`budget\` if you trust it.`,
      { budget: budget.total },
    );
}

const fail = (what: string, why: string): GradloomError =>
  new GradloomError('onnx', `${what} ${why}.`);

/** @throws GradloomError `onnx`, `onnx-external`, `onnx-dtype`, `onnx-too-large` */
export function readTensor(p: TensorProto, what: string, budget: Budget): HostArray {
  if (p.dataLocation === 1 || (p.externalData?.length ?? 0) > 0)
    throw new GradloomError(
      'onnx-external',
      `${what} lies in another file, which is not read. Save the model in one file (onnx.save_model with save_as_external_data=False).`,
    );
  const h = p.dataType === undefined ? undefined : held[p.dataType];
  if (!h)
    throw new GradloomError(
      'onnx-dtype',
      `${what} is of ${elementTypeName(p.dataType)}, which there is not here.`,
      { elementType: p.dataType },
    );
  const shape = p.dims ?? [];
  if (shape.length > 32 || shape.some((n) => !Number.isSafeInteger(n) || n < 0))
    throw fail(what, `has no possible shape: ${showShape(shape.slice(0, 8))}`);
  const size = shape.reduce((a, b) => a * b, 1);
  const raw = p.rawData;
  const listed = p[h.field];
  const given = raw ? raw.length / h.bytes : (listed?.length ?? 0);
  if (given !== size)
    throw fail(what, `has ${given} elements, and ${size} by its shape ${showShape(shape)}`);
  const data = makeChecked(h.dtype, size, what, budget);
  if (raw) {
    const v = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    if (h.dtype === 'float32' && h.bytes === 4) new Uint8Array(data.buffer).set(raw);
    else for (let i = 0; i < size; i++) data[i] = h.read(v, i * h.bytes);
  } else if (listed) for (let i = 0; i < size; i++) data[i] = h.from?.(listed[i]) ?? listed[i];
  if (h.dtype === 'bool') for (let i = 0; i < size; i++) data[i] = Number(data[i] !== 0);
  return { data, shape, dtype: h.dtype };
}

function makeChecked(dtype: DType, size: number, what: string, budget: Budget): TypedArray {
  takeBytes(budget, size * (dtype === 'float64' ? 8 : 4), what);
  return makeArray(dtype, size);
}
