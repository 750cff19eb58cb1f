import { provideAllLayers } from './all.ts';

export { deserialize } from './all.ts';
export * from './table.ts';

// Configs name classes; this is how they are found. A bundler that sees no class used drops it, and the
// other layers with it: so inside the library nothing imports this module, but table.ts or all.ts.
provideAllLayers();
