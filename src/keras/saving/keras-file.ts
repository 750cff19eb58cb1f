/**
 * `.keras` files: a ZIP of metadata.json, config.json and model.weights.h5, as Python's Keras 3 writes
 * and reads them. Source: keras/src/saving/saving_lib.py.
 */
import { GradloomError } from '../../errors.ts';
import { type H5Group, readHdf5, writeHdf5 } from '../../formats/hdf5/index.ts';
import { decodeNpy } from '../../formats/npy.ts';
import { unzip, zip } from '../../formats/zip.ts';
import { sameShape, showShape } from '../../shape.ts';
import { withCustomObjects } from '../custom-objects.ts';
import { provideOperations } from '../functional/operation.ts';
import { camelCase } from '../identifiers.ts';
import { deserialize as deserializeLayer } from '../layers/all.ts';
import type { BatchShape, ShapeTree } from '../layers/types.ts';
import { withWeightBudget } from '../layers/weight-budget.ts';
import {
  deserialize as deserializeLoss,
  Loss,
  serialize as serializeLoss,
} from '../losses/index.ts';
import {
  deserialize as deserializeMetric,
  Metric,
  serialize as serializeMetric,
} from '../metrics/index.ts';
import { type CompileOptions, type Model, Sequential } from '../models/index.ts';
import { serialize as serializeOptimizer } from '../optimizers/index.ts';
import { isSerialized, type Serialized } from '../serialization.ts';
import { isPlainObject, isShape, mapTree } from '../tree.ts';
import type { Variable } from '../variable.ts';
import { h5Arrays, h5Tree, h5Variables, modernPaths } from './h5-weights.ts';
import { fromPython, parsePython, pythonJson, toPython } from './python-config.ts';
import { type NamedArray, readVariables, writeVariable } from './values.ts';
import { layerPlaces } from './weight-paths.ts';

/** The version whose files these are: readers may refuse what is newer than they. */
export const kerasVersion = '3.15.1';

export interface LoadModelOptions {
  /** Classes and functions of one's own by name. */
  readonly customObjects?: Readonly<Record<string, unknown>>;
  /** Whether the model is compiled as it was when it was saved, with the optimizer's state. Default true. */
  readonly compile?: boolean;
  /** Refuse files that take more than this many bytes in memory. Default by the file's size. */
  readonly maxBytes?: number;
  /** What error messages call the file. */
  readonly name?: string;
}

/** The bytes of a `.keras` file. Throws `saving` for models that hold what no file can, `not-built`. */
export async function encodeKeras(model: Model): Promise<Uint8Array> {
  if (!model.built)
    throw new GradloomError(
      'not-built',
      `saveModel: model "${model.name}" has no weights yet: give it an input shape, or call it on a batch first.`,
      { model: model.name },
    );
  const config = pythonJson(modelConfig(model) as never);
  const metadata = JSON.stringify({
    keras_version: kerasVersion,
    date_saved: dateSaved(new Date()),
  });
  const variables = h5Variables(model);
  const names = new Map<string, string>();
  for (const { layer, path } of layerPlaces(model))
    names.set(path === '' ? 'vars' : `${path}/vars`, layer.name);
  if (model.compiled) {
    names.set('optimizer/vars', model.optimizer.name);
    model.optimizer.variables.forEach((v, i) => {
      variables.set(`optimizer/vars/${i}`, v);
    });
  }
  const weights = writeHdf5(h5Tree(await readVariables(variables), names));
  const text = new TextEncoder();
  return zip(
    [
      ['metadata.json', text.encode(metadata)],
      ['config.json', text.encode(config)],
      ['model.weights.h5', weights],
    ],
    { store: true },
  );
}

/** `2026-11-23@17:58:43` */
function dateSaved(d: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = [d.getFullYear(), two(d.getMonth() + 1), two(d.getDate())].join('-');
  return `${day}@${[d.getHours(), d.getMinutes(), d.getSeconds()].map(two).join(':')}`;
}

/** The config of a model as Python's Keras has it. */
export function modelConfig(model: Model): Record<string, unknown> {
  const className = model instanceof Sequential ? 'Sequential' : model.className;
  const config = toPython({ className, config: model.getConfig() }, 'layer') as Record<
    string,
    unknown
  >;
  const shape = model.inputShape ?? openShape(model.buildShape);
  return {
    ...config,
    ...(shape && { build_config: { input_shape: shape } }),
    ...(model.compiled && { compile_config: compileConfig(model) }),
  };
}

/** A model of one's own class is built for a batch, of whatever size. */
function openShape(shape: ShapeTree | undefined): ShapeTree | undefined {
  const open = ([, ...rest]: BatchShape): BatchShape => [null, ...rest];
  return shape && (mapTree<BatchShape, BatchShape>(shape, open, isShape) as ShapeTree);
}

