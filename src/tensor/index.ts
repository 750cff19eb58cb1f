export { formatArray, type PrintOptions, printOptions } from './print.ts';
export { realize } from './runtime.ts';
export { breathe, upload } from './storage.ts';
export {
  type Axis,
  asTensor,
  fromData,
  type IndexLike,
  isConcrete,
  type NestedArray,
  type ReduceOptions,
  Tensor,
  type TensorLike,
  tensor,
} from './tensor.ts';
export {
  bufferOf,
  type CompileOptions,
  compile,
  fromBuffer,
  grad,
  graph,
  stopGradient,
  TracedExecutable,
  type Tree,
  takeBuffer,
  traceToExecutable,
  valueAndGrad,
  vjp,
} from './transform.ts';
