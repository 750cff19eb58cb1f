/** Convolutions: Conv, and ConvTranspose where the input is spread out. ONNX wants [N, C, ...spatial]. */

import type { Node } from '../../graph/index.ts';
import type { ConvAttrs, ConvLayout } from '../../graph/primitives/conv.ts';
import { dilated } from '../../graph/primitives/window.ts';
import type { Dim } from './dims.ts';
import type { Emitter, Rule, Rules } from './emitter.ts';
import { flipped, padded, transposed } from './movement.ts';

const order = (l: ConvLayout): number[] => [l.batch, l.feature, ...l.spatial];

type Pads = readonly (readonly [number, number])[];
const pads = (p: Pads): number[] => [...p.map(([lo]) => lo), ...p.map(([, hi]) => hi)];
const zero = (rank: number): Pads => Array.from({ length: rank }, () => [0, 0] as const);

const convGeneralDilated: Rule = (e, node) => {
  const [x, w] = node.inputs;
  const a = node.attrs as unknown as ConvAttrs;
  if (a.batchGroupCount > 1) throw e.refuse(node, 'cuts the batch in groups');
  e.fixed(node, (n) => (n.attrs as unknown as ConvAttrs).padding.flat());
  const image = transposed(e, e.whole(x), order(a.lhs));
  const kernel = transposed(e, e.whole(w), order(a.rhs));
  const size = a.rhs.spatial.map((d) => w.shape[d]);
  const made = a.lhsDilation.some((d) => d > 1)
    ? transposedConv(e, node, image, kernel, size)
    : conv(e, image, kernel, a, size);
  const out = order(a.out);
  const back = out.map((_, d) => out.indexOf(d));
  return [e.made(transposed(e, made, back), node.outputs[0])];
};

function conv(
  e: Emitter,
  image: string,
  kernel: string,
  a: ConvAttrs,
  kernel_shape: readonly number[],
): string {
  const given = cropped(e, image, a.padding);
  const attributes = {
    kernel_shape,
    strides: a.strides,
    dilations: a.rhsDilation,
    group: a.featureGroupCount,
    pads: pads(a.padding.map(([lo, hi]) => [Math.max(lo, 0), Math.max(hi, 0)])),
  };
  return e.node('Conv', [given, kernel], attributes);
}

/** Negative padding. */
function cropped(e: Emitter, name: string, padding: Pads): string {
  const less = (n: number): number => Math.min(n, 0);
  return spatialPad(
    e,
    name,
    padding.map(([lo, hi]) => [less(lo), less(hi)]),
  );
}

function spatialPad(e: Emitter, name: string, padding: Pads): string {
  const low: Dim[] = [0, 0, ...padding.map(([lo]) => lo)];
  const high: Dim[] = [0, 0, ...padding.map(([, hi]) => hi)];
  return padded(e, name, low, high, '');
}

/**
 * A convolution over a spread-out input is the transposed one with the kernel turned around; padding
 * counts from the other side: what is not padded there is cut off here.
 */
function transposedConv(
  e: Emitter,
  node: Node,
  image: string,
  kernel: string,
  kernel_shape: readonly number[],
): string {
  const a = node.attrs as unknown as ConvAttrs;
  const [, w] = node.inputs;
  const groups = a.featureGroupCount;
  const rank = kernel_shape.length;
  const spatial = kernel_shape.map((_, i) => i);
  const [o, i] = [w.shape[a.rhs.batch], w.shape[a.rhs.feature]];
  // [groups * o, i, ...] to [groups * i, o, ...].
  const behind = spatial.map((d) => d + 2);
  let turned = flipped(e, kernel, behind);
  if (groups === 1) turned = e.node('Transpose', [turned], { perm: [1, 0, ...behind] });
  else {
    const cut = e.node('Reshape', [turned, e.int64([groups, o / groups, i, ...kernel_shape])]);
    const swapped = e.node('Transpose', [cut], { perm: [0, 2, 1, ...spatial.map((d) => d + 3)] });
    turned = e.node('Reshape', [swapped, e.int64([groups * i, o / groups, ...kernel_shape])]);
  }
  const cut = a.padding.map(([lo, hi], d): [number, number] => {
    const reach = dilated(kernel_shape[d], a.rhsDilation[d]) - 1;
    return [reach - lo, reach - hi];
  });
  const attributes = {
    kernel_shape,
    strides: a.lhsDilation,
    dilations: a.rhsDilation,
    group: groups,
    pads: pads(zero(rank)),
  };
  const full = e.node('ConvTranspose', [image, turned], attributes);
  const kept = spatialPad(
    e,
    full,
    cut.map(([lo, hi]) => [-lo || 0, -hi || 0]),
  );
  if (a.strides.every((s) => s === 1)) return kept;
  const all = (v: number): string => e.int64(behind.map(() => v));
  return e.node('Slice', [kept, all(0), all(2 ** 31 - 1), e.int64(behind), e.int64(a.strides)]);
}

export const convolution: Rules = { conv_general_dilated: convGeneralDilated };
