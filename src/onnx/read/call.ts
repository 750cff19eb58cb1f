/** What an operation is given when it is built: its operands as values of our graph, its attributes. */
import { GradloomError } from '../../errors.ts';
import type { Value } from '../../graph/index.ts';
import type { AttributeProto, GraphProto, NodeProto } from '../messages.ts';
import { type Building, Operation } from './building.ts';
import { type HostArray, readTensor } from './tensors.ts';

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

export class Call extends Operation {
  /** The version of the operation set. */
  readonly opset: number;
  readonly names: Names;
  readonly outputs: number;
  readonly #node: NodeProto;
  readonly #build: BuildGraph;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    node: NodeProto,
    inputs: readonly (Value | undefined)[],
    o: { building: Building; opset: number; names: Names; build: BuildGraph },
  ) {
    super(node.opType ?? '', inputs, o.building);
    this.#node = node;
    this.outputs = node.output?.length ?? 0;
    this.opset = o.opset;
    this.names = o.names;
    this.#build = o.build;
    this.#attributes = new Map((node.attribute ?? []).map((a) => [a.name ?? '', a]));
  }

  get what(): string {
    const { name, output } = this.#node;
    return `${this.op} "${name || output?.[0] || ''}"`;
  }

  has(i: number): boolean {
    return this.inputs[i] !== undefined;
  }
  /** Operands that are there. */
  get all(): Value[] {
    return this.inputs.map((_, i) => this.get(i));
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
}

/** Builds an operation: its output, or its outputs. */
export type Op = (c: Call) => Value | readonly Value[];
export type Ops = Readonly<Record<string, Op>>;
