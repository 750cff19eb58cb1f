/** Extensions of weight files, for those who need no more: see formats.ts. */
export type WeightExtension = '.safetensors';
export const weightExtensions: readonly WeightExtension[] = ['.safetensors'];
