/**
 * Configs as Python's Keras writes them in config.json, and ours: `{ class_name, config, module,
 * registered_name }` with options in snake_case, against `{ className, config }` in camelCase. Source:
 * keras/src/saving/serialization_lib.py. Nothing is looked up here but tables: a config names classes,
 * and which of them there are is decided by the registries.
 */
import { GradloomError } from '../../errors.ts';
import { customNamed } from '../custom-objects.ts';
import { camelCase } from '../identifiers.ts';
import { isSerialized } from '../serialization.ts';
import { isPlainObject } from '../tree.ts';
import { registeredName, registeredObject } from './registration.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Config = Readonly<Record<string, unknown>>;

/** Options whose words have a digit at the end, which camelCase swallows: `beta_2_decay`, `epsilon_1`. */
const withDigits = /(beta|epsilon)([12])(?![0-9])/gi;

/** `kernelInitializer` -> `kernel_initializer`, `sparseYPred` -> `sparse_y_pred`. */
export function pythonKey(key: string): string {
  // `N` of vander.
  if (key.length === 1) return key;
  return key
    .replace(withDigits, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** Options whose values are ids, which Python spells in snake_case. */
const idOptions =
  /(^|[a-z])(activation|padding|dataFormat|interpolation|fillMode|mergeMode|outputMode|reduction|standardize|split|loss|metrics|weightedMetrics|scoreMode|distribution|mode|implementation|averagingMethod|multiLabel|curve|summationMethod|normalization|padMode)$/i;
const id = /^[a-z][a-zA-Z0-9]*$/;

/** Objects whose keys are names that users gave: outputs, inputs, features. */
const namedParts = /^(inputLayers|outputLayers|loss|lossWeights|metrics|weightedMetrics|layers)$/;

/** Functions of this library under names that Python's Keras has none for: its users register theirs. */
const builtInFunctions: readonly string[] = ['gradloom>keras2_hard_sigmoid'];

// ---- ours to Python's

/** Where Python finds a class, by the option that it is the value of. */
function moduleOf(className: string, option: string): string {
  if (/initializer$/i.test(option)) return 'keras.initializers';
  if (/regularizer$/i.test(option)) return 'keras.regularizers';
  if (/constraint$/i.test(option)) return 'keras.constraints';
  if (/learningRate$/i.test(option)) return 'keras.optimizers.schedules';
  if (/optimizer$/i.test(option)) return 'keras.optimizers';
  if (option === 'loss') return 'keras.losses';
  if (/metrics$/i.test(option)) return 'keras.metrics';
  if (className === 'Sequential') return 'keras';
  if (className === 'Functional') return 'keras.src.models.functional';
  return 'keras.layers';
}

/** A config for Python. `option` is where it stands. Throws `saving` for what is no plain data. */
export function toPython(x: unknown, option = ''): Json {
  if (x === undefined || x === null) return null;
  if (typeof x === 'string') {
    if (idOptions.test(option) && id.test(x)) return pythonKey(x);
    return builtInFunctions.includes(x) ? functionToPython(x) : x;
  }
  if (typeof x === 'boolean') return x;
  if (typeof x === 'number') {
    if (Number.isFinite(x)) return x;
    // Python's json writes and reads these; they are put in when the text is made.
    return { __number__: String(x) };
  }
  if (Array.isArray(x)) return x.map((e) => toPython(e, option));
  if (ArrayBuffer.isView(x)) return Array.from(x as unknown as ArrayLike<number>);
  if (isSerialized(x) && x.className.startsWith('__')) return valueToPython(x);
  if (isSerialized(x)) return classToPython(x as unknown as Config, option);
  if (isPlainObject(x)) {
    const keep = namedParts.test(option);
    return Object.fromEntries(
      Object.entries(x).map(([k, v]) => [keep ? k : pythonKey(k), toPython(v, keep ? option : k)]),
    );
  }
  if (typeof x === 'function' && x.name) return functionToPython(x.name);
  throw new GradloomError(
    'saving',
    `${option || 'A config'} holds ${typeof x === 'function' ? `the function ${x.name || '(without a name)'}` : `an object of ${x.constructor?.name}`}, which a file cannot keep.`,
    { option },
  );
}

/** Options that Python's classes do not take. */
const unknownThere: readonly [RegExp, readonly string[]][] = [
  [/^SpatialDropout[123]D$/, ['noiseShape', 'trainable']],
];

/** A function that whoever reads the file must know, by its name or by the one it is registered under. */
function functionToPython(name: string): Json {
  const package_ = name.indexOf('>');
  return {
    module: 'builtins',
    class_name: 'function',
    config: name.slice(package_ + 1),
    registered_name: package_ < 0 ? (registeredName(name) ?? name) : name,
  };
}

/** Where calls of operations are said to be that Python's Keras has no form for. */
const ownOperations = 'gradloom.ops';

/** Arguments by name are spelled as in Python; what they are is left as it is: names that users gave. */
function nodeToPython({ args, kwargs }: Config): Json {
  return {
    args: valueToPython(args),
    kwargs: Object.fromEntries(
      Object.entries((kwargs ?? {}) as Config).map(([k, v]) => [pythonKey(k), valueToPython(v)]),
    ),
  };
}

function valueToPython(x: unknown): Json {
  if (Array.isArray(x)) return x.map(valueToPython);
  if (isSerialized(x) && x.className.startsWith('__'))
    return {
      class_name: x.className,
      config: Object.fromEntries(
        Object.entries(x.config).map(([k, v]) => [pythonKey(k), valueToPython(v)]),
      ),
    };
  if (isPlainObject(x))
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, valueToPython(v)]));
  return toPython(x);
}

