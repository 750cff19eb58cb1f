/** conv_general_dilated: convolution (correlation, as everywhere in deep learning) as in XLA. */
import { isFloat } from '../../dtype.ts';
import { showShape } from '../../shape.ts';
import type { Aval, Value } from '../graph.ts';
import * as lax from '../lax.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';
import { dilated, windowsIn } from './window.ts';

/**
 * Which dimension of an array means what: its batch, its features, and its spatial dimensions in
 * order. For the kernel the first two are its output and its input features.
 */
export interface ConvLayout {
  readonly batch: number;
  readonly feature: number;
  readonly spatial: readonly number[];
}

export interface ConvSpec {
  readonly strides: readonly number[];
  /** Zeros before and after each spatial dimension of the (dilated) input; negative crops. */
  readonly padding: readonly (readonly [number, number])[];
  /** Distance at which elements of the input, and of the kernel, are laid out: 1 is dense. */
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  /** Features (or the batch) are cut into groups, each with output features of its own. */
  readonly featureGroupCount: number;
  readonly batchGroupCount: number;
  readonly lhs: ConvLayout;
  readonly rhs: ConvLayout;
  readonly out: ConvLayout;
}

export type ConvAttrs = ConvSpec & Attrs;

/** The spatial extent of the result along spatial dimension `i`. */
function outExtent(x: Aval, w: Aval, a: ConvSpec, i: number): number {
  const [lo, hi] = a.padding[i];
  const n = dilated(x.shape[a.lhs.spatial[i]], a.lhsDilation[i]) + lo + hi;
  return windowsIn(n, dilated(w.shape[a.rhs.spatial[i]], a.rhsDilation[i]), a.strides[i]);
}

function check(inputs: readonly Aval[], a: ConvSpec): void {
  const [x, w] = inputs;
  const fail = (message: string): never => {
    throw operandError('conv_general_dilated', message, inputs);
  };
  const rank = a.lhs.spatial.length;
  if (!isFloat(x.dtype) || x.dtype !== w.dtype)
    fail(`takes two float32 or two float64 operands; received ${x.dtype} and ${w.dtype}.`);
  if (x.shape.length !== rank + 2 || w.shape.length !== rank + 2)
    fail(
      `with ${rank} spatial dimensions takes operands of rank ${rank + 2}; received ${showShape(x.shape)} and ${showShape(w.shape)}.`,
    );
  for (const [name, list] of [
    ['strides', a.strides],
    ['lhsDilation', a.lhsDilation],
    ['rhsDilation', a.rhsDilation],
  ] as const) {
    if (list.length !== rank || list.some((s) => !Number.isInteger(s) || s < 1))
      fail(`${name} must be ${rank} integers of at least 1; received [${list}].`);
  }
  if (
    a.padding.length !== rank ||
    a.padding.some((p) => p.length !== 2 || !p.every(Number.isInteger))
  )
    fail(`padding must be ${rank} pairs of integers; received ${JSON.stringify(a.padding)}.`);
  for (const layout of [a.lhs, a.rhs, a.out]) {
    const dims = [layout.batch, layout.feature, ...layout.spatial].sort((p, q) => p - q);
    if (dims.length !== rank + 2 || dims.some((d, i) => d !== i))
      fail(`each layout must name ${rank + 2} distinct dimensions; received [${dims}].`);
  }
  const { featureGroupCount: fg, batchGroupCount: bg } = a;
  if (![fg, bg].every((g) => Number.isInteger(g) && g >= 1) || (fg > 1 && bg > 1))
    fail(`takes feature groups or batch groups (at least 1); received ${fg} and ${bg}.`);
  const [n, c] = [x.shape[a.lhs.batch], x.shape[a.lhs.feature]];
  const [o, i] = [w.shape[a.rhs.batch], w.shape[a.rhs.feature]];
  if (c !== i * fg)
    fail(
      `the input has ${c} features and the kernel takes ${i}${fg > 1 ? ` in each of ${fg} groups` : ''}: ${showShape(x.shape)} with ${showShape(w.shape)}.`,
    );
  if (o % fg !== 0) fail(`${o} output features cannot be cut into ${fg} groups.`);
  if (n % bg !== 0 || o % bg !== 0)
    fail(`a batch of ${n} and ${o} output features cannot be cut into ${bg} groups.`);
  if (a.lhs.spatial.some((d, s) => dilated(x.shape[d], a.lhsDilation[s]) + sum(a.padding[s]) < 0))
    fail(`padding ${JSON.stringify(a.padding)} crops more than ${showShape(x.shape)} holds.`);
}

