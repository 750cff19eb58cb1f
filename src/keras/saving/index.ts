/** `keras.saving`: models and weights in files, and parts of models as plain objects. */
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
export type { FileSource } from './sources.ts';
export type { FileTarget } from './targets.ts';
