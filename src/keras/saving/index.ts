/** `keras.saving`: models and weights in files. */
export {
  encodeWeights,
  type LoadWeightsOptions,
  loadWeights,
  type SaveWeightsOptions,
  saveWeights,
} from './weights-files.ts';
