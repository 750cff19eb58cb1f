/** Parts of layers that can be given in several ways: initializers, regularizers, constraints. */
import { GradloomError } from '../errors.ts';
import { customPart } from './custom-objects.ts';
import { lookup } from './identifiers.ts';
import { isSerialized } from './serialization.ts';

export interface PartKind<P, F> {
  /** For errors, whose code it is too. */
  readonly kind: string;
  readonly type: abstract new (...args: never[]) => P;
  readonly ofFunction: (fn: F) => P;
  readonly table: Readonly<Record<string, (config?: Readonly<Record<string, unknown>>) => P>>;
  readonly aliases?: Readonly<Record<string, string>>;
  /** What it can be, for errors: a sentence. */
  readonly takes: string;
}

/** The part that an id, an instance, a function or a config means. Throws `unknown-id`, and `kind` for what is none. */
export function partOf<P, F>(id: unknown, k: PartKind<P, F>): P {
  const { kind, table, aliases } = k;
  if (id instanceof k.type) return id;
  if (typeof id === 'function') return k.ofFunction(id as F);
  const own = customPart(id);
  if (own !== undefined) return partOf(own, k);
  if (isSerialized(id)) return lookup(kind, id.className, table, aliases)(id.config);
  if (typeof id !== 'string') throw new GradloomError(kind, k.takes, { received: id });
  return lookup(kind, id, table, aliases)();
}
