/** Control flow: Scan, If and Loop, whose graphs see the values around them by name. */
import type { Graph, Value } from '../../graph/index.ts';
import type { CondAttrs, ScanAttrs, WhileAttrs } from '../../graph/primitives/control.ts';
import { elementType, elementTypeOf } from '../element-types.ts';
import type { ValueInfoProto } from '../messages.ts';
import type { Emitter, Rule, Rules } from './emitter.ts';
import { valueInfo } from './protos.ts';

const info = (e: Emitter, name: string, v: Value): ValueInfoProto =>
  valueInfo(name, elementTypeOf[v.dtype], e.dims(v));

/** Inputs of a graph inside: what comes from outside keeps its name. */
function bindOuter(e: Emitter, inner: readonly Value[], outer: readonly Value[]): void {
  inner.forEach((v, i) => {
    e.bind(v, e.operand(outer[i]));
  });
}

/** New names for the inputs that a graph has of its own. */
function bindInputs(e: Emitter, values: readonly Value[], hint: string): ValueInfoProto[] {
  return values.map((v) => {
    const name = e.name(hint);
    e.bind(v, e.made(name, v));
    return info(e, name, v);
  });
}

/** The values under new names. */
function results(e: Emitter, values: readonly Value[], hint: string): ValueInfoProto[] {
  return values.map((v) => {
    const name = e.name(hint);
    e.identity(e.whole(v), name);
    return info(e, name, v);
  });
}

const scan: Rule = (e, node) => {
  const { body, constants, carry, reverse } = node.attrs as unknown as ScanAttrs;
  const outer = node.inputs;
  bindOuter(e, body.inputs.slice(0, constants), outer.slice(0, constants));
  const init = outer.slice(constants, constants + carry).map((v) => e.whole(v));
  const xs = outer.slice(constants + carry).map((v) => e.whole(v));
  const own = body.inputs.slice(constants);
  const inputs = [
    ...bindInputs(e, own.slice(0, carry), 'carry'),
    ...bindInputs(e, own.slice(carry), 'element'),
  ];
  if (xs.length === 0) {
    // A Scan cuts something: a list that nobody reads.
    const [length] = e.numbers(node, (n) => [n.attrs.length as number]);
    xs.push(e.node('Expand', [e.scalar(0, 'int32'), e.size(length)]));
    inputs.push(valueInfo(e.name('step'), elementType.int32, []));
  }
  const graph = e.subgraph('step_body', inputs, () => {
    e.emit(body.computed);
    return results(e, body.outputs, 'next');
  });
  const back = Number(reverse);
  const attributes = {
    body: { graph },
    num_scan_inputs: xs.length,
    ...(reverse && {
      scan_input_directions: xs.map(() => back),
      scan_output_directions: body.outputs.slice(carry).map(() => back),
    }),
  };
  const names = e.nodes('Scan', [...init, ...xs], attributes, node.outputs.length);
  return node.outputs.map((v, i) => e.made(names[i], v));
};

const cond: Rule = (e, node) => {
  const { then, otherwise } = node.attrs as unknown as CondAttrs;
  const [predicate, ...operands] = node.inputs;
  const branch = (g: Graph, hint: string) => ({
    graph: e.subgraph(hint, [], () => {
      bindOuter(e, g.inputs, operands);
      e.emit(g.computed);
      return results(e, g.outputs, hint);
    }),
  });
  const attributes = { then_branch: branch(then, 'then'), else_branch: branch(otherwise, 'else') };
  const names = e.nodes('If', [e.whole(predicate)], attributes, node.outputs.length);
  return node.outputs.map((v, i) => e.made(names[i], v));
};

const whileLoop: Rule = (e, node) => {
  const { cond: test, body, constants } = node.attrs as unknown as WhileAttrs;
  const [given, init] = [node.inputs.slice(0, constants), node.inputs.slice(constants)];
  // Whether to begin is asked outside; inside, each turn asks for the next.
  bindOuter(e, test.inputs, node.inputs);
  e.emit(test.computed);
  const first = e.whole(test.outputs[0]);
  bindOuter(e, body.inputs.slice(0, constants), given);
  const own = body.inputs.slice(constants);
  const inputs = [
    valueInfo(e.name('turn'), elementType.int64, []),
    valueInfo(e.name('again'), elementType.bool, []),
    ...bindInputs(e, own, 'carry'),
  ];
  const graph = e.subgraph('loop_body', inputs, () => {
    e.emit(body.computed);
    bindOuter(e, test.inputs, [...given, ...body.outputs]);
    e.emit(test.computed);
    return results(e, [test.outputs[0], ...body.outputs], 'next');
  });
  const start = init.map((v) => e.whole(v));
  const names = e.nodes('Loop', ['', first, ...start], { body: { graph } }, node.outputs.length);
  return node.outputs.map((v, i) => e.made(names[i], v));
};

export const control: Rules = { scan, cond, while: whileLoop };
