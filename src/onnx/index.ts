/**
 * `gradloom/onnx`: models from and to ONNX, the format in which frameworks and runtimes exchange them
 * (https://onnx.ai).
 */
export { type FromOnnxOptions, fromOnnx, OnnxModel, type OnnxValue } from './read/model.ts';
export { type ToOnnxOptions, toOnnx } from './write/keras.ts';
export { functionToOnnx, type OnnxInput, opset, type WriteGraphOptions } from './write/model.ts';
