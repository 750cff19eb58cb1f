/** RNN: a cell taken over the steps of sequences. */
import { GradloomError } from '../../../errors.ts';
import { showShape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { serialize } from '../../serialization.ts';
import type { Variable } from '../../variable.ts';
import { shapesIn } from '../arguments.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
  type SpecTree,
  type Tensors,
} from '../layer.ts';
import {
  type Cell,
  checkCell,
  flatSizes,
  initialStates,
  nestStates,
  outputSizeOf,
  type States,
  zeros,
} from './cell.ts';
import { buildCell, StackedRNNCells } from './stacked-rnn-cells.ts';
import { type Step, timeLoop } from './time-loop.ts';
import { UnitCell } from './unit-cell.ts';

export interface RecurrentOptions extends LayerOptions {
  /** The outputs of all steps, not of the last alone: false. */
  readonly returnSequences?: boolean;
  /** The states after the last step too: [output, ...states]. */
  readonly returnState?: boolean;
  /** From the last step to the first; outputs come in that order. */
  readonly goBackwards?: boolean;
  /** Sequences go on where those at the same places of the last batch ended: see `resetState`. */
  readonly stateful?: boolean;
  /** A copy of the cell for each step instead of a loop. */
  readonly unroll?: boolean;
  /** Outputs of masked steps are 0 instead of those before. */
  readonly zeroOutputForMask?: boolean;
}

export const recurrentOptions: readonly string[] = [
  'returnSequences',
  'returnState',
  'goBackwards',
  'stateful',
  'unroll',
  'zeroOutputForMask',
];

export interface RNNOptions extends RecurrentOptions {
  /** A layer with a stateSize, or a list of them, one above the other. */
  readonly cell?: Layer | readonly Layer[];
}

/**
 * (batch, time, features) to (batch, output), or (batch, time, output) with returnSequences. States to
 * begin with may be given at the call: `rnn.apply(x, { initialState: [h] })`; masked steps change nothing.
 */
