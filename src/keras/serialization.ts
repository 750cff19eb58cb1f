/** How parts of a layer's config are written: the class and what it was made with, as Keras does. */

export interface Serialized {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
}

interface Configurable {
  getConfig(): Record<string, unknown>;
  /** Where the class goes by another name. */
  readonly className?: string;
  /** What is written in the place of class and config. */
  readonly serialized?: Serialized;
}

/** { className, config } of an initializer, regularizer, constraint or layer; null for none. */
export function serialize(part: Configurable | null | undefined): Serialized | null {
  if (!part) return null;
  if (part.serialized) return part.serialized;
  return { className: part.className ?? part.constructor.name, config: part.getConfig() };
}

export function isSerialized(x: unknown): x is Serialized {
  const s = x as Partial<Serialized> | null;
  return typeof s === 'object' && typeof s?.className === 'string' && typeof s.config === 'object';
}
