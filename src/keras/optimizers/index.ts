/** `keras.optimizers`. */
export { Adadelta, type AdadeltaOptions, adadelta } from './adadelta.ts';
export { Adafactor, type AdafactorOptions, adafactor } from './adafactor.ts';
export { Adagrad, type AdagradOptions, adagrad } from './adagrad.ts';
export { Adam, type AdamOptions, AdamW, adam, adamW } from './adam.ts';
export { Adamax, type AdamaxOptions, adamax } from './adamax.ts';
export { Ftrl, type FtrlOptions, ftrl } from './ftrl.ts';
export { Lamb, type LambOptions, lamb } from './lamb.ts';
export type { LearningRateFn, LearningRateLike } from './learning-rate.ts';
export { Lion, type LionOptions, lion } from './lion.ts';
export {
  LossScaleOptimizer,
  type LossScaleOptions,
  lossScaleOptimizer,
} from './loss-scale-optimizer.ts';
export {
  MultiOptimizer,
  type MultiOptimizerOptions,
  multiOptimizer,
  type OptimizerChoice,
  OptimizerMap,
} from './multi-optimizer.ts';
export { Muon, type MuonOptions, muon } from './muon.ts';
export { Nadam, type NadamOptions, nadam } from './nadam.ts';
export { Optimizer } from './optimizer.ts';
export type { OptimizerOptions } from './options.ts';
export {
  deserialize,
  getOptimizer,
  getOptimizer as get,
  type OptimizerClass,
  type OptimizerLike,
  serialize,
} from './registry.ts';
export { RMSprop, type RMSpropOptions, rmsprop } from './rmsprop.ts';
export {
  ScheduleFreeAdamW,
  type ScheduleFreeAdamWOptions,
  scheduleFreeAdamW,
} from './schedule-free-adamw.ts';
export * as schedules from './schedules/index.ts';
export { SGD, type SGDOptions, sgd } from './sgd.ts';
export type { OptimizerDefaults } from './state.ts';
