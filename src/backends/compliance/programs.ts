/** Whole programs: training steps, gradients, donation, and graphs of unusual make. */
import { gradient, lax, type Value } from '../../graph/index.ts';
import {
  type Builder,
  type Case,
  columnWise,
  exact,
  float32,
  layerNorm,
  like,
  makeCase,
  relu,
  rowWise,
  scale,
  softmax,
} from './case.ts';

interface Net {
  readonly params: Value[];
  readonly loss: Value;
  readonly probabilities: Value;
}

/** The article's network on a batch, with donated parameters. */
function network(b: Builder, batch: number, inputs: number, hidden: number, classes: number): Net {
  const x = b.input('float32', [batch, inputs], b.uniform(0, 1));
  const labels = b.input('int32', [batch], b.ints(0, classes - 1));
  const bound = Math.sqrt(6 / (inputs + hidden));
  const params = [
    b.donated('float32', [inputs, hidden], b.uniform(-bound, bound)),
    b.donated('float32', [hidden], b.uniform(-0.1, 0.1)),
    b.donated('float32', [hidden, classes], b.uniform(-0.3, 0.3)),
    b.donated('float32', [classes], b.uniform(-0.1, 0.1)),
  ];
  const [w1, b1, w2, b2] = params;
  const z1 = lax.dot(x, w1);
  const h = relu(lax.add(z1, rowWise(z1, b1)));
  const z2 = lax.dot(h, w2);
  const probabilities = softmax(lax.add(z2, rowWise(z2, b2)));
  const classIndex = lax.iota(probabilities.shape, 1, 'int32');
  const hot = lax.eq(classIndex, lax.broadcastInDim(labels, probabilities.shape, [0]));
  const logs = lax.log(lax.max(probabilities, like(probabilities, 1e-7)));
  const picked = lax.select(hot, logs, like(logs, 0));
  return { params, loss: scale(lax.reduceSum(picked), -1 / batch), probabilities };
}

function* training(): Generator<Case> {
  for (const [batch, inputs, hidden, classes] of [
    [64, 784, 128, 10],
    [7, 13, 9, 3],
    [1, 5, 4, 2],
  ]) {
    const size = `${batch}x${inputs}-${hidden}-${classes}`;
    yield makeCase(
      `SGD step ${size}`,
      (b) => {
        const { params, loss, probabilities } = network(b, batch, inputs, hidden, classes);
        const grads = gradient(loss, params);
        return [
          ...params.map((p, i) => lax.sub(p, scale(grads[i], 0.1))),
          loss,
          lax.argmax(probabilities, 1),
        ];
      },
      { rel: 1e-4, abs: 1e-5 },
    );
    yield makeCase(
      `Adam step ${size}`,
      (b) => {
        const { params, loss } = network(b, batch, inputs, hidden, classes);
        const grads = gradient(loss, params);
        const t = b.donated('int32', [], [3]);
        const next = lax.add(t, like(t, 1));
        const step = lax.convert(next, 'float32');
        const decay = (beta: number): Value =>
          lax.sub(like(step, 1), lax.pow(like(step, beta), step));
        const rate = scale(lax.div(lax.sqrt(decay(0.999)), decay(0.9)), 0.001);
        const updated = params.map((p, i) => {
          const m = b.donated('float32', p.shape, b.uniform(-0.01, 0.01));
          const v = b.donated('float32', p.shape, b.uniform(0.0001, 0.001));
          const g = grads[i];
          const m2 = lax.add(m, scale(lax.sub(g, m), 0.1));
          const v2 = lax.add(v, scale(lax.sub(lax.mul(g, g), v), 0.001));
          const root = lax.add(lax.sqrt(v2), like(v2, 1e-7));
          const change = lax.div(lax.mul(m2, lax.broadcastTo(rate, m2.shape)), root);
          return [lax.sub(p, change), m2, v2];
        });
        return [...updated.flat(), next, loss];
      },
      { rel: 1e-4, abs: 1e-5 },
    );
  }
  yield makeCase('dropout', (b) => {
    const x = b.input('float32', [30, 20]);
    const bits = lax.randomBits(b.input('uint32', [2], [1, 5]), x.shape);
    const keep = lax.lt(bits, lax.full(x.shape, 2 ** 31, 'uint32'));
    const kept = lax.select(keep, scale(x, 2), like(x, 0));
    return [kept, ...gradient(lax.reduceSum(lax.mul(kept, kept)), [x])];
  });
}

