/**
 * The Q of a QR factorisation, signed so that R's diagonal is positive: Gram and Schmidt's process, each
 * column made orthogonal to those before it, twice where the first time leaves little of it (W. Kahan's
 * rule; the columns here are random, so it hardly ever does). `a` and the result are row-major; inside,
 * columns lie together, for each is worked on whole.
 */
export function orthonormal(a: ArrayLike<number>, rows: number, cols: number): Float64Array {
  const q = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) q[j * rows + i] = a[i * cols + j];
  for (let j = 0; j < cols; j++) {
    const column = q.subarray(j * rows, (j + 1) * rows);
    let before = Math.sqrt(dot(column, column));
    for (let pass = 0; pass < 3; pass++) {
      for (let k = 0; k < j; k++) take(column, q.subarray(k * rows, (k + 1) * rows));
      const after = Math.sqrt(dot(column, column));
      if (after > before / 8) break;
      before = after;
    }
    const length = Math.sqrt(dot(column, column));
    if (length > 0) for (let i = 0; i < rows; i++) column[i] /= length;
  }
  const out = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[i * cols + j] = q[j * rows + i];
  return out;
}

function dot(x: Float64Array, y: Float64Array): number {
  // Four sums, so that none waits for the one before.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < x.length; i += 4) {
    a += x[i] * y[i];
    b += x[i + 1] * y[i + 1];
    c += x[i + 2] * y[i + 2];
    d += x[i + 3] * y[i + 3];
  }
  for (; i < x.length; i++) a += x[i] * y[i];
  return a + b + (c + d);
}

/** Takes from x its part along the unit vector u. */
function take(x: Float64Array, u: Float64Array): void {
  const along = dot(x, u);
  for (let i = 0; i < x.length; i++) x[i] -= along * u[i];
}
