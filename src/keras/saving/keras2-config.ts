/**
 * Configs of Keras 2 (tf.keras, `.h5` files, TensorFlow.js) as Keras 3 would have written them. Both are
 * Python's JSON; what differs is how calls are written down, what a few classes and options are called,
 * and options that are gone. Sources: keras/src/legacy/saving/{legacy_h5_format,saving_utils}.py,
 * keras/src/models/functional.py (functional_from_config), tfjs-layers/src/engine/container.ts.
 */
import { GradloomError } from '../../errors.ts';
import { operationOfKeras2 } from './keras2-operations.ts';

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json;
}

const isObject = (x: unknown): x is JsonObject =>
  typeof x === 'object' && x !== null && !Array.isArray(x);
/** An entry of a table: names in files may be those of what every object has. */
const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
const isClass = (x: unknown): x is JsonObject & { class_name: string } =>
  isObject(x) && typeof x.class_name === 'string' && 'config' in x;

export interface Keras2Options {
  /** What error messages call the file. */
  readonly name: string;
}

/** Carries what all levels of a config share. */
class Translation {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  fail(why: string): GradloomError {
    return new GradloomError('saving', `${this.name}: ${why}.`, { name: this.name });
  }
}

/**
 * The config of a model (`{ class_name, config }`, the `model_config` of an .h5 file or the
 * `modelTopology` of a model.json) in Keras 3's form. What is not of a known class is left as it is.
 *
 * @throws GradloomError `saving` for what has no form of a model, and for what is nested too deep
 */
export function fromKeras2(model: unknown, o: Keras2Options): Json {
  const t = new Translation(o.name);
  if (!isClass(model)) throw t.fail('its config describes no model: class_name and config');
  return classOf(t, model, 200);
}

/**
 * How a model was compiled (`training_config`, of TensorFlow.js `trainingConfig`) in the form of Keras 3's
 * compile_config; null where it was not.
 */
export function compileConfigFromKeras2(training: unknown, o: Keras2Options): Json {
  if (!isObject(training) || !isClass(training.optimizer_config)) return null;
  const t = new Translation(o.name);
  return {
    optimizer: optimizerOf(training.optimizer_config),
    loss: parts(t, training.loss ?? null, 'loss'),
    loss_weights: training.loss_weights ?? null,
    metrics: parts(t, training.metrics ?? null, 'metrics'),
    weighted_metrics: parts(t, training.weighted_metrics ?? null, 'metrics'),
  };
}

// ---- layers

/** Options that Keras 3 does not have, and that change nothing that is computed. */
const gone: ReadonlySet<string> = new Set([
  'adjustment',
  'batch_input_shape',
  'batch_size',
  'fused',
  'implementation',
  'input_dtype',
  'input_length',
  'num_constants',
  'ragged',
  'ragged_input_support',
  'renorm_clipping',
  'renorm_momentum',
  'virtual_batch_size',
]);

/** The same of some classes: what they inherited, and what others of their kind use. */
const ofKernels = ['kernel_initializer', 'kernel_regularizer', 'kernel_constraint'];
const goneIn: Readonly<Record<string, readonly string[]>> = {
  DepthwiseConv1D: ['groups', ...ofKernels],
  DepthwiseConv2D: ['groups', ...ofKernels],
  SeparableConv1D: ['groups', ...ofKernels],
  SeparableConv2D: ['groups', ...ofKernels],
  Conv1DTranspose: ['groups'],
  Conv2DTranspose: ['groups'],
  Conv3DTranspose: ['groups'],
  Embedding: ['activity_regularizer'],
  MultiHeadAttention: ['query_shape', 'key_shape', 'value_shape', 'softmax_robust_masking'],
};

/** What every layer has. */
const ofLayers: ReadonlySet<string> = new Set(['name', 'trainable', 'dtype']);

/** Layers that take the states they begin with after their input, in one list with it. */
const takesStates = /^(RNN|SimpleRNN|LSTM|GRU|ConvLSTM[123]D|Bidirectional|CuDNN(LSTM|GRU))$/;

/** Classes that go by another name now. */
const renamed: Readonly<Record<string, string>> = {
  Model: 'Functional',
  ThresholdedReLU: 'ReLU',
  Policy: 'DTypePolicy',
  PolicyV1: 'DTypePolicy',
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  GRUV2: 'GRU',
  LSTMV2: 'LSTM',
  CuDNNGRU: 'GRU',
  CuDNNLSTM: 'LSTM',
};

