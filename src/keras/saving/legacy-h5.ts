/**
 * Whole models in HDF5: files of Keras 2 (tf.keras), and of Keras 3's `model.save('x.h5')`. The root has
 * the config and how the model was compiled as attributes, weights lie in `model_weights`, and what the
 * optimizer remembers in `optimizer_weights`. Source: keras/src/legacy/saving/legacy_h5_format.py.
 */
import { GradloomError } from '../../errors.ts';
import { type H5Group, readHdf5 } from '../../formats/hdf5/index.ts';
import { sameShape } from '../../shape.ts';
import { withWeightBudget } from '../layers/weight-budget.ts';
import type { Model } from '../models/index.ts';
import type { Variable } from '../variable.ts';
import { type LoadModelOptions, made, modelFromConfig } from './keras-file.ts';
import { compileConfigFromKeras2, fromKeras2 } from './keras2-config.ts';
import { isLegacy, legacyWeights, namedWeights, pairLegacy } from './legacy-weights.ts';
import { parsePython } from './python-config.ts';
import { type NamedArray, writeVariable } from './values.ts';
import { compared } from './weights-files.ts';

/** A text attribute of the root; undefined where there is none. */
export function textAttribute(root: H5Group, name: string): string | undefined {
  const found = root.attributes.get(name);
  return typeof found === 'string' ? found : undefined;
}

/** The config of the model and how it was compiled, in Keras 3's form. Throws `saving` for files without. */
export function legacyConfig(root: H5Group, name: string): { config: object; version: string } {
  const text = textAttribute(root, 'model_config');
  if (text === undefined)
    throw new GradloomError(
      'saving',
      isLegacy(root) || root.group('layers') || root.group('_layer_checkpoint_dependencies')
        ? `${name} holds weights and no model (no attribute model_config): make the model and call model.loadWeights.`
        : `${name} is no model of Keras: this HDF5 file has no attribute model_config.`,
      { name },
    );
  // Files from before 2.0.3 do not say.
  const version = textAttribute(root, 'keras_version') ?? '1';
  const major = Number.parseInt(version, 10);
  if (major < 2)
    throw new GradloomError(
      'saving',
      `${name} was written by Keras ${version}, whose configs and weights are other than those of Keras 2 and 3. Load it with Keras 2 and save it again.`,
      { name, version },
    );
  const json = parsePython(text, `${name}: model_config`);
  const training = textAttribute(root, 'training_config');
  const compiled =
    training === undefined ? undefined : parsePython(training, `${name}: training_config`);
  return {
    config: {
      // Later versions wrote their own dialect in old files.
      ...((major < 3 ? fromKeras2(json, { name }) : json) as object),
      compile_config: compileConfigFromKeras2(compiled, { name }),
    },
    version,
  };
}

/** A model out of the bytes of a legacy file. Throws GradloomErrors that say what is wrong with the file. */
export async function decodeLegacyH5(bytes: Uint8Array, o: LoadModelOptions = {}): Promise<Model> {
  const name = o.name ?? 'The .h5 file';
  const root = readHdf5(bytes, {
    name,
    ...(o.maxBytes !== undefined && { maxBytes: o.maxBytes }),
  });
  const limit = o.maxBytes ?? Math.max(2 ** 26, bytes.length * 64);
  const { model, compiled } = withWeightBudget(limit, () =>
    made(name, () => {
      const { config, version } = legacyConfig(root, name);
      return modelFromConfig(config, name, version, o);
    }),
  );
  putWeights(model, root, name);
  const slots = compiled ? root.group('optimizer_weights') : undefined;
  if (slots) putOptimizer(model, namedWeights(slots, name), name);
  return model;
}

/** Throws `weights` with every difference; then nothing has changed. */
function putWeights(model: Model, root: H5Group, name: string): void {
  const file = legacyWeights(root, name);
  const known = new Set(model.layers.map((l) => l.name));
  const byName = file.layers.every((l) => known.has(l.name));
  if (!model.built && file.layers.length > 0)
    throw new GradloomError(
      'not-built',
      `${name} does not say the shape of the model's input, so that it has no weights to load into.`,
      { name },
    );
  const { pairs, wrong } = compared(pairLegacy(model, file, byName ? 'name' : 'order', name));
  if (wrong.length > 0)
    throw new GradloomError(
      'weights',
      `${name}: the weights do not fit the model that the file describes, in ${wrong.length} ${wrong.length === 1 ? 'place' : 'places'}:\n  ${wrong.join('\n  ')}`,
      { name, mismatches: wrong },
    );
  for (const [v, a] of pairs) writeVariable(v, a);
}

