/**
 * Quantiles of data seen in parts: a summary holds values with how many samples each stands for, and
 * is thinned out whenever it grows past 1/epsilon values. The numbers are those of Keras.
 */
export interface Summary {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

const f32 = (a: Float64Array): Float64Array => a.map(Math.fround);

/** Every so many-th of the sorted values, so that about 1/epsilon are left. */
export function summarize(data: ArrayLike<number>, epsilon: number): Summary {
  const sorted = Float32Array.from(data).sort();
  const step = Math.max(sorted.length * epsilon, 1);
  const values: number[] = [];
  const stride = Math.trunc(step);
  for (let i = Math.trunc(step - 1); i < sorted.length; i += stride) values.push(sorted[i]);
  const weights = new Float64Array(values.length).fill(Math.fround(step));
  return { values: Float64Array.from(values), weights };
}

export function mergeSummaries(a: Summary, b: Summary | undefined, epsilon: number): Summary {
  if (!b) return compress(a, epsilon);
  const values = [...a.values, ...b.values];
  const weights = [...a.weights, ...b.weights];
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  return compress(
    {
      values: Float64Array.from(order, (i) => values[i]),
      weights: Float64Array.from(order, (i) => weights[i]),
    },
    epsilon,
  );
}

export function boundariesOf(s: Summary, bins: number): number[] {
  return Array.from(compress(s, 1 / bins).values).slice(0, -1);
}

function compress(s: Summary, epsilon: number): Summary {
  if (s.values.length * epsilon < 1) return s;
  const n = Math.ceil(1 / epsilon);
  const percents = Float64Array.from({ length: n }, (_, i) => epsilon + i * epsilon);
  // Weights are float32 in Keras, and so are their running sums.
  let total = 0;
  const sums = s.weights.map((w) => {
    total = Math.fround(total + w);
    return total;
  });
  const shares = f32(sums.map((c) => c / total));
  const values = interpolate(percents, shares, s.values);
  const at = interpolate(percents, shares, sums);
  const weights = at.map((w, i) => w - (i > 0 ? at[i - 1] : 0));
  return { values: f32(values), weights: f32(weights) };
}

/** numpy.interp: piecewise linear through (xs, ys), flat beyond the ends. */
function interpolate(at: Float64Array, xs: Float64Array, ys: Float64Array): Float64Array {
  const n = xs.length;
  return at.map((x) => {
    if (x >= xs[n - 1]) return ys[n - 1];
    if (x < xs[0]) return ys[0];
    let i = 0;
    while (xs[i + 1] <= x) i++;
    return ((ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i])) * (x - xs[i]) + ys[i];
  });
}
