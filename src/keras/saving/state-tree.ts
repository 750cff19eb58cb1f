/**
 * Trees of numbers, strings, arrays and tensors as JSON and a list of arrays beside it. All numbers come
 * back as they were: NaN, infinities and -0 too.
 */
import { dtypeOfArray, type TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { SafetensorsArray } from '../../formats/safetensors.ts';
import { fromData, Tensor } from '../../tensor/index.ts';
import { isPlainObject } from '../tree.ts';
import type { NamedArray } from './values.ts';

export interface PackedState {
  readonly json: string;
  readonly arrays: Map<string, SafetensorsArray>;
}

/** How an array comes back: as a tensor, a typed array, or { data, shape, dtype, ... }. */
type Kind = 'tensor' | 'typed' | 'named';

const isNamed = (x: unknown): x is NamedArray =>
  isPlainObject(x) && ArrayBuffer.isView(x.data) && Array.isArray(x.shape) && 'dtype' in x;

/** Throws `state` for what cannot be kept: functions, and objects of classes. */
export async function packState(tree: unknown): Promise<PackedState> {
  const arrays = new Map<string, SafetensorsArray>();
  const keep = (kind: Kind, a: SafetensorsArray): unknown => {
    const name = `array/${arrays.size}`;
    arrays.set(name, a);
    return { $: kind, name };
  };
  const pack = async (x: unknown, path: string): Promise<unknown> => {
    if (x === null || typeof x === 'string' || typeof x === 'boolean') return x;
    if (typeof x === 'number')
      return Number.isFinite(x) && !Object.is(x, -0)
        ? x
        : { $: 'number', text: Object.is(x, -0) ? '-0' : String(x) };
    if (x === undefined) return { $: 'undefined' };
    if (x instanceof Tensor)
      return keep('tensor', {
        data: (await x.data()).slice() as TypedArray,
        shape: [...x.shape],
        dtype: x.dtype,
      });
    if (ArrayBuffer.isView(x)) {
      const dtype = dtypeOfArray(x);
      const data = x as TypedArray;
      if (dtype) return keep('typed', { data, shape: [data.length], dtype });
    }
    if (Array.isArray(x)) {
      const out: unknown[] = [];
      for (const [i, e] of x.entries()) out.push(await pack(e, `${path}[${i}]`));
      return out;
    }
    if (isNamed(x)) {
      const { data, shape, dtype, ...rest } = x;
      const more = await pack(rest, path);
      return { ...(keep('named', { data, shape, dtype }) as object), more };
    }
    if (isPlainObject(x)) {
      const fields: [string, unknown][] = [];
      for (const [k, v] of Object.entries(x)) fields.push([k, await pack(v, `${path}.${k}`)]);
      return { $: 'object', fields };
    }
    throw new GradloomError(
      'state',
      `${path} cannot be kept: a state holds numbers, strings, tensors, and lists and plain objects of these; received ${typeof x === 'function' ? 'a function' : (x as object).constructor?.name}.`,
      { path },
    );
  };
  return { json: JSON.stringify(await pack(tree, 'state')), arrays };
}

/** What `packState` was given. Throws `state` for JSON that it did not write. */
export function unpackState({ json, arrays }: PackedState): unknown {
  const wrong = (): GradloomError =>
    new GradloomError('state', 'This state was written by another program, or is damaged.');
  const unpack = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(unpack);
    if (typeof x !== 'object' || x === null) return x;
    const node = x as Record<string, unknown>;
    if (node.$ === 'undefined') return undefined;
    if (node.$ === 'number') return Number(node.text);
    if (node.$ === 'object' && Array.isArray(node.fields))
      return Object.fromEntries(node.fields.map(([k, v]) => [k, unpack(v)]));
    const a = arrays.get(String(node.name));
    if (!a) throw wrong();
    // In memory of its own: what is read may be a view of the whole file.
    if (node.$ === 'typed') return a.data.slice();
    if (node.$ === 'tensor') return fromData(a.data.slice(), a.shape, a.dtype);
    if (node.$ === 'named') return { ...a, ...(unpack(node.more) as object) };
    throw wrong();
  };
  try {
    return unpack(JSON.parse(json));
  } catch {
    throw wrong();
  }
}
