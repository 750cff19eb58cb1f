/** CIFAR-10: 50,000 + 10,000 colour pictures of 32 x 32 in ten classes, from aeroplanes to lorries. */
import type { Tensor } from '../../tensor/index.ts';
import type { FileOptions } from './file.ts';

/** The names of the labels 0 to 9. */
export const classNames: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/**
 * [[xTrain, yTrain], [xTest, yTest]] as uint8 tensors: pictures (n, 32, 32, 3) from 0 to 255, labels
 * (n, 1). From the cache or a checked download of 170 MB; `path` is the archive, when it is at hand.
 */
export async function loadData(o: FileOptions = {}): Promise<[[Tensor, Tensor], [Tensor, Tensor]]> {
  const { loadArchive } = await import('./cifar.ts');
  const folder = 'cifar-10-batches-py';
  return loadArchive(
    {
      dataset: 'cifar10',
      name: 'cifar-10-python.tar.gz',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz',
      hash: '6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce',
      maxBytes: 2 ** 28,
    },
    'labels',
    {
      train: [1, 2, 3, 4, 5].map((i) => `${folder}/data_batch_${i}`),
      test: [`${folder}/test_batch`],
    },
    o,
  );
}