function classToPython(x: Config, option: string): Json {
  const { className, config, ...rest } = x as { className: string; config: Config };
  if (className === 'function') return functionToPython(String(config.name));
  if (className.startsWith('__')) return valueToPython(x);
  const { module: given, ...others } = Object.fromEntries(
    Object.entries(rest).map(([k, v]) => [
      pythonKey(k),
      k === 'inboundNodes' ? (v as readonly Config[]).map(nodeToPython) : toPython(v, k),
    ]),
  );
  const own = registeredName(className);
  const operation = Object.keys(config).every((k) => k === 'name') && 'inboundNodes' in rest;
  const left = unknownThere.find(([c]) => c.test(className))?.[1] ?? [];
  const isLayers = (k: string): boolean => k === 'layers' || k === 'layer';
  return {
    module:
      given ??
      (own ? (own.split('>')[0] ?? null) : operation ? ownOperations : moduleOf(className, option)),
    class_name: className,
    config: Object.fromEntries(
      Object.entries(config)
        .filter(([k]) => !left.includes(k))
        .map(([k, v]) => [
          pythonKey(k),
          isLayers(k) && Array.isArray(v) ? v.map((e) => toPython(e, 'layer')) : toPython(v, k),
        ]),
    ),
    registered_name: own ?? null,
    ...others,
  };
}

/** The text of a config, with Python's words for what JSON has no numbers for. */
export function pythonJson(x: Json): string {
  return JSON.stringify(x).replace(
    /\{"__number__":"(-?)(NaN|Infinity)"\}/g,
    (_, sign: string, word: string) => sign + word,
  );
}

// ---- Python's to ours

/** What newer Keras writes that means nothing here while it has this value. */
const idle: Readonly<Record<string, (v: Json) => boolean>> = {
  quantization_config: (v) => v === null,
  sparse: (v) => v === false,
  ragged: (v) => v === false,
  optional: (v) => v === false,
  input_axes: (v) => v === null,
  output_axes: (v) => v === null,
  jit_compile: () => true,
  use_gate: (v) => v === false,
  sliding_window: (v) => v === null,
  flash_attention: (v) => v === null,
  autocast: () => true,
  is_legacy_optimizer: () => true,
  decay: (v) => v === 0 || v === null,
  lora_rank: (v) => v === null,
  lora_alpha: (v) => v === null,
  time_major: (v) => v === false,
  synchronized: (v) => v === false,
  value_range_: () => false,
};

