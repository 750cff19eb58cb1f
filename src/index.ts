/** Gradloom: tensors, automatic differentiation, and the compiled computation graph. */

export type { Backend, DeviceBuffer, Executable } from './backends/backend.ts';
export {
  availableBackends,
  type BackendName,
  type BackendOptions,
  getBackend,
  loadBackend,
  setBackend,
} from './backends/registry.ts';
export { type DType, dtypes, type TypedArray } from './dtype.ts';
export { GradloomError } from './errors.ts';
export { Graph } from './graph/index.ts';
export type { Shape } from './shape.ts';
export {
  type Axis,
  compile,
  fromData,
  grad,
  graph,
  type IndexLike,
  type NestedArray,
  stopGradient,
  Tensor,
  type TensorLike,
  type Tree,
  tensor,
  valueAndGrad,
  vjp,
} from './tensor/index.ts';
