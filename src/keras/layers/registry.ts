/** Layers to and from { className, config }. */
import { GradloomError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import {
  customNamed,
  customObjects,
  registerCustom,
  withCustomObjects,
} from '../custom-objects.ts';
import { isSerialized, type Serialized, serialize as write } from '../serialization.ts';
import { isPlainObject } from '../tree.ts';
import type { Layer } from './layer.ts';

/** A layer's class as a registry holds it. */
export type LayerClass = {
  readonly name: string;
  fromConfig(config: Readonly<Record<string, unknown>>): Layer;
};
export type LayerClasses = Readonly<Record<string, unknown>>;

/** Namespaces whose classes are known; functions, since they are asked for before they are whole. */
const namespaces = new Set<() => LayerClasses>();
/** Those of the layers and of the models. */
const wholeTables = 2;
/** Classes of layers that were made here. */
const met = new Map<string, LayerClass>();

/** Makes the layers that a namespace exports known by their class names. */
export function provideLayers(classes: () => LayerClasses): void {
  namespaces.add(classes);
}

/**
 * Remembers the class of a layer that is being made. A bundler leaves the tables out where a program
 * names its layers one by one; what holds a layer's config then still finds the class.
 */
export function meetClass(name: string, layer: unknown): void {
  met.set(name, layer as LayerClass);
}

/** Makes a class of one's own known under a name, its own unless another is given. */
export function registerLayer(layer: LayerClass, name: string = layer.name): void {
  registerCustom(name, layer);
}

/** Makes a function known under a name, as configs of Lambda layers give it. */
export function registerFunction(fn: (...args: never[]) => unknown, name: string = fn.name): void {
  registerCustom(name, fn);
}

/** The function of that name. Throws `unknown-id`. */
export function functionNamed(name: string, what: string): unknown {
  const found = customNamed(name);
  if (typeof found === 'function') return found;
  throw new GradloomError(
    'unknown-id',
    `${what} uses a function "${name}", which is not known here. Give it as customObjects, or make it known with keras.layers.registerFunction.`,
    { function: name },
  );
}

function isLayerClass(x: unknown): x is LayerClass {
  return typeof x === 'function' && typeof (x as Partial<LayerClass>).fromConfig === 'function';
}

/** The class of that name. Throws `unknown-id` with the nearest one. */
export function layerClass(name: string): LayerClass {
  const found = find(name);
  if (found) return found;
  const known = [...namespaces].flatMap((n) =>
    Object.entries(n()).flatMap(([k, v]) => (isLayerClass(v) ? [k] : [])),
  );
  throw new GradloomError(
    'unknown-id',
    `Unknown layer class "${name}".${didYouMean(name, [...known, ...Object.keys(customObjects())])} Give classes of your own as customObjects, or make them known with keras.layers.registerLayer.`,
    { className: name },
  );
}

function find(name: string): LayerClass | undefined {
  const builtIn = [...namespaces].map((n) => n()[name]);
  const found = [customNamed(name), ...builtIn].find(isLayerClass);
  return found ?? (namespaces.size < wholeTables ? met.get(name) : undefined);
}

/** { className, config } of a layer. */
export function serialize(layer: Layer): Serialized {
  return write(layer)!;
}

/**
 * A layer from what `serialize` gave; `customObjects` are classes of one's own by name. Throws
 * `unknown-id` for a class that nobody knows, `layer-config` for what is no such object.
 */
export function deserialize(config: Serialized, customObjects: LayerClasses = {}): Layer {
  if (!isSerialized(config))
    throw new GradloomError(
      'layer-config',
      `deserialize takes { className, config }; received ${JSON.stringify(config)}.`,
    );
  return withCustomObjects(customObjects, () =>
    layerClass(config.className).fromConfig(config.config),
  );
}

/** Parts of a config that share the form of layers, and class names too, but are none. */
const otherParts = /(initializer|regularizer|constraint|activation)$/i;

/** A config with the layers in it made. */
export function reviveLayers(
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const walk = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(walk);
    if (isSerialized(x) && find(x.className)) return deserialize(x);
    return isPlainObject(x) && !isSerialized(x) ? reviveLayers(x) : x;
  };
  return Object.fromEntries(
    Object.entries(config).map(([k, v]) => [k, otherParts.test(k) ? v : walk(v)]),
  );
}
