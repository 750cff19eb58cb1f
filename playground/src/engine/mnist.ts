/** MNIST's files, fetched when they are first needed and unpacked here. */
import { gunzip, isGzip } from '../../../src/formats/gzip.ts';
import { decodeIdx } from '../../../src/formats/idx.ts';

export interface Mnist {
  readonly trainImages: Uint8Array;
  readonly trainLabels: Uint8Array;
  readonly testImages: Uint8Array;
  readonly testLabels: Uint8Array;
}

/** Bytes of the packed files, for the progress bar only. */
const expected = 11.6e6;

let loading: Promise<Mnist> | undefined;

/** The four arrays, out of the folder at that address. `onShare` hears 0..1. A failed try is not remembered. */
export function loadMnist(folder: string, onShare: (share: number) => void): Promise<Mnist> {
  loading ??= load(folder, onShare).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(folder: string, onShare: (share: number) => void): Promise<Mnist> {
  let received = 0;
  const file = async (name: string): Promise<Uint8Array> => {
    const url = `${folder}${name}.gz`;
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: the server answered ${response.status}.`);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const reader = response.body!.getReader();
    // A server may unpack on the way; then more bytes come than were expected.
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value as Uint8Array<ArrayBuffer>);
      received += part.value.length;
      onShare(Math.min(0.99, received / expected));
    }
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    const { data } = decodeIdx(isGzip(bytes) ? await gunzip(bytes, { name }) : bytes, { name });
    return data as Uint8Array;
  };
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    file('train-images-idx3-ubyte'),
    file('train-labels-idx1-ubyte'),
    file('t10k-images-idx3-ubyte'),
    file('t10k-labels-idx1-ubyte'),
  ]);
  onShare(1);
  return { trainImages, trainLabels, testImages, testLabels };
}
