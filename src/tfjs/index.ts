/**
 * `gradloom/tfjs`: graph models of TensorFlow.js. Its layers models are loaded by `keras.saving.loadModel`.
 */
export {
  GraphModel,
  type GraphValue,
  type LoadGraphModelOptions,
  loadGraphModel,
} from './model.ts';
