/** What an operation is given when it is built: its operands as values of our graph, its attributes. */
import { interpret } from '../../backends/reference/interpret.ts';
import type { DType, TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { Graph, type Node, type Value } from '../../graph/index.ts';
import { fromData } from '../../tensor/index.ts';
import type { AttributeProto, GraphProto, NodeProto } from '../messages.ts';
import { type Budget, type HostArray, readTensor } from './tensors.ts';

/** Thrown where the values of an input decide shapes: the model is built again with them known. */
export class NeedsValue extends Error {
  readonly input: string;
  constructor(input: string) {
    super(`needs the values of ${input}`);
    this.input = input;
  }
}

/** What all parts of one building share. */
export class Building {
  readonly budget: Budget;
  /** No array may take more bytes. */
  readonly most: number;
  readonly #known = new Map<Value, TypedArray>();
  /** Graph inputs, by the values that stand for them. */
  readonly inputs: Map<Value, string> = new Map();
  /** What the codes of errors begin with. */
  readonly #family: string;

  constructor(budget: Budget, most: number, family = 'onnx') {
    this.budget = budget;
    this.most = most;
    this.#family = family;
  }

  constant({ data, shape, dtype }: HostArray): Value {
    const { value } = fromData(data, [...shape], dtype);
    this.#known.set(value, data);
    return value;
  }
  /** int64 in ONNX. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.constant({ data: Int32Array.from(values), shape, dtype: 'int32' });
  }

  /** The elements of a value that hangs on constants alone. Throws `onnx-dynamic`, NeedsValue. */
  elements(v: Value, what: string): TypedArray {
    const known = this.#known.get(v);
    if (known) return known;
    const leaves = new Map<Value, TypedArray>();
    const seen = new Set<Node>();
    const stack = [v];
    let work = 0;
    while (stack.length > 0) {
      const x = stack.pop()!;
      const data = this.#known.get(x);
      if (data) {
        leaves.set(x, data);
        continue;
      }
      if (seen.has(x.node)) continue;
      seen.add(x.node);
      const { primitive, inputs, outputs } = x.node;
      if (primitive.name === 'parameter' || primitive.lowering.kind === 'control') {
        const input = this.inputs.get(x);
        if (input !== undefined) throw new NeedsValue(input);
        throw dynamic(what, this.#family);
      }
      work += outputs.reduce((n, o) => n + o.shape.reduce((a, b) => a * b, 1), 0);
      if (work > 2 ** 20) throw dynamic(what, this.#family);
      stack.push(...inputs);
    }
    const [out] = interpret(new Graph([...leaves.keys()], [v])).run([...leaves.values()]);
    this.#known.set(v, out);
    return out;
  }
}

function dynamic(what: string, family: string): GradloomError {
  return new GradloomError(
    `${family}-dynamic`,
    `${what} decides a shape and hangs on data that is computed, or is too large to be computed beforehand; shapes must be known before the model is run.`,
  );
}

/** Values by name, those of the graphs around included. */
export class Names {
  readonly #own = new Map<string, Value>();
  readonly #outer: Names | undefined;
  constructor(outer?: Names) {
    this.#outer = outer;
  }
  get(name: string): Value | undefined {
    return this.#own.get(name) ?? this.#outer?.get(name);
  }
  set(name: string, v: Value): void {
    if (this.#own.has(name))
      throw new GradloomError('onnx', `The ONNX model makes two values of the name "${name}".`);
    this.#own.set(name, v);
  }
}

/** Builds a graph inside of a node: values for its inputs to those of its outputs. */
export type BuildGraph = (g: GraphProto, inputs: readonly Value[], names: Names) => Value[];

export class Call {
  readonly building: Building;
  /** The version of the operation set. */
  readonly opset: number;
  readonly names: Names;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: number;
  readonly #node: NodeProto;
  readonly #build: BuildGraph;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    node: NodeProto,
    inputs: readonly (Value | undefined)[],
    o: { building: Building; opset: number; names: Names; build: BuildGraph },
  ) {
    this.#node = node;
    this.inputs = inputs;
    this.outputs = node.output?.length ?? 0;
    this.building = o.building;
    this.opset = o.opset;
    this.names = o.names;
    this.#build = o.build;
    this.#attributes = new Map((node.attribute ?? []).map((a) => [a.name ?? '', a]));
  }

  /** For messages: `Conv "stem"`. */
  get what(): string {
    const { opType, name, output } = this.#node;
    return `${opType} "${name || output?.[0] || ''}"`;
  }
  fail(why: string, code = 'onnx'): GradloomError {
    return new GradloomError(code, `${this.what} ${why}.`, { op: this.#node.opType });
  }

  /** An operand that must be there. */
  get(i: number): Value {
    const v = this.inputs[i];
    if (!v) throw this.fail(`has no operand ${i}`);
    return v;
  }
  has(i: number): boolean {
    return this.inputs[i] !== undefined;
  }
  /** Operands that are there. */
  get all(): Value[] {
    return this.inputs.map((_, i) => this.get(i));
  }
  /** The elements of an operand, known before the model is run. */
  host(i: number): number[] {
    return Array.from(this.building.elements(this.get(i), `Operand ${i} of ${this.what}`));
  }
  hostOr(i: number, otherwise: () => number[]): number[] {
    return this.has(i) ? this.host(i) : otherwise();
  }

  #attribute(name: string): AttributeProto | undefined {
    const a = this.#attributes.get(name);
    if (a?.refAttrName) throw this.fail(`takes its ${name} from a function around it`);
    return a;
  }
  given(name: string): boolean {
    return this.#attributes.has(name);
  }
  int(name: string, otherwise: number): number {
    return this.#attribute(name)?.i ?? otherwise;
  }
  float(name: string, otherwise: number): number {
    return this.#attribute(name)?.f ?? otherwise;
  }
  flag(name: string, otherwise: boolean): boolean {
    return this.int(name, Number(otherwise)) !== 0;
  }
  string(name: string, otherwise: string): string {
    const s = this.#attribute(name)?.s;
    return s ? new TextDecoder().decode(s) : otherwise;
  }
  strings(name: string): string[] | undefined {
    return this.#attribute(name)?.strings?.map((s) => new TextDecoder().decode(s));
  }
  ints(name: string): number[] | undefined {
    return this.#attribute(name)?.ints;
  }
  floats(name: string): number[] | undefined {
    return this.#attribute(name)?.floats;
  }
  tensor(name: string): HostArray | undefined {
    const t = this.#attribute(name)?.t;
    return t && readTensor(t, `${name} of ${this.what}`, this.building.budget);
  }
  graph(name: string): GraphProto {
    const g = this.#attribute(name)?.g;
    if (!g) throw this.fail(`has no ${name}`);
    return g;
  }
  /** What a graph of this node's makes of these inputs. */
  run(g: GraphProto, inputs: readonly Value[]): Value[] {
    return this.#build(g, inputs, this.names);
  }

  /** A dimension counted from the end where negative. */
  axis(n: number, rank: number): number {
    const d = n < 0 ? n + rank : n;
    if (!Number.isInteger(d) || d < 0 || d >= rank)
      throw this.fail(`has axis ${n}, and ${rank} dimensions`);
    return d;
  }
  axes(list: readonly number[], rank: number): number[] {
    const axes = list.map((n) => this.axis(n, rank)).sort((a, b) => a - b);
    if (axes.some((d, i) => d === axes[i - 1])) throw this.fail('names an axis twice');
    return axes;
  }
  /** Sizes that are possible, and no larger than allowed. */
  sizes(list: readonly number[], dtype: DType = 'float32'): number[] {
    const bytes = list.reduce((a, b) => a * b, dtype === 'float64' ? 8 : 4);
    if (list.length > 32 || list.some((n) => !Number.isSafeInteger(n) || n < 0))
      throw this.fail(`would have the shape (${list.slice(0, 8).join(', ')})`);
    if (bytes > this.building.most)
      throw this.fail(
        `would take ${bytes} bytes; \`budget\` allows ${this.building.most}`,
        'onnx-too-large',
      );
    return [...list];
  }
}

/** Builds an operation: its output, or its outputs. */
export type Op = (c: Call) => Value | readonly Value[];
export type Ops = Readonly<Record<string, Op>>;
