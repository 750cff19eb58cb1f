export * from './activations/index.ts';
export * from './core.ts';
export * from './dense.ts';
export * from './dropout.ts';
export {
  type BatchShape,
  type CallOptions,
  Layer,
  type LayerOptions,
  type WeightOptions,
} from './layer.ts';
export * from './noise/index.ts';
export * from './normalization/index.ts';
export * from './preprocessing/image/index.ts';
export * from './reshaping/index.ts';
export type { DataFormat } from './spatial.ts';
