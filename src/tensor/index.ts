export * as arith from './arith.ts';
export { grad, stopGradient, valueAndGrad, vjp } from './gradients.ts';
export { asTensor, fromData, tensor } from './make.ts';
export { isConcrete } from './pending.ts';
export { formatArray, type PrintOptions, printOptions } from './print.ts';
export { realize, recordingGraph } from './runtime.ts';
export { type StateCell, StateScope, stateScope, withStateScope } from './state.ts';
export { breathe, upload } from './storage.ts';
export {
  type Axis,
  binaryOp,
  type IndexLike,
  type NestedArray,
  type ReduceOptions,
  Tensor,
  type TensorLike,
} from './tensor.ts';
export {
  bufferOf,
  type CompileOptions,
  compile,
  fromBuffer,
  graph,
  TracedExecutable,
  type TracedGraph,
  type TracedProgram,
  takeBuffer,
  traceGraph,
  traceToExecutable,
} from './transform.ts';
export type { Tree } from './tree.ts';
