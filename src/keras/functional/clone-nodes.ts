/** Models that begin in the middle of others. */
import { InputLayer } from '../layers/input-layer.ts';
import { flatten, mapTree, type TreeOf } from '../tree.ts';
import { mapGraph } from './graph.ts';
import { KerasTensor } from './keras-tensor.ts';

/**
 * The calls between tensors written down once more, with an input of its own in the place of each
 * tensor that is none. The layers are the same: their weights are shared.
 */
export function cloneBetween(
  inputs: TreeOf<KerasTensor>,
  outputs: TreeOf<KerasTensor>,
): [inputs: TreeOf<KerasTensor>, outputs: TreeOf<KerasTensor>] {
  const copies = new Map<KerasTensor, KerasTensor>();
  for (const t of flatten(inputs)) {
    if (copies.has(t)) continue;
    const name = `${t.name}CLONE`;
    const begin = { batchShape: t.shape, dtype: t.dtype, name };
    copies.set(t, t.node.isInput ? t : new InputLayer(begin).output);
  }
  for (const node of mapGraph(flatten(inputs), flatten(outputs)).nodes) {
    if (node.isInput) continue;
    const filled = node.fill((t) => copies.get(t) ?? t);
    const made = mapTree<KerasTensor, KerasTensor>(node.outputTree, (t) => {
      const copy = new KerasTensor(t.shape, t.dtype, `${t.name}_clone`);
      copies.set(t, copy);
      return copy;
    });
    node.operation.adopt(filled.inputs, filled.options, made);
  }
  const copied = (t: KerasTensor): KerasTensor => copies.get(t) ?? t;
  return [mapTree(inputs, copied), mapTree(outputs, copied)];
}
