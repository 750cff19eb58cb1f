/** A model's config as Keras writes it in JSON, as far as TensorBoard's graph of layers reads it. */
import { Model } from '../../models/model.ts';
import { serialize } from '../../serialization.ts';

/** The JSON, or undefined for models that are no graph of layers. Throws what `getConfig` throws. */
export function modelJson(model: Model): string | undefined {
  // Subclasses hold their layers in ways of their own.
  const isGraph = model.graph !== undefined || 'add' in model;
  if (!isGraph) return undefined;
  const plain = Object.getPrototypeOf(model) === Model.prototype;
  const { className, config } = serialize(model)!;
  return JSON.stringify(
    snakeKeys({ module: 'keras', className: plain ? 'Functional' : className, config }),
  );
}

function snakeKeys(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(snakeKeys);
  if (typeof x !== 'object' || x === null) return x;
  return Object.fromEntries(
    Object.entries(x).map(([k, v]) => [
      k.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
      snakeKeys(v),
    ]),
  );
}
