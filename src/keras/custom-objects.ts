/**
 * Classes and functions of one's own by the names that configs have for them: registered for good, or
 * for as long as something is being read. Losses, metrics, layers and all other parts look here first.
 */
import { isSerialized, type Serialized } from './serialization.ts';

/** Classes, functions and objects by name. */
export type CustomObjects = Readonly<Record<string, unknown>>;

const registered = new Map<string, unknown>();
let scoped: CustomObjects = {};

/** Makes an object known under a name; what had the name before has it no more. */
export function registerCustom(name: string, object: unknown): void {
  registered.set(name, object);
}

/** What is known under the name in the scopes around, else what is registered. */
export function customNamed(name: string): unknown {
  return Object.hasOwn(scoped, name) ? scoped[name] : registered.get(name);
}

/** All that is known now. */
export function customObjects(): CustomObjects {
  return { ...Object.fromEntries(registered), ...scoped };
}

/** Runs `f` with these objects known by their names, and no longer. */
export function withCustomObjects<T>(objects: CustomObjects, f: () => T): T {
  const outer = scoped;
  scoped = { ...outer, ...objects };
  try {
    return f();
  } finally {
    scoped = outer;
  }
}

/** Where a config keeps the function itself, for copies within one program. */
const live = Symbol('function');

/** A function in a config: its name, by which `customPart` finds it again. */
export function serializeFunction(f: { readonly name: string }): Serialized {
  const made = { className: 'function', config: { name: f.name } };
  Object.defineProperty(made, live, { value: f });
  return made;
}

type CustomClass = {
  new (config?: unknown): unknown;
  fromConfig?(config: Serialized['config']): unknown;
};

function isClass(x: unknown): x is CustomClass {
  if (typeof x !== 'function') return false;
  return 'fromConfig' in x || (typeof x.prototype === 'object' && 'getConfig' in x.prototype);
}

/**
 * What an id or a config means if it names something of one's own: an object of that class, or the
 * function. Undefined for all else.
 */
export function customPart(id: unknown): unknown {
  if (typeof id !== 'string' && !isSerialized(id)) return undefined;
  const config = typeof id === 'string' ? {} : id.config;
  const isFunction = typeof id !== 'string' && id.className === 'function';
  if (isFunction && live in id) return id[live];
  const name = typeof id === 'string' ? id : isFunction ? String(config.name) : id.className;
  const own = customNamed(name);
  if (isClass(own)) return own.fromConfig ? own.fromConfig(config) : new own(config);
  return typeof own === 'string' ? undefined : own;
}
