/** `loadGraphModel`: a graph of TensorFlow's, as the converter of TensorFlow.js writes it, as something that runs. */
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { type FileSource, openSource } from '../files/sources.ts';
import { type Fields, fields, parseFields } from '../formats/json.ts';
import { decodeTfjsWeights, type TfjsArray } from '../formats/tfjs-weights.ts';
import type { Value } from '../graph/index.ts';
import { Building, NeedsValue } from '../onnx/read/building.ts';
import { checkFeeds, Programs, runInOrder, shapesKey } from '../onnx/read/feeds.ts';
import { checkOptions } from '../options.ts';
import {
  bufferOf,
  fromBuffer,
  Tensor,
  type TensorLike,
  traceToExecutable,
} from '../tensor/index.ts';
import { Call, type Ops } from './call.ts';
import { elementwise } from './elementwise.ts';
import {
  dtypeOfType,
  type Edge,
  edgeOf,
  type GraphNode,
  inOrder,
  readNodes,
  shapeOf,
  wrong,
} from './graph-def.ts';
import { products } from './products.ts';
import { shapes } from './shapes.ts';

const ops: Ops = { ...elementwise, ...products, ...shapes };
/** Made by the graph itself. */
const given: ReadonlySet<string> = new Set([
  'Const',
  'Placeholder',
  'PlaceholderWithDefault',
  'IdentityN',
  'NoOp',
]);

export interface LoadGraphModelOptions {
  /** How many bytes the weights, and any single array that is computed, may take. Default: 16 times the files, 256 MiB at least. */
  readonly maxBytes?: number;
  /** For errors: what the file is. Default its path or address. */
  readonly name?: string;
}

/** An input or an output of a graph. Sizes that are open are null. */
export interface GraphValue {
  readonly name: string;
  readonly dtype: DType;
  /** Undefined where the graph does not say. */
  readonly shape: readonly (number | null)[] | undefined;
}

/**
 * Reads a graph model of TensorFlow.js: a model.json with a GraphDef in it, and the shards beside it. The
 * source is a path, a URL, in browsers `indexeddb://name` or the files that a user chose. Nothing in it is
 * executed. 64-bit integers are held as int32, half precision as float32.
 *
 *     const model = await loadGraphModel('model/model.json');
 *     const scores = await model.predict(image);
 *
 * @throws GradloomError `tfjs` for what is no graph model or not a valid one, `tfjs-op` naming all operations
 *   that are not read, `tfjs-dtype`, `tfjs-too-large`, `file-not-found`, `download-…`
 */
export async function loadGraphModel(
  source: FileSource | readonly File[],
  o: LoadGraphModelOptions = {},
): Promise<GraphModel> {
  checkOptions('loadGraphModel', o, ['maxBytes', 'name']);
  const file = await openSource('loadGraphModel', source, { name: o.name, maxBytes: o.maxBytes });
  const { name } = file;
  const json = parseFields(file.bytes, name, 'tfjs');
  if (!Array.isArray(fields(json.modelTopology).node))
    throw wrong(
      name,
      fields(json.modelTopology).class_name || fields(json.modelTopology).model_config
        ? 'it is a model of layers: keras.saving.loadModel loads it'
        : 'it holds no graph of TensorFlow.js: modelTopology with a list of nodes',
    );
  const nodes = readNodes(json.modelTopology, name);
  const ends = endsOf(json, nodes, name);
  const order = inOrder(
    nodes,
    [...ends.inputs, ...ends.outputs].map((e) => e.edge),
    name,
  );
  // Before a shard is read.
  const unknown = order.map((n) => n.op).filter((op) => !Object.hasOwn(ops, op) && !given.has(op));
  if (unknown.length > 0) {
    const operations = [...new Set(unknown)].sort();
    throw new GradloomError(
      'tfjs-op',
      `${name} uses operations that are not read: ${operations.slice(0, 100).join(', ')}.`,
      { name, operations },
    );
  }
  let bytes = file.bytes.length;
  const weights = await decodeTfjsWeights(
    json.weightsManifest,
    async (path, atMost) => {
      const shard = await file.beside(path, atMost);
      bytes += shard.length;
      return shard;
    },
    { name, ...(o.maxBytes !== undefined && { maxBytes: o.maxBytes }) },
  );
  const most = o.maxBytes ?? Math.max(2 ** 28, 16 * bytes);
  for (const n of order)
    if (n.op === 'Const' && !weights.has(n.name))
      throw wrong(name, `the constant ${JSON.stringify(n.name)} has no weights`);
  return new GraphModel({ name, order, ...ends, weights, most });
}

interface End {
  readonly value: GraphValue;
  readonly edge: Edge;
}

/** Inputs and outputs by the signature, which says their names; without one, by the graph's own ends. */
function endsOf(
  json: Fields,
  nodes: ReadonlyMap<string, GraphNode>,
  name: string,
): { inputs: End[]; outputs: End[] } {
  const signature = fields(json.signature ?? fields(json.userDefinedMetadata).signature);
  const end = (key: string, info: unknown): End => {
    const { name: at, dtype, tensorShape } = fields(info);
    const edge = edgeOf(typeof at === 'string' ? at : key);
    return { value: { name: key, ...about(dtype, tensorShape, edge, nodes, name) }, edge };
  };
  const listed = (side: unknown): End[] =>
    Object.entries(fields(side)).map(([key, info]) => end(key, info));
  const used = new Set([...nodes.values()].flatMap((n) => n.inputs.map((i) => i.node)));
  const own = (pick: (n: GraphNode) => boolean): End[] =>
    [...nodes.values()].filter(pick).map((n) => end(n.name, {}));
  const named = { inputs: listed(signature.inputs), outputs: listed(signature.outputs) };
  const inputs = named.inputs.length > 0 ? named.inputs : own((n) => n.op === 'Placeholder');
  const outputs =
    named.outputs.length > 0
      ? named.outputs
      : own((n) => !used.has(n.name) && !['Const', 'Placeholder', 'NoOp'].includes(n.op));
  if (outputs.length === 0) throw wrong(name, 'the graph has no outputs');
  for (const { value, edge } of inputs)
    if (!nodes.get(edge.node)?.op.startsWith('Placeholder') || edge.output !== 0)
      throw wrong(name, `the input ${JSON.stringify(value.name)} is no Placeholder of the graph`);
  return { inputs, outputs };
}

