/** Products, convolutions, pooling and batch normalization, over images [N, ...spatial, C] (or [N, C, ...spatial]). */
import { lax, type Value } from '../graph/index.ts';
import { dilated } from '../graph/primitives/window.ts';
import { einsum, matmul } from '../onnx/read/products.ts';
import { like } from '../onnx/read/values.ts';
import type { Call, Op, Ops } from './call.ts';
import { activation, biased } from './elementwise.ts';

const turned = (v: Value): Value => {
  const d = v.shape.map((_, i) => i);
  return lax.transpose(v, [...d.slice(0, -2), d.length - 1, d.length - 2]);
};

function product(c: Call, left: string, right: string): Value {
  const [a, b] = [c.get(0), c.get(1)];
  if (a.shape.length < 2 || b.shape.length < 2) throw c.fail('multiplies what are no matrices');
  return matmul(c, c.flag(left) ? turned(a) : a, c.flag(right) ? turned(b) : b);
}

/** What fused operations do after the first: the names in `fused_ops`, with the operands after the others. */
function fused(c: Call, x: Value, from: number): Value {
  let y = x;
  let next = from;
  for (const name of c.strings('fused_ops')) {
    if (name === 'BiasAdd') y = biased(c, y, c.get(next++));
    else if (name === 'FusedBatchNorm') y = normalized(c, y, learned(c, next));
    else y = activation(c, name, y, c.inputs.slice(next));
  }
  return y;
}

type Pads = [number, number][];
interface Image {
  readonly batch: number;
  readonly feature: number;
  readonly spatial: number[];
}

function layoutOf(c: Call, rank: number): Image {
  const first = c.string('data_format', 'NHWC').startsWith('NC');
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i + (first ? 2 : 1));
  return { batch: 0, feature: first ? 1 : rank - 1, spatial };
}

/** Lists of strides and the like have an entry for each dimension of the image. */
function perSpace(c: Call, name: string, image: Image, otherwise = 1): number[] {
  const all = c.ints(name);
  if (!all || all.length === 0) return image.spatial.map(() => otherwise);
  const picked = image.spatial.map((d) => all[d]);
  const rank = image.spatial.length + 2;
  if (all.length !== rank || picked.some((n) => !Number.isInteger(n) || n < 1))
    throw c.fail(`has ${name} [${all.slice(0, 8)}] for ${rank} dimensions`);
  if (all[image.batch] !== 1 || all[image.feature] !== 1)
    throw c.fail(`has ${name} [${all}] over more than space, which is not read`, 'tfjs-op');
  return picked;
}

function padsOf(
  c: Call,
  image: Image,
  sizes: readonly number[],
  reach: readonly number[],
  strides: readonly number[],
): Pads {
  const padding = c.string('padding', 'VALID');
  if (padding === 'VALID') return sizes.map(() => [0, 0]);
  if (padding === 'EXPLICIT') {
    const all = c.ints('explicit_paddings') ?? [];
    return image.spatial.map((d): [number, number] => [all[2 * d] ?? 0, all[2 * d + 1] ?? 0]);
  }
  if (padding !== 'SAME') throw c.fail(`has a padding ${JSON.stringify(padding)}`);
  return sizes.map((n, i): [number, number] => {
    const all = Math.max(0, (Math.ceil(n / strides[i]) - 1) * strides[i] + reach[i] - n);
    return [all >> 1, all - (all >> 1)];
  });
}

/** Kernels [...spatial, in, out]; of depthwise ones in and out are multiplied. */
function convolution(c: Call, depthwise = false): Value {
  const x = c.get(0);
  let w = c.get(1);
  const rank = x.shape.length;
  if (w.shape.length !== rank || rank < 3)
    throw c.fail(`has a kernel (${w.shape}) over images (${x.shape})`);
  const image = layoutOf(c, rank);
  const kernel = w.shape.slice(0, -2);
  const strides = perSpace(c, 'strides', image);
  const rhsDilation = perSpace(c, 'dilations', image);
  const reach = kernel.map((k, i) => dilated(k, rhsDilation[i]));
  const sizes = image.spatial.map((d) => x.shape[d]);
  const channels = x.shape[image.feature];
  const [own, out] = w.shape.slice(-2);
  if (depthwise) w = c.reshape(w, [...kernel, 1, own * out]);
  const groups = depthwise ? channels : channels / own;
  if (depthwise ? own !== channels : !Number.isInteger(groups))
    throw c.fail(`has a kernel (${c.get(1).shape}) over images of ${channels} features`);
  const spatial = kernel.map((_, i) => i);
  return lax.convGeneralDilated(x, w, {
    strides,
    padding: padsOf(c, image, sizes, reach, strides),
    rhsDilation,
    featureGroupCount: groups,
    layouts: { lhs: image, rhs: { batch: rank - 1, feature: rank - 2, spatial }, out: image },
  });
}

