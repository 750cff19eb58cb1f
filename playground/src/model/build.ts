/** A network's description made into a model of the library. */
import * as keras from 'gradloom/keras';
import type { NetworkSpec } from './spec.ts';

/** Images (n, 28, 28) of grey levels 0..255 to ten probabilities. Not compiled. */
export function buildNetwork(spec: NetworkSpec): keras.Sequential {
  const { layers } = keras;
  const stack: keras.Layer[] = [];
  let flat = false;
  const flatten = (): void => {
    if (!flat) stack.push(layers.flatten());
    flat = true;
  };
  stack.push(layers.rescaling(1 / 255));
  if (spec.some((l) => l.kind === 'conv')) stack.push(layers.reshape([28, 28, 1]));
  // Names of their own: the same for every model, wherever weights are shown.
  const counts = { dense: 0, conv: 0, dropout: 0 };
  for (const l of spec) {
    const name = `${l.kind}_${++counts[l.kind]}`;
    if (l.kind === 'conv') {
      stack.push(layers.conv2D(l.filters, l.size, { activation: l.activation, name }));
      if (l.pool) stack.push(layers.maxPooling2D(2));
    } else if (l.kind === 'dense') {
      flatten();
      stack.push(layers.dense(l.units, { activation: l.activation, name }));
    } else stack.push(layers.dropout(l.rate, { name }));
  }
  flatten();
  stack.push(layers.dense(10, { activation: 'softmax', name: 'output' }));
  const model = keras.sequential([keras.input({ shape: [28, 28] }), ...stack], {
    name: 'digits',
  });
  return model;
}

export interface LearningOptions {
  readonly optimizer: 'adam' | 'sgd' | 'rmsprop';
  readonly learningRate: number;
}

export function compileNetwork(model: keras.Sequential, o: LearningOptions): void {
  const make = keras.optimizers[o.optimizer];
  model.compile({
    optimizer: make({ learningRate: o.learningRate }),
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
  });
}
