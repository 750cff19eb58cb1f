/** What an operation of a graph is given when it is built: its operands as values of our graph, its attributes. */
import type { DType } from '../dtype.ts';
import { type Fields, fields } from '../formats/json.ts';
import { lax, type Value } from '../graph/index.ts';
import { type Building, Operation } from '../onnx/read/building.ts';
import { broadcast } from '../onnx/read/values.ts';
import { dtypeOfType, type GraphNode, textOf } from './graph-def.ts';

export class Call extends Operation<Value> {
  readonly node: GraphNode;

  constructor(node: GraphNode, inputs: readonly Value[], building: Building) {
    super(node.op, inputs, building);
    this.node = node;
  }

  get what(): string {
    return `${this.op} ${JSON.stringify(this.node.name)}`;
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
