/**
 * What is read of and written to HDF5 files here. Source of the layout: the HDF5 File Format
 * Specification, versions 1 and 3 (The HDF Group).
 *
 * Own code and not the C library (h5wasm), which was tried first: it copies the file into its memory,
 * a dataset out of the file and that into an array, four times the file in all; it knows no half
 * precision, prints its diagnostics to the console, and an attack on its C code is an attack on us.
 */
import { GradloomError } from '../../errors.ts';

/** An element's kind and size, as NumPy writes them: `<f4`, `|u1`, `|b1`; `|Sn` text, `|Vn` opaque, `|T` text of any length. */
export type H5Type = string;

export const signature: readonly number[] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** The address that means none. */
export const nowhere = 0xffff_ffff_ffff_ffffn;

export function isHdf5(bytes: Uint8Array): boolean {
  return bytes.length > 8 && signature.every((b, i) => bytes[i] === b);
}

export function wrong(
  name: string,
  message: string,
  facts: Record<string, unknown> = {},
): GradloomError {
  return new GradloomError('hdf5', `${name} ${message}`, { name, ...facts });
}
