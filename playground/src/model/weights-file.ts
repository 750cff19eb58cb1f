/** A trained network in one file: safetensors, with its layers in the metadata. */
import type { Sequential } from 'gradloom/keras';
import { decodeSafetensors, encodeSafetensors } from '../../../src/formats/safetensors.ts';
import { type NetworkSpec, parseSpec } from './spec.ts';

/** Weights as they travel between threads. */
export interface PlainWeights {
  readonly spec: NetworkSpec;
  readonly arrays: readonly { readonly data: Float32Array; readonly shape: readonly number[] }[];
}

export async function takeWeights(model: Sequential, spec: NetworkSpec): Promise<PlainWeights> {
  const arrays = await Promise.all(
    model.getWeights().map(async (t) => ({
      data: Float32Array.from((await t.data()) as Float32Array),
      shape: [...t.shape],
    })),
  );
  return { spec, arrays };
}

export function encodeNetwork({ spec, arrays }: PlainWeights): Uint8Array<ArrayBuffer> {
  return encodeSafetensors(
    arrays.map((a, i) => [`weight_${String(i).padStart(2, '0')}`, { ...a, dtype: 'float32' }]),
    { metadata: [['network', JSON.stringify(spec)]] },
  );
}

/** Throws GradloomError for bytes that are no such file. */
export function decodeNetwork(bytes: Uint8Array): PlainWeights {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const names = [...tensors.keys()].sort();
  return {
    spec: parseSpec(metadata.get('network') ?? null),
    arrays: names.map((n) => {
      const { data, shape } = tensors.get(n)!;
      return { data: Float32Array.from(data as Float32Array), shape };
    }),
  };
}
