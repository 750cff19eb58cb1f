/** Networks that answer for one drawing at a time. */
import { type Tensor, tensor } from 'gradloom';
import type { Sequential } from 'gradloom/keras';
import { buildNetwork } from '../model/build.ts';
import { decodeNetwork, type PlainWeights } from '../model/weights-file.ts';
import { useOneThread } from './backends.ts';
import type { Answer, NetworkName } from './protocol.ts';

const networks = new Map<NetworkName, { model: Sequential; key: string }>();

/** Puts a network in place, as weights or as the bytes of a file. */
export async function setNetwork(p: {
  readonly name: NetworkName;
  readonly network: PlainWeights | Uint8Array;
}): Promise<Record<string, never>> {
  await useOneThread();
  const given = p.network instanceof Uint8Array ? decodeNetwork(p.network) : p.network;
  const key = JSON.stringify(given.spec);
  let held = networks.get(p.name);
  if (held?.key !== key) {
    held = { model: buildNetwork(given.spec), key };
    networks.set(p.name, held);
  }
  held.model.setWeights(given.arrays.map((a) => tensor(a.data, { shape: [...a.shape] })));
  // The first call compiles: not while someone waits for an answer.
  await probabilities(held.model, new Uint8Array(784));
  return {};
}

async function probabilities(model: Sequential, pixels: Uint8Array): Promise<number[]> {
  const x = tensor(pixels, { shape: [1, 28, 28] });
  const y = (await model.predict(x, { verbose: 0 })) as Tensor;
  const out = Array.from((await y.data()) as Float32Array);
  x.dispose();
  y.dispose();
  return out;
}

/** Ten probabilities for a drawing of 28 x 28 grey levels. Throws where the network is missing. */
export async function answer(p: {
  readonly name: NetworkName;
  readonly pixels: Uint8Array;
}): Promise<Answer> {
  const held = networks.get(p.name);
  if (!held) throw new Error(`There is no network "${p.name}" yet.`);
  const start = performance.now();
  const found = await probabilities(held.model, p.pixels);
  return { probabilities: found, milliseconds: performance.now() - start };
}
