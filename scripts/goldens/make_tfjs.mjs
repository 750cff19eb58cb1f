// Layers models as TensorFlow.js writes them, and what it predicts with them: test/goldens/tfjs_models.json.
// `node scripts/goldens/make_tfjs.mjs FOLDER`, where FOLDER holds node_modules with @tensorflow/tfjs 4.22.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const tf = createRequire(join(process.argv[2], 'x.js'))('@tensorflow/tfjs');
await tf.setBackend('cpu');
const { layers } = tf;

let seed = 12345;
const random = () => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return (seed / 0x7fffffff) * 2 - 1;
};
const rounded = (n) => Array.from({ length: n }, () => Math.fround(Math.round(random() * 256) / 256));
const size = (shape) => shape.reduce((a, b) => a * b, 1);
const draw = (shape) => tf.tensor(rounded(size(shape)), shape);
const whole = (shape, below) =>
  tf.tensor(Array.from({ length: size(shape) }, () => Math.floor(((random() + 1) / 2) * below)), shape);
const base64 = (buffer) => Buffer.from(buffer).toString('base64');
const array = (t) => ({ shape: t.shape, data: Array.from(t.dataSync()) });

/** Weights that are nowhere 0 or 1; variances above 0. */
function fill(model) {
  model.setWeights(
    model.weights.map((w) => {
      const t = draw(w.shape);
      return w.originalName.endsWith('moving_variance') ? t.abs().add(0.5) : t;
    }),
  );
}

async function saved(model, options) {
  let artifacts;
  await model.save(
    tf.io.withSaveHandler((a) => {
      artifacts = a;
      return { modelArtifactsInfo: {} };
    }),
    options,
  );
  return artifacts;
}

/** model.json and its shards, as tf.io.fileSystem and browserDownloads write them. */
function files({ modelTopology, weightSpecs, weightData, ...rest }, cut = 1) {
  const all = Buffer.from(tf.io.CompositeArrayBuffer.join(weightData));
  const each = Math.ceil(all.length / cut);
  const paths = Array.from({ length: cut }, (_, i) => `group1-shard${i + 1}of${cut}.bin`);
  const weightsManifest = [{ paths, weights: weightSpecs }];
  const keep = ['format', 'generatedBy', 'convertedBy', 'trainingConfig'];
  const about = Object.fromEntries(keep.filter((k) => rest[k] !== undefined).map((k) => [k, rest[k]]));
  return {
    json: { modelTopology, ...about, weightsManifest },
    shards: Object.fromEntries(paths.map((p, i) => [p, base64(all.subarray(i * each, (i + 1) * each))])),
  };
}

