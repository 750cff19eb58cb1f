/** What an operation of a graph is given when it is built: its operands as values of our graph, its attributes. */
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { lax, type Value } from '../graph/index.ts';
import type { Building } from '../onnx/read/call.ts';
import { broadcast } from '../onnx/read/values.ts';
import { dtypeOfType, type Fields, fields, type GraphNode, textOf } from './graph-def.ts';

export class Call {
  readonly node: GraphNode;
  readonly inputs: readonly Value[];
  readonly building: Building;

  constructor(node: GraphNode, inputs: readonly Value[], building: Building) {
    this.node = node;
    this.inputs = inputs;
    this.building = building;
  }

  /** For messages: `Conv2D "stem/conv"`. */
  get what(): string {
    return `${this.node.op} ${JSON.stringify(this.node.name)}`;
  }
  fail(why: string, code = 'tfjs'): GradloomError {
    return new GradloomError(code, `${this.what} ${why}.`, { op: this.node.op });
  }

  get(i: number): Value {
    const v = this.inputs[i];
    if (!v) throw this.fail(`has no operand ${i}`);
    return v;
  }
  /** The elements of an operand, known before the model is run. */
  host(i: number): number[] {
    return Array.from(this.building.elements(this.get(i), `Operand ${i} of ${this.what}`));
  }

  attribute(name: string): Fields | undefined {
    const a = this.node.attributes[name];
    return a === undefined ? undefined : fields(a);
  }
  int(name: string, otherwise: number): number {
    const v = this.attribute(name)?.i;
    return v === undefined ? otherwise : Number(v);
  }
  float(name: string, otherwise: number): number {
    const v = this.attribute(name)?.f;
    return v === undefined ? otherwise : Number(v);
  }
  flag(name: string, otherwise = false): boolean {
    const v = this.attribute(name)?.b;
    return v === undefined ? otherwise : v === true;
  }
  string(name: string, otherwise = ''): string {
    return textOf(this.attribute(name)?.s) ?? otherwise;
  }
  strings(name: string): string[] {
    const s = fields(this.attribute(name)?.list).s;
    return Array.isArray(s) ? s.map((x) => textOf(x) ?? '') : [];
  }
  ints(name: string): number[] | undefined {
    const found = this.attribute(name)?.list;
    if (found === undefined) return undefined;
    const { i } = fields(found);
    return Array.isArray(i) ? i.map(Number) : [];
  }
  /** Throws `tfjs-dtype` for types that nothing holds here. */
  dtype(name: string, otherwise: DType = 'float32'): DType {
    const type = this.attribute(name)?.type;
    if (type === undefined) return otherwise;
    const found = dtypeOfType(type);
    if (!found) throw this.fail(`is of ${String(type)}, which there is not here`, 'tfjs-dtype');
    return found;
  }

  axis(n: number, rank: number): number {
    const d = n < 0 ? n + rank : n;
    if (!Number.isInteger(d) || d < 0 || d >= rank)
      throw this.fail(`has axis ${n}, and ${rank} dimensions`);
    return d;
  }
  axes(all: readonly number[], rank: number): number[] {
    const axes = all.map((n) => this.axis(n, rank)).sort((a, b) => a - b);
    if (axes.some((d, i) => d === axes[i - 1])) throw this.fail('names an axis twice');
    return axes;
  }
  /** Sizes that are possible, and no larger than allowed. */
  sizes(all: readonly number[]): number[] {
    const bytes = all.reduce((a, b) => a * b, 4);
    if (all.length > 32 || all.some((n) => !Number.isSafeInteger(n) || n < 0))
      throw this.fail(`would have the shape (${all.slice(0, 8).join(', ')})`);
    if (bytes > this.building.most)
      throw this.fail(
        `would take ${bytes} bytes; \`maxBytes\` allows ${this.building.most}`,
        'tfjs-too-large',
      );
    return [...all];
  }
  reshape(v: Value, shape: readonly number[]): Value {
    return lax.reshape(v, this.sizes(shape));
  }
  /** Operands broadcast against each other, as NumPy does. */
  broadcast(...values: readonly Value[]): Value[] {
    return broadcast(this, values);
  }
}

export type Op = (c: Call) => Value | readonly Value[];
export type Ops = Readonly<Record<string, Op>>;
