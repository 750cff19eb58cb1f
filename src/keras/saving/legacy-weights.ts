/**
 * Weights as Keras 2 laid them out in HDF5, and Keras 3's legacy writer does: a group a layer by its name,
 * whose attribute `weight_names` has the order of the datasets in it: what is trained before what is not.
 * Source: keras/src/legacy/saving/legacy_h5_format.py.
 */
import { GradloomError } from '../../errors.ts';
import type { H5Group } from '../../formats/hdf5/index.ts';
import { sameShape } from '../../shape.ts';
import type { Layer } from '../layers/layer.ts';
import type { Model } from '../models/model.ts';
import type { Variable } from '../variable.ts';
import type { DecodedWeights, Match } from './formats.ts';
import type { NamedArray } from './values.ts';
import { layerPlaces } from './weight-paths.ts';

export interface LegacyLayer {
  readonly name: string;
  /** In the order of the file. */
  readonly weights: ReadonlyMap<string, NamedArray>;
}

export interface LegacyWeights {
  /** Those that have weights, in the order of the model. */
  readonly layers: readonly LegacyLayer[];
  /** Weights that are the model's own and no layer's. */
  readonly own: ReadonlyMap<string, NamedArray>;
}

/** Whether an HDF5 file has its weights in this way, with or without the model. */
export function isLegacy(root: H5Group): boolean {
  return (
    root.attributes.has('layer_names') ||
    root.attributes.has('layer_names0') ||
    root.group('model_weights') !== undefined
  );
}

/** A list of text; one that is too long for an attribute stands in several, `name0`, `name1`, …. */
function textList(g: H5Group, name: string): string[] {
  const { attributes } = g;
  // A list of nothing is written as numbers of which there are none.
  const texts = (x: unknown): string[] =>
    typeof x === 'string'
      ? [x]
      : Array.isArray(x)
        ? x.filter((v) => typeof v === 'string')
        : ([] as string[]);
  if (attributes.has(name)) return texts(attributes.get(name));
  const out: string[] = [];
  for (let i = 0; attributes.has(`${name}${i}`); i++)
    out.push(...texts(attributes.get(`${name}${i}`)));
  return out;
}

/** The datasets that `weight_names` of a group names, in its order. Throws `weights` for one that is not there. */
export function namedWeights(g: H5Group, file: string): Map<string, NamedArray> {
  const out = new Map<string, NamedArray>();
  for (const name of textList(g, 'weight_names')) {
    const found = g.get(name);
    if (found?.kind !== 'dataset')
      throw new GradloomError(
        'weights',
        `${file} is damaged: ${g.path || '/'} speaks of weights ${JSON.stringify(name)}, which are not there.`,
        { file, group: g.path, weight: name },
      );
    out.set(name, found.read());
  }
  return out;
}

/** The weights of the file, with or without a model around. Throws `weights` for a file that has none. */
export function legacyWeights(root: H5Group, file: string): LegacyWeights {
  const g =
    root.attributes.has('layer_names') || root.attributes.has('layer_names0')
      ? root
      : root.group('model_weights');
  if (!g) throw new GradloomError('weights', `${file} has no weights of a model in it.`, { file });
  const layers: LegacyLayer[] = [];
  for (const name of textList(g, 'layer_names')) {
    const group = g.get(name);
    if (group?.kind !== 'group')
      throw new GradloomError(
        'weights',
        `${file} is damaged: it speaks of a layer ${JSON.stringify(name)}, which is not there.`,
        { file, layer: name },
      );
    const weights = namedWeights(group, file);
    if (weights.size > 0) layers.push({ name, weights });
  }
  const own = g.group('top_level_model_weights');
  return { layers, own: own ? namedWeights(own, file) : new Map() };
}

/** The same for `loadWeights`. */
export function decodedLegacy(root: H5Group, file: string): DecodedWeights {
  const weights = legacyWeights(root, file);
  return {
    arrays: new Map(),
    match: (model, byName) => pairLegacy(model, weights, byName ? 'name' : 'order', file),
  };
}

const inOrder = (l: Layer): Variable[] => [...l.trainableWeights, ...l.nonTrainableWeights];

/**
 * Weights of the model beside those of the file: layer by layer as they come (by topology), or by the
 * names of the layers. Throws `weights` when, by topology, there are more layers on one side.
 */
