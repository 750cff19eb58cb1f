/**
 * Weights as Keras lays them out in model.weights.h5: a group for each layer by its place in the model
 * (`layers/dense_1`), in it `vars` with datasets 0, 1, … in the order of the layer's own weights.
 * Source: keras/src/saving/saving_lib.py, _save_state.
 */
import {
  type H5Group,
  type H5Tree,
  isHdf5,
  readHdf5,
  writeHdf5,
} from '../../formats/hdf5/index.ts';
import type { LayerState } from '../layers/state.ts';
import type { Variable } from '../variable.ts';
import type { WeightFormat } from './formats.ts';
import type { NamedArray } from './values.ts';
import { layerPlaces } from './weight-paths.ts';

const join = (a: string, b: string): string => (a === '' ? b : `${a}/${b}`);

/** Every weight of the model by its place in the file. */
export function h5Variables(root: LayerState): Map<string, Variable> {
  const out = new Map<string, Variable>();
  for (const { path, own } of layerPlaces(root))
    own.forEach((v, i) => {
      out.set(join(path, `vars/${i}`), v);
    });
  return out;
}

interface Building {
  readonly attributes: Record<string, string>;
  readonly groups: Map<string, Building>;
  readonly datasets: Map<string, NamedArray>;
}

const building = (): Building => ({ attributes: {}, groups: new Map(), datasets: new Map() });

/** Arrays by path as a tree of groups; `names` are put on the groups of these paths. */
export function h5Tree(
  arrays: ReadonlyMap<string, NamedArray>,
  names: ReadonlyMap<string, string> = new Map(),
): H5Tree {
  const root = building();
  const groupAt = (path: string): Building => {
    let here = root;
    for (const part of path.split('/').filter((p) => p !== '')) {
      let next = here.groups.get(part);
      if (!next) {
        next = building();
        here.groups.set(part, next);
      }
      here = next;
    }
    return here;
  };
  for (const [path, name] of names) groupAt(path).attributes.name = name;
  for (const [path, a] of arrays) {
    const cut = path.lastIndexOf('/');
    groupAt(path.slice(0, Math.max(0, cut))).datasets.set(path.slice(cut + 1), a);
  }
  return root;
}

/** Every dataset below a group, by its path. */
export function h5Arrays(
  root: H5Group,
  skip: (path: string) => boolean = () => false,
): Map<string, NamedArray> {
  const out = new Map<string, NamedArray>();
  const visit = (g: H5Group, path: string): void => {
    for (const name of g.names) {
      const here = join(path, name);
      if (skip(here)) continue;
      const x = g.get(name);
      if (x?.kind === 'group') visit(x, here);
      else if (x) out.set(here, x.read());
    }
  };
  visit(root, '');
  return out;
}

/** Files before 3.0 call the layers `_layer_checkpoint_dependencies`. */
export function modernPaths(arrays: ReadonlyMap<string, NamedArray>): Map<string, NamedArray> {
  return new Map(
    [...arrays].map(([path, a]) => [
      path.replace(/^_layer_checkpoint_dependencies\//, 'layers/'),
      a,
    ]),
  );
}

/** The names of layers, for the groups that their weights lie in. */
export function groupNames(paths: ReadonlyMap<string, string>): Map<string, string> {
  const names = new Map<string, string>();
  for (const [key, path] of paths) {
    const layer = path.split('/').at(-2);
    if (layer) names.set(key.slice(0, key.lastIndexOf('/')), layer);
  }
  return names;
}

/** The weights of a model as `model.saveWeights('x.weights.h5')` keeps them. */
export const h5Format: WeightFormat = {
  extension: '.weights.h5',
  variables: h5Variables,
  encode: async (arrays, paths) => writeHdf5(h5Tree(arrays, groupNames(paths))),
  async decode(bytes, o) {
    const root = readHdf5(bytes, o);
    const legacy = await import('./legacy-weights.ts');
    if (legacy.isLegacy(root)) return legacy.decodedLegacy(root, o.name);
    // What an optimizer remembers lies beside the weights.
    return { arrays: modernPaths(h5Arrays(root, (path) => path === 'optimizer')) };
  },
  recognizes: isHdf5,
};