function quantize(artifacts, dtypeOf) {
  const specs = [];
  const parts = [];
  const all = Buffer.from(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
  let at = 0;
  artifacts.weightSpecs.forEach((w, i) => {
    const n = size(w.shape);
    const values = new Float32Array(all.buffer.slice(all.byteOffset + at, all.byteOffset + at + 4 * n));
    at += 4 * n;
    const dtype = dtypeOf(i);
    if (dtype === 'float16') {
      // Halves of these rounded values are exact: 8 bits of fraction.
      const half = Uint16Array.from(values, (v) => toHalf(v));
      specs.push({ ...w, quantization: { dtype, original_dtype: 'float32' } });
      parts.push(Buffer.from(half.buffer));
      return;
    }
    const [lo, hi] = [Math.min(...values), Math.max(...values)];
    const steps = dtype === 'uint8' ? 255 : 65535;
    const scale = (hi - lo) / steps || 1;
    const Typed = dtype === 'uint8' ? Uint8Array : Uint16Array;
    const q = Typed.from(values, (v) => Math.round((v - lo) / scale));
    specs.push({ ...w, quantization: { dtype, min: lo, scale, original_dtype: 'float32' } });
    parts.push(Buffer.from(q.buffer));
  });
  const joined = Buffer.concat(parts);
  const weightData = joined.buffer.slice(joined.byteOffset, joined.byteOffset + joined.length);
  return { ...artifacts, weightSpecs: specs, weightData };
}

function toHalf(v) {
  if (v === 0) return 0;
  const e = Math.floor(Math.log2(Math.abs(v)));
  const fraction = Math.round((Math.abs(v) / 2 ** e - 1) * 1024);
  return (v < 0 ? 0x8000 : 0) | ((e + 15) << 10) | fraction;
}

const { dense } = layers;
const stack = (...list) => tf.sequential({ layers: list });

function functional() {
  const a = tf.input({ shape: [6], name: 'a' });
  const b = tf.input({ shape: [4], name: 'b' });
  const shared = dense({ units: 5, activation: 'relu', name: 'shared' });
  const inner = tf.sequential({
    name: 'inner',
    layers: [dense({ units: 4, inputShape: [5], activation: 'tanh' }), dense({ units: 3 })],
  });
  const i = tf.input({ shape: [3] });
  const deep = tf.model({ inputs: i, outputs: dense({ units: 2, name: 'deep_dense' }).apply(i), name: 'deep' });
  const left = inner.apply(shared.apply(a));
  const right = inner.apply(shared.apply(dense({ units: 6 }).apply(b)));
  const merged = layers.concatenate().apply([layers.add().apply([left, right]), layers.multiply().apply([left, right]), layers.maximum().apply([left, right])]);
  const dot = layers.dot({ axes: -1, normalize: true }).apply([left, right]);
  return tf.model({ inputs: [a, b], outputs: [deep.apply(left), merged, dot, layers.average().apply([left, right])] });
}

function states() {
  const x = tf.input({ shape: [5, 3], name: 'x' });
  const [y, h, c] = layers.lstm({ units: 4, returnSequences: true, returnState: true }).apply(x);
  const z = layers.lstm({ units: 4 }).apply(y, { initialState: [h, c] });
  return tf.model({ inputs: x, outputs: [z, h] });
}

/** [name, model, shape of a sample (of each input), whole numbers below this] */
const cases = {
  mlp: [() => stack(dense({ units: 7, inputShape: [5], activation: 'elu', kernelRegularizer: 'l1l2' }), layers.batchNormalization(), layers.dropout({ rate: 0.5 }), dense({ units: 3, activation: 'softmax' })), [[5]]],
  activations: [() => stack(dense({ units: 4, inputShape: [4], activation: 'hardSigmoid' }), layers.activation({ activation: 'swish' }), dense({ units: 4, activation: 'selu' }), layers.activation({ activation: 'softsign' }), layers.leakyReLU({ alpha: 0.2 }), layers.prelu(), layers.elu(), layers.thresholdedReLU({ theta: 0.1 }), dense({ units: 4, activation: 'relu6' }), layers.reLU({ maxValue: 2 }), layers.activation({ activation: 'hardSigmoid' }), dense({ units: 4, activation: 'softplus' }), layers.softmax()), [[4]]],
  cnn: [() => stack(layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu', inputShape: [9, 9, 2] }), layers.maxPooling2d({ poolSize: 2 }), layers.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 2 }), layers.upSampling2d({ size: [2, 2] }), layers.cropping2D({ cropping: 1 }), layers.zeroPadding2d({ padding: 1 }), layers.averagePooling2d({ poolSize: 2, padding: 'same' }), layers.flatten(), dense({ units: 2 })), [[9, 9, 2]]],
  depthwise: [() => stack(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, inputShape: [8, 8, 2] }), layers.separableConv2d({ kernelSize: 3, filters: 4 }), layers.batchNormalization(), layers.globalMaxPooling2d({}), dense({ units: 2 })), [[8, 8, 2]]],
  conv1d: [() => stack(layers.conv1d({ filters: 3, kernelSize: 3, dilationRate: 2, inputShape: [10, 2], padding: 'same' }), layers.maxPooling1d({ poolSize: 2 }), layers.layerNormalization(), layers.permute({ dims: [2, 1] }), layers.reshape({ targetShape: [5, 3] }), layers.globalAveragePooling1d()), [[10, 2]]],
  conv3d: [() => stack(layers.conv3d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 4, 1] }), layers.maxPooling3d({ poolSize: 2, strides: 1 }), layers.flatten(), dense({ units: 2 })), [[4, 4, 4, 1]]],
  rnn: [() => stack(layers.simpleRNN({ units: 4, returnSequences: true, inputShape: [5, 3] }), layers.simpleRNN({ units: 3, goBackwards: true }), dense({ units: 2 })), [[5, 3]]],
  gru: [() => stack(layers.gru({ units: 4, inputShape: [5, 3] }), layers.repeatVector({ n: 3 }), layers.gru({ units: 3, recurrentActivation: 'sigmoid', returnSequences: true })), [[5, 3]]],
  bilstm: [() => stack(layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true, inputLength: 5 }), layers.bidirectional({ layer: layers.lstm({ units: 3, returnSequences: true }), mergeMode: 'concat' }), layers.bidirectional({ layer: layers.lstm({ units: 2 }), mergeMode: 'sum' }), dense({ units: 2 })), [[5]], 9],
  timedistributed: [() => stack(layers.timeDistributed({ layer: dense({ units: 5, activation: 'tanh' }), inputShape: [4, 3] }), layers.lstm({ units: 4, recurrentActivation: 'sigmoid' }), dense({ units: 2 })), [[4, 3]]],
  cells: [() => stack(layers.rnn({ cell: [layers.gruCell({ units: 3 }), layers.lstmCell({ units: 2 })], returnSequences: true, inputShape: [4, 3] }), layers.masking({ maskValue: 0 })), [[4, 3]]],
  images: [() => stack(layers.rescaling({ scale: 0.5, offset: -1, inputShape: [6, 6, 1] }), layers.flatten()), [[6, 6, 1]]],
  noise: [() => stack(layers.gaussianNoise({ stddev: 1, inputShape: [4] }), layers.gaussianDropout({ rate: 0.4 }), layers.alphaDropout({ rate: 0.4 }), dense({ units: 3, activation: 'mish' })), [[4]]],
  functional: [functional, [[6], [4]]],
  states: [states, [[5, 3]]],
};

