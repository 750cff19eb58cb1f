/** `keras.saving`: models and weights in files, and parts of models as plain objects. */

export type { FileSource } from '../../files/sources.ts';
export type { FileTarget } from '../../files/targets.ts';
export * from './files.ts';
export { deserializeKerasObject, serializeKerasObject } from './keras-object.ts';
export type { ModelSource, SaveModelOptions } from './models-files.ts';
export {
  customObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
} from './registration.ts';