export interface FromPythonOptions {
  /** What error messages call the file. */
  readonly name: string;
  /** How deep a config may be nested. */
  readonly depth?: number;
}

/** Reads the text of a config; NaN and Infinity may stand in it, as Python writes them. Throws `saving`. */
export function parsePython(text: string, name: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    try {
      // Outside of strings only.
      const plain = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (m) =>
        m.startsWith('"') ? m : `{"__number__":"${m}"}`,
      );
      return JSON.parse(plain, (_, v) =>
        isPlainObject(v) && typeof v.__number__ === 'string' ? Number(v.__number__) : v,
      ) as Json;
    } catch (cause) {
      throw new GradloomError(
        'saving',
        `${name} is no JSON: ${(cause as Error).message}`,
        { name },
        { cause },
      );
    }
  }
}

/** A config of Python's as ours. Throws `saving` for functions in it, and for what is nested too deep. */
export function fromPython(x: Json, o: FromPythonOptions): unknown {
  return read(x, '', o, o.depth ?? 200);
}

function read(x: Json, option: string, o: FromPythonOptions, depth: number): unknown {
  if (depth === 0)
    throw new GradloomError('saving', `${o.name}: the config is nested too deep.`, {
      name: o.name,
    });
  const next = depth - 1;
  if (Array.isArray(x)) return x.map((e) => read(e as Json, option, o, next));
  if (typeof x !== 'object' || x === null) return x;
  const object = x as { readonly [key: string]: Json };
  if (typeof object.class_name === 'string' && 'config' in object)
    return readClass(object.class_name, object, o, next);
  const keep = namedParts.test(option);
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(object)) {
    if (k === '__proto__') continue;
    const key = keep ? k : camelCase(k);
    out[key] = read(v, keep ? option : key, o, next);
  }
  return out;
}

function readClass(
  className: string,
  object: { readonly [key: string]: Json },
  o: FromPythonOptions,
  depth: number,
): unknown {
  const config = object.config;
  switch (className) {
    case 'DTypePolicy':
    case 'FloatDTypePolicy':
      return (config as { name?: Json } | null)?.name ?? 'float32';
    case 'QuantizedDTypePolicy':
    case 'QuantizedFloat8DTypePolicy':
      throw new GradloomError(
        'saving',
        `${o.name} holds a quantized model, which is not read here.`,
        {
          name: o.name,
        },
      );
    case '__numpy__':
      return (config as { value: Json }).value;
    case '__lambda__':
      throw lambda(o.name);
    case 'function': {
      const name = String(object.registered_name);
      const own = customNamed(name) ?? customNamed(String(config));
      return own ?? (builtInFunctions.includes(name) ? name : config);
    }
    case '__tensor__':
    case '__keras_tensor__':
    case '__slice__':
    case '__ellipsis__': {
      const plain = Object.fromEntries(
        Object.entries((config ?? {}) as object).map(([k, v]) => [camelCase(k), v]),
      );
      return { className, config: plain };
    }
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    // Old configs of Sequential are the list of its layers.
    if (Array.isArray(config))
      return {
        className,
        config: { layers: config.map((e) => read(e as Json, 'layers', o, depth)) },
      };
    throw new GradloomError('saving', `${o.name}: class ${className} has no config.`, {
      className,
    });
  }
  if (className === 'Lambda') refuseLambda(config as { [key: string]: Json }, o.name);
  const module = String(object.module ?? '');
  const operation = module.startsWith('keras.src.ops') || module === ownOperations;
  const made: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(config)) {
    if (k === '__proto__' || (!operation && idle[k]?.(v as Json))) continue;
    const key = camelCase(k);
    made[key] = read(v as Json, key, o, depth);
  }
  const rest: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(object)) {
    if (['class_name', 'config', 'module', 'shared_object_id', '__proto__'].includes(k)) continue;
    const isNodes = k === 'inbound_nodes' && Array.isArray(v);
    rest[camelCase(k)] = isNodes
      ? v.map((n) => readNode(n as Json, o, depth))
      : read(v, camelCase(k), o, depth);
  }
  if (!operation && Array.isArray(rest.inboundNodes))
    rest.inboundNodes = rest.inboundNodes.map((n) => namedArguments(className, n));
  const { registeredName: own, ...others } = rest;
  const known = typeof own === 'string' && own.includes('>') ? own : undefined;
  return {
    className: known && registeredObject(known) ? known : className,
    ...(operation && module !== ownOperations && { module }),
    config: made,
    ...others,
  };
}