/** The gradient of a convolution by its input: a convolution over what is spread out by the strides. */
const transposed: Op = (c) => {
  const sizes = c.sizes(c.host(0));
  const [w, x] = [c.get(1), c.get(2)];
  const rank = x.shape.length;
  const image = layoutOf(c, rank);
  if (w.shape.length !== rank || sizes.length !== rank)
    throw c.fail(`has a kernel (${w.shape}) over images (${x.shape})`);
  const kernel = w.shape.slice(0, -2);
  const strides = perSpace(c, 'strides', image);
  const rhsDilation = perSpace(c, 'dilations', image);
  const reach = kernel.map((k, i) => dilated(k, rhsDilation[i]));
  const out = image.spatial.map((d) => sizes[d]);
  const pads = padsOf(c, image, out, reach, strides);
  const spatial = kernel.map((_, i) => i);
  return lax.convGeneralDilated(x, lax.reverse(w, spatial), {
    strides: strides.map(() => 1),
    padding: pads.map(([lo], i): [number, number] => {
      const spread = (x.shape[image.spatial[i]] - 1) * strides[i] + 1;
      const low = reach[i] - 1 - lo;
      return [low, out[i] - spread - low + reach[i] - 1];
    }),
    lhsDilation: strides,
    rhsDilation,
    layouts: { lhs: image, rhs: { batch: rank - 2, feature: rank - 1, spatial }, out: image },
  });
};

function pooled(c: Call, op: 'max' | 'sum'): Value {
  const x = c.get(0);
  const rank = x.shape.length;
  const image = layoutOf(c, rank);
  const kernel = perSpace(c, 'ksize', image);
  const strides = perSpace(c, 'strides', image);
  const sizes = image.spatial.map((d) => x.shape[d]);
  const pads = padsOf(c, image, sizes, kernel, strides);
  const reach = sizes.map((n, i) => n + pads[i][0] + pads[i][1]);
  // A window is an expression of its elements: enormous ones are refused.
  if (kernel.reduce((a, b) => a * b, 1) > 2 ** 16 || kernel.some((k, i) => k > reach[i]))
    throw c.fail(`has a window [${kernel}] too large for an image of shape (${x.shape})`);
  const over = <T>(list: readonly T[], rest: T): T[] => {
    const all = new Array<T>(rank).fill(rest);
    image.spatial.forEach((d, i) => {
      all[d] = list[i];
    });
    return all;
  };
  const options = {
    window: over(kernel, 1),
    strides: over(strides, 1),
    padding: over<[number, number]>(pads, [0, 0]),
  };
  const y = lax.reduceWindow(x, op, options);
  // Padding never counts.
  return op === 'max' ? y : lax.div(y, lax.reduceWindow(like(x, 1), op, options));
}

/** x scaled and moved by scale, offset, mean and variance, one of each a feature. */
function normalized(c: Call, x: Value, [scale, offset, centre, variance]: readonly Value[]): Value {
  const axis = layoutOf(c, x.shape.length).feature;
  const along = (v: Value): Value => lax.broadcastInDim(v, [...x.shape], [axis]);
  const epsilon = like(variance, c.float('epsilon', 1e-4));
  const factor = lax.mul(scale, lax.rsqrt(lax.add(variance, epsilon)));
  const shift = lax.sub(offset, lax.mul(centre, factor));
  return lax.add(lax.mul(x, along(factor)), along(shift));
}
const learned = (c: Call, from: number): Value[] => [0, 1, 2, 3].map((i) => c.get(from + i));

const batchNorm: Op = (c) => {
  if (c.flag('is_training', true))
    throw c.fail('normalizes by the batch (is_training), which is not read', 'tfjs-op');
  return normalized(c, c.get(0), learned(c, 1));
};

export const products: Ops = {
  MatMul: (c) => product(c, 'transpose_a', 'transpose_b'),
  _FusedMatMul: (c) => fused(c, product(c, 'transpose_a', 'transpose_b'), 2),
  BatchMatMul: (c) => product(c, 'adj_x', 'adj_y'),
  BatchMatMulV2: (c) => product(c, 'adj_x', 'adj_y'),
  Einsum: (c) => einsum(c, c.string('equation'), c.inputs),
  Conv2D: (c) => convolution(c),
  Conv3D: (c) => convolution(c),
  _FusedConv2D: (c) => fused(c, convolution(c), 2),
  DepthwiseConv2dNative: (c) => convolution(c, true),
  DepthwiseConv2d: (c) => convolution(c, true),
  FusedDepthwiseConv2dNative: (c) => fused(c, convolution(c, true), 2),
  Conv2DBackpropInput: transposed,
  MaxPool: (c) => pooled(c, 'max'),
  MaxPool3D: (c) => pooled(c, 'max'),
  AvgPool: (c) => pooled(c, 'sum'),
  AvgPool3D: (c) => pooled(c, 'sum'),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};
