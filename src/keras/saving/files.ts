/**
 * Models and weights in files, loaded when they are first used. Apart from index.ts, which knows every
 * layer: models need these, and a page only the layers that it names.
 */
import type * as indexedDb from '../../files/indexed-db.ts';
import { later } from '../later.ts';
import type * as models from './models-files.ts';
import type * as weights from './weights-files.ts';

export type { SavedFile } from '../../files/indexed-db.ts';
export type { LoadModelOptions } from './keras-file.ts';
export type { LoadWeightsOptions, SaveWeightsOptions } from './weights-files.ts';

// Documented where they stand.
export const saveModel: typeof models.saveModel = /* @__PURE__ */ later(
  async () => (await import('./models-files.ts')).saveModel,
);
export const loadModel: typeof models.loadModel = /* @__PURE__ */ later(
  async () => (await import('./models-files.ts')).loadModel,
);
export const modelToJson: typeof models.modelToJson = /* @__PURE__ */ later(
  async () => (await import('./models-files.ts')).modelToJson,
);
export const modelFromJson: typeof models.modelFromJson = /* @__PURE__ */ later(
  async () => (await import('./models-files.ts')).modelFromJson,
);
export const encodeModel: typeof models.encodeModel = /* @__PURE__ */ later(
  async () => (await import('./models-files.ts')).encodeModel,
);
export const encodeWeights: typeof weights.encodeWeights = /* @__PURE__ */ later(
  async () => (await import('./weights-files.ts')).encodeWeights,
);
export const saveWeights: typeof weights.saveWeights = /* @__PURE__ */ later(
  async () => (await import('./weights-files.ts')).saveWeights,
);
export const loadWeights: typeof weights.loadWeights = /* @__PURE__ */ later(
  async () => (await import('./weights-files.ts')).loadWeights,
);
export const listSaved: typeof indexedDb.listSaved = /* @__PURE__ */ later(
  async () => (await import('../../files/indexed-db.ts')).listSaved,
);
export const removeSaved: typeof indexedDb.removeSaved = /* @__PURE__ */ later(
  async () => (await import('../../files/indexed-db.ts')).removeSaved,
);
export type { ExportOptions } from './export-model.ts';
