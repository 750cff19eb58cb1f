/**
 * What rules write to: nodes, initializers and names of one ONNX model, and for each value of our graph
 * the name under which it is known there.
 */
import type { DType, TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Node, Value } from '../../graph/index.ts';
import { elementType, elementTypeOf } from '../element-types.ts';
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../messages.ts';
import { type Dim, dimOf, sameDim, type Twins } from './dims.ts';
import { type AttributeValue, makeNode, makeOne } from './protos.ts';

/**
 * A value as it is stored: its last dimensions, each whole or 1. What is the same along a dimension is
 * left to ONNX's broadcasting as long as nobody needs it whole.
 */
export interface Operand {
  readonly name: string;
  readonly dims: readonly Dim[];
}

/** What a rule is given; it returns its outputs, in order. */
export type Rule = (e: Emitter, node: Node) => readonly Operand[];
export type Rules = Readonly<Record<string, Rule>>;

interface Scope {
  readonly nodes: NodeProto[];
  /** Operands made whole in this scope. */
  readonly whole: Map<Value, Operand>;
}

const newScope = (): Scope => ({ nodes: [], whole: new Map() });

export class Emitter {
  readonly twins: Twins;
  readonly #initializers: TensorProto[] = [];
  readonly #names = new Map<string, number>();
  readonly #operands = new Map<Value, Operand>();
  readonly #constants = new Map<string, string>();
  readonly #preamble: NodeProto[] = [];
  readonly #rules: Rules;
  readonly #batch: { readonly input: string; readonly axis: number } | undefined;
  #scopes: Scope[] = [newScope()];

  /** `batch` says which dimension of which input is the number of samples. */
  constructor(twins: Twins, rules: Rules, batch?: { input: string; axis: number }) {
    this.twins = twins;
    this.#rules = rules;
    this.#batch = batch;
  }

  // ---- names and nodes

  /** A name that nothing else has. */
  name(hint: string): string {
    const n = this.#names.get(hint) ?? 0;
    this.#names.set(hint, n + 1);
    if (n === 0) return hint;
    return this.name(`${hint}_${n}`);
  }

