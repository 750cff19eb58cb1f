/** Small helpers: seeds, one-hot labels, the progress bar. */
import { GradloomError } from '../../errors.ts';
import { given } from '../../numpy/support.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { later } from '../later.ts';
import type * as files from './get-file.ts';
import type * as images from './image-directory.ts';
import type * as plots from './plot-model.ts';
import type * as texts from './text-directory.ts';

export { clearSession } from '../config.ts';
export { setRandomSeed } from '../random/index.ts';
export {
  customObjectScope,
  deserializeKerasObject,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  serializeKerasObject,
} from '../saving/index.ts';
export type { DirectoryOptions, FileDataset, LabelMode, Subset } from './directory.ts';
export type { GetFileOptions } from './get-file.ts';
export type { ImageBatch, ImageDirectoryOptions } from './image-directory.ts';
export { type NormalizeOptions, normalize } from './normalize.ts';
export {
  type ArrayToImgOptions,
  arrayToImg,
  type ImgToArrayOptions,
  imgToArray,
  type LoadImgOptions,
  loadImg,
  Picture,
  type SaveImgOptions,
  saveImg,
} from './pictures.ts';
export type { PlotModelOptions } from './plot-model.ts';
export { Progbar, type ProgbarOptions } from './progbar.ts';
export { PyDataset, type PyDatasetOptions } from './py-dataset.ts';
export { type PadSequencesOptions, padSequences } from './sequences.ts';
export { type SplitOptions, splitDataset } from './split-dataset.ts';
export type { TextBatch, TextDirectoryOptions } from './text-directory.ts';
export { type TimeseriesOptions, timeseriesDatasetFromArray } from './timeseries.ts';

// Documented where they stand.
export const getFile: typeof files.getFile = /* @__PURE__ */ later(
  async () => (await import('./get-file.ts')).getFile,
);
export const imageDatasetFromDirectory: typeof images.imageDatasetFromDirectory =
  /* @__PURE__ */ later(
    async () => (await import('./image-directory.ts')).imageDatasetFromDirectory,
  );
export const plotModel: typeof plots.plotModel = /* @__PURE__ */ later(
  async () => (await import('./plot-model.ts')).plotModel,
);
export const textDatasetFromDirectory: typeof texts.textDatasetFromDirectory =
  /* @__PURE__ */ later(async () => (await import('./text-directory.ts')).textDatasetFromDirectory);

/**
 * Whole-number labels as one-hot rows: shape (…) to (…, numClasses), float32. A trailing dimension
 * of 1 is dropped. Throws `label` for what is no label.
 */
export function toCategorical(
  labels: TensorLike,
  classes?: number | null | { readonly numClasses?: number | null },
): Tensor {
  const o = given<{ numClasses: number | null }>('toCategorical', ['numClasses'], [classes]);
  const t = asTensor(labels);
  const data = t.dataSync();
  let most = -1;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isInteger(data[i]) || data[i] < 0)
      throw new GradloomError(
        'label',
        `toCategorical: label ${data[i]} at position ${i} is not a whole number of 0 or more.`,
        { position: i, label: data[i] },
      );
    most = Math.max(most, data[i]);
  }
  const n = o.numClasses ?? most + 1;
  if (most >= n)
    throw new GradloomError(
      'label',
      `toCategorical: label ${most} does not fit in ${n} classes (0 to ${n - 1}).`,
      { label: most, numClasses: n },
    );
  const out = new Float32Array(data.length * n);
  for (let i = 0; i < data.length; i++) out[i * n + data[i]] = 1;
  const shape = t.ndim > 1 && t.shape[t.ndim - 1] === 1 ? t.shape.slice(0, -1) : t.shape;
  return fromData(out, [...shape, n], 'float32');
}
