/** The Q of a QR factorisation by Householder reflections, its columns signed so that R's diagonal is positive. */
export function orthonormal(a: ArrayLike<number>, rows: number, cols: number): Float64Array {
  const r = Float64Array.from(a);
  const reflectors: { v: Float64Array; k: number }[] = [];
  for (let k = 0; k < cols; k++) {
    let norm = 0;
    for (let i = k; i < rows; i++) norm += r[i * cols + k] ** 2;
    norm = Math.sqrt(norm);
    const v = new Float64Array(rows);
    for (let i = k; i < rows; i++) v[i] = r[i * cols + k];
    v[k] += v[k] >= 0 ? norm : -norm;
    let length = 0;
    for (let i = k; i < rows; i++) length += v[i] ** 2;
    if (length === 0) continue;
    for (let i = k; i < rows; i++) v[i] /= Math.sqrt(length);
    reflect(r, v, k, rows, cols, k);
    reflectors.push({ v, k });
  }
  const q = new Float64Array(rows * cols);
  for (let j = 0; j < cols; j++) q[j * cols + j] = 1;
  for (const { v, k } of reflectors.reverse()) reflect(q, v, k, rows, cols, 0);
  for (let j = 0; j < cols; j++) {
    if (r[j * cols + j] >= 0) continue;
    for (let i = 0; i < rows; i++) q[i * cols + j] = -q[i * cols + j];
  }
  return q;
}

/** m = (I - 2vv^T) m, for columns from `first`. */
function reflect(
  m: Float64Array,
  v: Float64Array,
  k: number,
  rows: number,
  cols: number,
  first: number,
): void {
  for (let j = first; j < cols; j++) {
    let dot = 0;
    for (let i = k; i < rows; i++) dot += v[i] * m[i * cols + j];
    for (let i = k; i < rows; i++) m[i * cols + j] -= 2 * dot * v[i];
  }
}