export function pairLegacy(
  model: Model,
  file: LegacyWeights,
  by: 'order' | 'name',
  name: string,
): Match {
  const pairs: Pairs = { wanted: new Map(), found: new Map(), wrong: [] };
  const layers = model.layers.filter((l) => l.weights.length > 0);
  if (by === 'order' && layers.length !== file.layers.length)
    throw new GradloomError(
      'weights',
      `loadWeights: ${name} has ${file.layers.length} layers with weights (${file.layers.map((l) => l.name).join(', ')}), model "${model.name}" has ${layers.length} (${layers.map((l) => l.name).join(', ')}). With byName: true layers of the same name are loaded.`,
      { model: model.name, file: name, layers: file.layers.length, expected: layers.length },
    );
  const left = new Set(file.layers);
  layers.forEach((layer, i) => {
    const from = by === 'order' ? file.layers[i] : file.layers.find((l) => l.name === layer.name);
    if (from) left.delete(from);
    pair(pairs, layer.name, inOrder(layer), from?.weights);
  });
  for (const l of left) pair(pairs, l.name, [], l.weights);
  const own = layerPlaces(model).find((p) => p.layer === model)?.own ?? [];
  // Not every writer has kept these.
  if (file.own.size > 0)
    pair(
      pairs,
      model.name,
      [...own.filter((v) => v.trainable), ...own.filter((v) => !v.trainable)],
      file.own,
    );
  return pairs;
}

interface Pairs {
  readonly wanted: Map<string, Variable>;
  readonly found: Map<string, NamedArray>;
  readonly wrong: string[];
}

function pair(
  { wanted, found, wrong }: Pairs,
  layer: string,
  variables: readonly Variable[],
  weights: ReadonlyMap<string, NamedArray> | undefined,
): void {
  const names = [...(weights?.keys() ?? [])];
  // One more or less, and it would not be known which is which.
  const countsDiffer = weights !== undefined && names.length !== variables.length;
  if (countsDiffer && variables.length > 0) {
    wrong.push(
      `${layer}: expected ${variables.length} weights (${variables.map((v) => v.path).join(', ')}), the file has ${names.length} (${names.join(', ')})`,
    );
    return;
  }
  variables.forEach((v) => {
    wanted.set(keyOf(layer, v.path), v);
  });
  const arrays = weights ? plainLayout(variables, [...weights.values()]) : [];
  arrays.forEach((a, i) => {
    found.set(keyOf(layer, variables[i]?.path ?? names[i]), a);
  });
}

const keyOf = (layer: string, path: string): string =>
  path.startsWith(`${layer}/`) ? path : `${layer}: ${path}`;

// ---- layers for cuDNN

/**
 * Layers of Keras 2 for cuDNN kept their weights as that library wants them: each gate's kernels turned,
 * and a bias for the inputs and one for the states. Recognized by the size of the bias.
 */
function plainLayout(variables: readonly Variable[], arrays: NamedArray[]): NamedArray[] {
  const out = [...arrays];
  for (let i = 2; i < variables.length; i++) {
    const bias = variables[i];
    const [kernel, recurrent] = [variables[i - 2], variables[i - 1]];
    if (bias.name !== 'bias' || recurrent.name !== 'recurrent_kernel') continue;
    const units = recurrent.shape[0];
    const gates = recurrent.shape[1] / units;
    const fits =
      (gates === 3 || gates === 4) &&
      sameShape(out[i].shape, [2 * gates * units]) &&
      !sameShape(bias.shape, out[i].shape) &&
      sameShape(out[i - 1].shape, recurrent.shape) &&
      sameShape(out[i - 2].shape, kernel.shape);
    if (!fits) continue;
    out[i - 2] = turned(out[i - 2], gates, 'inputs');
    out[i - 1] = turned(out[i - 1], gates, 'states');
    // A GRU that resets after the product has both biases; an LSTM their sum.
    out[i] = bias.shape.length === 2 ? { ...out[i], shape: bias.shape } : halvesAdded(out[i]);
  }
  return out;
}

/** Each gate's part of a matrix: by columns what lies by rows (of inputs), or transposed (of states). */
function turned(a: NamedArray, gates: number, of: 'inputs' | 'states'): NamedArray {
  const [rows, all] = a.shape;
  const units = all / gates;
  const data = a.data.slice();
  for (let g = 0; g < gates; g++)
    for (let r = 0; r < rows; r++)
      for (let u = 0; u < units; u++) {
        const flat = r + rows * u;
        const [row, column] = of === 'states' ? [u, r] : [Math.floor(flat / units), flat % units];
        data[r * all + g * units + u] = a.data[row * all + g * units + column];
      }
  return { ...a, data };
}

function halvesAdded(a: NamedArray): NamedArray {
  const half = a.data.length / 2;
  const data = a.data.slice(0, half);
  for (let i = 0; i < half; i++) data[i] += a.data[half + i];
  return { ...a, data, shape: [half] };
}
