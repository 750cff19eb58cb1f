export * from './conv.ts';
export * from './conv-transpose.ts';
export * from './depthwise-conv.ts';
export * from './separable-conv.ts';