function about(
  type: unknown,
  shape: unknown,
  { node }: Edge,
  nodes: ReadonlyMap<string, GraphNode>,
  name: string,
): Omit<GraphValue, 'name'> {
  const attributes = nodes.get(node)?.attributes ?? {};
  const own = fields(attributes.dtype).type ?? fields(attributes.T).type ?? 'DT_FLOAT';
  const dtype = dtypeOfType(type ?? own);
  if (!dtype)
    throw wrong(
      name,
      `${JSON.stringify(node)} is of ${String(type ?? own)}, which is not read`,
      'tfjs-dtype',
    );
  return { dtype, shape: shapeOf(shape ?? fields(attributes.shape).shape, name) };
}

interface Parts {
  readonly name: string;
  readonly order: readonly GraphNode[];
  readonly inputs: readonly End[];
  readonly outputs: readonly End[];
  readonly weights: ReadonlyMap<string, TfjsArray>;
  readonly most: number;
}

export class GraphModel {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly #parts: Parts;
  readonly #programs = new Programs();

  /** Use `loadGraphModel`. */
  constructor(parts: Parts) {
    this.#parts = parts;
    this.inputs = parts.inputs.map((e) => e.value);
    this.outputs = parts.outputs.map((e) => e.value);
  }

  /**
   * Computes the outputs, by name. The graph is compiled once for each combination of shapes.
   *
   * @param feeds a tensor (or typed or nested array) for each input, by name
   * @throws GradloomError `tfjs-feed` for inputs that are missing, unknown or of another shape,
   *   `tfjs-dynamic` where a shape hangs on computed data
   */
  async run(feeds: Readonly<Record<string, TensorLike>>): Promise<Record<string, Tensor>> {
    const tensors = checkFeeds(this.inputs, feeds, 'tfjs-feed');
    const key = shapesKey(tensors);
    let program = this.#programs.get(key);
    if (!program) {
      program = traceToExecutable((list: Tensor[]) => this.#build(list), tensors, {
        name: 'graph',
      });
      this.#programs.set(key, program);
    }
    const { outputs } = program;
    const results = program
      .run(tensors.map((t) => bufferOf(t)))
      .map((b, i) => fromBuffer(b, outputs[i]));
    return Object.fromEntries(this.outputs.map((v, i) => [v.name, results[i]]));
  }

  /** `run` for inputs in order: the output, or the outputs in order. */
  predict<R = Tensor>(...inputs: readonly TensorLike[]): Promise<R> {
    return runInOrder(this, inputs, 'tfjs-feed');
  }

  #build(tensors: readonly Tensor[]): Tensor[] {
    const { order, inputs, outputs, weights, most, name } = this.#parts;
    const building = new Building(most, 'tfjs', 'maxBytes');
    const made = new Map<string, readonly Value[]>();
    inputs.forEach((e, i) => {
      made.set(e.edge.node, [tensors[i].value]);
    });
    const at = ({ node, output }: Edge): Value => {
      const v = made.get(node)?.[output];
      if (!v)
        throw wrong(
          name,
          `output ${output} of ${JSON.stringify(node)} is used, which there is not`,
        );
      return v;
    };
    for (const node of order) {
      if (made.has(node.name)) continue;
      made.set(node.name, buildNode(node, node.inputs.map(at), building, weights));
    }
    return outputs.map((e) => new Tensor(at(e.edge)));
  }

  /** Frees the compiled programs. */
  dispose(): void {
    this.#programs.dispose();
  }
}

function buildNode(
  node: GraphNode,
  inputs: readonly Value[],
  building: Building,
  weights: ReadonlyMap<string, TfjsArray>,
): readonly Value[] {
  const call = new Call(node, inputs, building);
  switch (node.op) {
    case 'Const':
      return [building.constant(weights.get(node.name)!)];
    case 'IdentityN':
    case 'PlaceholderWithDefault':
      return inputs;
    case 'NoOp':
      return [];
    case 'Placeholder':
      throw call.fail('is an input that the signature does not name');
  }
  const what = (): string =>
    `${call.what} of ${inputs.map((v) => `${v.dtype}(${v.shape.join(', ')})`).join(', ') || 'nothing'}`;
  try {
    const result = ops[node.op](call);
    const results = Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
    for (const v of results) call.sizes(v.shape);
    return results;
  } catch (e) {
    if (e instanceof NeedsValue)
      throw call.fail(`takes a shape from the input ${e.input}`, 'tfjs-dynamic');
    if (e instanceof GradloomError && e.code.startsWith('tfjs')) throw e;
    const why = e instanceof Error ? e.message : String(e);
    throw new GradloomError('tfjs', `${what()}: ${why}`, { op: node.op }, { cause: e });
  }
}
