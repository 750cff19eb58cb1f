/** A functional graph as plain data, in the form of Keras's config.json but for camelCase, and back. */
import { GradloomError } from '../../errors.ts';
import { Tensor, tensor } from '../../tensor/index.ts';
import type { FunctionalGraph } from '../functional/functional-graph.ts';
import { KerasTensor } from '../functional/keras-tensor.ts';
import type { Node, Operation } from '../functional/node.ts';
import { FunctionOperation, operationOf } from '../functional/operation.ts';
import { divideCall, joinCall } from '../functional/operation-config.ts';
import { entryOfClass } from '../functional/operation-table.ts';
import { Layer } from '../layers/layer.ts';
import { deserialize } from '../layers/registry.ts';
import { isSerialized, serialize } from '../serialization.ts';
import { isPlainObject, mapTree, type TreeOf } from '../tree.ts';

/** [name of the operation, which of its calls, which output]. */
type Place = readonly [string, number, number];

interface LayerEntry {
  readonly className: string;
  /** Of operations in Keras's form: where Keras has the class. */
  readonly module?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly inboundNodes: readonly NodeEntry[];
}
interface NodeEntry {
  readonly args: unknown;
  readonly kwargs: unknown;
}
export interface GraphConfig {
  readonly layers: readonly LayerEntry[];
  readonly inputLayers: unknown;
  readonly outputLayers: unknown;
}

export function isGraphConfig(config: object): config is GraphConfig {
  return 'layers' in config && 'inputLayers' in config && 'outputLayers' in config;
}

/** In Keras a functional model has a call of its own before any other. */
const ownCalls = (o: Operation): number => ('graph' in o && o.graph ? 1 : 0);

/** Throws `layer-config` for values that are no plain data, such as functions. */
export function graphConfig(graph: FunctionalGraph): GraphConfig {
  const kept = (o: Operation): Node[] => o.inboundNodes.filter((n) => graph.has(n));
  const placeOf = (t: KerasTensor): Place => {
    const o = t.node.operation;
    return [o.name, kept(o).indexOf(t.node), t.index];
  };
  const write = (x: unknown): unknown => {
    if (x instanceof KerasTensor)
      return {
        className: '__keras_tensor__',
        config: { shape: [...x.shape], dtype: x.dtype, kerasHistory: placeOf(x) },
      };
    if (x instanceof Tensor)
      return { className: '__tensor__', config: { value: x.arraySync(), dtype: x.dtype } };
    if (Array.isArray(x)) return x.map(write);
    if (isPlainObject(x))
      return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, write(v)]));
    if (typeof x === 'object' && x !== null)
      throw new GradloomError(
        'layer-config',
        `A model that was made with ${x.constructor?.name ?? 'an object'} as an argument of a call cannot be written as a config.`,
      );
    return x;
  };
  const outer = (t: KerasTensor): Place => {
    const [name, node, index] = placeOf(t);
    return [name, node + ownCalls(t.node.operation), index];
  };
  const layerEntry = (o: Layer): LayerEntry => ({
    ...serialize(o)!,
    name: o.name,
    inboundNodes: kept(o)
      .filter((n) => !n.isInput)
      .map((n) => ({ args: [write(n.inputs)], kwargs: write(n.options) })),
  });
  return {
    layers: graph.operations.map((o) =>
      o instanceof Layer ? layerEntry(o) : operationEntry(o, kept(o), write),
    ),
    inputLayers: mapTree<KerasTensor, unknown>(graph.inputTree, outer),
    outputLayers: mapTree<KerasTensor, unknown>(graph.outputTree, outer),
  };
}

/** Where Keras has the operations: `keras.src.ops.numpy` and others. */
const kerasOps = 'keras.src.ops.';

/** Options in the config and inputs in the call, as in Keras; where Keras has no such call, all in the call. */
function operationEntry(
  o: Operation,
  nodes: readonly Node[],
  write: (x: unknown) => unknown,
): LayerEntry {
  const { name, className } = o;
  const entry = entryOfClass(className);
  const calls = nodes.map((n) => entry && divideCall(entry, n.inputs as unknown[]));
  const options = calls[0]?.options;
  const same = JSON.stringify(options);
  if (entry && calls.every((c) => c && JSON.stringify(c.options) === same))
    return {
      module: `${kerasOps}${entry.module}`,
      className,
      config: { name, ...(write(options) as object) },
      name,
      inboundNodes: calls.map((c) => ({ args: c!.args.map(write), kwargs: write(c!.kwargs) })),
    };
  const inboundNodes = nodes.map((n) => ({ args: (n.inputs as unknown[]).map(write), kwargs: {} }));
  return { className, config: { name }, name, inboundNodes };
}

