/** In the place of debug.ts in browsers, which have no environment that could ask for a look. */
import type { Graph } from '../graph/graph.ts';
import type { Program } from './program.ts';

export const dump = (_stage: string, _text: () => string): void => {};
export const showStage = (_title: string, _graph: Graph): string => '';
export const showProgram = (_p: Program): string => '';
