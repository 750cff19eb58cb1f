/** SimpleRNN, LSTM and GRU: RNN with the cell of that name. */
import { Layer } from '../layer.ts';
import { optionsOf } from '../spatial.ts';
import { GRUCell, type GRUCellOptions } from './gru-cell.ts';
import { LSTMCell, type LSTMCellOptions } from './lstm-cell.ts';
import { type RecurrentOptions, RNN } from './rnn.ts';
import { SimpleRNNCell } from './simple-rnn-cell.ts';
import { type UnitCell, type UnitCellOptions, unitCellOptions } from './unit-cell.ts';

const gated = [...unitCellOptions, 'recurrentActivation'];

/** A layer with the options of its cell. Weights are the cell's: kernel, recurrent_kernel, bias. */
abstract class UnitRNN<O extends RecurrentOptions & UnitCellOptions> extends RNN {
  constructor(o: O, own: readonly string[], make: (o: UnitCellOptions) => UnitCell, name: string) {
    const cell: Record<string, unknown> = { name };
    for (const [key, value] of Object.entries(o)) {
      const shared = key === 'dtype' || key === 'trainable';
      if (own.includes(key) || shared) cell[key] = value;
    }
    super(o, { cell: make(cell), options: own });
  }

  get units(): number {
    return (this.cell as unknown as UnitCell).units;
  }

  override getConfig(): Record<string, unknown> {
    // The cell's options are the layer's own; what only the layer has is not the cell's.
    const { name: _, ...cell } = this.cell.getConfig();
    return { ...cell, ...Layer.prototype.getConfig.call(this), ...this.recurrentConfig };
  }
}

/** The fully connected recurrent layer: see SimpleRNNCell. */
export class SimpleRNN extends UnitRNN<RecurrentOptions & UnitCellOptions> {
  constructor(o: RecurrentOptions & UnitCellOptions) {
    super(o, unitCellOptions, (c) => new SimpleRNNCell(c), 'simple_rnn_cell');
  }
}
/** Long short-term memory: see LSTMCell. States h and c. */
export class LSTM extends UnitRNN<RecurrentOptions & LSTMCellOptions> {
  constructor(o: RecurrentOptions & LSTMCellOptions) {
    super(o, [...gated, 'unitForgetBias'], (c) => new LSTMCell(c), 'lstm_cell');
  }
}
/** Gated recurrent unit: see GRUCell. */
export class GRU extends UnitRNN<RecurrentOptions & GRUCellOptions> {
  constructor(o: RecurrentOptions & GRUCellOptions) {
    super(o, [...gated, 'resetAfter'], (c) => new GRUCell(c), 'gru_cell');
  }
}

type Options<O> = number | (RecurrentOptions & O);
export const simpleRNN = (
  units: Options<UnitCellOptions>,
  o: RecurrentOptions & UnitCellOptions = {},
): SimpleRNN => new SimpleRNN(optionsOf('units', units, o));
export const lstm = (
  units: Options<LSTMCellOptions>,
  o: RecurrentOptions & LSTMCellOptions = {},
): LSTM => new LSTM(optionsOf('units', units, o));
export const gru = (
  units: Options<GRUCellOptions>,
  o: RecurrentOptions & GRUCellOptions = {},
): GRU => new GRU(optionsOf('units', units, o));
