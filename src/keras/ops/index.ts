/** keras.ops: what layers, losses and metrics of one's own are written with. */
export * from './conv.ts';
export * from './core.ts';
export * as image from './image.ts';
export * from './math.ts';
export * from './nn.ts';
export * from './numpy.ts';
