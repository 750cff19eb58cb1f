export * from './adaptive-pooling.ts';
export * from './global-pooling.ts';
export * from './pooling.ts';
