/** Constants, shapes and what counts: values that come from sizes alone. */
import { lax, type Value } from '../../graph/index.ts';
import { sizeOf } from '../../shape.ts';
import { elementType } from '../element-types.ts';
import type { Call, Op, Ops } from './call.ts';
import { like, zeros } from './values.ts';

const shapeOf: Op = (c) => {
  const { shape } = c.get(0);
  const bound = (n: number): number => (n < 0 ? n + shape.length : n);
  const list = shape.slice(
    Math.max(0, bound(c.int('start', 0))),
    Math.max(0, bound(c.int('end', shape.length))),
  );
  return c.building.integers(list);
};

const constantOfShape: Op = (c) => {
  const value = c.tensor('value');
  return lax.full(c.sizes(c.host(0)), value?.data[0] ?? 0, value?.dtype ?? 'float32');
};

const constant: Op = (c) => {
  const value = c.tensor('value');
  if (value) return c.building.constant(value);
  if (c.given('value_float')) return lax.scalar(Math.fround(c.float('value_float', 0)), 'float32');
  if (c.given('value_int')) return c.building.integers([c.int('value_int', 0)], []);
  const ints = c.ints('value_ints');
  if (ints) return c.building.integers(ints);
  const floats = c.floats('value_floats');
  if (floats)
    return c.building.constant({
      data: Float32Array.from(floats),
      shape: [floats.length],
      dtype: 'float32',
    });
  throw c.fail('has no value of a kind that there is here', 'onnx-dtype');
};

const range: Op = (c) => {
  const [[start], [limit], [delta]] = [c.host(0), c.host(1), c.host(2)];
  const { dtype } = c.get(0);
  if (!Number.isFinite(start + limit + delta) || delta === 0)
    throw c.fail(`cannot count from ${start} to ${limit} by ${delta}`);
  const [n] = c.sizes([Math.max(0, Math.ceil((limit - start) / delta))]);
  const steps = lax.iota([n], 0, dtype);
  return lax.add(lax.mul(steps, like(steps, delta)), like(steps, start));
};

const eyeLike: Op = (c) => {
  const x = c.get(0);
  const k = c.int('k', 0);
  const { dtype } = c.given('dtype') ? { dtype: eyeDtype(c) } : x;
  const [i, j] = [lax.iota(x.shape, 0, 'int32'), lax.iota(x.shape, 1, 'int32')];
  return lax.convert(lax.eq(lax.add(i, like(i, k)), j), dtype);
};
function eyeDtype(c: Call): Value['dtype'] {
  const n = c.int('dtype', elementType.float);
  return n === elementType.double ? 'float64' : n === elementType.float ? 'float32' : 'int32';
}

const trilu: Op = (c) => {
  const x = c.get(0);
  const rank = x.shape.length;
  const k = c.has(1) ? c.host(1)[0] : 0;
  const [i, j] = [lax.iota(x.shape, rank - 2, 'int32'), lax.iota(x.shape, rank - 1, 'int32')];
  const diagonal = lax.add(i, like(i, k));
  const keep = c.flag('upper', true) ? lax.ge(j, diagonal) : lax.le(j, diagonal);
  return lax.select(keep, x, zeros(x.shape, x.dtype));
};

export const constants: Ops = {
  Shape: shapeOf,
  Size: (c) => c.building.integers([sizeOf(c.get(0).shape)], []),
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  EyeLike: eyeLike,
  Trilu: trilu,
};
