/** Losses with Keras's numerics (on JAX): `call` gives a value a sample, `apply` reduces them. */
export { Circle, type CircleArgs, type CircleOptions, circle } from './circle.ts';
export {
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  type CrossentropyArgs,
  type CrossentropyOptions,
  categoricalCrossentropy,
} from './crossentropy.ts';
export { CTC, ctc } from './ctc.ts';
export {
  type BinaryFocalArgs,
  BinaryFocalCrossentropy,
  type BinaryFocalOptions,
  binaryFocalCrossentropy,
  type CategoricalFocalArgs,
  CategoricalFocalCrossentropy,
  type CategoricalFocalOptions,
  categoricalFocalCrossentropy,
} from './focal.ts';
export {
  CategoricalGeneralizedCrossEntropy,
  categoricalGeneralizedCrossEntropy,
  type GeneralizedOptions,
} from './generalized.ts';
export {
  CategoricalHinge,
  categoricalHinge,
  Hinge,
  hinge,
  SquaredHinge,
  squaredHinge,
} from './hinge.ts';
export { Loss, type LossFn, type LossOptions, type Reduction } from './loss.ts';
export { KLDivergence, klDivergence, Poisson, poisson } from './probabilistic.ts';
export { deserialize, getLoss, getLoss as get, type LossLike, serialize } from './registry.ts';
export {
  type CosineOptions,
  CosineSimilarity,
  cosineSimilarity,
  Huber,
  type HuberOptions,
  huber,
  LogCosh,
  logCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from './regression.ts';
export {
  Dice,
  type DiceArgs,
  type DiceOptions,
  dice,
  Tversky,
  type TverskyArgs,
  type TverskyOptions,
  tversky,
} from './segmentation.ts';
export {
  type SparseArgs,
  SparseCategoricalCrossentropy,
  type SparseOptions,
  sparseCategoricalCrossentropy,
} from './sparse.ts';
export type { Labels } from './targets.ts';