export class RNN extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly cell: Cell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly unroll: boolean;
  readonly zeroOutputForMask: boolean;
  #kept: Variable[] | undefined;

  /** Classes with a cell of their own hand it over, and say which options it has taken. */
  constructor(o: RNNOptions, own?: { readonly cell: Layer; readonly options: readonly string[] }) {
    super(o);
    const options = own?.options ?? ['cell'];
    checkOptions(this.label, o, [...baseOptions, ...recurrentOptions, ...options]);
    const cell = own?.cell ?? o.cell;
    this.cell = Array.isArray(cell)
      ? new StackedRNNCells({ cells: cell as readonly Layer[] })
      : checkCell(this.label, cell);
    this.returnSequences = o.returnSequences ?? false;
    this.returnState = o.returnState ?? false;
    this.goBackwards = o.goBackwards ?? false;
    this.stateful = o.stateful ?? false;
    this.unroll = o.unroll ?? false;
    this.zeroOutputForMask = o.zeroOutputForMask ?? false;
  }

  protected get label(): string {
    return `${this.constructor.name} "${this.name}"`;
  }

  override build(s: ShapeTree): void {
    const shape = s as BatchShape;
    buildCell(this.cell, [shape[0], ...shape.slice(2)]);
    if (this.stateful && shape[0] !== null) this.#keep(shape[0] as number);
  }

  override computeOutputShape(given: ShapeTree): ShapeTree {
    const s = given as BatchShape;
    if (s.length < 3) throw this.shapeError('sequences (batch, time, features)', s);
    if (s[1] === 0) throw this.shapeError('sequences of one step or more', s);
    if (this.unroll && s[1] === null)
      throw this.shapeError('a known number of steps, to unroll them', s);
    const { kernel } = this.cell as Partial<UnitCell>;
    if (kernel && s[2] !== kernel.shape[0])
      throw this.shapeError(`${kernel.shape[0]} features, for which it was built`, s);
    const size = outputSizeOf(this.cell);
    const output = this.returnSequences ? [s[0], s[1], size] : [s[0], size];
    if (!this.returnState) return output;
    const states = nestStates(
      this.cell.stateSize,
      flatSizes(this.cell.stateSize).map((n) => [s[0], n]) as never,
    );
    return [output, ...states] as unknown as ShapeTree;
  }

  override computeOutputSpec(
    inputs: SpecTree,
    o: Readonly<Record<string, unknown>> = {},
  ): SpecTree {
    if (this.stateful && !this.#kept && (shapesIn(inputs) as BatchShape)[0] === null)
      throw new GradloomError(
        'layer-shape',
        `${this.label} is stateful, so it must know the size of the batch: give batchSize to keras.input, or apply the layer to a tensor first.`,
        { layer: this.name },
      );
    return super.computeOutputSpec(inputs, o);
  }

  override computeMask(_: Tensors, mask: Masks): Masks {
    const first = Array.isArray(mask) ? (mask[0] as Masks) : mask;
    const output = this.returnSequences ? first : null;
    const n = typeof this.cell.stateSize === 'number' ? 1 : this.cell.stateSize.length;
    return this.returnState ? [output, ...Array<null>(n).fill(null)] : output;
  }

  /** The states between batches, zeros at first. */
  #keep(batch: number): void {
    this.#kept = flatSizes(this.cell.stateSize).map((n) =>
      this.addState('rnn_state', zeros([batch, n], this.dtype).realize()),
    );
  }

  /** Of a stateful layer. */
  get keptStates(): readonly Tensor[] | undefined {
    return this.#kept?.map((v) => v.tensor);
  }

  /** Begins anew: the states that a stateful layer keeps become 0, or those given. */
  resetState(states?: readonly Tensor[]): void {
    this.#kept?.forEach((v, i) => {
      v.assign(states?.[i] ?? zeros(v.shape, v.dtype));
    });
  }
  resetStates(states?: readonly Tensor[]): void {
    this.resetState(states);
  }

  #initial(batch: number, given: unknown): readonly Tensor[] {
    if (this.stateful && !this.#kept) this.#keep(batch);
    const kept = this.#kept;
    if (kept && kept[0].shape[0] !== batch)
      throw new GradloomError(
        'layer-shape',
        `${this.label} is stateful with batches of ${kept[0].shape[0]}; received one of ${batch}. Give every batch the same size.`,
        { layer: this.name, expected: kept[0].shape[0], received: batch },
      );
    if (given == null) return kept ? kept.map((v) => v.tensor) : initialStates(this.cell, batch);
    const flat = [given].flat(3) as Tensor[];
    const sizes = flatSizes(this.cell.stateSize);
    const fits =
      flat.length === sizes.length &&
      flat.every((t, i) => t.shape[0] === batch && t.shape[1] === sizes[i] && t.ndim === 2);
    if (!fits)
      throw new GradloomError(
        'layer-shape',
        `${this.label}: initialState must be ${sizes.map((n) => showShape([batch, n])).join(' and ')}; received ${flat.map((t) => showShape(t.shape)).join(', ')}.`,
        { layer: this.name, sizes },
      );
    return flat.map((t) => t.astype(this.cell.dtype));
  }

  /** The inputs of the loop, for sequences (time, batch, features), and what a step does with them. */
  #prepare(cell: Cell, xs: Tensor, training: boolean): { xs: Tensor; step: Step; state?: number } {
    if (cell instanceof UnitCell) {
      // All that does not hang on the states is done for all steps at once.
      const masks = cell.masks(xs, training);
      const step: Step = (z, states) => {
        const next = cell.step(z, states, masks);
        return [next[0], next];
      };
      return { xs: cell.project(xs, masks), step, state: 0 };
    }
    if (cell instanceof StackedRNNCells) return this.#prepareStack(cell, xs, training);
    const step: Step = (x, states) => {
      const before = states as Tensor[];
      const [y, next] = cell.invoke(x, { training, states: before }) as [Tensor, Tensor | Tensor[]];
      return [y, [next].flat() as Tensor[]];
    };
    return { xs, step };
  }

  #prepareStack(
    stack: StackedRNNCells,
    xs: Tensor,
    training: boolean,
  ): { xs: Tensor; step: Step; state?: number } {
    const counts = stack.cells.map((c) => flatSizes(c.stateSize).length);
    const lowest = this.#prepare(stack.cells[0], xs, training);
    const above = stack.cells.slice(1).map((cell, i): Step => {
      if (!(cell instanceof UnitCell)) return this.#prepare(cell, xs, training).step;
      const below = outputSizeOf(stack.cells[i]);
      const masks = cell.masks(zeros([...xs.shape.slice(0, -1), below], xs.dtype), training);
      return (x, states) => {
        const next = cell.step(cell.project(x, masks), states, masks);
        return [next[0], next];
      };
    });
    const steps = [lowest.step, ...above];
    const step: Step = (x, states) => {
      let [out, from] = [x, 0];
      const after: Tensor[] = [];
      steps.forEach((s, i) => {
        const [y, next] = s(out, states.slice(from, from + counts[i]));
        out = y;
        from += counts[i];
        after.push(...next);
      });
      return [out, after];
    };
    const last = counts.slice(0, -1).reduce((a, b) => a + b, 0);
    const known = stack.cells[stack.cells.length - 1] instanceof UnitCell;
    return { xs: lowest.xs, step, state: known ? last : undefined };
  }

  call(x: Tensor, o: CallOptions): Tensors {
    const batch = x.shape[0];
    const states = this.#initial(batch, o.initialState);
    const swap = (t: Tensor): Tensor =>
      t.transpose([1, 0, ...Array.from({ length: t.ndim - 2 }, (_, i) => i + 2)]);
    const { xs, step, state } = this.#prepare(this.cell, swap(x), o.training);
    const mask = [o.mask].flat(2)[0] as Tensor | null | undefined;
    const r = timeLoop(step, xs, states, {
      ...(mask && { mask: mask.astype('bool').transpose([1, 0]) }),
      reverse: this.goBackwards,
      unroll: this.unroll,
      collect: this.returnSequences,
      zeroOutput: this.zeroOutputForMask,
      outputState: state,
    });
    if (this.stateful)
      this.#kept!.forEach((v, i) => {
        v.assign(r.states[i]);
      });
    const output = r.outputs ? swap(r.outputs) : r.last;
    if (!this.returnState) return output;
    const nested: States = nestStates(this.cell.stateSize, r.states);
    return [output, ...nested] as Tensors;
  }

  /** The options of `RecurrentOptions`. */
  protected get recurrentConfig(): Record<string, unknown> {
    const { returnSequences, returnState, goBackwards, stateful, unroll, zeroOutputForMask } = this;
    return { returnSequences, returnState, goBackwards, stateful, unroll, zeroOutputForMask };
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.recurrentConfig, cell: serialize(this.cell) };
  }
}

export const rnn = (cell: Layer | readonly Layer[] | RNNOptions, o: RNNOptions = {}): RNN =>
  new RNN(
    cell instanceof Layer || Array.isArray(cell)
      ? { ...o, cell: cell as Layer | readonly Layer[] }
      : (cell as RNNOptions),
  );
