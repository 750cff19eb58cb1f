/** Losses with Keras's numerics (on JAX): `call` gives a value a sample, `apply` reduces them. */
export {
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
} from './crossentropy.ts';
export { Loss, type LossFn, type LossOptions, type Reduction } from './loss.ts';
export { getLoss, type LossLike } from './registry.ts';
export {
  MeanAbsoluteError,
  MeanSquaredError,
  meanAbsoluteError,
  meanSquaredError,
} from './regression.ts';
export {
  SparseCategoricalCrossentropy,
  type SparseOptions,
  sparseCategoricalCrossentropy,
} from './sparse.ts';
