/** The table of primitives. Importing this module defines them all. */
export * from './control.ts';
export * from './conv.ts';
export * from './dot.ts';
export * from './elementwise.ts';
export * from './indexing.ts';
export * from './leaf.ts';
export * from './movement.ts';
export * from './random.ts';
export * from './reduce.ts';
export * from './sort.ts';
export * from './window.ts';
