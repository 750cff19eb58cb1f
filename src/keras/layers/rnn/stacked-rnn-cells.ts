/** Several cells as one: each takes the output of the one below. */
import { GradloomError } from '../../../errors.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { serialize } from '../../serialization.ts';
import { inLayer } from '../call-context.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type ShapeTree,
  type Tensors,
} from '../layer.ts';
import {
  type Cell,
  checkCell,
  initialStates,
  nestStates,
  outputSizeOf,
  type States,
} from './cell.ts';

export interface StackedRNNCellsOptions extends LayerOptions {
  readonly cells?: readonly Layer[];
}

/** States are a list of those of each cell. */
export class StackedRNNCells extends Layer {
  readonly cells: readonly Cell[];

  constructor(o: StackedRNNCellsOptions) {
    super(o);
    const what = `StackedRNNCells "${this.name}"`;
    checkOptions(what, o, [...baseOptions, 'cells']);
    if (!Array.isArray(o.cells) || o.cells.length === 0)
      throw new GradloomError('layer-option', `${what} needs a list of cells, one at least.`, {
        layer: this.name,
      });
    this.cells = o.cells.map((c) => checkCell(what, c));
  }

  get stateSize(): readonly (number | readonly number[])[] {
    return this.cells.map((c) => c.stateSize as number | readonly number[]);
  }
  get outputSize(): number {
    return outputSizeOf(this.cells[this.cells.length - 1]);
  }
  getInitialState(batch: number): States {
    return this.cells.map((c) => {
      const flat = initialStates(c, batch);
      return typeof c.stateSize === 'number' ? flat[0] : flat;
    });
  }

  override build(s: BatchShape): void {
    let shape = s;
    for (const cell of this.cells) {
      buildCell(cell, shape);
      shape = [s[0], outputSizeOf(cell)];
    }
  }

  override computeOutputShape(s: BatchShape): ShapeTree {
    const of = (size: number | readonly number[]): ShapeTree =>
      typeof size === 'number' ? [s[0], size] : size.map((n) => [s[0], n]);
    return [[s[0], this.outputSize], this.stateSize.map(of)];
  }

  call(x: Tensor, o: CallOptions): Tensors {
    const { states } = o as unknown as { readonly states: States };
    let out = x;
    const after = this.cells.map((cell, i) => {
      const before = [states[i]].flat() as Tensor[];
      const [y, next] = cell.invoke(out, { training: o.training, states: before }) as [
        Tensor,
        Tensor | Tensor[],
      ];
      out = y;
      const flat = [next].flat() as Tensor[];
      return typeof cell.stateSize === 'number' ? flat[0] : nestStates(cell.stateSize, flat);
    });
    return [out, after as unknown as Tensors[]];
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), cells: this.cells.map((c) => serialize(c)) };
  }
}

/** Makes a cell's weights for inputs of that shape. */
export function buildCell(cell: Cell, shape: BatchShape): void {
  if (cell.built) return;
  inLayer(cell.name, () => cell.build(shape));
  cell.built = true;
}

export const stackedRNNCells = (
  cells: readonly Layer[] | StackedRNNCellsOptions,
  o: StackedRNNCellsOptions = {},
): StackedRNNCells =>
  new StackedRNNCells(Array.isArray(cells) ? { ...o, cells } : (cells as StackedRNNCellsOptions));
