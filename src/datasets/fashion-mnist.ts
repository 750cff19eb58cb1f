import { type IdxDatasetOptions, type IdxDatasetSpec, loadIdxFiles } from './idx-files.ts';
import type { MnistArrays } from './mnist.ts';

/** Where `loadFashionMnistArrays` looks, and what it reports. */
export type FashionMnistOptions = IdxDatasetOptions;

/** Addresses and MD5 sums as published by Zalando Research (zalandoresearch/fashion-mnist, MIT licence). */
const fashionMnist: IdxDatasetSpec<'xTrain' | 'yTrain' | 'xTest' | 'yTest'> = {
  name: 'fashion-mnist',
  files: {
    xTrain: {
      name: 'train-images-idx3-ubyte',
      shape: [60000, 28, 28],
      gzipMd5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    },
    yTrain: {
      name: 'train-labels-idx1-ubyte',
      shape: [60000],
      maxValue: 9,
      gzipMd5: '25c81989df183df01b3e8a0aad5dffbe',
    },
    xTest: {
      name: 't10k-images-idx3-ubyte',
      shape: [10000, 28, 28],
      gzipMd5: 'bef4ecab320f06d8554ea6380940ec79',
    },
    yTest: {
      name: 't10k-labels-idx1-ubyte',
      shape: [10000],
      maxValue: 9,
      gzipMd5: 'bb300cfdad3c16e7a12a480ee83cd310',
    },
  },
  baseUrls: [
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
  ],
};

/**
 * Loads Fashion-MNIST, 60,000 + 10,000 pictures of clothes in the form of MNIST, as plain typed arrays:
 * from the cache, a folder (`path`), or a download. Shapes, labels and the published MD5 of downloads
 * are checked.
 *
 * @throws GradloomError as `loadMnistArrays`
 */
export async function loadFashionMnistArrays(
  options: FashionMnistOptions = {},
): Promise<MnistArrays> {
  const { xTrain, yTrain, xTest, yTest } = await loadIdxFiles(fashionMnist, options);
  return {
    xTrain: { data: xTrain, shape: [60000, 28, 28], dtype: 'uint8' },
    yTrain: { data: yTrain, shape: [60000], dtype: 'uint8' },
    xTest: { data: xTest, shape: [10000, 28, 28], dtype: 'uint8' },
    yTest: { data: yTest, shape: [10000], dtype: 'uint8' },
  };
}