// ---- what the optimizer remembers

/** What slots of weights are called here, by their names in files of Keras 2. */
const slotNames: Readonly<Record<string, readonly string[]>> = {
  m: ['momentum'],
  v: ['velocity', 'norm'],
  u: ['norm'],
  vhat: ['velocity_hat'],
  v_hat: ['velocity_hat'],
  momentum: ['momentum'],
  velocity: ['velocity'],
  rms: ['velocity'],
  mg: ['average_gradient'],
  average_gradient: ['average_gradient'],
  accumulator: ['accumulator'],
  accum_grad: ['accumulated_grad'],
  accumulated_grad: ['accumulated_grad'],
  accum_var: ['accumulated_delta_var'],
  accumulated_delta_var: ['accumulated_delta_var'],
  linear: ['linear'],
};

/** Files without it, or of optimizers whose parts are not known, are taken with a warning, as in Keras. */
function putOptimizer(model: Model, found: ReadonlyMap<string, NamedArray>, name: string): void {
  if (found.size === 0) return;
  const { optimizer } = model;
  optimizer.build(model.trainableWeights);
  const pairs =
    inOrder(optimizer.variables, found) ?? byKind(optimizer.variables, optimizer.iterations, found);
  if (pairs) for (const [v, a] of pairs) writeVariable(v, a);
  else
    console.warn(
      `${name}: the optimizer's state is left out: its ${found.size} variables are not those that ${optimizer.name} has here (${optimizer.variables.length}).`,
    );
}

/** Keras 3 keeps all that an optimizer has, in its order. */
function inOrder(
  variables: readonly Variable[],
  found: ReadonlyMap<string, NamedArray>,
): [Variable, NamedArray][] | undefined {
  const arrays = [...found];
  const fits =
    arrays.length === variables.length &&
    arrays.every(([n, a], i) => sameShape(a.shape, variables[i].shape) && !n.endsWith(':0'));
  return fits ? variables.map((v, i) => [v, arrays[i][1]]) : undefined;
}

/**
 * Keras 2 keeps the steps taken and the slots, by names that say which kind of slot and of which weight:
 * `Adam/dense/kernel/m:0`, or `Adam/m/dense/kernel:0` from 2.11 on. Of one kind they come in the order
 * of the weights.
 */
function byKind(
  variables: readonly Variable[],
  iterations: Variable,
  found: ReadonlyMap<string, NamedArray>,
): [Variable, NamedArray][] | undefined {
  const kinds = new Map<string, NamedArray[]>();
  const pairs: [Variable, NamedArray][] = [];
  for (const [full, a] of found) {
    const parts = full.replace(/:\d+$/, '').split('/');
    const last = parts.at(-1)!;
    if (/^iter(ation)?s?$/.test(last)) {
      pairs.push([iterations, a]);
      continue;
    }
    // The learning rate is in the config.
    if (/learning_rate$/.test(last)) continue;
    const kind = parts.length > 2 && Object.hasOwn(slotNames, parts[1]) ? parts[1] : last;
    if (!Object.hasOwn(slotNames, kind)) return undefined;
    kinds.set(kind, [...(kinds.get(kind) ?? []), a]);
  }
  for (const [kind, arrays] of kinds) {
    // All of one kind are made before the next, or all kinds of one weight: each kind has its order.
    const slots = slotNames[kind]
      .map((n) => variables.filter((v) => v.name.endsWith(`_${n}`)))
      .find((s) => s.length > 0);
    // Some were kept that the optimizer's options have no use for.
    if (!slots) continue;
    const fits =
      arrays.length === slots.length && slots.every((v, i) => sameShape(v.shape, arrays[i].shape));
    if (!fits) return undefined;
    slots.forEach((v, i) => {
      pairs.push([v, arrays[i]]);
    });
  }
  const paired = new Set(pairs.map(([v]) => v));
  const all = variables.every((v) => paired.has(v) || v.name.endsWith('learning_rate'));
  return all ? pairs : undefined;
}