/** Functions whose gradient is asked for, at shapes that are not round. */
const differentiated: Record<string, (b: Builder, x: Value) => Value> = {
  softmax: (_, x) => softmax(x),
  layernorm: (b, x) =>
    layerNorm(x, b.input('float32', [x.shape[1]]), b.input('float32', [x.shape[1]])),
  gelu: (_, x) => {
    const cdf = scale(lax.add(lax.erf(scale(x, Math.SQRT1_2)), like(x, 1)), 0.5);
    return lax.mul(x, cdf);
  },
  softplus: (_, x) => lax.log1p(lax.exp(x)),
  norm: (_, x) => lax.sqrt(lax.reduceSum(lax.mul(x, x), [1])),
  'maximum of rows': (_, x) => lax.reduceMax(x, [1]),
  product: (_, x) => lax.reduceProd(x, [1]),
  'cumulative sum': (_, x) => lax.cumulative(x, 0, 'add', true),
  'cumulative maximum': (_, x) => lax.cumulative(x, 1, 'max'),
  'embedding lookup': (b, x) => lax.take(x, b.input('int32', [20], b.ints(0, x.shape[0] - 1)), 0),
  'sorted rows': (_, x) => lax.sort([x], 1)[0],
  'slices and pads': (_, x) =>
    lax.pad(
      lax.slice(x, [1, 0], [x.shape[0], x.shape[1] - 1], [2, 3]),
      0.5,
      [1, -1],
      [0, 2],
      [1, 2],
    ),
  'concatenated halves': (_, x) =>
    lax.concatenate([lax.sin(x), lax.transpose(lax.transpose(x, [1, 0]), [1, 0])], 1),
  'outer products': (_, x) => lax.dot(x, lax.transpose(x, [1, 0])),
  'batched products': (b, x) => {
    const y = b.input('float32', [4, x.shape[1], x.shape[0]]);
    const stack = lax.broadcastInDim(x, [4, ...x.shape], [1, 2]);
    return lax.dotGeneral(stack, y, {
      lhsContract: [2],
      rhsContract: [1],
      lhsBatch: [0],
      rhsBatch: [0],
    });
  },
  'scattered rows': (b, x) =>
    lax.scatter(
      lax.full([9, x.shape[1]], 1, 'float32'),
      b.input('int32', [x.shape[0], 1], b.ints(0, 8)),
      x,
      'set',
      { windowDims: [1], insertedDims: [0], indexMap: [0] },
    ),
};

function* gradients(): Generator<Case> {
  for (const [name, fn] of Object.entries(differentiated)) {
    yield makeCase(
      `gradient of ${name}`,
      (b) => {
        const x = b.input('float32', [7, 11], b.uniform(0.3, 1.7));
        const y = fn(b, x);
        const weights = b.input('float32', y.shape);
        const first = gradient(lax.reduceSum(lax.mul(y, weights)), [x]);
        const second = gradient(lax.reduceSum(lax.mul(first[0], first[0])), [x]);
        return [y, ...first, ...second];
      },
      { rel: 2e-4, abs: 2e-4 },
    );
  }
}

