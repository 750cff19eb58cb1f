/** Fashion-MNIST: 60,000 + 10,000 pictures of clothes, 28 x 28 grey levels, in ten classes. */
import type { FashionMnistOptions } from '../../datasets/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { asTensors } from './arrays.ts';

/** The names of the labels 0 to 9. */
export const classNames: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/**
 * [[xTrain, yTrain], [xTest, yTest]] as uint8 tensors: pictures (n, 28, 28) from 0 to 255, labels (n,)
 * from 0 to 9. From the local cache, a folder (`path`), or a checked download of 30 MB.
 */
export async function loadData(
  options: FashionMnistOptions = {},
): Promise<[[Tensor, Tensor], [Tensor, Tensor]]> {
  const { loadFashionMnistArrays } = await import('../../datasets/index.ts');
  return asTensors(await loadFashionMnistArrays(options));
}
