/** Keras 3's API in TypeScript: see the namespaces. */
export * as activations from './activations/index.ts';
export * as callbacks from './callbacks/index.ts';
export * as datasets from './datasets/index.ts';
export * as initializers from './initializers/index.ts';
export * as layers from './layers/index.ts';
export { input as Input, input } from './layers/index.ts';
export * as losses from './losses/index.ts';
export * as metrics from './metrics/index.ts';
export { type CompileOptions, Model } from './models/model.ts';
export { Sequential, sequential } from './models/sequential.ts';
export * as optimizers from './optimizers/index.ts';
export * as random from './random/index.ts';
export * as regularizers from './regularizers/index.ts';
export type { EvaluateOptions, FitOptions } from './training/fit.ts';
export type { PredictOptions } from './training/predict.ts';
export * as utils from './utils/index.ts';
export { Variable } from './variable.ts';