/** Options by class under the names that they have now; a function also changes the value. */
type Rename = readonly [to: string, value?: (v: Json) => Json];
const one = (v: Json): Json => (Array.isArray(v) && v.length === 1 ? v[0] : v);
const options: Readonly<Record<string, Readonly<Record<string, Rename>>>> = {
  BatchNormalization: { axis: ['axis', one] },
  InputLayer: { batch_input_shape: ['batch_shape'] },
  LeakyReLU: { alpha: ['negative_slope'] },
  ThresholdedReLU: { theta: ['threshold'] },
  VarianceScaling: {
    distribution: ['distribution', (v) => (v === 'normal' ? 'truncated_normal' : v)],
  },
};

/** What was meant where a config says nothing, and differs from what Keras 3 would take. */
const implied: Readonly<Record<string, JsonObject>> = {
  GRU: { reset_after: false },
  GRUCell: { reset_after: false },
  CuDNNGRU: { reset_after: true },
};

/**
 * Activations that were computed otherwise. Keras 2's hard_sigmoid is clip(0.2 x + 0.5, 0, 1), Keras 3's
 * clip(x / 6 + 0.5, 0, 1).
 */
const otherFunctions: Readonly<Record<string, JsonObject>> = {
  hard_sigmoid: {
    module: 'builtins',
    class_name: 'function',
    config: 'keras2_hard_sigmoid',
    registered_name: 'gradloom>keras2_hard_sigmoid',
  },
};
const isActivation = /(^|_)activation$/;

function classOf(t: Translation, x: JsonObject & { class_name: string }, depth: number): Json {
  if (depth === 0) throw t.fail('the config is nested too deep');
  const className = x.class_name.replace(/^(Custom|keras|tf)>/, '');
  const { config } = x;
  const given = Array.isArray(config) ? { layers: config } : config;
  if (!isObject(given)) throw t.fail(`class ${className} has no config`);
  const now = own(renamed, className) ?? className;
  const made: Record<string, Json> = { ...own(implied, className) };
  const known = { ...own(options, now), ...own(options, className) };
  for (const [key, value] of Object.entries(given)) {
    if (key === '__proto__') continue;
    const rename = own(known, key);
    if (!rename && (gone.has(key) || own(goneIn, now)?.includes(key))) continue;
    if (key === 'renorm' && !value) continue;
    const [to, change] = rename ?? [key];
    made[to] = valueOf(t, change ? change(value) : value, to, depth - 1);
  }
  // TensorFlow.js puts what a cell was made with beside the cell, too.
  if (className === 'RNN' && isObject(given.cell) && isObject(given.cell.config))
    for (const key of Object.keys(given.cell.config)) if (!ofLayers.has(key)) delete made[key];
  const layers = Array.isArray(given.layers) ? given.layers : undefined;
  if (layers && 'input_layers' in given)
    Object.assign(made, new Calls(t, layers, given).config(made));
  else if (layers && now === 'Sequential')
    made.layers = [...inputOf(layers), ...(made.layers as Json[])];
  const { inbound_nodes: _, ...rest } = x;
  return { ...rest, class_name: now, config: made };
}

function valueOf(t: Translation, x: Json, key: string, depth: number): Json {
  if (typeof x === 'string')
    return isActivation.test(key) && Object.hasOwn(otherFunctions, x) ? otherFunctions[x] : x;
  if (depth === 0) throw t.fail('the config is nested too deep');
  if (Array.isArray(x)) return x.map((v) => valueOf(t, v, key, depth - 1));
  if (isClass(x)) {
    const made = classOf(t, x, depth - 1) as { config: Record<string, Json> };
    // Initializers had a dtype; now they make what the layer asks for.
    if (key.endsWith('initializer')) delete made.config.dtype;
    return made as JsonObject;
  }
  if (!isObject(x)) return x;
  // Numbers of NumPy, as Keras 2.0 to 2.2 wrote them.
  if (x.type === 'ndarray' && 'value' in x) return x.value;
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, valueOf(t, v, k, depth - 1)]));
}

/** Models begin with their first layer's shape, where nothing else says it. */
function inputOf(layers: readonly Json[]): Json[] {
  const [first] = layers;
  if (!isClass(first) || first.class_name === 'InputLayer' || !isObject(first.config)) return [];
  const shape = first.config.batch_input_shape;
  if (!Array.isArray(shape)) return [];
  const { dtype, name } = first.config;
  const config = {
    batch_shape: shape,
    dtype: typeof dtype === 'string' && !dtype.startsWith('mixed') ? dtype : 'float32',
    name: `${String(name ?? 'layer')}_input`,
  };
  return [{ class_name: 'InputLayer', config }];
}

// ---- calls

/** Stands in the place of a layer's name before a value that no layer gave. */
const constant = '_CONSTANT_VALUE';

