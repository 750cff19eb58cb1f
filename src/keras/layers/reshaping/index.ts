export * from './cropping.ts';
export * from './permute.ts';
export * from './repeat-vector.ts';
export * from './up-sampling.ts';
export * from './zero-padding.ts';