/** Thrown within, for a call whose inputs are not there yet. */
const notYet = Symbol('not yet');

/**
 * Layers made anew and applied as they were: the inputs and outputs of the model. Throws
 * `layer-config` for a graph with a cycle or with parts that are missing.
 */
export function graphFromConfig(config: GraphConfig): {
  inputs: TreeOf<KerasTensor>;
  outputs: TreeOf<KerasTensor>;
} {
  const made = new Map<string, Operation>();
  for (const entry of config.layers) {
    const name = entry.name ?? (entry.config.name as string);
    made.set(name, makeOperation(entry, name));
  }
  const find = (name: string): Operation => {
    const o = made.get(name);
    if (o) return o;
    throw new GradloomError(
      'layer-config',
      `The config speaks of a layer "${name}" that it does not describe.`,
      { name },
    );
  };
  const read = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(read);
    if (!isPlainObject(x)) return x;
    if (isSerialized(x) && x.className === '__keras_tensor__') {
      const [name, node, index] = x.config.kerasHistory as Place;
      const found = find(name).inboundNodes[node]?.outputs[index];
      if (!found) throw notYet;
      return found;
    }
    if (isSerialized(x) && x.className === '__tensor__')
      return tensor(x.config.value as never, { dtype: x.config.dtype as string });
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, read(v)]));
  };
  const waiting = config.layers.map((l) => {
    const operation = find(l.name);
    return { operation, calls: l.inboundNodes.map((n) => applied(operation, l, n, read)) };
  });
  replay(waiting);
  const tensorAt = ([name, node, index]: Place): KerasTensor => {
    const o = find(name);
    const t = o.inboundNodes[node - ownCalls(o)]?.outputs[index];
    if (t) return t;
    throw new GradloomError(
      'layer-config',
      `The config names output ${index} of call ${node} of "${name}", which there is not.`,
    );
  };
  const tree = (x: unknown): TreeOf<KerasTensor> => {
    if (Array.isArray(x))
      return x.length === 3 && typeof x[0] === 'string'
        ? tensorAt(x as unknown as Place)
        : x.map(tree);
    return Object.fromEntries(Object.entries(x as object).map(([k, v]) => [k, tree(v)]));
  };
  return { inputs: tree(config.inputLayers), outputs: tree(config.outputLayers) };
}

function makeOperation(entry: LayerEntry, name: string): Operation {
  const { className, config } = entry;
  return isOperation(entry) ? operationOf(className, name) : deserialize({ className, config });
}

const inKerasForm = ({ module }: LayerEntry): boolean => module?.startsWith(kerasOps) ?? false;

/** Operations say where Keras has them, or have a name and nothing else; layers have at least a dtype. */
function isOperation(entry: LayerEntry): boolean {
  return inKerasForm(entry) || Object.keys(entry.config).every((k) => k === 'name');
}

interface Waiting {
  readonly operation: Operation;
  /** Each gives whether it could be made: else its inputs are not there yet. */
  readonly calls: (() => boolean)[];
}

/** Calls everything that can be called, again and again, until all calls are made. */
function replay(waiting: readonly Waiting[]): void {
  for (let progress = true; progress; ) {
    progress = false;
    for (const { calls } of waiting) {
      while (calls.length > 0 && calls[0]()) {
        calls.shift();
        progress = true;
      }
    }
  }
  const left = waiting.filter((w) => w.calls.length > 0).map((w) => w.operation.name);
  if (left.length > 0)
    throw new GradloomError(
      'layer-config',
      `The config's graph has a cycle or is disconnected: ${left.join(', ')} cannot be applied.`,
      { layers: left },
    );
}

function applied(
  o: Operation,
  entry: LayerEntry,
  node: NodeEntry,
  read: (x: unknown) => unknown,
): () => boolean {
  return () => {
    let args: unknown[];
    let kwargs: Record<string, unknown>;
    try {
      args = read(node.args) as unknown[];
      kwargs = read(node.kwargs) as Record<string, unknown>;
    } catch (e) {
      if (e === notYet) return false;
      throw e;
    }
    if (!(o instanceof FunctionOperation)) (o as Layer).apply(args[0] as KerasTensor, kwargs);
    else if (inKerasForm(entry)) {
      const { name: _, ...options } = entry.config;
      o.record(joinCall(entryOfClass(o.className)!, { options, args, kwargs }));
    } else o.record(args);
    return true;
  };
}
