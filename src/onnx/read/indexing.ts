/** Reading and writing at computed places. */
import { lax, type Value } from '../../graph/index.ts';
import type { ScatterAttrs } from '../../graph/primitives/indexing.ts';
import type { Call, Op, Ops } from './call.ts';
import { like, positive } from './values.ts';

const gather: Op = (c) => {
  const [x, indices] = [c.get(0), c.get(1)];
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  c.sizes([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
  return lax.take(x, positive(indices, x.shape[axis]), axis);
};

/** Index vectors that address an array everywhere but along `axis`. */
function addressed(indices: Value, axis: number): Value {
  const shape = [...indices.shape, 1];
  const columns = indices.shape.map((_, d) =>
    lax.reshape(d === axis ? indices : lax.iota(indices.shape, d, 'int32'), shape),
  );
  return lax.concatenate(columns, shape.length - 1);
}

const gatherElements: Op = (c) => {
  const x = c.get(0);
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  return lax.takeAlongAxis(x, positive(c.get(1), x.shape[axis]), axis);
};

/** Components of index vectors below 0 count from the end. */
function vectors(x: Value, indices: Value, from = 0): Value {
  const i = lax.convert(indices, 'int32');
  const rank = i.shape.length;
  const parts = Array.from({ length: i.shape[rank - 1] }, (_, k) => {
    const part = lax.slice(
      i,
      i.shape.map((_n, d) => (d === rank - 1 ? k : 0)),
      i.shape.map((n, d) => (d === rank - 1 ? k + 1 : n)),
    );
    return positive(part, x.shape[k + from]);
  });
  return lax.concatenate(parts, rank - 1);
}

const gatherND: Op = (c) => {
  const [x, indices] = [c.get(0), c.get(1)];
  const batch = c.int('batch_dims', 0);
  const depth = indices.shape.at(-1) ?? 0;
  const rank = x.shape.length;
  if (depth < 1 || batch + depth > rank || batch >= indices.shape.length)
    throw c.fail(`takes index vectors (${indices.shape}) from (${x.shape})`);
  let at = vectors(x, indices, batch);
  // Batch dimensions are addressed by their own positions.
  const own = Array.from({ length: batch }, (_, d) =>
    lax.iota([...indices.shape.slice(0, -1), 1], d, 'int32'),
  );
  at = lax.concatenate([...own, at], at.shape.length - 1);
  const map = Array.from({ length: batch + depth }, (_, d) => d);
  const lead = indices.shape.length - 1;
  return lax.gather(x, at, {
    offsetDims: x.shape.slice(map.length).map((_, i) => lead + i),
    collapsedDims: map,
    startIndexMap: map,
    sliceSizes: x.shape.map((n, d) => (d < map.length ? 1 : n)),
  });
};

function operator(c: Call): ScatterAttrs['op'] {
  const name = c.string('reduction', 'none');
  const op = ({ none: 'set', add: 'add', mul: 'mul', min: 'min', max: 'max' } as const)[name];
  if (!op) throw c.fail(`has an unknown reduction "${name}"`);
  return op;
}

const scatterElements: Op = (c) => {
  const [x, indices, updates] = [c.get(0), c.get(1), c.get(2)];
  const axis = c.axis(c.int('axis', 0), x.shape.length);
  const map = x.shape.map((_, d) => d);
  const at = addressed(positive(indices, x.shape[axis]), axis);
  return lax.scatter(x, at, updates, operator(c), {
    windowDims: [],
    insertedDims: map,
    indexMap: map,
  });
};

const scatterND: Op = (c) => {
  const [x, indices, updates] = [c.get(0), c.get(1), c.get(2)];
  const depth = indices.shape.at(-1) ?? 0;
  if (depth < 1 || depth > x.shape.length)
    throw c.fail(`writes at index vectors (${indices.shape}) of (${x.shape})`);
  const map = Array.from({ length: depth }, (_, d) => d);
  const lead = indices.shape.length - 1;
  return lax.scatter(x, vectors(x, indices), updates, operator(c), {
    windowDims: x.shape.slice(depth).map((_, i) => lead + i),
    insertedDims: map,
    indexMap: map,
  });
};

const oneHot: Op = (c) => {
  const indices = c.get(0);
  const [depth] = c.host(1);
  const values = c.get(2);
  const rank = indices.shape.length + 1;
  const axis = c.axis(c.int('axis', -1), rank);
  const shape = c.sizes([...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)]);
  const dims = indices.shape.map((_, d) => (d < axis ? d : d + 1));
  const at = positive(indices, depth);
  const hit = lax.eq(lax.broadcastInDim(at, shape, dims), lax.iota(shape, axis, 'int32'));
  const pick = (i: number): Value =>
    lax.broadcastTo(lax.reshape(lax.slice(values, [i], [i + 1]), []), shape);
  return lax.select(hit, pick(1), pick(0));
};

/** The first `lengths` elements of each line turned around. */
const reverseSequence: Op = (c) => {
  const x = c.get(0);
  const [batch, time] = [c.int('batch_axis', 1), c.int('time_axis', 0)];
  const shape = x.shape;
  const lengths = lax.broadcastInDim(lax.convert(c.get(1), 'int32'), shape, [batch]);
  const t = lax.iota(shape, time, 'int32');
  const turned = lax.sub(lax.sub(lengths, like(t, 1)), t);
  return lax.takeAlongAxis(x, lax.select(lax.lt(t, lengths), turned, t), time);
};

export const indexing: Ops = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
};
