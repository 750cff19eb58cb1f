/** Input pipelines with the names of tf.data: `gradloom/data`. */
export type { CsvFeatures, CsvOptions, CsvRow, CsvSource } from './csv.ts';
export { Dataset, type PaddedBatchOptions, type Slices } from './dataset.ts';
export type { Batched } from './elements.ts';
export type { ImageFolderOptions, LabelledImage } from './images.ts';