/** [layer, call, output], and what else the call was given. */
type Reference = readonly [string, number, number, JsonObject?];
const isReference = (x: Json): x is Reference & Json =>
  Array.isArray(x) &&
  (x.length === 3 || x.length === 4) &&
  typeof x[0] === 'string' &&
  x[0] !== constant &&
  Number.isInteger(x[1]) &&
  Number.isInteger(x[2]);

/** The calls in a functional model: lists of places, with keywords beside the first, as args and kwargs. */
class Calls {
  readonly #t: Translation;
  readonly #layers: readonly Json[];
  readonly #outer: JsonObject;
  /** How many calls a layer had before those that are written down: models within models have one. */
  readonly #before = new Map<string, number>();
  /** Keras 3 counts that call too where it speaks of outputs, of functional models alone. */
  readonly #functional = new Set<string>();

  constructor(t: Translation, layers: readonly Json[], outer: JsonObject) {
    this.#t = t;
    this.#layers = layers;
    this.#outer = outer;
    const highest = new Map<string, number>();
    const note = (x: Json, depth = 100): void => {
      if (depth === 0) throw t.fail('the config is nested too deep');
      if (isReference(x)) {
        highest.set(x[0], Math.max(highest.get(x[0]) ?? 0, x[1]));
        if (x[3]) note(x[3], depth - 1);
      } else if (Array.isArray(x)) for (const v of x) note(v, depth - 1);
      else if (isObject(x)) for (const v of Object.values(x)) note(v, depth - 1);
    };
    for (const l of layers) if (isObject(l)) note(l.inbound_nodes ?? []);
    note(outer.output_layers ?? []);
    for (const l of layers) {
      if (!isObject(l) || !isModel(l)) continue;
      const calls = Array.isArray(l.inbound_nodes) ? l.inbound_nodes.length : 0;
      const name = nameOf(l);
      if (isObject(l.config) && 'input_layers' in l.config) this.#functional.add(name);
      this.#before.set(name, Math.max(0, (highest.get(name) ?? 0) - (calls - 1)));
    }
  }

  /** What `made`, the translated config of the model, has instead. */
  config(made: Readonly<Record<string, Json>>): JsonObject {
    const layers = made.layers as readonly JsonObject[];
    return {
      layers: layers.map((layer, i) => {
        const before = this.#layers[i];
        if (!isObject(before)) throw this.#t.fail('a layer of the model is no object');
        const nodes = Array.isArray(before.inbound_nodes) ? before.inbound_nodes : [];
        if (before.class_name === 'TFOpLambda') return this.#operation(before, nodes);
        return {
          ...layer,
          name: nameOf(before),
          inbound_nodes: nodes.map((n) =>
            isModern(n) ? n : this.#call(n, String(before.class_name)),
          ),
        };
      }),
      input_layers: this.#outside(this.#outer.input_layers),
      output_layers: this.#outside(this.#outer.output_layers ?? []),
    };
  }

  /** A layer that stands for a function of TensorFlow, as the operation that it is. */
  #operation(layer: JsonObject, nodes: readonly Json[]): Json {
    const fn = isObject(layer.config) ? layer.config.function : undefined;
    const name = nameOf(layer);
    let className = '';
    const inbound_nodes = nodes.map((node) => {
      const { args, kwargs } = this.#call(node, '') as { args: Json[]; kwargs: JsonObject };
      const found = operationOfKeras2(fn, args[0], kwargs);
      if (typeof found === 'string')
        throw this.#t.fail(
          `the layer "${name}" is ${found}. Write it as a layer and save it again`,
        );
      className = found.className;
      return { args: found.args as Json[], kwargs: {} };
    });
    const module = 'keras.src.ops.numpy';
    return {
      module,
      class_name: className,
      config: { name },
      registered_name: null,
      name,
      inbound_nodes,
    };
  }

  #call(node: Json, className: string): Json {
    let kwargs: JsonObject = {};
    const read = (x: Json): Json => {
      if (isReference(x)) {
        if (x[3] && Object.keys(x[3]).length > 0) kwargs = { ...kwargs, ...x[3] };
        return this.#tensor(x);
      }
      if (Array.isArray(x)) {
        // [constant, -1, value, keywords]
        if (x[0] === constant) {
          if (isObject(x[3])) kwargs = { ...kwargs, ...x[3] };
          return x[2];
        }
        return x.map(read);
      }
      return isObject(x) ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, read(v)])) : x;
    };
    const inputs = read(node);
    const keywords = this.#keywords(kwargs);
    if (!Array.isArray(inputs)) return { args: [inputs], kwargs: keywords };
    if (inputs.length > 1 && takesStates.test(className))
      return { args: [inputs[0]], kwargs: { initial_state: inputs.slice(1), ...keywords } };
    return { args: [inputs.length === 1 ? inputs[0] : inputs], kwargs: keywords };
  }

  /** Keywords may be tensors too: their places. `mask` and `training` that say nothing are left out. */
  #keywords(kwargs: JsonObject): JsonObject {
    const read = (x: Json): Json => {
      if (isReference(x)) return this.#tensor(x);
      return Array.isArray(x) ? x.map(read) : x;
    };
    return Object.fromEntries(
      Object.entries(kwargs).flatMap(([k, v]) =>
        v === null || k === '__proto__' ? [] : [[k, read(v)]],
      ),
    );
  }

  #tensor([name, node, index]: Reference): Json {
    const history = [name, this.#callOf(name, node), index];
    return {
      class_name: '__keras_tensor__',
      config: { shape: [], dtype: 'float32', keras_history: history },
    };
  }
  #callOf(name: string, node: number): number {
    return node - (this.#before.get(name) ?? 0);
  }

  /** Places of the model's own inputs and outputs: one alone, a list, or by name. */
  #outside(x: Json): Json {
    if (isReference(x))
      return [x[0], this.#callOf(x[0], x[1]) + Number(this.#functional.has(x[0])), x[2]];
    if (Array.isArray(x)) {
      const all = x.map((v) => this.#outside(v));
      return all.length === 1 ? all[0] : all;
    }
    if (isObject(x))
      return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, this.#outside(v)]));
    throw this.#t.fail('the places of the inputs and outputs cannot be read');
  }
}

