/**
 * Activation functions with Keras's numerics (on JAX). Each takes and gives a float tensor of one
 * shape. NaN stays NaN (but for relu with a threshold, where it counts as below, as in Keras).
 */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { lookup } from '../identifiers.ts';
import {
  hardSigmoid,
  hardSigmoidOfKeras2,
  hardSilu,
  hardTanh,
  relu6,
  sparsePlus,
  sparseSigmoid,
} from './bounded.ts';
import { glu } from './gated.ts';
import { celu, elu, leakyRelu, relu, selu } from './rectified.ts';
import { hardShrink, softShrink, tanhShrink } from './shrink.ts';
import {
  exponential,
  gelu,
  linear,
  logSigmoid,
  mish,
  sigmoid,
  silu,
  softplus,
  softsign,
  squareplus,
  tanh,
} from './smooth.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { sparsemax } from './sparsemax.ts';

export {
  hardSigmoid,
  hardSilu,
  hardSilu as hardSwish,
  hardTanh,
  relu6,
  sparsePlus,
  sparseSigmoid,
} from './bounded.ts';
export { glu } from './gated.ts';
export { celu, elu, leakyRelu, type ReluOptions, relu, selu } from './rectified.ts';
export { hardShrink, softShrink, tanhShrink, threshold } from './shrink.ts';
export {
  exponential,
  gelu,
  linear,
  logSigmoid,
  mish,
  sigmoid,
  silu,
  silu as swish,
  softplus,
  softsign,
  squareplus,
  tanh,
} from './smooth.ts';
export { logSoftmax, softmax } from './softmax.ts';
export { sparsemax } from './sparsemax.ts';

export type ActivationFn = (x: Tensor) => Tensor;

// Wrapped where a function takes more than x, so that an id means its defaults whatever is passed.
const table: Record<string, ActivationFn> = {
  relu: (x) => relu(x),
  sigmoid,
  tanh,
  softmax: (x) => softmax(x),
  logSoftmax: (x) => logSoftmax(x),
  linear,
  elu: (x) => elu(x),
  selu,
  gelu: (x) => gelu(x),
  silu,
  softplus,
  leakyRelu: (x) => leakyRelu(x),
  celu: (x) => celu(x),
  exponential,
  glu: (x) => glu(x),
  hardShrink: (x) => hardShrink(x),
  hardSigmoid,
  hardSilu,
  hardTanh,
  logSigmoid,
  mish,
  relu6,
  softShrink: (x) => softShrink(x),
  softsign,
  sparsePlus,
  sparseSigmoid,
  sparsemax: (x) => sparsemax(x),
  squareplus: (x) => squareplus(x),
  tanhShrink,
  // Registered names, as files have them.
  'gradloom>keras2_hard_sigmoid': hardSigmoidOfKeras2,
};

/** The activation that an id or a function means; none is `linear`. Throws `unknown-id`. */
export function getActivation(id: string | ActivationFn | null | undefined): ActivationFn {
  if (id == null) return linear;
  if (typeof id === 'function') return id;
  if (typeof id !== 'string')
    throw new GradloomError(
      'activation',
      `An activation is an id such as "relu", or a function of a tensor; received ${typeof id}.`,
      { received: id },
    );
  return lookup('activation', id, table, {
    swish: 'silu',
    hardSwish: 'hardSilu',
  });
}

const functions: readonly [ActivationFn, string][] = [
  [relu, 'relu'],
  [softmax, 'softmax'],
  [logSoftmax, 'logSoftmax'],
  [elu, 'elu'],
  [gelu, 'gelu'],
  [leakyRelu, 'leakyRelu'],
  [celu, 'celu'],
  [glu, 'glu'],
  [hardShrink, 'hardShrink'],
  [softShrink, 'softShrink'],
  [sparsemax, 'sparsemax'],
  [squareplus, 'squareplus'],
];

/** The id of a built-in activation, for configs. */
export function activationName(f: ActivationFn): string | undefined {
  return Object.keys(table).find((k) => table[k] === f) ?? functions.find(([g]) => g === f)?.[1];
}
