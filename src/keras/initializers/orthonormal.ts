/**
 * The Q of a QR factorisation by Householder reflections, its columns signed so that R's diagonal is
 * positive. `a` and the result are row-major; inside, columns lie together, for each is worked on whole.
 */
export function orthonormal(a: ArrayLike<number>, rows: number, cols: number): Float64Array {
  const r = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) r[j * rows + i] = a[i * cols + j];
  const reflectors: { v: Float64Array; k: number }[] = [];
  for (let k = 0; k < cols; k++) {
    const column = r.subarray(k * rows, (k + 1) * rows);
    let norm = 0;
    for (let i = k; i < rows; i++) norm += column[i] ** 2;
    norm = Math.sqrt(norm);
    const v = new Float64Array(rows);
    for (let i = k; i < rows; i++) v[i] = column[i];
    v[k] += v[k] >= 0 ? norm : -norm;
    let length = 0;
    for (let i = k; i < rows; i++) length += v[i] ** 2;
    if (length === 0) continue;
    length = Math.sqrt(length);
    for (let i = k; i < rows; i++) v[i] /= length;
    for (let j = k; j < cols; j++) reflect(r, v, k, rows, j);
    reflectors.push({ v, k });
  }
  const q = new Float64Array(rows * cols);
  for (let j = 0; j < cols; j++) q[j * rows + j] = 1;
  // Columns before k are still those of the identity there, where v is 0.
  for (const { v, k } of reflectors.reverse())
    for (let j = k; j < cols; j++) reflect(q, v, k, rows, j);
  const out = new Float64Array(rows * cols);
  for (let j = 0; j < cols; j++) {
    const sign = r[j * rows + j] >= 0 ? 1 : -1;
    for (let i = 0; i < rows; i++) out[i * cols + j] = sign * q[j * rows + i];
  }
  return out;
}

/** Column j of m becomes (I - 2vv^T) of it. */
function reflect(m: Float64Array, v: Float64Array, k: number, rows: number, j: number): void {
  const start = j * rows;
  // Four sums, so that none waits for the one before.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = k;
  for (; i + 3 < rows; i += 4) {
    a += v[i] * m[start + i];
    b += v[i + 1] * m[start + i + 1];
    c += v[i + 2] * m[start + i + 2];
    d += v[i + 3] * m[start + i + 3];
  }
  for (; i < rows; i++) a += v[i] * m[start + i];
  const dot = 2 * (a + b + c + d);
  for (let r = k; r < rows; r++) m[start + r] -= dot * v[r];
}
