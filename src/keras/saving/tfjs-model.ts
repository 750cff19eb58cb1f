/**
 * Models of TensorFlow.js: model.json holds the layers in Keras 2's dialect (from TensorFlow.js itself or
 * from its converter), the weights lie in shards beside it. Source: tfjs-layers/src/models.ts.
 */
import { GradloomError } from '../../errors.ts';
import type { Opened } from '../../files/sources.ts';
import { fields, parseFields } from '../../formats/json.ts';
import { readTfjsManifest } from '../../formats/tfjs-manifest.ts';
import { decodeTfjsWeights, type TfjsArray } from '../../formats/tfjs-weights.ts';
import { sameShape, showShape } from '../../shape.ts';
import { Layer } from '../layers/layer.ts';
import { withWeightBudget } from '../layers/weight-budget.ts';
import type { Model } from '../models/model.ts';
import { Network } from '../models/network.ts';
import type { Variable } from '../variable.ts';
import { type LoadModelOptions, made, modelFromConfig } from './keras-file.ts';
import { compileConfigFromKeras2, fromKeras2 } from './keras2-config.ts';
import { writeVariable } from './values.ts';

/**
 * The model of a model.json of layers, with its weights; compiled as it was, without what its optimizer
 * remembers, unless `compile` is false. Throws `tfjs`, `weights` listing every difference, `saving`.
 */
export async function decodeTfjsModel(file: Opened, o: LoadModelOptions): Promise<Model> {
  const { name } = file;
  const json = parseFields(file.bytes, name, 'tfjs');
  const topology = fields(json.modelTopology);
  if (json.format === 'graph-model' || Array.isArray(topology.node))
    throw new GradloomError(
      'tfjs',
      `loadModel: ${name} is a graph of TensorFlow, which has no layers: loadGraphModel of gradloom/tfjs runs it.`,
      { name },
    );
  if (json.modelTopology === undefined || json.modelTopology === null)
    throw new GradloomError(
      'tfjs',
      `loadModel: ${name} describes no model: it has no modelTopology${json.weightsManifest ? ', only weights' : ''}.`,
      { name },
    );
  const weights = readTfjsManifest(json.weightsManifest, name).flatMap((g) => g.weights);
  const bytes = weights.reduce((n, w) => n + 4 * w.count, 0);
  const model = withWeightBudget(o.maxBytes ?? Math.max(2 ** 26, 2 * bytes), () =>
    made(name, () => {
      const config = fromKeras2(topology.model_config ?? topology, { name });
      const training = json.trainingConfig ?? topology.training_config;
      const compile_config = compileConfigFromKeras2(training, { name });
      return modelFromConfig({ ...fields(config), compile_config }, name, '', o).model;
    }),
  );
  if (!model.built)
    throw new GradloomError(
      'not-built',
      `loadModel: ${name} does not say the shape of the model's input, so that it has no weights to load into.`,
      { name },
    );
  const own = new Set(weights.filter((w) => !w.ofOptimizer).map((w) => w.name));
  const found = await decodeTfjsWeights(json.weightsManifest, file.beside, {
    name,
    ...(o.maxBytes !== undefined && { maxBytes: o.maxBytes }),
  });
  assign(model, new Map([...found].filter(([n]) => own.has(n))), name);
  return model;
}

/** A layer of a model that is no model, and the names of those around it. */
interface Leaf {
  readonly layer: Layer;
  readonly within: readonly string[];
}

function leaves(net: Network, within: readonly string[] = [], seen = new Set<Layer>()): Leaf[] {
  return net.layers.flatMap((layer) => {
    if (seen.has(layer)) return [];
    seen.add(layer);
    return layer instanceof Network
      ? leaves(layer, [...within, layer.name], seen)
      : [{ layer, within }];
  });
}

/**
 * Weights go by the names of their layers, and within a layer by their order: what comes between the
 * layer's name and the weight's (`lstm/lstm_cell_3/kernel`) is another from version to version.
 */
function assign(model: Model, found: Map<string, TfjsArray>, name: string): void {
  const left = new Map(found);
  const pairs: [Variable, TfjsArray][] = [];
  const wrong: string[] = [];
  for (const leaf of leaves(model)) {
    const { layer } = leaf;
    const wanted = layer.weights;
    if (wanted.length === 0) continue;
    const names = namesFor(leaf, [...left.keys()], wanted.length);
    if (names.length !== wanted.length) {
      wrong.push(
        `${layer.name}: expected ${wanted.length} weights, the file has ${names.length}${names.length > 0 ? ` (${names.join(', ')})` : ''}`,
      );
      for (const n of names) left.delete(n);
      continue;
    }
    wanted.forEach((v, i) => {
      const a = left.get(names[i])!;
      left.delete(names[i]);
      if (sameShape(a.shape, v.shape)) pairs.push([v, a]);
      else
        wrong.push(
          `${names[i]}: expected ${showShape(v.shape)} for ${v.path}, the file has ${showShape(a.shape)}`,
        );
    });
  }
  for (const [n, a] of left)
    wrong.push(`${n}: not in the model (the file has ${showShape(a.shape)})`);
  if (wrong.length > 0)
    throw new GradloomError(
      'weights',
      `${name}: the weights do not fit the layers that the file describes, in ${wrong.length} ${wrong.length === 1 ? 'place' : 'places'}:\n  ${wrong.join('\n  ')}`,
      { name, mismatches: wrong },
    );
  for (const [v, a] of pairs) writeVariable(v, a, { own: true });
}

/** The weights that lie under a layer's name; of several layers of that name, under those around it too. */
function namesFor({ layer, within }: Leaf, all: readonly string[], count: number): string[] {
  const under = (layerName: string, list: readonly string[]): string[] =>
    list.filter((n) => `/${n}`.includes(`/${layerName}/`));
  const own = under(layer.name, all);
  if (own.length > count) {
    const around = within.reduce((list, outer) => under(outer, list), own);
    if (around.length === count && within.length > 0) return around;
    const first = own.filter((n) => n.startsWith(`${layer.name}/`));
    return first.length === count ? first : own;
  }
  // Models within wrappers were built before them, and keep their own names.
  return own.length > 0
    ? own
    : all.filter((n) => inside(layer).some((l) => under(l.name, [n]).length > 0));
}

function inside(layer: Layer): Layer[] {
  return layer.sublayers.flatMap((l) => (l instanceof Layer ? [l, ...inside(l)] : []));
}
