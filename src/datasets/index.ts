export { type GunzipOptions, gunzip, isGzip } from '../formats/gzip.ts';
export {
  type DecodeIdxOptions,
  decodeIdx,
  encodeIdx,
  type IdxArray,
  type IdxData,
  type IdxDtype,
} from '../formats/idx.ts';
export { type DownloadProgress, type DownloadRequest, download } from './download.ts';
export { type FashionMnistOptions, loadFashionMnistArrays } from './fashion-mnist.ts';
export type { DatasetSource } from './idx-files.ts';
export {
  type ImageArray,
  type LabelArray,
  loadMnistArrays,
  type MnistArrays,
  type MnistOptions,
} from './mnist.ts';
