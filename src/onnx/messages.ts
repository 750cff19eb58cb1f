/**
 * The messages of onnx.proto that models are made of (https://github.com/onnx/onnx, Apache-2.0), under
 * its names in camelCase. Fields that are not here (training, annotations of quantization, devices) are
 * skipped when read.
 */
import { type Fields, list, message } from './protobuf.ts';

export interface StringStringEntryProto {
  key?: string;
  value?: string;
}
export interface OperatorSetIdProto {
  domain?: string;
  version?: number;
}
export interface DimensionProto {
  dimValue?: number;
  dimParam?: string;
}
export interface TypeProto {
  tensorType?: { elemType?: number; shape?: { dim?: DimensionProto[] } };
  /** Sequences, maps, optionals: present, not looked into. */
  sequenceType?: object;
  mapType?: object;
  optionalType?: object;
  sparseTensorType?: object;
}
export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
}
export interface TensorProto {
  dims?: number[];
  dataType?: number;
  floatData?: number[];
  int32Data?: number[];
  stringData?: Uint8Array[];
  int64Data?: number[];
  name?: string;
  rawData?: Uint8Array;
  doubleData?: number[];
  uint64Data?: number[];
  externalData?: StringStringEntryProto[];
  /** 1: in another file. */
  dataLocation?: number;
}
export interface AttributeProto {
  name?: string;
  refAttrName?: string;
  /** Which of the others is in use: see `attributeTypes`. */
  type?: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
  tensors?: TensorProto[];
  graphs?: GraphProto[];
}
export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  domain?: string;
  attribute?: AttributeProto[];
}
export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  sparseInitializer?: object[];
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
}
export interface FunctionProto {
  name?: string;
  domain?: string;
}
export interface ModelProto {
  irVersion?: number;
  opsetImport?: OperatorSetIdProto[];
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  docString?: string;
  graph?: GraphProto;
  metadataProps?: StringStringEntryProto[];
  functions?: FunctionProto[];
}

/** AttributeProto.AttributeType. */
export const attributeTypes = {
  f: 1,
  i: 2,
  s: 3,
  t: 4,
  g: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
} as const;

const stringString: Fields = { key: [1, 'string'], value: [2, 'string'] };
const operatorSetId: Fields = { domain: [1, 'string'], version: [2, 'int64'] };
const dimension: Fields = { dimValue: [1, 'int64'], dimParam: [2, 'string'] };
const shape: Fields = { dim: [1, list(message(() => dimension))] };
const tensorType: Fields = { elemType: [1, 'int32'], shape: [2, message(() => shape)] };
const nothing: Fields = {};
const type: Fields = {
  tensorType: [1, message(() => tensorType)],
  sequenceType: [4, message(() => nothing)],
  mapType: [5, message(() => nothing)],
  sparseTensorType: [8, message(() => nothing)],
  optionalType: [9, message(() => nothing)],
};
const valueInfo: Fields = { name: [1, 'string'], type: [2, message(() => type)] };
const tensor: Fields = {
  dims: [1, list('int64')],
  dataType: [2, 'int32'],
  floatData: [4, list('float', 'packed')],
  int32Data: [5, list('int32', 'packed')],
  stringData: [6, list('bytes')],
  int64Data: [7, list('int64', 'packed')],
  name: [8, 'string'],
  rawData: [9, 'bytes'],
  doubleData: [10, list('double', 'packed')],
  uint64Data: [11, list('uint64', 'packed')],
  externalData: [13, list(message(() => stringString))],
  dataLocation: [14, 'int32'],
};
const attribute: Fields = {
  name: [1, 'string'],
  f: [2, 'float'],
  i: [3, 'int64'],
  s: [4, 'bytes'],
  t: [5, message(() => tensor)],
  g: [6, message(() => graph)],
  floats: [7, list('float')],
  ints: [8, list('int64')],
  strings: [9, list('bytes')],
  tensors: [10, list(message(() => tensor))],
  graphs: [11, list(message(() => graph))],
  type: [20, 'int32'],
  refAttrName: [21, 'string'],
};
const node: Fields = {
  input: [1, list('string')],
  output: [2, list('string')],
  name: [3, 'string'],
  opType: [4, 'string'],
  attribute: [5, list(message(() => attribute))],
  domain: [7, 'string'],
};
const graph: Fields = {
  node: [1, list(message(() => node))],
  name: [2, 'string'],
  initializer: [5, list(message(() => tensor))],
  input: [11, list(message(() => valueInfo))],
  output: [12, list(message(() => valueInfo))],
  valueInfo: [13, list(message(() => valueInfo))],
  sparseInitializer: [15, list(message(() => nothing))],
};
const func: Fields = { name: [1, 'string'], domain: [10, 'string'] };

/** The fields of ModelProto and of what is in it. */
export const modelFields: Fields = {
  irVersion: [1, 'int64'],
  producerName: [2, 'string'],
  producerVersion: [3, 'string'],
  domain: [4, 'string'],
  docString: [6, 'string'],
  graph: [7, message(() => graph)],
  opsetImport: [8, list(message(() => operatorSetId))],
  metadataProps: [14, list(message(() => stringString))],
  functions: [25, list(message(() => func))],
};
/** The fields of TensorProto alone: a file of one tensor. */
export const tensorFields: Fields = tensor;
