/** Classes and functions of one's own, under the names that files have for them. */
import { GradloomError } from '../../errors.ts';
import {
  type CustomObjects,
  customNamed,
  customObjects,
  registerCustom,
  withCustomObjects,
} from '../custom-objects.ts';

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
  const before = customNamed(full);
  if (before !== undefined && before !== object)
    throw new GradloomError('saving', `${full} is registered already, for another class.`, {
      name: full,
    });
  registerCustom(full, object);
  registerCustom(name, object);
  names.set(object, full);
  byClassName.set(name, full);
  return object;
}

/** What is registered as `package>name`. */
export function getRegisteredObject(name: string): unknown {
  return registeredObject(name);
}
export function registeredObject(name: string): unknown {
  return customNamed(name);
}

/** `package>name` of a class or function; its own name when it is not registered. */
export function getRegisteredName(object: { readonly name: string }): string {
  return names.get(object) ?? object.name;
}

/** All that is registered, and known in the scopes around, by name. */
export function getCustomObjects(): CustomObjects {
  return customObjects();
}

/**
 * Runs `f` with these classes and functions known by their names; what it returns. Nothing that `f` goes
 * on with after an `await` is in the scope: give `loadModel` its customObjects instead.
 */
export function customObjectScope<T>(objects: CustomObjects, f: () => T): T {
  return withCustomObjects(objects, f);
}

/** `package>name` of a registered class, by its name in configs. */
export function registeredName(className: string): string | undefined {
  return byClassName.get(className);
}
