/**
 * Control flow: nodes that hold functions as graphs of their own. Whatever such a graph needs from
 * outside is an operand; its first inputs are these, then the loop's own.
 */
import { GradloomError } from '../../errors.ts';
import { sameShape, showShape } from '../../shape.ts';
import type { Aval, Graph, Node } from '../graph.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';
import { condVjp, scanVjp } from './control-gradients.ts';

/**
 * scan(…constants, …carry, …xs) -> …carry, …ys. The body takes the constants, the carry and one
 * element of each of xs (along dimension 0), and gives the next carry and an element of each of ys.
 */
export type ScanAttrs = {
  readonly body: Graph;
  readonly constants: number;
  readonly carry: number;
  readonly length: number;
  /** From the last element to the first; ys are in the order of xs all the same. */
  readonly reverse: boolean;
  /**
   * The body of which this one is an extension (more ys over the same operands): the compiler runs
   * the longer one for both.
   */
  readonly [extended]?: Graph;
} & Attrs;
/** A symbol, so that it is no part of a node's key. */
export const extended: unique symbol = Symbol('extended');

/** cond(predicate, …operands) -> what one of two graphs gives for the operands. */
export type CondAttrs = { readonly then: Graph; readonly otherwise: Graph } & Attrs;

/** while(…constants, …carry) -> …carry. Both graphs take constants and carry. */
export type WhileAttrs = {
  readonly cond: Graph;
  readonly body: Graph;
  readonly constants: number;
} & Attrs;

const text = (v: Aval): string => `${v.dtype}${showShape(v.shape)}`;
const same = (a: Aval, b: Aval): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape);
const aval = ({ shape, dtype }: Aval): Aval => ({ shape: [...shape], dtype });

/** Operands must be what the body takes. */
function checkInputs(op: string, body: Graph, given: readonly Aval[], all: readonly Aval[]): void {
  if (given.length !== body.inputs.length)
    throw operandError(
      op,
      `the body takes ${body.inputs.length} values; received ${given.length}.`,
      all,
    );
  body.inputs.forEach((want, i) => {
    if (!same(want, given[i]))
      throw operandError(
        op,
        `operand ${i} of the body is ${text(want)}; received ${text(given[i])}.`,
        all,
      );
  });
}

function checkCarry(op: string, before: readonly Aval[], after: readonly Aval[]): void {
  before.forEach((b, i) => {
    const a = after[i];
    if (!a || !same(a, b))
      throw operandError(
        op,
        `the carry must keep its shape and dtype: value ${i} comes in as ${text(b)} and leaves as ${a ? text(a) : 'nothing'}.`,
        before,
      );
  });
}

export const scan: Primitive<ScanAttrs> = definePrimitive<ScanAttrs>({
  name: 'scan',
  infer(inputs, { body, constants, carry, length }) {
    const lead = constants + carry;
    const elements = inputs.slice(lead).map((x, i) => {
      if (x.shape.length === 0 || x.shape[0] !== length)
        throw operandError(
          'scan',
          `xs are cut along their first dimension, which must be ${length} here; value ${i} is ${text(x)}.`,
          inputs,
        );
      return { dtype: x.dtype, shape: x.shape.slice(1) };
    });
    checkInputs('scan', body, [...inputs.slice(0, lead), ...elements], inputs);
    checkCarry('scan', inputs.slice(constants, lead), body.outputs.slice(0, carry));
    return body.outputs.map((o, i) =>
      i < carry ? aval(o) : { dtype: o.dtype, shape: [length, ...o.shape] },
    );
  },
  vjp: (node, cotangents) => scanVjp(node as Node & { attrs: ScanAttrs }, cotangents),
  lowering: { kind: 'control' },
});

export const cond: Primitive<CondAttrs> = definePrimitive<CondAttrs>({
  name: 'cond',
  infer(inputs, { then, otherwise }) {
    const [predicate, ...operands] = inputs;
    if (predicate?.dtype !== 'bool' || predicate.shape.length !== 0)
      throw operandError(
        'cond',
        `the predicate must be one bool; received ${predicate ? text(predicate) : 'nothing'}.`,
        inputs,
      );
    checkInputs('cond', then, operands, inputs);
    checkInputs('cond', otherwise, operands, inputs);
    const [a, b] = [then.outputs, otherwise.outputs];
    if (a.length !== b.length || a.some((v, i) => !same(v, b[i])))
      throw operandError(
        'cond',
        `both branches must return the same shapes and dtypes; received ${a.map(text).join(', ') || 'nothing'} and ${b.map(text).join(', ') || 'nothing'}.`,
        inputs,
      );
    return a.map(aval);
  },
  vjp: (node, cotangents) => condVjp(node as Node & { attrs: CondAttrs }, cotangents),
  lowering: { kind: 'control' },
});

export const whileLoop: Primitive<WhileAttrs> = definePrimitive<WhileAttrs>({
  name: 'while',
  infer(inputs, { cond, body, constants }) {
    checkInputs('while', cond, inputs, inputs);
    checkInputs('while', body, inputs, inputs);
    const [c, ...more] = cond.outputs;
    if (!c || more.length > 0 || c.dtype !== 'bool' || c.shape.length !== 0)
      throw operandError(
        'while',
        `the condition must return one bool; received ${cond.outputs.map(text).join(', ') || 'nothing'}.`,
        inputs,
      );
    const carry = inputs.slice(constants);
    checkCarry('while', carry, body.outputs);
    return carry.map(aval);
  },
  vjp() {
    throw new GradloomError(
      'gradient',
      'whileLoop has no gradient in reverse: it would have to remember as many steps as the loop turns out to take. Use lax.scan (a fixed number of steps), or stop the gradient before the loop.',
    );
  },
  lowering: { kind: 'control' },
});
