/** Models made anew: the same layers, with weights of their own. */
import { GradloomError } from '../../errors.ts';
import { sameInputs } from '../functional/functional-graph.ts';
import type { KerasTensor } from '../functional/keras-tensor.ts';
import { FunctionOperation } from '../functional/operation.ts';
import { checkOptions } from '../identifiers.ts';
import { InputLayer } from '../layers/input-layer.ts';
import type { Layer } from '../layers/layer.ts';
import { flatten, mapTree, type TreeOf } from '../tree.ts';
import { Model } from './model.ts';
import { Sequential } from './sequential.ts';

export interface CloneOptions {
  /** KerasTensors for the copy to begin with, in the structure of the model's inputs. */
  readonly inputTensors?: TreeOf<KerasTensor>;
  /** The copy of a layer: without it, one made of the layer's config. Inputs are not asked for. */
  readonly cloneFunction?: (layer: Layer) => Layer;
  /** Whether models inside are copied layer by layer too, rather than by `cloneFunction`. */
  readonly recursive?: boolean;
}

/**
 * A copy of a Sequential or functional model with fresh weights; shared layers stay shared. A model of
 * a class of its own is made from its config. Throws `clone` where the options do not apply.
 */
export function cloneModel<M extends Model>(model: M, o: CloneOptions = {}): M {
  checkOptions('cloneModel', o, ['inputTensors', 'cloneFunction', 'recursive']);
  const copies = new Map<Layer, Layer>();
  return clone(model, o, copies) as M;
}

const fromConfig = (l: Layer): Layer => (l.constructor as typeof Layer).fromConfig(l.getConfig());

function clone(model: Model, o: CloneOptions, copies: Map<Layer, Layer>): Model {
  const copy = (l: Layer): Layer => {
    let c = copies.get(l);
    if (!c) {
      const whole = o.recursive && l instanceof Model && (l instanceof Sequential || l.graph);
      c = whole
        ? clone(l, { ...o, inputTensors: undefined }, copies)
        : (o.cloneFunction ?? fromConfig)(l);
      copies.set(l, c);
    }
    return c;
  };
  if (model instanceof Sequential) return cloneSequential(model, o, copy);
  if (model.graph) return cloneGraph(model, o, copy);
  if (o.cloneFunction || o.inputTensors)
    throw new GradloomError(
      'clone',
      `cloneModel: "${model.name}" (${model.constructor.name}) has a call of its own; cloneFunction and inputTensors are for functional and Sequential models.`,
      { model: model.name },
    );
  return fromConfig(model) as Model;
}

function cloneSequential(model: Sequential, o: CloneOptions, copy: (l: Layer) => Layer): Model {
  const options = { name: model.name, trainable: model.trainable };
  const layers = model.layers.map(copy);
  const given = o.inputTensors === undefined ? undefined : flatten(o.inputTensors);
  if (given && given.length !== 1)
    throw new GradloomError(
      'clone',
      `cloneModel: a Sequential model takes one input tensor; received ${given.length}.`,
    );
  if (given) return new Sequential([given[0], ...layers], options);
  if (!model.built) return new Sequential(layers, options);
  const { shape, dtype, name } = model.inputs[0];
  const begin = new InputLayer({ batchShape: shape, dtype, name });
  return new Sequential([begin, ...layers], options);
}

function cloneGraph(model: Model, o: CloneOptions, copy: (l: Layer) => Layer): Model {
  const graph = model.graph!;
  const begin = o.inputTensors ?? sameInputs(graph.inputTree);
  const values = new Map<KerasTensor, KerasTensor>();
  const starts = flatten(begin);
  if (starts.length !== graph.inputs.length)
    throw new GradloomError(
      'clone',
      `cloneModel: the model takes ${graph.inputs.length} inputs; inputTensors has ${starts.length}.`,
    );
  graph.inputs.forEach((t, i) => {
    values.set(t, starts[i]);
  });
  const functions = new Map<FunctionOperation, FunctionOperation>();
  for (const node of graph.map.nodes) {
    if (node.isInput) continue;
    const { inputs, options } = node.fill((t) => values.get(t)!);
    let made: TreeOf<KerasTensor>;
    if (node.operation instanceof FunctionOperation) {
      const f = functions.get(node.operation) ?? node.operation.again();
      functions.set(node.operation, f);
      made = f.record(inputs as unknown[]);
    } else made = copy(node.operation as Layer).apply(inputs as KerasTensor, options);
    flatten(made).forEach((t, i) => {
      values.set(node.outputs[i], t);
    });
  }
  const outputs = mapTree<KerasTensor, KerasTensor>(graph.outputTree, (t) => values.get(t)!);
  const Class = model.constructor as typeof Model;
  return new Class({ inputs: begin, outputs, name: model.name });
}
