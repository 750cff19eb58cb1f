/** What variables hold, read and written as a whole. */
import { getBackend } from '../../backends/registry.ts';
import { type DType, makeArray, type TypedArray, viewArray } from '../../dtype.ts';
import type { Variable } from '../variable.ts';

/** An array with its shape: what weight files hold. */
export interface NamedArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A copy of a variable's value. */
export async function readVariable(v: Variable): Promise<NamedArray> {
  const backend = getBackend();
  const buffer = v.peek(backend);
  const bytes = backend.sync ? buffer.readSync() : await buffer.read();
  return {
    data: viewArray(v.dtype, bytes.buffer, bytes.byteOffset, v.size),
    shape: v.shape,
    dtype: v.dtype,
  };
}

export async function readVariables(
  variables: Iterable<readonly [string, Variable]>,
): Promise<Map<string, NamedArray>> {
  const out = new Map<string, NamedArray>();
  for (const [name, v] of variables) out.set(name, await readVariable(v));
  return out;
}

/** Overwrites a variable with an array of its shape, converted to its dtype. */
export function writeVariable(v: Variable, a: NamedArray): void {
  let { data } = a;
  if (a.dtype !== v.dtype) {
    data = makeArray(v.dtype, v.size);
    data.set(a.data);
  }
  v.write(data);
}
