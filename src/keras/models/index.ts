import { provideLayers } from '../layers/registry.ts';
import { Model } from './model.ts';
import { Sequential } from './sequential.ts';

export { loadModel, modelFromJson, saveModel } from '../saving/files.ts';
export { type CloneOptions, cloneModel } from './cloning.ts';
export { type CompileOptions, Model, model } from './model.ts';
export type { ModelOptions } from './network.ts';
export { Sequential, type SequentialPart, sequential } from './sequential.ts';
export type { SummaryOptions } from './summary.ts';

// Configs name classes; this is how they are found.
provideLayers(() => ({ Functional: Model, Model, Sequential }));
