/**
 * What building the graph of a model of another program takes, whichever: what is known of its values
 * beforehand, and what an operation asks of its operands.
 */
import { interpret } from '../../backends/reference/interpret.ts';
import type { DType, TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { Graph, type Node, type Value } from '../../graph/index.ts';
import { fromData } from '../../tensor/index.ts';
import type { Budget, HostArray } from './tensors.ts';

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
  readonly family: string;
  /** The option that raises `most`. */
  readonly option: string;

  constructor(most: number, family: string, option: string) {
    this.budget = { total: most, left: most };
    this.most = most;
    this.family = family;
    this.option = option;
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
        throw dynamic(what, this.family);
      }
      work += outputs.reduce((n, o) => n + o.shape.reduce((a, b) => a * b, 1), 0);
      if (work > 2 ** 20) throw dynamic(what, this.family);
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

/** An operation as it is built. Each format adds how its attributes are read. */
export abstract class Operation<V extends Value | undefined = Value | undefined> {
  readonly op: string;
  readonly inputs: readonly V[];
  readonly building: Building;

  constructor(op: string, inputs: readonly V[], building: Building) {
    this.op = op;
    this.inputs = inputs;
    this.building = building;
  }

  /** For messages: `Conv "stem"`. */
  abstract get what(): string;
  fail(why: string, code: string = this.building.family): GradloomError {
    return new GradloomError(code, `${this.what} ${why}.`, { op: this.op });
  }

  /** An operand that must be there. */
  get(i: number): Value {
    const v = this.inputs[i];
    if (!v) throw this.fail(`has no operand ${i}`);
    return v;
  }
  /** The elements of an operand, known before the model is run. */
  host(i: number): number[] {
    return Array.from(this.building.elements(this.get(i), `Operand ${i} of ${this.what}`));
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
    const { most, family, option } = this.building;
    if (bytes > most)
      throw this.fail(
        `would take ${bytes} bytes; \`${option}\` allows ${most}`,
        `${family}-too-large`,
      );
    return [...list];
  }
}
