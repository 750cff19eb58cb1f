/** A GraphProto as values of our graph. */
import { GradloomError } from '../../errors.ts';
import type { Value } from '../../graph/index.ts';
import { showShape } from '../../shape.ts';
import type { GraphProto, NodeProto } from '../messages.ts';
import { type Building, NeedsValue } from './building.ts';
import { Call, Names } from './call.ts';
import { ops } from './ops.ts';
import { readTensor } from './tensors.ts';

const standard = (domain: string | undefined): boolean => !domain || domain === 'ai.onnx';

/** The operations of a graph, and of those inside of it, that are not read. */
export function unknownOps(g: GraphProto, found: Set<string> = new Set()): Set<string> {
  for (const n of g.node ?? []) {
    const name = n.opType ?? '';
    if (!standard(n.domain)) found.add(`${n.domain}.${name}`);
    else if (!Object.hasOwn(ops, name)) found.add(name);
    for (const a of n.attribute ?? []) {
      if (a.g) unknownOps(a.g, found);
      for (const inner of a.graphs ?? []) unknownOps(inner, found);
    }
  }
  return found;
}

/** Nodes are in an order in which each comes after what it needs: ONNX wants that, and so no circles. */
export function buildGraph(
  g: GraphProto,
  inputs: readonly Value[],
  o: { building: Building; opset: number; outer?: Names },
): Value[] {
  const names = new Names(o.outer);
  const given = (g.input ?? []).map((v) => v.name ?? '');
  // In old files initializers are inputs, too.
  const made = new Set((g.initializer ?? []).map((t) => t.name));
  const open = given.filter((n) => !made.has(n));
  if (open.length !== inputs.length)
    throw new GradloomError(
      'onnx',
      `A graph inside of the ONNX model takes ${open.length} inputs and is given ${inputs.length}.`,
    );
  open.forEach((n, i) => {
    names.set(n, inputs[i]);
  });
  for (const t of g.initializer ?? []) {
    const array = readTensor(t, `Initializer "${t.name}"`, o.building.budget);
    names.set(t.name ?? '', o.building.constant(array));
  }
  for (const node of g.node ?? []) {
    const results = buildNode(node, names, o);
    (node.output ?? []).forEach((name, i) => {
      if (name === '') return;
      const v = results[i];
      if (!v)
        throw new GradloomError(
          'onnx-op',
          `${node.opType} "${node.name || name}" is asked for output ${i} ("${name}"), which is not read.`,
        );
      names.set(name, v);
    });
  }
  return (g.output ?? []).map((v) => lookUp(names, v.name ?? '', 'The graph gives'));
}

function lookUp(names: Names, name: string, who: string): Value {
  const v = names.get(name);
  if (!v)
    throw new GradloomError(
      'onnx',
      `${who} "${name}", which nothing before it makes. Nodes must come after what they need (a circle has no such order).`,
      { name },
    );
  return v;
}

function buildNode(
  node: NodeProto,
  names: Names,
  o: { building: Building; opset: number },
): readonly Value[] {
  const inputs = (node.input ?? []).map((n) =>
    n === ''
      ? undefined
      : lookUp(names, n, `${node.opType} "${node.name || node.output?.[0]}" uses`),
  );
  const call = new Call(node, inputs, {
    ...o,
    names,
    build: (g, given, outer) => buildGraph(g, given, { ...o, outer }),
  });
  const what = (): string =>
    `${call.what} of ${inputs.map((v) => (v ? `${v.dtype}${showShape(v.shape)}` : 'nothing')).join(', ') || 'nothing'}`;
  try {
    const name = node.opType ?? '';
    if (!Object.hasOwn(ops, name)) throw call.fail('is an operation that is not read', 'onnx-op');
    const made = ops[name](call);
    const results = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
    for (const v of results) call.sizes(v.shape, v.dtype);
    return results;
  } catch (e) {
    if (e instanceof NeedsValue) throw e;
    if (e instanceof GradloomError) {
      if (e.code.startsWith('onnx')) throw e;
      throw new GradloomError('onnx', `${what()}: ${e.message}`, { op: node.opType }, { cause: e });
    }
    const why = e instanceof Error ? e.message : String(e);
    throw new GradloomError('onnx', `${what()} cannot be built: ${why}.`, {}, { cause: e });
  }
}