function* donations(): Generator<Case> {
  const square = [23, 23];
  const rows: Record<string, (b: Builder) => Value | Value[]> = {
    'a donated input that is also returned': (b) => {
      const x = b.donated('float32', square);
      return [lax.add(x, like(x, 1)), x];
    },
    'a donated input returned as it is': (b) => b.donated('float32', [5]),
    'a donated input that is not used': (b) => {
      b.donated('float32', [9]);
      return lax.neg(b.input('float32', [9]));
    },
    'a donated input returned twice': (b) => {
      const x = b.donated('float32', [9]);
      return [x, x, lax.neg(x)];
    },
    'two donated inputs exchanged': (b) => {
      const x = b.donated('float32', square);
      const y = b.donated('float32', square);
      return [y, x];
    },
    'two donated inputs updated from each other': (b) => {
      const x = b.donated('float32', square);
      const y = b.donated('float32', square);
      return [lax.add(x, y), lax.sub(y, x)];
    },
    'two donated inputs crossed': (b) => {
      const x = b.donated('float32', square);
      const y = b.donated('float32', square);
      return [scale(y, 2), scale(x, 3)];
    },
    'plus its own transpose': (b) => {
      const x = b.donated('float32', square);
      return lax.add(x, lax.transpose(x, [1, 0]));
    },
    'plus its own reverse': (b) => {
      const x = b.donated('float32', [1001]);
      return lax.add(x, lax.reverse(x, [0]));
    },
    'shifted by one, forwards and backwards': (b) => {
      const x = b.donated('float32', [1001]);
      const y = b.donated('float32', [1001]);
      return [
        lax.pad(lax.slice(x, [0], [1000]), 0, [1], [0]),
        lax.pad(lax.slice(y, [1], [1001]), 0, [0], [1]),
      ];
    },
    'softmax in place': (b) => softmax(b.donated('float32', [17, 31])),
    'minus its own mean': (b) => {
      const x = b.donated('float32', [17, 31]);
      const columns = scale(lax.reduceSum(x, [0]), 1 / 17);
      const rowsMean = scale(lax.reduceSum(x, [1]), 1 / 31);
      return lax.sub(lax.sub(x, rowWise(x, columns)), columnWise(x, rowsMean));
    },
    'a running sum in place': (b) => lax.cumulative(b.donated('float32', [400]), 0, 'add'),
    'sorted in place': (b) => lax.sort([b.donated('float32', [6, 40])], 1)[0],
    'scatter into a donated array that is read later': (b) => {
      const x = b.donated('float32', [12]);
      const i = b.input('int32', [3, 1], [2, 5, 2]);
      const flat = { windowDims: [], insertedDims: [0], indexMap: [0] };
      const y = lax.scatter(x, i, b.input('float32', [3]), 'add', flat);
      return [y, lax.sub(y, x)];
    },
    'a weight used by the product whose result updates it': (b) => {
      const w = b.donated('float32', [16, 16], b.uniform(-1, 1));
      const x = b.input('float32', [16, 16], b.uniform(-1, 1));
      return lax.sub(w, scale(lax.dot(lax.dot(w, x), lax.transpose(w, [1, 0])), 0.1));
    },
    'a product written where its operand was': (b) => {
      const x = b.donated('float32', [33, 33], b.uniform(-1, 1));
      return lax.dot(x, x);
    },
    'another dtype of the same size': (b) =>
      lax.convert(b.donated('float32', [65], b.uniform(-99, 99)), 'int32'),
    'a smaller dtype': (b) =>
      lax.gt(lax.exp(b.donated('float32', [65])), lax.full([65], 1, 'float32')),
    'a reshaped donated input': (b) => lax.reshape(b.donated('float32', [4, 6]), [24]),
    'a broadcast of a donated input': (b) => {
      const x = b.donated('float32', [6]);
      return [rowWise(lax.full([6, 6], 0, 'float32'), x), lax.add(x, x)];
    },
    'a donated counter and its old value': (b) => {
      const t = b.donated('int32', []);
      const next = lax.add(t, like(t, 1));
      return [next, lax.mul(next, t), t];
    },
  };
  for (const [name, build] of Object.entries(rows))
    yield makeCase(`donation: ${name}`, build, { rel: 2e-5, abs: 5e-6 });
}

