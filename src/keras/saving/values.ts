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

/**
 * Overwrites a variable with an array of its shape, converted to its dtype. Out of a file that was read
 * for this (`own`) an array with memory of its own is not copied again; a view into the file is, so that
 * the file can be forgotten.
 */
export function writeVariable(
  v: Variable,
  { data, dtype }: NamedArray,
  { own = false }: { readonly own?: boolean } = {},
): void {
  if (dtype === v.dtype) {
    v.write(data, { own: own && data.byteLength === data.buffer.byteLength });
    return;
  }
  const converted = makeArray(v.dtype, v.size);
  converted.set(data);
  v.write(converted, { own: true });
}
