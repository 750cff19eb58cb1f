/** Keras 3's API in TypeScript: see the namespaces. */
export * as activations from './activations/index.ts';
export * as callbacks from './callbacks/index.ts';
/** Settings and session: what Keras keeps in keras.backend. */
export * as backend from './config.ts';
export * as config from './config.ts';
export * as constraints from './constraints/index.ts';
export * as datasets from './datasets/index.ts';
export type { KerasTensor } from './functional/keras-tensor.ts';
export * as initializers from './initializers/index.ts';
export * as layers from './layers/index.ts';
export { input as Input, input } from './layers/index.ts';
export * as losses from './losses/index.ts';
export * as metrics from './metrics/index.ts';
export * from './models/index.ts';
export * as models from './models/index.ts';
export * as ops from './ops/index.ts';
export * as optimizers from './optimizers/index.ts';
export * as random from './random/index.ts';
export * as regularizers from './regularizers/index.ts';
export type { EvaluateOptions } from './training/evaluate.ts';
export type { FitOptions } from './training/fit.ts';
export type { OnBatchOptions } from './training/on-batch.ts';
export type { PredictOptions } from './training/predict.ts';
export type { BatchSource } from './training/source.ts';
export type { StepData, StepLogs } from './training/steps.ts';
export type { Verbose } from './training/verbose.ts';
export * as utils from './utils/index.ts';
export { Variable } from './variable.ts';
