/** HDF5 files. */
export type { H5Array } from './elements.ts';
export {
  type H5Attribute,
  type H5Dataset,
  type H5Group,
  type ReadHdf5Options,
  readHdf5,
} from './read.ts';
export { type H5Type, isHdf5 } from './types.ts';
export { type H5Tree, type H5Value, writeHdf5 } from './write.ts';
