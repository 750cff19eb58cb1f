/** sort(keys, ...companions): stable, along one axis; NaN after every number. */
import { lines } from './reduce.ts';
import type { Table } from './values.ts';

/** Negative when a comes first. Descending is the mirror image: NaN comes first there. */
function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

export const sort: Table = {
  sort(inputs, attrs) {
    const [keys] = inputs;
    const axis = attrs.axis as number;
    const n = keys.shape[axis];
    const outputs = inputs.map((x) => new Float64Array(x.data.length));
    lines(keys.shape, axis, (base, step) => {
      const order = Array.from({ length: n }, (_, i) => i);
      order.sort((i, j) => {
        const c = ascending(keys.data[base + i * step], keys.data[base + j * step]);
        return attrs.descending ? -c : c;
      });
      inputs.forEach((x, k) => {
        order.forEach((from, to) => {
          outputs[k][base + to * step] = x.data[base + from * step];
        });
      });
    });
    return outputs;
  },
};
