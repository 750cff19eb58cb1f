/** Layers that bring what they are given to a common scale. */
export {
  BatchNormalization,
  type BatchNormalizationOptions,
  batchNormalization,
} from './batch-normalization.ts';
export {
  GroupNormalization,
  type GroupNormalizationOptions,
  groupNormalization,
} from './group-normalization.ts';
export {
  LayerNormalization,
  type LayerNormalizationOptions,
  layerNormalization,
} from './layer-normalization.ts';
export type { RenormClipping } from './renormalization.ts';
export {
  RMSNormalization,
  type RMSNormalizationOptions,
  rmsNormalization,
} from './rms-normalization.ts';
export {
  UnitNormalization,
  type UnitNormalizationOptions,
  unitNormalization,
} from './unit-normalization.ts';
