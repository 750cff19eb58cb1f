/**
 * Activation functions with Keras's numerics (on JAX). Each takes and gives a float tensor of one
 * shape. NaN stays NaN (but for relu with a threshold, where it counts as below, as in Keras).
 */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { customPart, serializeFunction } from '../custom-objects.ts';
import { lookup } from '../identifiers.ts';
import { isSerialized, type Serialized } from '../serialization.ts';
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

export type ActivationLike = string | ActivationFn | Serialized | null | undefined;

/** The activation that an id, a function or a config means; none is `linear`. Throws `unknown-id`. */
export function getActivation(id: ActivationLike): ActivationFn {
  if (id == null) return linear;
  if (typeof id === 'function') return id;
  const own = customPart(id);
  if (own !== undefined) return getActivation(own as ActivationLike);
  if (isSerialized(id))
    throw new GradloomError(
      'unknown-id',
      `The activation is a function "${id.config.name}", which is not known here. Give it as customObjects, or make it known with keras.saving.registerKerasSerializable.`,
      { function: id.config.name },
    );
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

/** An activation in a config: the id of a built-in one, else the name of the function. */
export function serializeActivation(f: ActivationFn): string | Serialized {
  return activationName(f) ?? serializeFunction(f);
}

/** The id of a built-in activation. */
export function activationName(f: ActivationFn): string | undefined {
  return Object.keys(table).find((k) => table[k] === f) ?? functions.find(([g]) => g === f)?.[1];
}

export { getActivation as deserialize, getActivation as get, serializeActivation as serialize };
