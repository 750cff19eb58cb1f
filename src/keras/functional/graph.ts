/** From the outputs of a functional model back to its inputs: which calls are in it, in which order. */
import { GradloomError } from '../../errors.ts';
import type { KerasTensor } from './keras-tensor.ts';
import type { Node, Operation } from './node.ts';

/** The calls between inputs and outputs, as Keras orders them. */
export interface GraphMap {
  /** In an order in which they can be run. */
  readonly nodes: readonly Node[];
  /** Each once: farthest from the outputs first, then in the order of the walk back. */
  readonly operations: readonly Operation[];
  /** How far from the outputs each call is. */
  readonly depths: ReadonlyMap<Node, number>;
}

/**
 * Walks back from the outputs. Inputs need not be those of `keras.input`: what they were made from is
 * left out. Throws `graph` where an output hangs on an input that is not given, and where two
 * operations have one name.
 */
export function mapGraph(
  inputs: readonly KerasTensor[],
  outputs: readonly KerasTensor[],
): GraphMap {
  const { nodes, traversal } = walkBack(inputs, outputs);
  const inGraph = new Set(nodes);
  const depths = new Map<Node, number>();
  const operationDepths = new Map<Operation, number>();
  for (const node of [...nodes].reverse()) {
    // A layer that is called again nearer to the outputs keeps the larger depth.
    const depth = Math.max(depths.get(node) ?? 0, operationDepths.get(node.operation) ?? 0);
    depths.set(node, depth);
    operationDepths.set(node.operation, depth);
    for (const parent of node.parents)
      if (inGraph.has(parent)) depths.set(parent, Math.max(depth + 1, depths.get(parent) ?? 0));
  }
  // Inputs that lead nowhere belong to the model too.
  for (const { node } of inputs) {
    if (!node.isInput || operationDepths.has(node.operation)) continue;
    operationDepths.set(node.operation, 0);
    traversal.set(node.operation, -1);
    depths.set(node, 0);
  }
  const operations = [...operationDepths.keys()].sort(
    (a, b) =>
      operationDepths.get(b)! - operationDepths.get(a)! || traversal.get(a)! - traversal.get(b)!,
  );
  checkConnected(inputs, outputs, nodes);
  checkNames(operations);
  return { nodes, operations, depths };
}

/** Depth first, without recursion: models may be deeper than the stack. */
function walkBack(
  inputs: readonly KerasTensor[],
  outputs: readonly KerasTensor[],
): { nodes: Node[]; traversal: Map<Operation, number> } {
  const given = new Set(inputs);
  const finished = new Set<Node>();
  const nodes: Node[] = [];
  const traversal = new Map<Operation, number>();
  for (const output of outputs) {
    const stack: { tensor: KerasTensor; entered: boolean }[] = [{ tensor: output, entered: false }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const { node } = top.tensor;
      if (top.entered) {
        stack.pop();
        if (!finished.has(node)) nodes.push(node);
        finished.add(node);
        continue;
      }
      if (finished.has(node) || (given.has(top.tensor) && !node.isInput)) {
        stack.pop();
        continue;
      }
      top.entered = true;
      if (!traversal.has(node.operation)) traversal.set(node.operation, traversal.size);
      for (const tensor of [...node.inputTensors].reverse()) stack.push({ tensor, entered: false });
    }
  }
  return { nodes, traversal };
}

function checkConnected(
  inputs: readonly KerasTensor[],
  outputs: readonly KerasTensor[],
  nodes: readonly Node[],
): void {
  const known = new Set(inputs);
  for (const node of nodes) {
    if (node.isInput && !node.outputs.every((t) => known.has(t)))
      throw new GradloomError(
        'graph',
        `The graph is disconnected: the outputs depend on the input "${node.operation.name}", which is not among the model's inputs (${inputs.map((t) => `"${t.node.operation.name}"`).join(', ')}).`,
        { input: node.operation.name },
      );
    for (const t of node.outputs) known.add(t);
  }
  outputs.forEach((t, i) => {
    if (!known.has(t))
      throw new GradloomError(
        'graph',
        `Output ${i}, ${t}, is not connected to the model's inputs.`,
        { output: i },
      );
  });
}

function checkNames(operations: readonly Operation[]): void {
  const seen = new Map<string, Operation>();
  for (const o of operations) {
    const other = seen.get(o.name);
    if (other)
      throw new GradloomError(
        'graph',
        `All layers of a model need names of their own; "${o.name}" is the name of two: ${other.className} and ${o.className}.`,
        { name: o.name },
      );
    seen.set(o.name, o);
  }
}
