/** `fromOnnx`: an ONNX model as something that runs. */
import type { DType, TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { checkOptions } from '../../options.ts';
import {
  bufferOf,
  fromBuffer,
  Tensor,
  type TensorLike,
  type TracedProgram,
  traceToExecutable,
} from '../../tensor/index.ts';
import { elementTypeName } from '../element-types.ts';
import { type GraphProto, type ModelProto, modelFields, type ValueInfoProto } from '../messages.ts';
import { decodeMessage } from '../protobuf.ts';
import { buildGraph, unknownOps } from './build.ts';
import { Building, NeedsValue } from './building.ts';
import { checkFeeds, Programs, runInOrder, shapesKey } from './feeds.ts';
import { dtypeOfElement } from './tensors.ts';

export interface FromOnnxOptions {
  /**
   * How many bytes the model may take in memory: its file's messages and weights, and any single array
   * that it computes. Default: 16 times the file, 256 MiB at least.
   */
  readonly budget?: number;
  /** For errors: what the bytes are. Default `ONNX model`. */
  readonly name?: string;
}

/** An input or an output of a model. Sizes that are open are null, or have a name. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  /** Undefined where the model does not say. */
  readonly shape: readonly (number | string | null)[] | undefined;
}

/**
 * Reads an ONNX model (`.onnx`) of operation sets 7 and later. Nothing in it is executed, and no other
 * file is read. 64-bit integers are held as int32, half precision as float32.
 *
 *     const model = fromOnnx(await readFile('model.onnx'));
 *     const { scores } = await model.run({ image });
 *
 * @throws GradloomError `onnx` for what is no model or not a valid one, `onnx-op` naming all operations
 *   that are not read, `onnx-external`, `onnx-dtype`, `onnx-too-large`
 */
export function fromOnnx(bytes: Uint8Array, o: FromOnnxOptions = {}): OnnxModel {
  checkOptions('fromOnnx', o, ['budget', 'name']);
  const name = o.name ?? 'ONNX model';
  const budget = o.budget ?? Math.max(2 ** 28, bytes.length * 16);
  const options = { name, maxBytes: budget };
  const model = decodeMessage(bytes, modelFields, options) as ModelProto;
  return new OnnxModel(model, name, budget);
}

export class OnnxModel {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** The program that made it. */
  readonly producer: string;
  readonly opset: number;
  readonly #graph: GraphProto;
  readonly #budget: number;
  readonly #programs = new Programs();
  /** Inputs whose values decide shapes. */
  readonly #pinned = new Set<string>();

  /** Use `fromOnnx`. */
  constructor(model: ModelProto, name: string, budget: number) {
    const { graph } = model;
    if (!graph?.output?.length)
      throw new GradloomError('onnx', `${name} has no graph with outputs.`);
    this.#graph = graph;
    this.#budget = budget;
    this.producer = [model.producerName, model.producerVersion].filter(Boolean).join(' ');
    this.opset = opsetOf(model, name);
    const unknown = [...unknownOps(graph)].sort();
    if (unknown.length > 0)
      throw new GradloomError(
        'onnx-op',
        `${name} uses operations that are not read: ${unknown.slice(0, 100).join(', ')}.`,
        { operations: unknown },
      );
    if ((graph.sparseInitializer?.length ?? 0) > 0)
      throw new GradloomError('onnx', `${name} has sparse initializers, which are not read.`);
    const initialized = new Set((graph.initializer ?? []).map((t) => t.name));
    this.inputs = (graph.input ?? [])
      .filter((v) => !initialized.has(v.name))
      .map((v) => valueOf(v, name));
    this.outputs = graph.output.map((v) => valueOf(v, name));
    const names = this.inputs.map((v) => v.name);
    if (new Set(names).size < names.length)
      throw new GradloomError(
        'onnx',
        `${name} has two inputs of the same name: ${names.join(', ')}.`,
      );
    this.#check();
  }

