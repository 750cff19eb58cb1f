/** All that `keras.layers` has but `deserialize`, which needs this table. Nothing happens on import. */
export * from './activations/index.ts';
export * from './attention/index.ts';
export * from './convolutional/index.ts';
export * from './core.ts';
export * from './dense.ts';
export * from './dropout.ts';
export * from './einsum-dense/index.ts';
export * from './embedding/index.ts';
export * from './input-layer.ts';
export * from './lambda.ts';
export {
  type BatchShape,
  type CallOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
  type Tensors,
  type TensorsLike,
  type WeightOptions,
} from './layer.ts';
export { getMask, setMask } from './mask.ts';
export * from './masking/index.ts';
export * from './merging/index.ts';
export * from './noise/index.ts';
export * from './normalization/index.ts';
export * from './pooling/index.ts';
export * from './preprocessing/image/index.ts';
export * from './preprocessing/index.ts';
export {
  type LayerClass,
  registerFunction,
  registerLayer,
  serialize,
} from './registry.ts';
export * from './reshaping/index.ts';
export * from './rnn/index.ts';
export type { DataFormat } from './spatial.ts';
export * from './wrapper.ts';