function* shapesOfGraphs(): Generator<Case> {
  yield makeCase('an input returned directly', (b) => b.input('float32', [3, 4]), exact);
  yield makeCase(
    'inputs returned out of order',
    (b) => {
      const x = b.input('float32', [3]);
      const y = b.input('bool', [2, 2]);
      const s = b.input('float64', []);
      return [s, y, x, y];
    },
    exact,
  );
  yield makeCase('one result returned twice', (b) => {
    const y = lax.exp(b.input('float32', [9]));
    return [y, lax.neg(y), y];
  });
  yield makeCase('equal work asked for twice', (b) => {
    const x = b.input('float32', [9]);
    const twice = [lax.exp(x), lax.exp(x)];
    return [lax.add(twice[0], twice[1]), ...twice];
  });
  yield makeCase('constants only', () => [
    lax.scalar(2.5, 'float32'),
    lax.full([3, 5], 7, 'int32'),
    lax.exp(lax.full([4], 1, 'float32')),
    lax.reduceSum(lax.iota([10], 0, 'int32')),
    lax.full([2], 1, 'bool'),
    lax.full([0, 2], 1, 'float64'),
  ]);
  yield makeCase('no outputs', () => [], exact);
  yield makeCase('inputs that nothing uses', (b) => {
    b.input('float32', [1000]);
    b.input('bool', []);
    return lax.neg(b.input('float32', [2]));
  });
  yield makeCase('a result that is also an intermediate', (b) => {
    const x = b.input('float32', [21, 9]);
    const e = lax.exp(x);
    const s = lax.reduceSum(e, [1]);
    return [s, lax.div(e, columnWise(e, s)), e, lax.log(s)];
  });
  yield makeCase(
    'an intermediate value that is given',
    (b) => {
      const x = b.input('float32', [7], b.grid());
      const e = b.given(lax.exp(x), b.grid());
      return [lax.neg(e), lax.add(x, e), e];
    },
    exact,
  );
  yield makeCase(
    'one result of a node given, the other wanted',
    (b) => {
      const x = b.input('float32', [9], b.grid());
      const [keys, order] = lax.sort([x, lax.iota([9], 0, 'int32')], 0);
      b.given(keys, b.grid());
      return [lax.add(keys, keys), order, lax.take(keys, order, 0), keys];
    },
    exact,
  );
  yield makeCase(
    '2,000 additions one after another',
    (b) => {
      const one = b.input('float32', [3], [1, 2, 3]);
      let x = b.input('float32', [3], [0, 0.5, 100]);
      for (let i = 0; i < 2000; i++) x = lax.add(x, one);
      return x;
    },
    float32,
  );
  yield makeCase(
    'a deep chain of unlike shapes',
    (b) => {
      let x = b.input('float32', [6, 10], b.uniform(-1, 1));
      for (let i = 0; i < 60; i++) {
        x = lax.tanh(lax.transpose(x, [1, 0]));
        x = lax.sub(x, columnWise(x, scale(lax.reduceSum(x, [1]), 1 / x.shape[1])));
      }
      return x;
    },
    { rel: 1e-3, abs: 1e-5 },
  );
  yield makeCase(
    'a wide graph',
    (b) => {
      const x = b.input('float32', [40]);
      const branches = Array.from({ length: 100 }, (_, i) => lax.sin(scale(x, 0.1 * i)));
      const total = branches.reduce((a, v) => lax.add(a, v));
      return [total, ...branches.slice(0, 30)];
    },
    { rel: 5e-5, abs: 5e-5 },
  );
  yield makeCase(
    'doubling: 40 values each used twice',
    (b) => {
      let x = b.input('float32', [5], b.uniform(-1, 1));
      for (let i = 0; i < 40; i++) x = scale(lax.add(x, lax.neg(lax.mul(x, x))), 0.9);
      return x;
    },
    { rel: 1e-3, abs: 1e-7 },
  );
  yield makeCase(
    'many small results of different dtypes',
    (b) => {
      const x = b.input('float32', [3]);
      return (['float64', 'int32', 'uint32', 'uint8', 'bool'] as const).flatMap((t) => [
        lax.convert(x, t),
        lax.convert(lax.reduceMax(x), t),
      ]);
    },
    exact,
  );
}

export function programCases(): Case[] {
  return [...training(), ...gradients(), ...donations(), ...shapesOfGraphs()];
}