function compileConfig(model: Model): unknown {
  const o = model.compileOptions!;
  const write = (x: unknown): unknown => {
    if (x instanceof Loss) return serializeLoss(x);
    if (x instanceof Metric) return serializeMetric(x);
    if (Array.isArray(x)) return x.map(write);
    if (isPlainObject(x) && !isSerialized(x))
      return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, write(v)]));
    return x ?? null;
  };
  return toPython({
    optimizer: serializeOptimizer(model.optimizer),
    loss: write(o.loss),
    lossWeights: o.lossWeights ?? null,
    metrics: write(o.metrics),
    weightedMetrics: write(o.weightedMetrics),
    runEagerly: o.runEagerly ?? false,
    stepsPerExecution: o.stepsPerExecution ?? 1,
    jitCompile: o.jitCompile ?? 'auto',
  });
}

/** A model out of the bytes of a `.keras` file. Throws GradloomErrors that say what is wrong with the file. */
export async function decodeKeras(bytes: Uint8Array, o: LoadModelOptions = {}): Promise<Model> {
  const name = o.name ?? 'The .keras file';
  const members = await membersOf(bytes, { ...o, name });
  const text = (member: string): string => {
    const found = members.get(member);
    if (found) return new TextDecoder().decode(found);
    throw new GradloomError('saving', `${name} is no .keras file: it has no ${member}.`, {
      name,
      member,
    });
  };
  const configText = text('config.json');
  const config = parsePython(configText, `${name}: config.json`);
  const metadata = members.has('metadata.json')
    ? (parsePython(text('metadata.json'), `${name}: metadata.json`) as {
        keras_version?: unknown;
      } | null)
    : null;
  const version = String(metadata?.keras_version ?? '');
  // Bundlers leave keras.ops out where nothing but a file speaks of it.
  if (configText.includes('"keras.src.ops')) provideOperations(await import('../ops/index.ts'));
  // A model has no more weights than its file; those of NumPy's files may be packed.
  const limit = o.maxBytes ?? Math.max(2 ** 26, bytes.length * 64);
  const { model, compiled } = withWeightBudget(limit, () =>
    made(name, () => modelFromConfig(config, name, version, o)),
  );
  const arrays = await arraysOf(members, { ...o, name });
  putWeights(model, arrays, name);
  if (compiled) putOptimizer(model, arrays, name);
  return model;
}

type ReadOptions = { readonly name: string; readonly maxBytes?: number };

const membersOf = (
  bytes: Uint8Array,
  { name, maxBytes }: ReadOptions,
): Promise<Map<string, Uint8Array>> =>
  unzip(bytes, { name, ...(maxBytes !== undefined && { maxBytes }) });

/** The arrays of a `.keras` file by their paths, those of the optimizer among them. */
export async function kerasWeights(
  bytes: Uint8Array,
  o: ReadOptions,
): Promise<Map<string, NamedArray>> {
  return arraysOf(await membersOf(bytes, o), o);
}

async function arraysOf(
  members: ReadonlyMap<string, Uint8Array>,
  { name, maxBytes }: ReadOptions,
): Promise<Map<string, NamedArray>> {
  const h5 = members.get('model.weights.h5');
  const npz = members.get('model.weights.npz');
  if (h5) {
    const root: H5Group = readHdf5(h5, {
      name: `${name}: model.weights.h5`,
      ...(maxBytes !== undefined && { maxBytes }),
    });
    return modernPaths(h5Arrays(root));
  }
  if (npz) return npzArrays(npz, `${name}: model.weights.npz`);
  throw new GradloomError('saving', `${name} has no weights in it.`, { name });
}

