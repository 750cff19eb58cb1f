export * from './category-encoding.ts';
export * from './discretization.ts';
export * from './hashing.ts';
export * from './integer-lookup.ts';
export * from './normalization.ts';
export * from './string-lookup.ts';
export * from './text-vectorization.ts';
