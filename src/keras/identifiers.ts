/** String ids: camelCase, snake_case and PascalCase all mean the same thing. */
import { GradloomError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';

/** `sparse_categorical_crossentropy`, `SparseCategoricalCrossentropy` -> `sparsecategoricalcrossentropy`. */
export function plainId(id: string): string {
  return id.toLowerCase().replace(/[_\-\s]/g, '');
}

/** `DenseLayer` -> `dense_layer`, `Conv2D` -> `conv2d`, as Keras names layers and log entries. */
export function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}

/** The entry that `id` means; throws `unknown-id` with the nearest known name. */
export function lookup<T>(
  kind: string,
  id: string,
  table: Readonly<Record<string, T>>,
  aliases: Readonly<Record<string, string>> = {},
): T {
  const wanted = plainId(id);
  for (const [name, entry] of Object.entries(table)) if (plainId(name) === wanted) return entry;
  for (const [name, target] of Object.entries(aliases))
    if (plainId(name) === wanted) return table[target];
  const known = Object.keys(table);
  throw new GradloomError(
    'unknown-id',
    `Unknown ${kind} "${id}".${didYouMean(id, known)} Known: ${known.join(', ')}.`,
    { kind, id },
  );
}

export { checkOptions } from '../options.ts';
