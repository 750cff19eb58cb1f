/** Activation functions as layers. */
export { Identity, identity } from './identity.ts';
export { PReLU, type PReLUOptions, prelu } from './prelu.ts';
export {
  ELU,
  type ELUOptions,
  elu,
  LeakyReLU,
  type LeakyReLUOptions,
  leakyReLU,
  ReLU,
  type ReLUOptions,
  reLU,
} from './rectified.ts';
export { Softmax, type SoftmaxOptions, softmax } from './softmax.ts';
