/**
 * Sizes that hang on the number of samples. The graph is traced for two numbers of samples; what differs
 * between the two is a linear function of it.
 */
import { GradloomError } from '../../errors.ts';
import type { Graph, Node, Value } from '../../graph/index.ts';

/** The numbers of samples of the two traces: primes, so that no other size is taken for one. */
export const samples = [83, 89] as const;

/** A size: a number, or times * samples + plus. */
export type Dim = number | { readonly times: number; readonly plus: number };

/** The size that is `a` in the first trace and `b` in the second; undefined where there is none. */
export function dimOf(a: number, b: number): Dim | undefined {
  if (a === b) return a;
  const times = (b - a) / (samples[1] - samples[0]);
  const plus = a - times * samples[0];
  return Number.isInteger(times) && Number.isInteger(plus) ? { times, plus } : undefined;
}

/** d * times + plus. */
export function linear(d: Dim, times: number, plus: number): Dim {
  if (typeof d === 'number') return d * times + plus;
  return { times: d.times * times, plus: d.plus * times + plus };
}

export function sameDim(a: Dim, b: Dim): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.times === b.times && a.plus === b.plus;
}

/** Which value and which node of the second trace belongs to one of the first. */
export class Twins {
  readonly #values = new Map<Value, Value>();
  readonly #nodes = new Map<Node, Node>();

  /** @throws GradloomError `onnx-batch` where the traces are not the same but for sizes */
  constructor(a: Graph, b: Graph) {
    this.#pair(a, b);
  }

  #pair(a: Graph, b: Graph): void {
    const [x, y] = [a.computed, b.computed];
    if (x.length !== y.length || a.inputs.length !== b.inputs.length) throw differs();
    a.inputs.forEach((v, i) => {
      this.#values.set(v, b.inputs[i]);
    });
    x.forEach((n, i) => {
      const m = y[i];
      const same =
        n.primitive.name === m.primitive.name &&
        n.inputs.length === m.inputs.length &&
        n.inputs.every((v, k) => this.#values.get(v) === m.inputs[k]);
      if (!same) throw differs();
      this.#nodes.set(n, m);
      n.outputs.forEach((v, k) => {
        // One output of a node may be an input of the graph.
        if (!this.#values.has(v)) this.#values.set(v, m.outputs[k]);
      });
      for (const [name, g] of Object.entries(n.attrs))
        if (isGraph(g)) this.#pair(g, m.attrs[name] as Graph);
    });
    if (a.outputs.some((v, i) => this.#values.get(v) !== b.outputs[i])) throw differs();
  }

  dims(v: Value): Dim[] {
    const twin = this.#values.get(v)!;
    if (twin.shape.length !== v.shape.length) throw differs();
    return v.shape.map((n, d) => {
      const dim = dimOf(n, twin.shape[d]);
      if (dim === undefined) throw differs();
      return dim;
    });
  }

  node(n: Node): Node {
    return this.#nodes.get(n)!;
  }
}

function isGraph(x: unknown): x is Graph {
  return typeof x === 'object' && x !== null && 'computed' in x;
}

function differs(): GradloomError {
  return new GradloomError(
    'onnx-batch',
    'What the model computes hangs on the number of samples in a way that cannot be written with an open one. Give `batchSize`, and it is written for that many.',
  );
}
