/** Normalizations. */
import { lax, type Value } from '../../graph/index.ts';
import type { Call, Op, Ops } from './call.ts';
import { along, like, mean, spread, standardized } from './values.ts';

const { add, mul, sub } = lax;

const batch: Op = (c) => {
  if (c.flag('training_mode', false)) throw c.fail('is in training mode, which is not read');
  const x = c.get(0);
  const [scale, bias, centre, variance] = [1, 2, 3, 4].map((i) => c.get(i));
  const factor = mul(scale, lax.rsqrt(add(variance, like(variance, c.float('epsilon', 1e-5)))));
  const shift = sub(bias, mul(centre, factor));
  return add(mul(x, along(factor, x.shape, 1)), along(shift, x.shape, 1));
};

const instance: Op = (c) => {
  const x = c.get(0);
  const axes = x.shape.map((_, d) => d).slice(2);
  const y = standardized(x, axes, c.float('epsilon', 1e-5));
  return add(mul(y, along(c.get(1), x.shape, 1)), along(c.get(2), x.shape, 1));
};

const group: Op = (c) => {
  const x = c.get(0);
  const groups = c.int('num_groups', 1);
  const [n, features, ...spatial] = x.shape;
  const cut = lax.reshape(x, c.sizes([n, groups, features / groups, ...spatial]));
  const axes = cut.shape.map((_, d) => d).slice(2);
  const y = lax.reshape(standardized(cut, axes, c.float('epsilon', 1e-5)), x.shape);
  // Before version 21 scales are one a group.
  const wide = (v: Value): Value => {
    if (v.shape[0] === features) return v;
    const each = lax.broadcastInDim(v, c.sizes([groups, features / groups]), [0]);
    return lax.reshape(each, [features]);
  };
  return add(mul(y, along(wide(c.get(1)), x.shape, 1)), along(wide(c.get(2)), x.shape, 1));
};

function lastAxes(c: Call, x: Value): number[] {
  const axis = c.axis(c.int('axis', -1), x.shape.length);
  return x.shape.map((_, d) => d).filter((d) => d >= axis);
}

const layer: Op = (c) => {
  const x = c.get(0);
  const axes = lastAxes(c, x);
  const epsilon = c.float('epsilon', 1e-5);
  let y = mul(standardized(x, axes, epsilon), lax.broadcastTo(c.get(1), x.shape));
  if (c.has(2)) y = add(y, lax.broadcastTo(c.get(2), x.shape));
  if (c.outputs === 1) return y;
  const kept = x.shape.map((n, d) => (axes.includes(d) ? 1 : n));
  const centre = mean(x, axes);
  const centred = sub(x, spread(centre, x.shape, axes));
  const variance = mean(mul(centred, centred), axes);
  const inverse = lax.rsqrt(add(variance, like(variance, epsilon)));
  return [y, lax.reshape(centre, kept), lax.reshape(inverse, kept)];
};

const rms: Op = (c) => {
  const x = c.get(0);
  const axes = lastAxes(c, x);
  const square = mean(mul(x, x), axes);
  const scale = lax.rsqrt(add(square, like(square, c.float('epsilon', 1e-5))));
  return mul(mul(x, spread(scale, x.shape, axes)), lax.broadcastTo(c.get(1), x.shape));
};

const lp: Op = (c) => {
  const x = c.get(0);
  const axis = c.axis(c.int('axis', -1), x.shape.length);
  const norm =
    c.int('p', 2) === 1
      ? lax.reduceSum(lax.abs(x), [axis])
      : lax.sqrt(lax.reduceSum(mul(x, x), [axis]));
  const zero = lax.eq(norm, like(norm, 0));
  const safe = lax.select(zero, like(norm, 1), norm);
  return lax.div(x, spread(safe, x.shape, [axis]));
};

export const normalization: Ops = {
  BatchNormalization: batch,
  InstanceNormalization: instance,
  GroupNormalization: group,
  LayerNormalization: layer,
  RMSNormalization: rms,
  LpNormalization: lp,
  MeanVarianceNormalization: (c) => {
    const x = c.get(0);
    return standardized(x, c.axes(c.ints('axes') ?? [0, 2, 3], x.shape.length), 1e-9);
  },
};