/** Layers that are given values of kinds which no layer writes may fail in any way: then the file is wrong. */
export function made<T>(name: string, f: () => T): T {
  try {
    return f();
  } catch (cause) {
    if (cause instanceof GradloomError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GradloomError(
      'saving',
      `${name}: no model can be made of its config: ${why}.`,
      { name },
      { cause },
    );
  }
}

/** Weights as .npz: one pickled dictionary an array of which is unnecessary; Keras keys are the paths. */
async function npzArrays(bytes: Uint8Array, name: string): Promise<Map<string, NamedArray>> {
  const out = new Map<string, NamedArray>();
  for (const [member, content] of await unzip(bytes, { name })) {
    out.set(member.replace(/\.npy$/, ''), decodeNpy(content, { name: `${name}: ${member}` }));
  }
  return out;
}

type Config = { readonly [key: string]: unknown };

/** The model that a config of Python's describes, built, and compiled if it was and that is wanted. */
export function modelFromConfig(
  json: unknown,
  name: string,
  version: string,
  o: LoadModelOptions,
): { model: Model; compiled: boolean } {
  return withCustomObjects(o.customObjects ?? {}, () => knownModel(json, name, version, o));
}

function knownModel(
  json: unknown,
  name: string,
  version: string,
  o: LoadModelOptions,
): { model: Model; compiled: boolean } {
  const ours = fromPython(json as never, { name }) as Serialized & {
    readonly buildConfig?: Config | null;
    readonly compileConfig?: Config | null;
  };
  if (!isSerialized(ours))
    throw new GradloomError('saving', `${name}: config.json describes no model.`, { name });
  const tooNew = newer(version, kerasVersion)
    ? ` The file was written by Keras ${version}, newer than the ${kerasVersion} that is known here.`
    : '';
  let layer: unknown;
  try {
    layer = deserializeLayer({ className: ours.className, config: ours.config });
  } catch (cause) {
    if (!(cause instanceof GradloomError)) throw cause;
    throw new GradloomError(
      cause.code,
      `${name}: ${cause.message}${tooNew}`,
      { ...cause.facts, name },
      { cause },
    );
  }
  const model = layer as Model;
  if (typeof model.compile !== 'function')
    throw new GradloomError('saving', `${name} holds a layer of ${ours.className}, not a model.`, {
      className: ours.className,
    });
  const shape = ours.buildConfig?.inputShape ?? (ours.config as Config).buildInputShape;
  // Layers of a model of one's own are built by a call of it.
  if (!model.built && shape) model.ensureBuilt(shape as never);
  // Keras writes an empty one for models that were not compiled.
  const given = ours.compileConfig?.optimizer ? ours.compileConfig : undefined;
  const compiled = Boolean(given) && (o.compile ?? true);
  if (given && compiled) model.compile(compileOptionsOf(given, name));
  return { model, compiled };
}

function newer(version: string, than: string): boolean {
  const [a, b] = [version, than].map((v) => v.split('.').map((n) => Number.parseInt(n, 10)));
  for (let i = 0; i < 2; i++) if (a[i] !== b[i]) return a[i] > b[i];
  return false;
}

/** What `compile` is given again. */
function compileOptionsOf(config: Config, name: string): CompileOptions {
  const made =
    (revive: (s: Serialized) => unknown) =>
    (x: unknown): unknown => {
      if (isSerialized(x)) return revive(x);
      if (Array.isArray(x)) return x.map(made(revive));
      if (!isPlainObject(x)) return x;
      return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, made(revive)(v)]));
    };
  const { optimizer, lossWeights, stepsPerExecution } = config;
  const loss = made(deserializeLoss)(config.loss);
  const metrics = made(deserializeMetric)(config.metrics);
  const weightedMetrics = made(deserializeMetric)(config.weightedMetrics);
  if (!isSerialized(optimizer) && typeof optimizer !== 'string')
    throw new GradloomError('saving', `${name}: compile_config has no optimizer.`, { name });
  return {
    optimizer,
    ...(loss != null && { loss: loss as never }),
    ...(lossWeights != null && { lossWeights: lossWeights as never }),
    ...(metrics != null && { metrics: metrics as never }),
    ...(weightedMetrics != null && { weightedMetrics: weightedMetrics as never }),
    ...(typeof stepsPerExecution === 'number' && { stepsPerExecution }),
  };
}

/** Puts the arrays into the model. Throws `weights` with every difference; then nothing has changed. */
function putWeights(model: Model, arrays: ReadonlyMap<string, NamedArray>, name: string): void {
  const wanted = h5Variables(model);
  const pairs: [Variable, NamedArray][] = [];
  const wrong: string[] = [];
  for (const [key, v] of wanted) {
    const a = arrays.get(key);
    if (!a) wrong.push(`${key} (${v.path}): not in the file (expected ${showShape(v.shape)})`);
    else if (!sameShape(a.shape, v.shape))
      wrong.push(
        `${key} (${v.path}): expected ${showShape(v.shape)}, the file has ${showShape(a.shape)}`,
      );
    else pairs.push([v, a]);
  }
  for (const [key, a] of arrays)
    if (
      !wanted.has(key) &&
      !key.startsWith('optimizer/') &&
      !/(^|\/)(seed_generator|_seed)/.test(key)
    )
      wrong.push(`${key}: not in the model (the file has ${showShape(a.shape)})`);
  if (wrong.length > 0)
    throw new GradloomError(
      'weights',
      `${name}: the weights do not fit the model that the file describes, in ${wrong.length} ${wrong.length === 1 ? 'place' : 'places'}:\n  ${wrong.join('\n  ')}`,
      { name, mismatches: wrong },
    );
  for (const [v, a] of pairs) writeVariable(v, a, { own: true });
}

/** What the optimizer remembers. A file without it, or of another one, is taken with a warning, as in Keras. */
function putOptimizer(model: Model, arrays: ReadonlyMap<string, NamedArray>, name: string): void {
  const { optimizer } = model;
  const found = [...arrays].filter(([key]) => key.startsWith('optimizer/vars/'));
  if (found.length === 0) return;
  optimizer.build(model.trainableWeights);
  const wanted = optimizer.variables;
  const fits =
    found.length === wanted.length &&
    wanted.every((v, i) => {
      const a = arrays.get(`optimizer/vars/${i}`);
      return a !== undefined && sameShape(a.shape, v.shape);
    });
  if (!fits) {
    console.warn(
      `${name}: the optimizer's state is left out: the file has ${found.length} variables, ${camelCase(optimizer.name)} has ${wanted.length}, or their shapes differ.`,
    );
    return;
  }
  wanted.forEach((v, i) => {
    writeVariable(v, arrays.get(`optimizer/vars/${i}`)!, { own: true });
  });
}