const sum = (p: readonly [number, number]): number => p[0] + p[1];

/** conv_general_dilated(x, w): see `ConvSpec`. */
export const convGeneralDilated: Primitive<ConvAttrs> = definePrimitive<ConvAttrs>({
  name: 'conv_general_dilated',
  infer(inputs, a) {
    check(inputs, a);
    const [x, w] = inputs;
    const shape = new Array<number>(x.shape.length);
    shape[a.out.batch] = x.shape[a.lhs.batch] / a.batchGroupCount;
    shape[a.out.feature] = w.shape[a.rhs.batch];
    a.out.spatial.forEach((d, i) => {
      shape[d] = outExtent(x, w, a, i);
    });
    return [{ shape, dtype: x.dtype }];
  },
  vjp(node, [g]) {
    if (!g) return [];
    const [x, w] = node.inputs;
    return [inputCotangent(g, x, w, node.attrs), kernelCotangent(g, x, w, node.attrs)];
  },
  lowering: { kind: 'contract' },
});

const swapped = (l: ConvLayout): ConvLayout => ({ ...l, batch: l.feature, feature: l.batch });

/** Moves `groups` out of dimension `from` and to the front of dimension `to`. */
function moveGroups(x: Value, groups: number, from: number, to: number): Value {
  if (groups === 1) return x;
  const { shape } = x;
  const rank = shape.length;
  const cut = lax.reshape(
    x,
    shape.flatMap((n, d) => (d === from ? [groups, n / groups] : [n])),
  );
  // In `cut` the groups stand at `from` and everything from there on is one place later.
  const place = (d: number): number => (d >= from ? d + 1 : d);
  const order: number[] = [];
  for (let d = 0; d < rank; d++) {
    if (d === to) order.push(from);
    order.push(place(d));
  }
  return lax.reshape(
    lax.transpose(cut, order),
    shape.map((n, d) => (d === from ? n / groups : d === to ? n * groups : n)),
  );
}

/** The cotangent correlated with the kernel turned around: strides and input dilation change places. */
function inputCotangent(g: Value, x: Value, w: Value, a: ConvSpec): Value {
  const { featureGroupCount: fg, batchGroupCount: bg } = a;
  const groups = fg * bg;
  // Output features become what is summed over, group by group.
  const turned = lax.reverse(moveGroups(w, groups, a.rhs.batch, a.rhs.feature), a.rhs.spatial);
  const padding = a.lhs.spatial.map((d, i): [number, number] => {
    const extent = dilated(w.shape[a.rhs.spatial[i]], a.rhsDilation[i]);
    const lo = extent - 1 - a.padding[i][0];
    const given = dilated(g.shape[a.out.spatial[i]], a.strides[i]);
    return [lo, dilated(x.shape[d], a.lhsDilation[i]) + extent - 1 - given - lo];
  });
  const dx = lax.convGeneralDilated(g, turned, {
    strides: a.lhsDilation,
    padding,
    lhsDilation: a.strides,
    rhsDilation: a.rhsDilation,
    featureGroupCount: groups,
    layouts: { lhs: a.out, rhs: swapped(a.rhs), out: a.lhs },
  });
  return moveGroups(dx, bg, a.lhs.feature, a.lhs.batch);
}

/** The input correlated with the cotangent: strides and kernel dilation change places. */
function kernelCotangent(g: Value, x: Value, w: Value, a: ConvSpec): Value {
  const padding = a.lhs.spatial.map((d, i): [number, number] => {
    const extent = dilated(w.shape[a.rhs.spatial[i]], a.rhsDilation[i]);
    const given = dilated(g.shape[a.out.spatial[i]], a.strides[i]);
    const [lo] = a.padding[i];
    return [lo, given + extent - 1 - dilated(x.shape[d], a.lhsDilation[i]) - lo];
  });
  return lax.convGeneralDilated(x, g, {
    strides: a.rhsDilation,
    padding,
    lhsDilation: a.lhsDilation,
    rhsDilation: a.strides,
    featureGroupCount: a.batchGroupCount,
    batchGroupCount: a.featureGroupCount,
    layouts: { lhs: swapped(a.lhs), rhs: swapped(a.out), out: swapped(a.rhs) },
  });
}
