/** `toOnnx`: what a model predicts with, as an ONNX model. */
import { getBackend } from '../../backends/registry.ts';
import { type DType, type TypedArray, viewArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { Graph } from '../../graph/index.ts';
import { type StateCell, type Tensor, type TracedGraph, traceGraph } from '../../tensor/index.ts';
import { elementTypeOf } from '../element-types.ts';
import { type ModelProto, modelFields } from '../messages.ts';
import { encodeMessage } from '../protobuf.ts';
import { samples, Twins } from './dims.ts';
import { Emitter } from './emitter.ts';
import { valueInfo } from './protos.ts';
import { rules } from './rules.ts';

/**
 * The version of ONNX's set of operations that is written. 18 has all that is needed (axes of reductions
 * as inputs, bit operations, ScatterND with a minimum), and runtimes since 2023 read it.
 */
export const opset = 18;
/** The version of the file format that belongs to it. */
const irVersion = 8;

/** An input of what is written. `null` sizes are the number of samples. */
export interface OnnxInput {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: DType;
}

export interface WriteGraphOptions {
  readonly inputs: readonly OnnxInput[];
  /** Default `output`, or `output_0` and so on. */
  readonly outputNames?: readonly string[] | undefined;
  /** Default `main`. */
  readonly name?: string;
  readonly producerVersion?: string;
}

/**
 * A function of tensors as the bytes of an ONNX model (opset 18). Variables that it reads become
 * initializers with their values now. A dimension that is `null` (the same in all inputs: the number of
 * samples) stays open.
 *
 * @throws GradloomError `onnx-write` naming the operation that ONNX has not, `onnx-batch` where the
 *   number of samples cannot stay open, `onnx-state` for functions that change variables
 */
export async function functionToOnnx(
  fn: (inputs: Tensor[]) => readonly Tensor[],
  o: WriteGraphOptions,
): Promise<Uint8Array> {
  const open = o.inputs.findIndex((x) => x.shape.includes(null));
  const traced = samples.map((n) =>
    traceGraph(
      fn,
      o.inputs.map((x) => ({ dtype: x.dtype, shape: x.shape.map((d) => d ?? n) })),
    ),
  );
  const [first, second] = open < 0 ? [traced[0], traced[0]] : traced;
  checkState(first);
  const graphs = [first, second].map(
    (t) => new Graph(t.graph.inputs, t.graph.outputs.slice(0, t.results)),
  );
  const twins = new Twins(graphs[0], graphs[1]);
  const batch =
    open < 0 ? undefined : { input: o.inputs[open].name, axis: o.inputs[open].shape.indexOf(null) };
  const e = new Emitter(twins, rules, batch);
  const [graph] = graphs;
  // Names that people see are taken first.
  const inputNames = o.inputs.map((x) => e.name(x.name));
  const outputNames = graph.outputs.map((_, i) =>
    e.name(o.outputNames?.[i] ?? (graph.outputs.length === 1 ? 'output' : `output_${i}`)),
  );
  o.inputs.forEach((_, i) => {
    e.bind(graph.inputs[i], e.made(inputNames[i], graph.inputs[i]));
  });
  await bindWeights(e, graph, first, second, o.inputs.length);
  e.emit(graph.computed);
  graph.outputs.forEach((v, i) => {
    e.identity(e.whole(v), outputNames[i]);
  });
  const model: ModelProto = {
    irVersion,
    producerName: 'gradloom',
    ...(o.producerVersion && { producerVersion: o.producerVersion }),
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: o.name ?? 'main',
      ...e.finish(outputNames),
      input: o.inputs.map((x, i) =>
        valueInfo(inputNames[i], elementTypeOf[x.dtype], e.dims(graph.inputs[i])),
      ),
      output: graph.outputs.map((v, i) =>
        valueInfo(outputNames[i], elementTypeOf[v.dtype], e.dims(v)),
      ),
    },
  };
  return encodeMessage(model, modelFields);
}

function checkState(t: TracedGraph): void {
  if (t.changed.length === 0) return;
  const names = t.changed.map((c) => c.path);
  throw new GradloomError(
    'onnx-state',
    `toOnnx: the model changes ${names.join(', ')} as it predicts, and an ONNX model cannot keep that for the next call. Make it without state (stateful: false), or without random numbers.`,
    { variables: names },
  );
}

/** Variables and tensors from outside as initializers. */
async function bindWeights(
  e: Emitter,
  graph: Graph,
  first: TracedGraph,
  second: TracedGraph,
  from: number,
): Promise<void> {
  const used = new Set([...graph.computed.flatMap((n) => n.inputs), ...graph.outputs]);
  for (const [i, cell] of first.read.entries()) {
    const v = graph.inputs[from + i];
    if (!used.has(v)) continue;
    const data = await valuesOf(cell);
    e.bind(v, e.made(e.initializer(e.name(cell.path), data, cell.shape, cell.dtype), v));
  }
  for (const [i, t] of first.captured.entries()) {
    const v = graph.inputs[from + first.read.length + i];
    if (!used.has(v)) continue;
    const [data, other] = [await t.data(), await second.captured[i].data()];
    if (data.length !== other.length || data.some((x, k) => !Object.is(x, other[k])))
      throw new GradloomError(
        'onnx-batch',
        'toOnnx: the model makes an array that hangs on the number of samples outside of what can be written. Give `batchSize`.',
      );
    e.bind(v, e.made(e.initializer(e.name('array'), data, t.shape, t.dtype), v));
  }
}

async function valuesOf(cell: StateCell): Promise<TypedArray> {
  const backend = getBackend();
  const buffer = cell.peek(backend);
  const bytes = backend.sync ? buffer.readSync() : await buffer.read();
  return viewArray(
    cell.dtype,
    bytes.buffer,
    bytes.byteOffset,
    cell.shape.reduce((a, b) => a * b, 1),
  );
}
