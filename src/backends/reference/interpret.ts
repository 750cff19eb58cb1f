/**
 * A graph as a list of steps over numbered slots, and the loop that runs it.
 *
 * The list is made once: the graph's values may be bound to storage and let go of their inputs
 * afterwards (graph.ts), while the compiled form lives on.
 */
import { type DType, makeArray, type TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Aval, Graph, Node, Value } from '../../graph/graph.ts';
import type { Attrs } from '../../graph/primitive.ts';
import { control } from './control.ts';
import { dot } from './dot.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { leaf } from './leaf.ts';
import { movement } from './movement.ts';
import { random } from './random.ts';
import { reduce } from './reduce.ts';
import { sort } from './sort.ts';
import type { NDArray, Rule, Table } from './values.ts';
import { windows } from './window.ts';

/** What each primitive means, by name. */
export const rules: Table = {
  ...leaf,
  ...elementwise,
  ...movement,
  ...reduce,
  ...dot,
  ...windows,
  ...indexing,
  ...sort,
  ...random,
  ...control,
};

interface Step {
  readonly name: string;
  readonly rule: Rule;
  readonly attrs: Attrs;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly avals: readonly Aval[];
}

export interface Interpretation {
  readonly inputs: readonly Aval[];
  readonly outputs: readonly Aval[];
  run(inputs: readonly TypedArray[]): TypedArray[];
  /** The same in doubles throughout, for a graph inside of a graph. */
  evaluate(inputs: readonly Float64Array[]): Float64Array[];
}

export function interpret(graph: Graph): Interpretation {
  const slots = new Map<Value, number>();
  const slot = (v: Value): number => {
    const known = slots.get(v);
    if (known !== undefined) return known;
    slots.set(v, slots.size);
    return slots.size - 1;
  };
  const inputSlots = graph.inputs.map(slot);
  const given = new Set(graph.inputs);
  const steps = graph.computed.map((node) => step(node, slot, given));
  const outputSlots = graph.outputs.map(slot);
  const avals = (vs: readonly Value[]): Aval[] => vs.map(({ shape, dtype }) => ({ shape, dtype }));
  const outputs = avals(graph.outputs);
  const inputs = avals(graph.inputs);

  const evaluate = (arrays: readonly Float64Array[]): Float64Array[] => {
    const values: NDArray[] = [];
    inputSlots.forEach((s, i) => {
      values[s] = { ...inputs[i], data: arrays[i] };
    });
    for (const s of steps) {
      const results = s.rule(
        s.inputs.map((i) => values[i]),
        s.attrs,
        s.avals,
      );
      results.forEach((data, k) => {
        // An output that is itself a graph input keeps the value it was given.
        if (s.outputs[k] >= 0) values[s.outputs[k]] = { ...s.avals[k], data };
      });
    }
    return outputSlots.map((s) => values[s].data);
  };
  return {
    inputs,
    outputs,
    evaluate,
    run: (arrays) =>
      evaluate(arrays.map((a) => Float64Array.from(a))).map((data, i) =>
        store(data, outputs[i].dtype),
      ),
  };
}

function step(node: Node, slot: (v: Value) => number, given: ReadonlySet<Value>): Step {
  const { name } = node.primitive;
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (!rule) {
    throw new GradloomError(
      'backend',
      `The reference backend does not know the primitive "${name}". Add its meaning under src/backends/reference.`,
      { primitive: name },
    );
  }
  if (node.outputs.every((v) => v.storage !== undefined)) {
    throw new GradloomError(
      'graph',
      `${name}: ${node.outputs[0].describe()} has been computed already; it must be an input of the graph.`,
      { primitive: name },
    );
  }
  return {
    name,
    rule,
    attrs: node.attrs,
    inputs: node.inputs.map(slot),
    outputs: node.outputs.map((v) => (given.has(v) ? -1 : slot(v))),
    avals: node.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
  };
}

/** Doubles as elements of `dtype`: this is where a float32 result is rounded. */
function store(data: Float64Array, dtype: DType): TypedArray {
  const out = makeArray(dtype, data.length);
  out.set(data);
  return out;
}
