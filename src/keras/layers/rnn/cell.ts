/** What a cell is: one step of a recurrent layer. */
import type { DType } from '../../../dtype.ts';
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { Layer } from '../layer.ts';

/** The size of each state: one, several, or those of each cell of a stack. */
export type StateSize = number | readonly (number | readonly number[])[];
/** States in the structure of their sizes. */
export type States = readonly (Tensor | readonly Tensor[])[];

/**
 * A layer that takes one step: `call(inputs, { states, training })` of inputs (batch, features) gives
 * [output, new states].
 */
export interface Cell extends Layer {
  readonly stateSize: StateSize;
  /** The size of the output; that of the first state where it is not given. */
  readonly outputSize?: number;
  /** Zeros where it is not given. */
  getInitialState?(batch: number): States;
}

export function zeros(shape: readonly number[], dtype: DType): Tensor {
  return Tensor.of(lax.full(shape, 0, dtype));
}

/** The sizes of all states, one after another. */
export function flatSizes(size: StateSize): number[] {
  return [size].flat(2) as number[];
}

/** Flat states in the structure of a cell's sizes. */
export function nestStates(size: StateSize, flat: readonly Tensor[]): States {
  let i = 0;
  const sizes = typeof size === 'number' ? [size] : size;
  return sizes.map((s) => (typeof s === 'number' ? flat[i++] : s.map(() => flat[i++])));
}

export function outputSizeOf(cell: Cell): number {
  return cell.outputSize ?? flatSizes(cell.stateSize)[0];
}

/** The states that a sequence begins with, flat. */
export function initialStates(cell: Cell, batch: number): Tensor[] {
  const own = cell.getInitialState?.(batch);
  if (own) return [own].flat(2) as Tensor[];
  return flatSizes(cell.stateSize).map((n) => zeros([batch, n], cell.dtype));
}

/** Throws `layer-option` for what is no cell. */
export function checkCell(what: string, cell: unknown): Cell {
  const size = (cell as Partial<Cell> | null)?.stateSize;
  if (cell instanceof Layer && (typeof size === 'number' || Array.isArray(size)))
    return cell as Cell;
  const name = cell === null ? 'null' : (cell as object)?.constructor?.name || typeof cell;
  throw new GradloomError(
    'layer-option',
    `${what}: a cell is a layer with a stateSize (a number, or a list of them), such as keras.layers.lstmCell(32); received ${cell instanceof Layer ? `${name} "${cell.name}", which has none` : name}.`,
    { received: name },
  );
}
