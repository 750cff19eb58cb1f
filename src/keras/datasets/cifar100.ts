/** CIFAR-100: 50,000 + 10,000 colour pictures of 32 x 32 in a hundred classes, or in twenty groups of them. */
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import type { FileOptions } from './file.ts';
import { fileOptions } from './options.ts';

export interface Cifar100Options extends FileOptions {
  /** `fine` (default): 100 classes; `coarse`: 20. */
  readonly labelMode?: 'fine' | 'coarse' | (string & {});
}

/**
 * [[xTrain, yTrain], [xTest, yTest]] as uint8 tensors: pictures (n, 32, 32, 3) from 0 to 255, labels
 * (n, 1). From the cache or a checked download of 169 MB; `path` is the archive, when it is at hand.
 */
export async function loadData(
  o: Cifar100Options = {},
): Promise<[[Tensor, Tensor], [Tensor, Tensor]]> {
  checkOptions('cifar100.loadData', o, ['labelMode', ...fileOptions]);
  const { labelMode = 'fine', ...rest } = o;
  const mode = lookup('label mode', labelMode, { fine: 'fine', coarse: 'coarse' });
  const { loadArchive } = await import('./cifar.ts');
  return loadArchive(
    {
      dataset: 'cifar100',
      name: 'cifar-100-python.tar.gz',
      url: 'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz',
      hash: '85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7',
      maxBytes: 2 ** 28,
    },
    `${mode}_labels`,
    { train: ['cifar-100-python/train'], test: ['cifar-100-python/test'] },
    rest,
  );
}