  /** Adds a node of several outputs; an empty name among the inputs leaves one out. */
  nodes(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    outputs = 1,
  ): string[] {
    const output = Array.from({ length: outputs }, () => this.name(opType));
    this.#scopes[this.#scopes.length - 1].nodes.push(makeNode(opType, inputs, output, attributes));
    return output;
  }
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    return this.nodes(opType, inputs, attributes)[0];
  }

  /** A node that gives its input the name `output`. */
  identity(input: string, output: string): void {
    const { nodes } = this.#scopes[this.#scopes.length - 1];
    nodes.push(makeNode('Identity', [input], [output], {}));
  }

  // ---- constants

  initializer(name: string, data: TypedArray, shape: readonly number[], dtype: DType): string {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.push({ name, dims: [...shape], dataType: elementTypeOf[dtype], rawData });
    return name;
  }
  /** The same constant twice is one initializer. */
  #shared(key: string, hint: string, tensor: TensorProto): string {
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.name(hint);
      this.#initializers.push({ name, ...tensor });
      this.#constants.set(key, name);
    }
    return name;
  }
  /** A list of int64: axes, shapes. */
  int64(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const rawData = new Uint8Array(values.length * 8);
    const view = new DataView(rawData.buffer);
    values.forEach((v, i) => {
      view.setBigInt64(i * 8, BigInt(v), true);
    });
    const dataType = elementType.int64;
    return this.#shared(`int64 ${dims} ${values}`, 'ints', { dims: [...dims], dataType, rawData });
  }
  scalar(value: number, dtype: DType): string {
    const data = makeOne(value, dtype);
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : value}`;
    return this.#shared(key, 'constant', {
      dims: [],
      dataType: elementTypeOf[dtype],
      rawData: new Uint8Array(data.buffer),
    });
  }

  // ---- sizes

  /** The sizes of a value, some of which may hang on the number of samples. */
  dims(v: Value): Dim[] {
    return this.twins.dims(v);
  }
  /** Numbers of a node's attributes, the same in both traces or not. */
  numbers(node: Node, of: (n: Node) => readonly number[]): Dim[] {
    const [a, b] = [of(node), of(this.twins.node(node))];
    return a.map((n, i) => {
      const d = dimOf(n, b[i]);
      if (d === undefined) throw this.refuse(node, 'has a number that hangs on that of samples');
      return d;
    });
  }
  /** The same where only fixed numbers will do. */
  fixed(node: Node, of: (n: Node) => readonly number[]): number[] {
    return this.numbers(node, of).map((d) => {
      if (typeof d !== 'number')
        throw this.refuse(node, 'has a size that hangs on the number of samples');
      return d;
    });
  }

  /** A list of int64 with these elements, computed where need be. */
  ints(dims: readonly Dim[]): string {
    if (dims.every((d) => typeof d === 'number')) return this.int64(dims as number[]);
    const parts: string[] = [];
    let run: number[] = [];
    const flush = (): void => {
      if (run.length > 0) parts.push(this.int64(run));
      run = [];
    };
    for (const d of dims) {
      if (typeof d === 'number') run.push(d);
      else {
        flush();
        parts.push(this.size(d));
      }
    }
    flush();
    return parts.length === 1 ? parts[0] : this.#early('Concat', parts, { axis: 0 });
  }

  /** One size as an int64 list of one element. */
  size(d: Dim): string {
    if (typeof d === 'number') return this.int64([d]);
    let n = this.#samples();
    if (d.times !== 1) n = this.#early('Mul', [n, this.int64([d.times])]);
    return d.plus === 0 ? n : this.#early('Add', [n, this.int64([d.plus])]);
  }

  /** One size as a scalar. */
  count(d: Dim): string {
    if (typeof d === 'number') return this.int64([d], []);
    return this.#early('Reshape', [this.size(d), this.int64([])]);
  }

  #samples(): string {
    const { input, axis } = this.#batch!;
    return this.#early('Shape', [input], { start: axis, end: axis + 1 });
  }

  /** A node at the beginning of the model, seen from everywhere; the same twice is one. */
  #early(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const key = `${opType} ${inputs} ${JSON.stringify(attributes)}`;
    let name = this.#constants.get(key);
    if (name === undefined) {
      name = this.name(opType);
      this.#preamble.push(makeNode(opType, inputs, [name], attributes));
      this.#constants.set(key, name);
    }
    return name;
  }

  // ---- values

  /** Says under which name a value is known from here on: graphs inside are written where they are used. */
  bind(v: Value, operand: Operand): void {
    this.#operands.set(v, operand);
    for (const s of this.#scopes) s.whole.delete(v);
  }
  /** A value as it is stored: for operations that broadcast. */
  operand(v: Value): Operand {
    return this.#operands.get(v)!;
  }

  /** The name of a value with all its elements. */
  whole(v: Value): string {
    const o = this.operand(v);
    const dims = this.dims(v);
    if (o.dims.length === dims.length && o.dims.every((d, i) => sameDim(d, dims[i]))) return o.name;
    for (const s of this.#scopes) {
      const known = s.whole.get(v);
      if (known) return known.name;
    }
    const lead = dims.length - o.dims.length;
    // Where the operand is whole, 1 leaves it as it is.
    const target = dims.map((d, i) => (i >= lead && sameDim(o.dims[i - lead], d) ? 1 : d));
    const name = this.node('Expand', [o.name, this.ints(target)]);
    this.#scopes[this.#scopes.length - 1].whole.set(v, { name, dims });
    return name;
  }

  /** A whole value of this name. */
  made(name: string, v: Value): Operand {
    return { name, dims: this.dims(v) };
  }

  /** Writes the nodes that these are. */
  emit(nodes: readonly Node[]): void {
    for (const node of nodes) {
      const rule = this.#rules[node.primitive.name];
      if (!rule) throw this.refuse(node, 'has no counterpart in ONNX');
      rule(this, node).forEach((o, i) => {
        this.bind(node.outputs[i], o);
      });
    }
  }

  /** What `body` writes, as a graph inside of a node. It names its outputs. */
  subgraph(
    hint: string,
    input: readonly ValueInfoProto[],
    body: () => readonly ValueInfoProto[],
  ): GraphProto {
    this.#scopes.push(newScope());
    try {
      const output = body();
      const { nodes } = this.#scopes[this.#scopes.length - 1];
      return { name: this.name(hint), node: nodes, input: [...input], output: [...output] };
    } finally {
      this.#scopes = this.#scopes.slice(0, -1);
    }
  }

  /** The outermost graph's nodes, and initializers, that `outputs` need. */
  finish(outputs: readonly string[]): Pick<GraphProto, 'node' | 'initializer'> {
    const needed = new Set(outputs);
    const use = (nodes: readonly NodeProto[]): void => {
      for (const n of nodes) {
        for (const i of n.input ?? []) needed.add(i);
        for (const a of n.attribute ?? []) {
          if (!a.g) continue;
          use(a.g.node ?? []);
          // What a graph inside gives may be a value from outside.
          for (const o of a.g.output ?? []) needed.add(o.name!);
        }
      }
    };
    const kept: NodeProto[] = [];
    for (const n of [...this.#preamble, ...this.#scopes[0].nodes].reverse()) {
      if (!n.output!.some((o) => needed.has(o))) continue;
      kept.push(n);
      use([n]);
    }
    return {
      node: kept.reverse(),
      initializer: this.#initializers.filter((t) => needed.has(t.name!)),
    };
  }

  /** @returns an error that says what cannot be written */
  refuse(node: Node, why: string): GradloomError {
    const given = node.inputs.map((v) => v.describe()).join(', ');
    return new GradloomError(
      'onnx-write',
      `toOnnx: ${node.primitive.name}(${given}) ${why}, so the model cannot be written as ONNX${why.includes('samples') ? ' for an open number of samples; give `batchSize`' : ''}.`,
      { primitive: node.primitive.name },
    );
  }
}
