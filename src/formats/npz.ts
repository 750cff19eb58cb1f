/** NPZ, NumPy's archive of several arrays: a ZIP of .npy files. */
import { GradloomError } from '../errors.ts';
import { decodeNpy, encodeNpy, type NpyArray } from './npy.ts';
import { type UnzipOptions, unzip, zip } from './zip.ts';

/** The arrays by name. Throws as `unzip` and `decodeNpy` do; members that are no .npy are refused. */
export async function decodeNpz(
  bytes: Uint8Array,
  o: UnzipOptions = {},
): Promise<Map<string, NpyArray>> {
  const name = o.name ?? 'NPZ data';
  const out = new Map<string, NpyArray>();
  for (const [member, content] of await unzip(bytes, { ...o, name })) {
    if (!member.endsWith('.npy'))
      throw new GradloomError(
        'npy',
        `${name} holds ${JSON.stringify(member)}, which is no array.`,
        { name, member },
      );
    out.set(
      member.slice(0, -4),
      decodeNpy(content, { name: `${name}: ${member}`, maxBytes: o.maxBytes }),
    );
  }
  return out;
}

/** The bytes of an .npz file, as numpy.savez writes it (`compress`: savez_compressed). */
export function encodeNpz(
  arrays: Iterable<readonly [name: string, array: NpyArray]>,
  o: { readonly compress?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const members = Array.from(arrays, ([name, a]) => [`${name}.npy`, encodeNpy(a)] as const);
  return zip(members, { store: !o.compress });
}
