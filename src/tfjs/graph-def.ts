/**
 * TensorFlow's GraphDef as JSON, as the converter of TensorFlow.js writes it into model.json. Everything in it
 * is checked before it is used. See tensorflow/core/framework/{graph,node_def,attr_value}.proto and
 * tfjs-converter/src/operations/operation_mapper.ts.
 */
import type { DType } from '../dtype.ts';
import { GradloomError } from '../errors.ts';
import { type Fields, fields } from '../formats/json.ts';

const list = (v: unknown): readonly unknown[] => (Array.isArray(v) ? v : []);

export interface Edge {
  readonly node: string;
  readonly output: number;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Without those that only say what comes first. */
  readonly inputs: readonly Edge[];
  readonly attributes: Fields;
}

export const wrong = (name: string, why: string, code = 'tfjs'): GradloomError =>
  new GradloomError(code, `${name}: ${why}.`, { name });

const most = 1_000_000;

/** The nodes by name. Throws `tfjs`. */
export function readNodes(topology: unknown, name: string): Map<string, GraphNode> {
  const nodes = fields(topology).node;
  if (!Array.isArray(nodes) || nodes.length > most)
    throw wrong(name, 'modelTopology has no list of nodes that can be read');
  const out = new Map<string, GraphNode>();
  for (const item of nodes) {
    const { name: own, op, input, attr } = fields(item);
    if (typeof own !== 'string' || typeof op !== 'string')
      throw wrong(name, 'a node has no name or no op');
    if (out.has(own)) throw wrong(name, `two nodes are named ${JSON.stringify(own)}`);
    const inputs = list(input)
      .map(String)
      .filter((i) => !i.startsWith('^'))
      .map(edgeOf);
    out.set(own, { name: own, op, inputs, attributes: fields(attr) });
  }
  return out;
}

/** `name`, or `name:1` for another output than the first. */
export function edgeOf(text: string): Edge {
  const found = /^(.*):(\d{1,4})$/s.exec(text);
  return found ? { node: found[1], output: Number(found[2]) } : { node: text, output: 0 };
}

/** The nodes that `ends` hang on, each after what it needs. Throws `tfjs` for circles and what is missing. */
export function inOrder(
  nodes: ReadonlyMap<string, GraphNode>,
  ends: readonly Edge[],
  name: string,
): GraphNode[] {
  const out: GraphNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const stack = ends.map((e): [string, boolean] => [e.node, false]).reverse();
  while (stack.length > 0) {
    const [id, after] = stack.pop()!;
    const node = nodes.get(id);
    if (!node) throw wrong(name, `there is no node ${JSON.stringify(id)}, which another uses`);
    if (after) {
      state.set(id, 'done');
      out.push(node);
      continue;
    }
    if (state.get(id) === 'done') continue;
    if (state.get(id) === 'open')
      throw wrong(name, `the graph leads in a circle at ${JSON.stringify(id)}`);
    state.set(id, 'open');
    stack.push([id, true]);
    for (const e of node.inputs) if (state.get(e.node) !== 'done') stack.push([e.node, false]);
  }
  return out;
}

const dtypes: Readonly<Record<string, DType>> = {
  DT_FLOAT: 'float32',
  DT_HALF: 'float32',
  DT_DOUBLE: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_BOOL: 'bool',
  DT_UINT8: 'uint8',
};
/** DataType's numbers, which some writers use. */
const numbered: Readonly<Record<number, string>> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  19: 'DT_HALF',
};

/** What holds elements of a type of TensorFlow's; undefined for what nothing holds. */
export function dtypeOfType(type: unknown): DType | undefined {
  const id = typeof type === 'number' ? numbered[type] : String(type);
  return id !== undefined && Object.hasOwn(dtypes, id) ? dtypes[id] : undefined;
}

/** `{ dim: [{ size: '-1' }] }`: null where a size is open; undefined where even the rank is. */
export function shapeOf(shape: unknown, name: string): (number | null)[] | undefined {
  const { dim, unknownRank } = fields(shape);
  if (unknownRank === true || (shape !== undefined && typeof shape !== 'object')) return undefined;
  if (shape === undefined || shape === null) return undefined;
  const sizes = list(dim).map((d) => Number(fields(d).size ?? 0));
  if (sizes.length > 32 || !sizes.every((n) => Number.isSafeInteger(n) && n >= -1))
    throw wrong(name, `a shape cannot be: ${JSON.stringify(sizes).slice(0, 80)}`);
  return sizes.map((n) => (n === -1 ? null : n));
}

/** Bytes in JSON are base64; old writers list the character codes. */
export function textOf(v: unknown): string | undefined {
  if (Array.isArray(v)) return String.fromCharCode(...v.map(Number));
  if (typeof v !== 'string') return undefined;
  try {
    return atob(v);
  } catch {
    return v;
  }
}
