/** Extensions of weight files, for those who need no more: see formats.ts. */
export type WeightExtension = '.safetensors' | '.weights.h5' | '.weights.json';
/** Of those that are one file. */
export const weightExtensions: readonly WeightExtension[] = ['.safetensors', '.weights.h5'];
