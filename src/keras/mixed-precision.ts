/** `keras.mixedPrecision`: the policy by which layers choose their dtypes, and what scales the loss. */
export {
  dtypePolicy,
  dtypePolicy as globalPolicy,
  setDtypePolicy,
  setDtypePolicy as setGlobalPolicy,
} from './config.ts';
export { LossScaleOptimizer } from './optimizers/index.ts';