const isModern = (node: Json): boolean => isObject(node) && 'args' in node;
const isModel = (l: JsonObject): boolean =>
  Array.isArray(l.config) || (isObject(l.config) && Array.isArray(l.config.layers));

function nameOf(layer: JsonObject): string {
  const { name, config } = layer;
  return String(name ?? (isObject(config) ? config.name : undefined) ?? '');
}

// ---- how it was compiled

/** Optimizers of TensorFlow.js and of Keras 2 by what their classes are called now. */
const optimizers: Readonly<Record<string, string>> = { Momentum: 'SGD', RMSProp: 'RMSprop' };

/** TensorFlow.js writes its optimizers in camelCase. */
const optimizerKeys: Readonly<Record<string, string>> = {
  lr: 'learning_rate',
  learningRate: 'learning_rate',
  beta1: 'beta_1',
  beta2: 'beta_2',
  useNesterov: 'nesterov',
  initialAccumulatorValue: 'initial_accumulator_value',
};

function optimizerOf(x: JsonObject & { class_name: string }): Json {
  const className = x.class_name.replace(/^Custom>/, '');
  const given = isObject(x.config) ? x.config : {};
  const config: Record<string, Json> = {};
  for (const [key, value] of Object.entries(given)) {
    if (value === null || key === '__proto__') continue;
    // What TensorFlow.js calls decay is the memory of RMSProp's mean.
    if (key === 'decay' && className === 'RMSProp' && 'learningRate' in given) config.rho = value;
    else config[own(optimizerKeys, key) ?? key] = value;
  }
  const { decay, ...rest } = config;
  // The learning rate fell with every step: rate / (1 + decay * step).
  if (typeof decay === 'number' && decay > 0 && typeof rest.learning_rate === 'number')
    rest.learning_rate = {
      module: 'keras.optimizers.schedules',
      class_name: 'InverseTimeDecay',
      config: {
        initial_learning_rate: rest.learning_rate,
        decay_steps: 1,
        decay_rate: decay,
        staircase: false,
      },
      registered_name: null,
    };
  return { class_name: own(optimizers, className) ?? className, config: rest };
}

/** Losses and metrics: ids, objects, lists and names of outputs. */
function parts(t: Translation, x: Json, option: 'loss' | 'metrics', depth = 20): Json {
  if (depth === 0) throw t.fail('the training config is nested too deep');
  if (Array.isArray(x)) return x.map((v) => parts(t, v, option, depth - 1));
  if (!isObject(x)) return x;
  if (!isClass(x))
    return Object.fromEntries(
      Object.entries(x).map(([k, v]) => [k, parts(t, v, option, depth - 1)]),
    );
  const config = isObject(x.config) ? x.config : {};
  // A metric that is the mean of a function is known by the function.
  if (x.class_name === 'MeanMetricWrapper' && typeof config.fn === 'string') {
    const { fn, ...rest } = config;
    return { class_name: pascalCase(String(fn)), config: rest };
  }
  const { reduction, fn: _, ...rest } = config;
  const sum = reduction === 'auto' ? 'sum_over_batch_size' : reduction;
  return {
    class_name: x.class_name,
    config: { ...rest, ...(option === 'loss' && sum !== undefined && { reduction: sum }) },
  };
}

const pascalCase = (id: string): string =>
  id.replace(/(^|_)([a-z])/g, (_, _gap: string, c: string) => c.toUpperCase());
