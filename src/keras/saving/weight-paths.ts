/** Names of weights that are the same in every program that makes the same model. */
import { snakeCase } from '../identifiers.ts';
import { LayerState } from '../layers/state.ts';
import { Network } from '../models/network.ts';
import { Sequential } from '../models/sequential.ts';
import { isPlainObject } from '../tree.ts';
import type { Variable } from '../variable.ts';

/**
 * Every weight of the model by its place in it, as in Keras's weight files: the property that holds a
 * layer (`encoder`, `query_dense`); in `layers` of a Sequential or functional model, and in lists and
 * objects, the layer's class, numbered (`layers/dense_1`); then the weight's own name. Names of layers,
 * which are numbered through the program, do not matter.
 */
export function weightPaths(root: LayerState): Map<string, Variable> {
  const out = new Map<string, Variable>();
  for (const { path, own } of layerPlaces(root)) {
    const names = new Names();
    for (const v of own) out.set(join(path, names.next(v.name)), v);
  }
  return out;
}

/** A layer, its place in the model, and the weights that are its own and no inner layer's. */
export interface LayerPlace {
  readonly layer: LayerState;
  readonly path: string;
  readonly own: readonly Variable[];
}

/** Every layer of a model, each once, from the outside in. */
export function layerPlaces(root: LayerState): LayerPlace[] {
  const out: LayerPlace[] = [];
  const seen = new Set<Variable>();
  const visited = new Set<LayerState>();
  const visit = (layer: LayerState, path: string): void => {
    if (visited.has(layer)) return;
    visited.add(layer);
    const inner = new Set(layer.sublayers.flatMap((l) => l.weights));
    const own = layer.weights.filter((v) => !inner.has(v) && !seen.has(v));
    for (const v of own) seen.add(v);
    out.push({ layer, path, own });
    for (const [name, l] of children(layer)) visit(l, join(path, name));
  };
  visit(root, '');
  return out;
}

/** Names that are taken get a number. */
class Names {
  readonly #taken = new Map<string, number>();
  next(name: string): string {
    const n = this.#taken.get(name) ?? 0;
    this.#taken.set(name, n + 1);
    return n === 0 ? name : `${name}_${n}`;
  }
}

const join = (a: string, b: string): string => (a === '' ? b : `${a}/${b}`);

/** The layers right inside of one, with their names there. */
function children(layer: LayerState): [string, LayerState][] {
  const found: [string, LayerState][] = [];
  const inside = new Set(layer.sublayers);
  const put = (name: string, l: LayerState): void => {
    if (inside.delete(l)) found.push([name, l]);
  };
  const list = (name: string, items: readonly unknown[], within: readonly unknown[]): void => {
    const names = new Names();
    for (const item of items) {
      if (item instanceof LayerState) put(join(name, names.next(classOf(item))), item);
      else if (isContainer(item) && !within.includes(item))
        list(join(name, names.next('container')), contents(item), [...within, item]);
    }
  };
  if (layer instanceof Sequential || (layer instanceof Network && layer.graph))
    list('layers', layer.layers, []);
  for (const key in layer) {
    const value: unknown = layer[key as keyof LayerState];
    if (value instanceof LayerState) put(partOf(layer, key), value);
    else if (isContainer(value)) list(partOf(layer, key), contents(value), [value]);
  }
  list('others', [...inside], []);
  return found;
}

const isContainer = (x: unknown): x is object =>
  (Array.isArray(x) && typeof x[0] !== 'number') || isPlainObject(x);
const contents = (x: object): unknown[] => Object.values(x);

/** Classes that go by another name in Keras's own code than outside of it. */
const classNames: Readonly<Record<string, string>> = {
  GroupQueryAttention: 'grouped_query_attention',
};

function classOf(layer: LayerState): string {
  const { className } = layer as { className?: unknown };
  const name = typeof className === 'string' ? className : layer.constructor.name;
  return classNames[name] ?? snakeCase(name);
}

/** What Keras calls a property: some of its layers' are private there. */
function partOf(layer: LayerState, key: string): string {
  const { name } = layer.constructor;
  const hidden =
    name === 'GroupQueryAttention' || (name === 'MultiHeadAttention' && key === 'gateDense');
  return hidden && key.endsWith('Dense') ? `_${snakeCase(key)}` : snakeCase(key);
}
