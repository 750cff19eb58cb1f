/** Layers that make one tensor of several. */
export { Concatenate, type ConcatenateOptions } from './concatenate.ts';
export { Dot, type DotOptions } from './dot.ts';
export { Add, Average, Maximum, Minimum, Multiply, Subtract } from './elementwise.ts';
export {
  add,
  average,
  concatenate,
  dot,
  type MergeFactory,
  maximum,
  minimum,
  multiply,
  subtract,
} from './factories.ts';
