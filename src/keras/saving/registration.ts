/** Classes and functions of one's own, under the names that files have for them. */
import { GradloomError } from '../../errors.ts';
import { registerFunction, registerLayer } from '../layers/registry.ts';

const byName = new Map<string, unknown>();
const names = new Map<unknown, string>();
const byClassName = new Map<string, string>();

/**
 * Makes a class (with `getConfig` and `static fromConfig`) or a function known to files, as
 * `package>name`. Python's Keras finds it under the same name by `keras.saving.register_keras_serializable`.
 * Returns it. Throws `saving` when another has the name.
 */
export function registerKerasSerializable<T extends { readonly name: string }>(
  object: T,
  o: { readonly package?: string; readonly name?: string } = {},
): T {
  const name = o.name ?? object.name;
  const full = `${o.package ?? 'Custom'}>${name}`;
  const before = byName.get(full);
  if (before !== undefined && before !== object)
    throw new GradloomError('saving', `${full} is registered already, for another class.`, {
      name: full,
    });
  byName.set(full, object);
  names.set(object, full);
  byClassName.set(name, full);
  if (typeof (object as { fromConfig?: unknown }).fromConfig === 'function') {
    registerLayer(object as never, name);
    registerLayer(object as never, full);
  } else if (typeof object === 'function') registerFunction(object as never, name);
  return object;
}

/** What is registered as `package>name`. */
export function getRegisteredObject(name: string): unknown {
  return registeredObject(name);
}
export function registeredObject(name: string): unknown {
  return byName.get(name);
}

/** `package>name` of a class or function; its own name when it is not registered. */
export function getRegisteredName(object: { readonly name: string }): string {
  return names.get(object) ?? object.name;
}

/** `package>name` of a registered class, by its name in configs. */
export function registeredName(className: string): string | undefined {
  return byClassName.get(className);
}
