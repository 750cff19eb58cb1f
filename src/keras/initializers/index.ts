/**
 * Initial weights, drawn on the host. A seed gives the same numbers as Keras on JAX: uniform kinds
 * bit for bit, normal kinds within 3 units in the last place.
 */

export { serialize } from '../serialization.ts';
export { Constant, Identity, Ones, Zeros } from './constant.ts';
export * from './factories.ts';
export { Initializer, RandomInitializer } from './initializer.ts';
export { Orthogonal } from './orthogonal.ts';
export {
  type NormalOptions,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  type UniformOptions,
} from './random.ts';
export {
  getInitializer,
  getInitializer as deserialize,
  getInitializer as get,
  type InitializerFn,
  type InitializerLike,
} from './registry.ts';
export {
  type Distribution,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  type Mode,
  type SeedOption,
  VarianceScaling,
  type VarianceScalingOptions,
} from './variance-scaling.ts';
