/**
 * The computation graph: nodes are operations, edges are the tensors that flow between them.
 *
 * A `Node` applies a primitive to edges and yields one or more new edges (`Value`s). Nodes are
 * immutable once made, but for one thing: a value that has been computed may be bound to its
 * storage, after which everything above it can be forgotten.
 */
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { type Shape, showShape } from '../shape.ts';
import type { Attrs, Primitive } from './primitive.ts';

/** What is known of an array before it exists. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

export class Value implements Aval {
  readonly node: Node;
  /** Which output of `node` this is. */
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where the value lies once it is computed. The graph does not look inside. */
  storage: unknown = undefined;

  constructor(node: Node, index: number, aval: Aval) {
    this.node = node;
    this.index = index;
    this.shape = aval.shape;
    this.dtype = aval.dtype;
  }

  /** `float32(64, 10)`. */
  describe(): string {
    return `${this.dtype}${showShape(this.shape)}`;
  }

  /**
   * Marks the value as computed; when all its siblings are too, their inputs are let go, unless they
   * are still wanted for a gradient.
   */
  bind(storage: unknown, keepInputs = false): void {
    this.storage = storage;
    if (!keepInputs && this.node.outputs.every((o) => o.storage !== undefined))
      this.node.inputs = [];
  }
}

let nextNode = 0;

export class Node {
  readonly id: number = nextNode++;
  readonly primitive: Primitive;
  inputs: readonly Value[];
  readonly attrs: Attrs;
  readonly outputs: readonly Value[];
  /** A name for printing: a parameter's, a layer's. */
  label: string | undefined;
  #key: string | undefined;

  constructor(primitive: Primitive, inputs: readonly Value[], attrs: Attrs) {
    this.primitive = primitive;
    this.inputs = inputs;
    this.attrs = attrs;
    const avals = primitive.infer(inputs, attrs);
    this.outputs = avals.map((a, i) => new Value(this, i, a));
  }

  /** Primitive and attributes as text: equal keys on equal inputs compute equal values. */
  get key(): string {
    this.#key ??= `${this.primitive.name}${attrsKey(this.attrs)}`;
    return this.#key;
  }
}

function attrsKey(attrs: Attrs): string {
  return JSON.stringify(attrs, (_, v: unknown) => {
    if (typeof v === 'number' && !Number.isFinite(v)) return `#${v}`;
    if (typeof v === 'number' && Object.is(v, -0)) return '#-0';
    if (ArrayBuffer.isView(v))
      return {
        t: v.constructor.name,
        d: Array.from(v as Float64Array, (x) =>
          Number.isFinite(x) && !Object.is(x, -0) ? x : `#${Object.is(x, -0) ? '-0' : x}`,
        ),
      };
    return v;
  });
}

/** Applies a primitive, giving its outputs. */
export function applyAll<A extends Attrs>(
  primitive: Primitive<A>,
  inputs: readonly Value[],
  attrs: A,
): readonly Value[] {
  return new Node(primitive as unknown as Primitive, inputs, attrs).outputs;
}

/** Applies a primitive that has one output. */
export function apply<A extends Attrs>(
  primitive: Primitive<A>,
  inputs: readonly Value[],
  attrs: A,
): Value {
  return applyAll(primitive, inputs, attrs)[0];
}

/** A function as a graph: run with values for `inputs`, it yields `outputs`. */
export class Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  #computed: readonly Node[] | undefined;
  #nodes: readonly Node[] | undefined;
  #text: string | undefined;

  constructor(inputs: readonly Value[], outputs: readonly Value[], name = 'graph') {
    this.name = name;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** The operations that must be run, each after those it needs: none that only gives inputs. */
  get computed(): readonly Node[] {
    this.#computed ??= sortNodes(this.inputs, this.outputs);
    return this.#computed;
  }

  /**
   * The nodes that give the inputs, then `computed`. A node one of whose outputs is an input while
   * another is still wanted (a sort whose keys have been read) is among the computed ones.
   */
  get nodes(): readonly Node[] {
    this.#nodes ??= [...new Set([...this.#given(), ...this.computed])];
    return this.#nodes;
  }

  /** Every edge as [value, the node that uses it, at which operand]. */
  get edges(): [Value, Node, number][] {
    return this.computed.flatMap((n) => n.inputs.map((v, i): [Value, Node, number] => [v, n, i]));
  }

  /**
   * Structure alone, as text: what a graph that is an attribute of a node adds to the node's key.
   * Equal texts are equal functions.
   */
  toJSON(): string {
    if (this.#text === undefined) {
      const ids = new Map<Value, number>();
      const give = (v: Value): void => {
        if (!ids.has(v)) ids.set(v, ids.size);
      };
      this.inputs.forEach(give);
      let text = this.inputs.map((v) => `${v.describe()}${ids.get(v)}`).join();
      for (const n of this.computed) {
        text += `;${n.key}(${n.inputs.map((v) => ids.get(v)).join()})`;
        n.outputs.forEach(give);
      }
      this.#text = `${text}>${this.outputs.map((v) => ids.get(v)).join()}`;
    }
    return this.#text;
  }

  /**
   * The same graph over nodes of its own. Values of the original may later be bound to storage and
   * let go of their inputs; whoever keeps a graph for later keeps a copy.
   */
  copy(): Graph {
    const map = new Map<Value, Value>();
    const stand = (v: Value): Value => {
      let p = map.get(v);
      if (!p) {
        p = new Node(parameterLike, [], { shape: v.shape, dtype: v.dtype }).outputs[0];
        map.set(v, p);
      }
      return p;
    };
    const inputs = this.inputs.map(stand);
    const given = new Set(this.inputs);
    for (const node of this.computed) {
      const made = new Node(
        node.primitive,
        node.inputs.map((v) => map.get(v)!),
        node.attrs,
      );
      node.outputs.forEach((o, i) => {
        if (!given.has(o)) map.set(o, made.outputs[i]);
      });
    }
    return new Graph(
      inputs,
      this.outputs.map((v) => map.get(v)!),
      this.name,
    );
  }

  #given(): Node[] {
    const computed = new Set(this.computed);
    return this.inputs.map((v) => v.node).filter((n) => !computed.has(n));
  }
}

/** What stands for an input in a copy: a parameter, as far as any stage looks at it. */
const parameterLike: Primitive = {
  name: 'parameter',
  infer: (_, attrs) => [attrs as unknown as Aval],
  lowering: { kind: 'leaf' },
};

function sortNodes(inputs: readonly Value[], outputs: readonly Value[]): Node[] {
  // By value, not by node: a node may give one output and be asked for another.
  const given = new Set(inputs);
  const order: Node[] = [];
  const done = new Set<Node>();
  // An explicit stack: graphs are deep (a chain of ten thousand operations is ordinary).
  const stack: Node[] = [];
  for (const out of outputs) {
    if (given.has(out)) continue;
    stack.push(out.node);
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (done.has(node)) {
        stack.pop();
        continue;
      }
      if (node.primitive.name === 'parameter') {
        throw new GradloomError(
          'graph',
          `The graph uses ${node.outputs[0].describe()}${node.label ? ` "${node.label}"` : ''}, which is not one of its inputs.`,
        );
      }
      let ready = true;
      // The first operand ends on top, so that a listing reads as the expression was written.
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        const v = node.inputs[i];
        if (!given.has(v) && !done.has(v.node)) {
          ready = false;
          stack.push(v.node);
        }
      }
      if (ready) {
        stack.pop();
        done.add(node);
        order.push(node);
      }
    }
  }
  return order;
}