  /** Where all sizes are known the whole graph is built, so that mistakes are found at once. */
  #check(): void {
    const whole = this.inputs.every((v) => v.shape?.every((n) => typeof n === 'number'));
    if (!whole) return;
    try {
      this.#trace(
        this.inputs.map((v) => ({ shape: v.shape as number[], dtype: v.dtype })),
        new Map(),
        (fn, avals) => fn(avals.map((a) => new Tensor(lax.parameter(a.shape, a.dtype)))),
      );
    } catch (e) {
      if (!(e instanceof NeedsValue)) throw e;
      this.#pinned.add(e.input);
    }
  }

  /**
   * Computes the outputs. The model is compiled once for each combination of shapes.
   *
   * @param feeds a tensor (or typed or nested array) for each input, by name
   * @throws GradloomError `onnx-feed` for inputs that are missing, unknown or of another shape,
   *   `onnx-dynamic` where a shape hangs on computed data
   */
  async run(feeds: Readonly<Record<string, TensorLike>>): Promise<Record<string, Tensor>> {
    const given = checkFeeds(this.inputs, feeds, 'onnx-feed');
    const program = await this.#program(given);
    const pinned = this.#pinned;
    const tensors = given.filter((_, i) => !pinned.has(this.inputs[i].name));
    const out = program.run(tensors.map((t) => bufferOf(t)));
    const results = out.map((b, i) => fromBuffer(b, program.outputs[i]));
    return Object.fromEntries(this.outputs.map((v, i) => [v.name, results[i]]));
  }

  /** `run` for inputs in order: the output, or the outputs in order. */
  predict<R = Tensor>(...inputs: readonly TensorLike[]): Promise<R> {
    return runInOrder(this, inputs, 'onnx-feed');
  }

  async #program(given: readonly Tensor[]): Promise<TracedProgram> {
    for (;;) {
      const values = new Map<string, Tensor>();
      let key = shapesKey(given);
      for (const [i, v] of this.inputs.entries()) {
        if (!this.#pinned.has(v.name)) continue;
        values.set(v.name, given[i]);
        key += ` ${v.name}=${(await given[i].data()).join()}`;
      }
      const known = this.#programs.get(key);
      if (known) return known;
      const data = new Map<string, { tensor: Tensor; data: TypedArray }>();
      for (const [name, tensor] of values) data.set(name, { tensor, data: await tensor.data() });
      try {
        const program = this.#trace(given, data, (fn, avals) =>
          traceToExecutable(fn, avals, { name: 'onnx' }),
        );
        this.#programs.set(key, program);
        return program;
      } catch (e) {
        if (!(e instanceof NeedsValue) || this.#pinned.has(e.input)) throw e;
        this.#pinned.add(e.input);
      }
    }
  }

  /** Gives `use` the function of those inputs that are not pinned. */
  #trace<R>(
    given: readonly { readonly shape: readonly number[]; readonly dtype: DType }[],
    pinned: ReadonlyMap<string, { readonly data: TypedArray }>,
    use: (
      fn: (inputs: Tensor[]) => Tensor[],
      avals: { shape: readonly number[]; dtype: DType }[],
    ) => R,
  ): R {
    const open = this.inputs.map((_, i) => i).filter((i) => !pinned.has(this.inputs[i].name));
    const fn = (tensors: Tensor[]): Tensor[] => {
      const building = new Building(this.#budget, 'onnx', 'budget');
      const values = this.inputs.map((v, i) => {
        const known = pinned.get(v.name);
        if (known) return building.constant({ ...known, shape: given[i].shape, dtype: v.dtype });
        const { value } = tensors[open.indexOf(i)];
        building.inputs.set(value, v.name);
        return value;
      });
      const out = buildGraph(this.#graph, values, { building, opset: this.opset });
      return out.map((v) => new Tensor(v));
    };
    return use(
      fn,
      open.map((i) => given[i]),
    );
  }

  /** Frees the compiled programs. */
  dispose(): void {
    this.#programs.dispose();
  }
}

function opsetOf(model: ModelProto, name: string): number {
  const version = (model.opsetImport ?? []).find(
    (s) => !s.domain || s.domain === 'ai.onnx',
  )?.version;
  if (version === undefined || version < 7)
    throw new GradloomError(
      'onnx-version',
      version === undefined
        ? `${name} does not say which version of ONNX's operations it uses.`
        : `${name} uses version ${version} of ONNX's operations; 7 and later are read. Convert it with onnx.version_converter.`,
      { version },
    );
  return version;
}

function valueOf(v: ValueInfoProto, model: string): OnnxValue {
  const t = v.type?.tensorType;
  const dtype = dtypeOfElement(t?.elemType);
  if (!t || !dtype)
    throw new GradloomError(
      'onnx-dtype',
      `${model}: "${v.name}" is ${t ? `of ${elementTypeName(t.elemType)}` : 'no tensor'}, which is not read.`,
      { name: v.name },
    );
  const shape = t.shape && (t.shape.dim ?? []).map((d) => d.dimValue ?? d.dimParam ?? null);
  const possible =
    !shape || shape.every((n) => typeof n !== 'number' || (Number.isSafeInteger(n) && n >= 0));
  if (!possible || (shape?.length ?? 0) > 32)
    throw new GradloomError('onnx', `${model}: "${v.name}" has no possible shape.`, {
      name: v.name,
    });
  return { name: v.name ?? '', dtype, shape };
}
