export { gradient, vjp } from './gradient.ts';
export { type Aval, apply, applyAll, Graph, Node, Value } from './graph.ts';
export * as lax from './lax.ts';
export {
  type Attrs,
  definePrimitive,
  type Lowering,
  type Primitive,
  primitives,
} from './primitive.ts';
export { type DrawOptions, graphToDot, graphToSvg, graphToText } from './print.ts';
