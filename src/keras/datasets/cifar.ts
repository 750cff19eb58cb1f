/** CIFAR: 60,000 colour pictures of 32 x 32 in 10 or 100 classes, out of the archives of A. Krizhevsky. */
import { GradloomError } from '../../errors.ts';
import { gunzip, isGzip } from '../../formats/gzip.ts';
import { type Pickled, type PickledArray, unpickle } from '../../formats/pickle.ts';
import { untar } from '../../formats/tar.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { imageDataFormat } from '../config.ts';
import { type DatasetFile, type FileOptions, fileOf } from './file.ts';

type Pair = [images: Tensor, labels: Tensor];

const pixels = 32 * 32;
const bytesOfImage = 3 * pixels;

/**
 * The named members of the archive as one array of pictures, 0 to 255, and one of labels, (n, 1): both
 * uint8. Pictures lie as `keras.config.imageDataFormat()` says. Throws `dataset-shape`, `pickle`, `tar`.
 */
export async function loadArchive(
  file: DatasetFile,
  labelKey: string,
  parts: { readonly train: readonly string[]; readonly test: readonly string[] },
  o: FileOptions,
): Promise<[train: Pair, test: Pair]> {
  const packed = await fileOf(file, o);
  const name = file.name;
  const tar = isGzip(packed) ? await gunzip(packed, { name, maxBytes: file.maxBytes * 2 }) : packed;
  const members = untar(tar, { name });
  const pair = (names: readonly string[]): Pair => {
    const batches = names.map((n) => batchOf(members.get(n), `${name}: ${n}`, labelKey));
    const count = batches.reduce((sum, b) => sum + b.labels.length, 0);
    const images = new Uint8Array(count * bytesOfImage);
    const labels = new Uint8Array(count);
    let at = 0;
    for (const b of batches) {
      images.set(b.data, at * bytesOfImage);
      labels.set(b.labels, at);
      at += b.labels.length;
    }
    const first = imageDataFormat() === 'channelsFirst';
    return [
      fromData(
        first ? images : channelsLast(images),
        first ? [count, 3, 32, 32] : [count, 32, 32, 3],
        'uint8',
      ),
      fromData(labels, [count, 1], 'uint8'),
    ];
  };
  return [pair(parts.train), pair(parts.test)];
}

function batchOf(
  bytes: Uint8Array | undefined,
  name: string,
  labelKey: string,
): { data: Uint8Array; labels: readonly number[] } {
  const wrong = (what: string): GradloomError =>
    new GradloomError('dataset-shape', `${name} ${what}. The archive is damaged or another one.`, {
      file: name,
    });
  if (!bytes) throw wrong('is not in the archive');
  const batch = unpickle(bytes, { name });
  if (!(batch instanceof Map)) throw wrong('holds no dictionary');
  const data = batch.get('data');
  const labels = batch.get(labelKey);
  if (!isArray(data) || data.descr !== '|u1' || !(data.data instanceof Uint8Array))
    throw wrong('has no array of bytes under "data"');
  const numbers = Array.isArray(labels) ? (labels as unknown[]) : [];
  const label = (v: unknown): v is number =>
    Number.isInteger(v) && Number(v) >= 0 && Number(v) < 100;
  if (!numbers.every(label) || data.data.length !== numbers.length * bytesOfImage)
    throw wrong(`has ${data.data.length} bytes of pictures and ${numbers.length} labels`);
  return { data: data.data, labels: numbers };
}

const isArray = (x: Pickled | undefined): x is PickledArray =>
  typeof x === 'object' && x !== null && (x as PickledArray).kind === 'array';

/** Three planes of a picture as three samples a pixel. */
function channelsLast(planes: Uint8Array): Uint8Array {
  const out = new Uint8Array(planes.length);
  for (let at = 0; at < planes.length; at += bytesOfImage)
    for (let i = 0, to = at; i < pixels; i++, to += 3) {
      out[to] = planes[at + i];
      out[to + 1] = planes[at + pixels + i];
      out[to + 2] = planes[at + 2 * pixels + i];
    }
  return out;
}
