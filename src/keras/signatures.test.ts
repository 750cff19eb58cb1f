/**
 * The options of everything that Keras exports, by name, against what Keras takes (scripts/goldens/make_signatures.py).
 * What is accepted is asked of the code itself: an option that there is not is refused with the list of those
 * that there are. Functions of keras.ops are held in ops/ops.test.ts.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../backends/registry.ts';
import { GradloomError } from '../errors.ts';
import { type Tensor, tensor } from '../tensor/index.ts';
import { camelCase } from './identifiers.ts';
import * as keras from './index.ts';
import { readGoldens } from './testing.ts';

/** [name], or [name, default]. */
type Parameter = [name: string, otherwise?: unknown];
const { signatures } = readGoldens<{ signatures: Record<string, Parameter[]> }>('signatures');

/** What Keras exports and Gradloom does not. */
const absent: Readonly<Record<string, string>> = {
  'of other frameworks, or of Python alone':
    'callbacks.OrbaxCheckpoint layers.FlaxLayer layers.JaxLayer layers.TFSMLayer layers.TorchModuleWrapper utils.Config utils.Sequence utils.CustomObjectScope saving.CustomObjectScope saving.KerasFileEditor utils.disable_interactive_logging utils.enable_interactive_logging utils.is_interactive_logging_enabled utils.standardize_dtype utils.get_source_inputs utils.is_keras_tensor utils.pack_x_y_sample_weight utils.unpack_x_y_sample_weight layers.InputSpec',
  'names of Keras for classes that are here under another':
    'initializers.IdentityInitializer initializers.OrthogonalInitializer',
  'the rest (P2)':
    'initializers.STFT initializers.STFTInitializer initializers.stft layers.AugMix layers.ContrastLimitedAdaptiveHistogramEqualization layers.ConvLSTM1D layers.ConvLSTM2D layers.ConvLSTM3D layers.CutMix layers.Equalization layers.HashedCrossing layers.MaxNumBoundingBoxes layers.MelSpectrogram layers.MixUp layers.RandAugment layers.RandomElasticTransform layers.RandomPerspective layers.RandomPosterization layers.ReversibleEmbedding layers.STFTSpectrogram layers.SpectralNormalization random.beta random.binomial random.gamma regularizers.OrthogonalRegularizer regularizers.orthogonal_regularizer utils.FeatureSpace utils.audio_dataset_from_directory utils.model_to_dot',
};

/** Options of Keras that are not taken, and why. `*` stands for every class. */
const without: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no quantization or low-rank adapters': {
    'layers.*': 'lora_rank lora_alpha quantization_config gptq_unpacked_column_size',
  },
  'no sparse or ragged tensors': {
    'layers.*': 'sparse ragged',
  },
  'symbolic inputs around tensors that are there already': {
    'layers.*': 'tensor input_tensor optional',
  },
  'settings of libraries that are not used, and of text that is bytes': {
    'layers.*': 'use_cudnn encoding',
  },
  'whole numbers are int32': { 'layers.IntegerLookup': 'vocabulary_dtype' },
  'set the weights after it is built': { 'layers.Bidirectional': 'weights' },
  'options of tf.data, of Python alone, or that come by place': {
    'utils.*': 'format preferred_backend',
    'Model.fit': 'x y',
    'Model.evaluate': 'x y',
    'Model.train_on_batch': 'y',
    'Model.test_on_batch': 'y',
    'Model.export': 'verbose input_signature',
    'Model.summary': 'positions',
    'saving.save_model': 'zipped',
    'Model.save': 'zipped',
    'saving.load_model': 'safe_mode',
  },
  'lines are laid out by another program': { 'utils.plot_model': 'splines' },
};

/** Options that only Gradloom has. */
const own: Readonly<Record<string, string>> = {
  'layers.*': 'name trainable inputShape dtype activityRegularizer dataFormat',
  'layers.SimpleRNN': 'zeroOutputForMask',
  'layers.LSTM': 'zeroOutputForMask',
  'layers.GRU': 'zeroOutputForMask',
  'layers.AdditiveAttention': 'seed',
  'layers.Embedding': 'inputLength',
  'layers.LayerNormalization': 'rmsScaling',
  'callbacks.LambdaCallback':
    'onTestBegin onTestEnd onTestBatchBegin onTestBatchEnd onPredictBegin onPredictEnd onPredictBatchBegin onPredictBatchEnd',
  'saving.*': 'maxBytes name byName extension',
  'Model.*': 'signal maxBytes byName extension batchSize inputShapes name',
  'utils.*': 'output now maxBytes signal onProgress',
  'datasets.*': 'path urls cacheDir signal onProgress',
};

const matches = (pattern: string, key: string): boolean =>
  pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : pattern === key;
