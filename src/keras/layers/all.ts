/**
 * Every layer there is, for what makes layers of configs that name any of them. Importing this keeps
 * a bundler from leaving layers out.
 */
import type { Serialized } from '../serialization.ts';
import type { Layer } from './layer.ts';
import * as registry from './registry.ts';
import * as all from './table.ts';

const classes = (): registry.LayerClasses => all;

/** Makes the table of layers known where a bundler has dropped what does that on import. */
export function provideAllLayers(): void {
  registry.provideLayers(classes);
}

/**
 * A layer from what `serialize` gave; `customObjects` are classes of one's own by name. Throws
 * `unknown-id` for a class that nobody knows, `layer-config` for what is no such object.
 */
export function deserialize(config: Serialized, customObjects: registry.LayerClasses = {}): Layer {
  provideAllLayers();
  return registry.deserialize(config, customObjects);
}
