export * from './bidirectional.ts';
export type { Cell, StateSize, States } from './cell.ts';
export * from './gru-cell.ts';
export * from './lstm-cell.ts';
export * from './recurrent.ts';
export { type RecurrentOptions, RNN, type RNNOptions, rnn } from './rnn.ts';
export * from './simple-rnn-cell.ts';
export {
  StackedRNNCells,
  type StackedRNNCellsOptions,
  stackedRNNCells,
} from './stacked-rnn-cells.ts';
export * from './time-distributed.ts';
export type { UnitCellOptions } from './unit-cell.ts';
