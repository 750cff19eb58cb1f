/** dot_general: output dimensions are batch, then the left's free ones, then the right's. */
import { isFloat } from '../../dtype.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import { forEachIndex, type NDArray, offset, type Table } from './values.ts';

type Ints = readonly number[];

/** Offsets into `x` of every index over `dims`, row-major in the order of `dims`. */
function offsets(x: NDArray, dims: Ints): number[] {
  const strides = stridesOf(x.shape);
  const out: number[] = [];
  forEachIndex(
    dims.map((d) => x.shape[d]),
    (index) => {
      out.push(
        offset(
          index,
          dims.map((d) => strides[d]),
        ),
      );
    },
  );
  return out;
}

const free = (x: NDArray, a: Ints, b: Ints): number[] =>
  x.shape.map((_, d) => d).filter((d) => !a.includes(d) && !b.includes(d));

export const dot: Table = {
  dot_general([x, y], attrs, [out]) {
    const { lhsContract, rhsContract, lhsBatch, rhsBatch } = attrs as Record<string, Ints>;
    const batchX = offsets(x, lhsBatch);
    const batchY = offsets(y, rhsBatch);
    const rows = offsets(x, free(x, lhsBatch, lhsContract));
    const columns = offsets(y, free(y, rhsBatch, rhsContract));
    const alongX = offsets(x, lhsContract);
    const alongY = offsets(y, rhsContract);
    const float = isFloat(x.dtype);
    const data = new Float64Array(sizeOf(out.shape));
    let p = 0;
    batchX.forEach((bx, b) => {
      for (const r of rows) {
        for (const c of columns) {
          let sum = 0;
          for (let k = 0; k < alongX.length; k++) {
            const u = x.data[bx + r + alongX[k]];
            const v = y.data[batchY[b] + c + alongY[k]];
            sum = float ? sum + u * v : (sum + Math.imul(u, v)) | 0;
          }
          data[p++] = sum;
        }
      }
    });
    return [data];
  },
};
