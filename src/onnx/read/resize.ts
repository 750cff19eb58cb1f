/** Resize and Upsample, nearest and linear: along each axis a selection, or a matrix of weights. */
import { lax, type Value } from '../../graph/index.ts';
import type { Call, Op, Ops } from './call.ts';

interface Axis {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

/** Where in the input the centre of output element `i` lies. */
function place(mode: string, a: Axis, i: number): number | undefined {
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / a.scale - 0.5;
    case 'pytorch_half_pixel':
      return a.from * a.scale > 1 ? (i + 0.5) / a.scale - 0.5 : 0;
    case 'half_pixel_symmetric': {
      const adjustment = a.to / (a.scale * a.from);
      return (a.from / 2) * (1 - adjustment) + (i + 0.5) / a.scale - 0.5;
    }
    case 'align_corners': {
      // The length before it is rounded, as the standard has it.
      const to = a.from * a.scale;
      return to === 1 ? 0 : (i * (a.from - 1)) / (to - 1);
    }
    case 'asymmetric':
      return i / a.scale;
    default:
      return undefined;
  }
}

const rounding: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function along(c: Call, x: Value, d: number, a: Axis, upsample: boolean): Value {
  const coordinates = upsample
    ? 'asymmetric'
    : c.string('coordinate_transformation_mode', c.opset < 11 ? 'asymmetric' : 'half_pixel');
  const places = Array.from({ length: a.to }, (_, i) => {
    const p = place(coordinates, a, i);
    if (p === undefined)
      throw c.fail(`has a coordinate mode "${coordinates}" that is not read`, 'onnx-op');
    return p;
  });
  const inside = (i: number): number => Math.min(Math.max(i, 0), a.from - 1);
  const mode = c.string('mode', 'nearest');
  if (mode === 'nearest') {
    const round =
      rounding[
        upsample ? 'floor' : c.string('nearest_mode', c.opset < 11 ? 'floor' : 'round_prefer_floor')
      ];
    if (!round) throw c.fail('has an unknown nearest_mode');
    return lax.take(x, c.building.integers(places.map((p) => inside(round(p)))), d);
  }
  if (mode !== 'linear') throw c.fail(`has a mode "${mode}" that is not read`, 'onnx-op');
  if (c.flag('antialias', false) && a.scale < 1)
    throw c.fail('reduces with antialiasing, which is not read', 'onnx-op');
  const lower = places.map(Math.floor);
  const take = (by: number): Value =>
    lax.take(x, c.building.integers(lower.map((i) => inside(i + by))), d);
  const share = c.building.constant({
    data: Float32Array.from(places, (p, i) => p - lower[i]),
    shape: [a.to],
    dtype: 'float32',
  });
  const shape = x.shape.map((n, i) => (i === d ? a.to : n));
  const t = lax.broadcastInDim(lax.convert(share, x.dtype), shape, [d]);
  const [low, high] = [take(0), take(1)];
  return lax.add(low, lax.mul(t, lax.sub(high, low)));
}

function resized(c: Call, scalesAt: number, sizesAt: number): Value {
  let x = c.get(0);
  const rank = x.shape.length;
  const axes = c.ints('axes')?.map((a) => c.axis(a, rank)) ?? x.shape.map((_, d) => d);
  const upsample = sizesAt < 0;
  const given = !upsample && c.has(sizesAt) ? c.host(sizesAt) : undefined;
  const sizes = given && given.length > 0 ? given : undefined;
  const scales = sizes
    ? sizes.map((n, i) => n / x.shape[axes[i]])
    : (c.floats('scales') ?? c.host(scalesAt));
  const policy = c.string('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw c.fail(`has a policy "${policy}" that is not read`, 'onnx-op');
  if (scales.length !== axes.length || scales.some((s) => !(s > 0)))
    throw c.fail('needs a scale above 0 for each axis');
  const target = [...x.shape];
  axes.forEach((d, i) => {
    target[d] = sizes?.[i] ?? Math.floor(x.shape[d] * scales[i]);
  });
  c.sizes(target);
  axes.forEach((d, i) => {
    const a = { from: x.shape[d], to: target[d], scale: scales[i] };
    if (a.from !== a.to || scales[i] !== 1) x = along(c, x, d, a, upsample);
  });
  return x;
}

const resize: Op = (c) => (c.opset < 11 ? resized(c, 1, 9) : resized(c, 2, 3));

export const resizing: Ops = { Resize: resize, Upsample: (c) => resized(c, 1, -1) };