const lists = (table: Readonly<Record<string, string>>, key: string): string[] =>
  Object.entries(table).flatMap(([p, names]) => (matches(p, key) ? names.split(' ') : []));

const missing = new Set(Object.values(absent).flatMap((names) => names.split(' ')));

/** Something for a parameter that must be given. */
const sample = (name: string): unknown => {
  if (name === 'filepath' || name === 'path') return 'x.keras';
  if (name === 'shape') return [2];
  if (name === 'rate') return 0.5;
  if (name === 'logits') return [[1, 2]];
  if (name === 'schedule') return () => 1;
  if (name === 'layer') return keras.layers.dense({ units: 1 });
  if (name === 'cell') return keras.layers.lstmCell({ units: 1 });
  return 2;
};

const parts = (key: string): [owner: unknown, name: string] => {
  const path = key.split('.');
  const name = path.pop()!;
  const objects: Record<string, unknown> = { Model: model, Layer: layer, Optimizer: optimizer };
  const owner =
    objects[path[0]] ??
    path.reduce<unknown>((o, p) => (o as Record<string, unknown>)[camelCase(p)], keras);
  return [owner, /^[A-Z]/.test(name) ? name : camelCase(name)];
};
const optimizer = keras.optimizers.sgd();
const layer = keras.layers.dense({ units: 1 });
let model: keras.Model;

/** The options that it says there are; undefined where it takes none, or takes whatever it is given. */
async function accepted(key: string): Promise<readonly string[] | undefined> {
  const [owner, name] = parts(key);
  const f = (owner as Record<string, (...a: unknown[]) => unknown>)[name];
  const isClass = /^[A-Z]/.test(name);
  const parameters = signatures[key];
  const required = parameters.filter((p) => p.length === 1);
  // By name throughout, or behind those that must be given.
  const named = Object.fromEntries(required.map(([p]) => [camelCase(p), sample(p)]));
  const tries = [[{ ...named, zzzz: 1 }]];
  for (let n = 1; n <= 3; n++)
    tries.push([...parameters.slice(0, n).map(([p]) => sample(p) as never), { zzzz: 1 } as never]);
  for (const args of tries)
    try {
      await (isClass ? Reflect.construct(f, args) : f.apply(owner, args));
    } catch (e) {
      if (e instanceof GradloomError && e.code === 'unknown-option' && e.facts.option === 'zzzz')
        return e.facts.allowed as string[];
    }
  return undefined;
}