/** A call: the names of its arguments are Python's, those within them are what users gave. */
function readNode(x: Json, o: FromPythonOptions, depth: number): unknown {
  // Nodes of Keras 2 are lists.
  if (!isPlainObject(x)) return readValue(x, o, depth);
  const { args, kwargs, ...others } = x as { readonly [key: string]: Json };
  return {
    ...(readValue(others, o, depth) as object),
    args: readValue(args ?? [], o, depth),
    kwargs: Object.fromEntries(
      Object.entries((kwargs ?? {}) as object)
        .filter(([k]) => k !== '__proto__')
        .map(([k, v]) => [camelCase(k), readValue(v as Json, o, depth)]),
    ),
  };
}

function readValue(x: Json, o: FromPythonOptions, depth: number): unknown {
  if (depth <= 0) return read(x, '', o, 0);
  if (Array.isArray(x)) return x.map((e) => readValue(e as Json, o, depth - 1));
  if (!isPlainObject(x)) return x;
  const object = x as { readonly [key: string]: Json };
  const { class_name: className, config } = object;
  if (className === '__numpy__') {
    const { value, dtype } = (config ?? {}) as { value?: Json; dtype?: Json };
    return { className: '__tensor__', config: { value, dtype } };
  }
  if (typeof className === 'string' && 'config' in object)
    return readClass(className, object, o, depth - 1);
  return Object.fromEntries(
    Object.entries(object)
      .filter(([k]) => k !== '__proto__')
      .map(([k, v]) => [k, readValue(v, o, depth - 1)]),
  );
}

/** What Python's layers call the arguments after the first, when they are given by place. */
const callArguments: readonly [RegExp, readonly string[]][] = [
  [/^(MultiHeadAttention|GroupedQueryAttention|GroupQueryAttention)$/, ['value', 'key']],
  [/^(RNN|SimpleRNN|LSTM|GRU|ConvLSTM[123]D|Bidirectional)$/, ['initialState', 'mask']],
  [/^(Attention|AdditiveAttention)$/, ['mask']],
];

/** A call with its inputs as the first argument and all others by name, as calls are here. */
function namedArguments(className: string, node: unknown): unknown {
  const { args, kwargs } = node as { args?: unknown; kwargs?: Record<string, unknown> };
  if (!Array.isArray(args) || args.length < 2) return node;
  const names = callArguments.find(([c]) => c.test(className))?.[1] ?? [];
  const extra = args
    .slice(1)
    .map((v, i): [string, unknown] => [names[i] ?? `argument ${i + 1}`, v]);
  return { args: [args[0]], kwargs: { ...kwargs, ...Object.fromEntries(extra) } };
}

function refuseLambda(config: { readonly [key: string]: Json }, name: string): void {
  const f = config.function as { class_name?: Json } | Json[] | null;
  if (Array.isArray(f) || (f as { class_name?: Json } | null)?.class_name === '__lambda__')
    throw lambda(name);
}

const lambda = (name: string): GradloomError =>
  new GradloomError(
    'saving',
    `${name} holds a Lambda layer with Python code in it. Code from files is not run: write the layer as a class and give it as customObjects.`,
    { name },
  );
