/**
 * All that runs a compiled model, loaded when one is first run: a page that begins with showing itself
 * does not wait for it.
 */
export { evaluate, evaluateOptions } from './evaluate.ts';
export { fit, fitOptions } from './fit.ts';
export { onBatch } from './on-batch.ts';
export { Predictor } from './predict.ts';