const models = [];
for (const [name, [make, shapes, below]] of Object.entries(cases)) {
  const model = make();
  fill(model);
  const x = shapes.map((s) => (below ? whole([3, ...s], below) : draw([3, ...s])));
  const of = (m) => [m.predict(x.length === 1 ? x[0] : x)].flat().map(array);
  if (name === 'mlp') {
    model.compile({ optimizer: tf.train.adam(0.02), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    await model.fit(x[0], tf.oneHot([0, 1, 2], 3), { epochs: 2, verbose: 0 });
  }
  const artifacts = await saved(model, { includeOptimizer: name === 'mlp' });
  const add = (n, a, cut, predictions) => models.push({ name: n, ...files(a, cut), x: x.map(array), predictions });
  add(name, artifacts, name === 'cnn' ? 3 : 1, of(model));
  if (name === 'mlp' || name === 'cnn') {
    const { optimizer: _, ...plain } = await saved(model);
    delete plain.trainingConfig;
    const packed = quantize(plain, (i) => ['uint8', 'float16', 'uint16'][(i + (name === 'cnn')) % 3]);
    const again = await tf.loadLayersModel(tf.io.fromMemory(packed));
    add(`${name}-quantized`, packed, 2, of(again));
  }
  if (name === 'bilstm') {
    // As the converter writes what tf.keras has saved.
    const converted = {
      ...artifacts,
      modelTopology: { keras_version: '2.11.0', backend: 'tensorflow', model_config: { class_name: 'Sequential', config: artifacts.modelTopology.config } },
      generatedBy: 'keras v2.11.0',
      convertedBy: 'TensorFlow.js Converter v4.22.0',
      weightSpecs: artifacts.weightSpecs.map((w) => ({ ...w, name: w.name.replace(/(ward_lstm_LSTM\d+)\//, '$1/lstm_cell_1/') })),
    };
    const again = await tf.loadLayersModel(tf.io.fromMemory(converted));
    add('bilstm-converted', converted, 1, of(again));
  }
  model.dispose();
}
writeFileSync(new URL('../../test/goldens/tfjs_models.json', import.meta.url), `${JSON.stringify({ models })}\n`);
console.log(models.length, 'models');