beforeAll(() => {
  setBackend('reference');
  model = keras.sequential([keras.input({ shape: [2] }), keras.layers.dense({ units: 1 })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
});

/** Whose options come by place only, or that have none of Keras's: what is asked of them stands elsewhere. */
const byPlace = new Set(
  `callbacks.CallbackList callbacks.LearningRateScheduler layers.Layer layers.dot losses.Loss metrics.MeanMetricWrapper metrics.Metric optimizers.Optimizer optimizers.OptimizerMap random.SeedGenerator
   optimizers.LossScaleOptimizer optimizers.MultiOptimizer Layer.add_weight Optimizer.apply utils.clear_session datasets.mnist.load_data`.split(
    /\s+/,
  ),
);
const registries = /\.(get|deserialize|serialize|.*_object|.*registered.*|register_.*|.*objects)$/;

describe('what Keras exports is here', () => {
  it('but for what is listed', () => {
    const gone = Object.keys(signatures).filter((key) => {
      const [owner, name] = parts(key);
      return (owner as Record<string, unknown>)[name] === undefined;
    });
    expect(gone.sort()).toEqual([...missing].sort());
  });
});

describe("options are Keras's", () => {
  const keys = Object.keys(signatures).filter(
    (k) => !missing.has(k) && !byPlace.has(k) && !registries.test(k),
  );
  it.each(keys.filter((k) => signatures[k].some((p) => p.length === 2)))('%s', async (key) => {
    const allowed = await accepted(key);
    expect(allowed, 'refuses unknown options by name').toBeDefined();
    const theirs = signatures[key].map(([p]) => camelCase(p));
    const optional = signatures[key].filter((p) => p.length === 2).map(([p]) => p);
    const not = Object.values(without).flatMap((t) => lists(t, key));
    const lacking = optional.filter((p) => !not.includes(p) && !allowed!.includes(camelCase(p)));
    expect(lacking).toEqual([]);
    const more = lists(own, key);
    expect(allowed!.filter((p) => !theirs.includes(p) && !more.includes(p))).toEqual([]);
  });
});

describe("defaults are Keras's", () => {
  /** Callbacks show their options as they are. */
  const of: Record<string, () => object> = {
    EarlyStopping: () => keras.callbacks.earlyStopping(),
    ModelCheckpoint: () => keras.callbacks.modelCheckpoint('x.keras'),
    ReduceLROnPlateau: () => keras.callbacks.reduceLROnPlateau(),
    CSVLogger: () => keras.callbacks.csvLogger(),
    RemoteMonitor: () => keras.callbacks.remoteMonitor(),
    LearningRateScheduler: () => keras.callbacks.learningRateScheduler(() => 1),
    SwapEMAWeights: () => keras.callbacks.swapEMAWeights(),
    TerminateOnNaN: () => keras.callbacks.terminateOnNaN(),
    BackupAndRestore: () => keras.callbacks.backupAndRestore('x'),
  };
  it.each(Object.keys(of))('callbacks.%s', (name) => {
    const made = of[name]() as Record<string, unknown>;
    for (const [option, ...otherwise] of signatures[`callbacks.${name}`]) {
      if (otherwise.length === 0) continue;
      const key = camelCase(option);
      if (!(key in made) || key === 'headers') continue;
      // Figures go by Keras's names or their own here.
      const shown = option === 'monitor' ? camelCase(String(otherwise[0])) : otherwise[0];
      expect([key, made[key]]).toEqual([key, shown]);
    }
  });
});

describe('by place, in the order of Keras, as by name', () => {
  const read = (t: unknown): unknown => (t as Tensor).arraySync();
  const x = tensor([[3, 4]]);
  it.each<[string, () => unknown, () => unknown]>([
    [
      'toCategorical',
      () => read(keras.utils.toCategorical([0, 1], 3)),
      () => read(keras.utils.toCategorical([0, 1], { numClasses: 3 })),
    ],
    [
      'normalize',
      () => read(keras.utils.normalize(x, 1, 1)),
      () => read(keras.utils.normalize(x, { axis: 1, order: 1 })),
    ],
    [
      'binaryAccuracy',
      () => read(keras.metrics.binaryAccuracy([[1, 0]], [[0.3, 0.1]], 0.2)),
      () => read(keras.metrics.binaryAccuracy([[1, 0]], [[0.3, 0.1]], { threshold: 0.2 })),
    ],
    [
      'random.uniform',
      () => read(keras.random.uniform([3], 2, 5, 'float32', 7)),
      () => read(keras.random.uniform([3], { minval: 2, maxval: 5, seed: 7 })),
    ],
    [
      'random.normal',
      () => read(keras.random.normal([3], 2, 5, null, 7)),
      () => read(keras.random.normal([3], { mean: 2, stddev: 5, seed: 7 })),
    ],
    [
      'random.truncatedNormal',
      () => read(keras.random.truncatedNormal([3], 2, 5, null, 7)),
      () => read(keras.random.truncatedNormal([3], { mean: 2, stddev: 5, seed: 7 })),
    ],
    [
      'random.randint',
      () => read(keras.random.randint([9], 0, 9, 'int32', 7)),
      () => read(keras.random.randint([9], 0, 9, { seed: 7 })),
    ],
    [
      'random.shuffle',
      () => read(keras.random.shuffle([[1, 2, 3, 4]], 1, 7)),
      () => read(keras.random.shuffle([[1, 2, 3, 4]], { axis: 1, seed: 7 })),
    ],
    [
      'random.dropout',
      () => read(keras.random.dropout([[1, 2, 3, 4]], 0.5, null, 7)),
      () => read(keras.random.dropout([[1, 2, 3, 4]], 0.5, { seed: 7 })),
    ],
    ['getLayer', () => model.getLayer(0), () => model.getLayer({ index: 0 })],
    [
      'getLayer, name',
      () => model.getLayer(model.layers[0].name),
      () => model.getLayer({ name: model.layers[0].name }),
    ],
  ])('%s', (_, place, name) => {
    expect(place()).toEqual(name());
  });

  it('random whole numbers have the dtype that is asked for', () => {
    expect(keras.random.randint([3], 0, 9, { dtype: 'uint8', seed: 1 }).dtype).toBe('uint8');
    expect(keras.random.categorical([[0, 1]], 3, { dtype: 'uint8', seed: 1 }).dtype).toBe('uint8');
  });

  it('what is no list of layers is refused with how to write it', () => {
    const wrong = { layers: [] } as unknown as keras.layers.Layer[];
    expect(() => keras.sequential(wrong)).toThrow(
      /takes a list of layers, and then options.*received object/,
    );
    expect(() => keras.sequential([], { nam: 'x' } as object)).toThrow(/Did you mean "name"/);
  });

  it('a recurrent layer has the cell of its name, and takes no other', () => {
    const cell = keras.layers.gruCell(2);
    expect(() => keras.layers.lstm(2, { cell } as object)).toThrow(/LSTM.*no option "cell"/);
  });
});
