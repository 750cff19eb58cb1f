/** What the cells of SimpleRNN, LSTM and GRU share: weights, gates, dropout. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../../activations/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { dropoutWithKey } from '../../random/index.ts';
import type { Variable } from '../../variable.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type ShapeTree,
  type Tensors,
} from '../layer.ts';
import { SeedState } from '../seed-state.ts';
import { WeightSpec, type WeightSpecOptions, weightSpecOptions } from '../weight-spec.ts';

export interface UnitCellOptions
  extends LayerOptions,
    WeightSpecOptions<'kernel'>,
    WeightSpecOptions<'recurrent'>,
    WeightSpecOptions<'bias'> {
  /** The size of the output and of each state. */
  readonly units?: number;
  /** tanh */
  readonly activation?: string | ActivationFn | null;
  /** true */
  readonly useBias?: boolean;
  /** Share of the inputs that training drops, the same ones at every step: 0. */
  readonly dropout?: number;
  /** The same of the state: 0. */
  readonly recurrentDropout?: number;
  readonly seed?: number | null;
}

/** The options of such a cell that a layer made of it takes as its own. */
export const unitCellOptions: readonly string[] = [
  'units',
  'activation',
  'useBias',
  'dropout',
  'recurrentDropout',
  'seed',
  ...weightSpecOptions('kernel', 'recurrent', 'bias'),
];

/** What is dropped in one sequence: a mask, or one a gate. */
export interface DropoutMasks {
  readonly input?: readonly Tensor[];
  readonly state?: readonly Tensor[];
}

/** Weights: kernel (features, gates * units), recurrent_kernel (units, gates * units), bias. */
export abstract class UnitCell extends Layer {
  /** How many columns of `units` the kernels have. */
  protected abstract readonly gates: number;
  abstract readonly stateSize: number | readonly number[];
  readonly units: number;
  readonly activation: ActivationFn;
  readonly useBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number | null;
  kernel!: Variable;
  recurrentKernel!: Variable;
  bias: Variable | undefined;
  readonly #specs: Readonly<Record<'kernel' | 'recurrent' | 'bias', WeightSpec>>;
  readonly #seeds: SeedState;

  constructor(o: UnitCellOptions, more: readonly string[] = []) {
    super(o);
    checkOptions(this.label, o, [...baseOptions, ...unitCellOptions, ...more]);
    if (!Number.isInteger(o.units) || (o.units as number) < 1)
      throw this.optionError('units', 'a whole number of 1 or more', o.units);
    this.units = o.units as number;
    this.activation = getActivation(o.activation === undefined ? 'tanh' : o.activation);
    this.useBias = o.useBias ?? true;
    this.#specs = {
      kernel: new WeightSpec(o, 'kernel', 'glorotUniform'),
      recurrent: new WeightSpec(o, 'recurrent', 'orthogonal'),
      bias: new WeightSpec(o, 'bias', 'zeros'),
    };
    for (const name of ['dropout', 'recurrentDropout'] as const)
      if (!((o[name] ?? 0) >= 0 && (o[name] ?? 0) <= 1))
        throw this.optionError(name, 'between 0 and 1', o[name]);
    this.dropout = o.dropout ?? 0;
    this.recurrentDropout = o.recurrentDropout ?? 0;
    this.seed = o.seed ?? null;
    this.#seeds = new SeedState(this, o.seed);
  }

  protected get label(): string {
    return `${this.constructor.name} "${this.name}"`;
  }
  protected optionError(option: string, expected: string, received: unknown): GradloomError {
    return new GradloomError(
      'layer-option',
      `${this.label}: ${option} must be ${expected}; received ${JSON.stringify(received)}.`,
      { layer: this.name, option, received },
    );
  }

  get outputSize(): number {
    return this.units;
  }

  /** The bias's shape, and what it starts as. */
  protected biasShape(): readonly number[] {
    return [this.gates * this.units];
  }
  protected biasStart(spec: WeightSpec): WeightSpec['weight'] {
    return spec.weight;
  }

  override build(s: BatchShape): void {
    const columns = this.gates * this.units;
    const features = s[s.length - 1];
    if (s.length !== 2 || features == null)
      throw this.shapeError('inputs (batch, features) with known features', s);
    const { kernel, recurrent, bias } = this.#specs;
    this.kernel = this.addWeight({ name: 'kernel', shape: [features, columns], ...kernel.weight });
    this.recurrentKernel = this.addWeight({
      name: 'recurrent_kernel',
      shape: [this.units, columns],
      ...recurrent.weight,
    });
    if (this.useBias)
      this.bias = this.addWeight({
        name: 'bias',
        shape: this.biasShape(),
        ...this.biasStart(bias),
      });
  }

  override computeOutputShape(s: BatchShape): ShapeTree {
    const state = [s[0], this.units];
    const n = typeof this.stateSize === 'number' ? 1 : this.stateSize.length;
    return [state, Array.from({ length: n }, () => state)];
  }

  /** What training drops in a sequence of inputs (…, batch, features). */
  masks(x: Tensor, training: boolean): DropoutMasks {
    if (!training) return {};
    // With dropout of the state every gate has masks of its own, as in Keras.
    const count = this.recurrentDropout > 0 ? this.gates : 1;
    const draw = (rate: number, shape: readonly number[]): Tensor[] | undefined => {
      if (!(rate > 0 && rate < 1)) return undefined;
      const ones = Tensor.of(lax.full(shape, 1, this.dtype));
      return Array.from({ length: count }, () =>
        dropoutWithKey(ones, rate, this.#seeds.next(), shape),
      );
    };
    const [batch, features] = x.shape.slice(-2);
    const input = draw(this.dropout, [batch, features]);
    return { input, state: draw(this.recurrentDropout, [batch, this.units]) };
  }

  /** x (…, features) times a kernel, gate by gate where each has a mask of its own. */
  protected product(x: Tensor, kernel: Tensor, masks: readonly Tensor[] | undefined): Tensor {
    if (!masks) return x.matmul(kernel);
    if (masks.length === 1) return x.mul(masks[0]).matmul(kernel);
    const parts = masks.map((m, k) => x.mul(m).matmul(this.gate(kernel, k)));
    const axis = x.ndim - 1;
    return Tensor.of(
      lax.concatenate(
        parts.map((p) => p.value),
        axis,
      ),
      ...parts,
    );
  }

  /** Columns of gate k (up to gate `end`) along the last dimension. */
  protected gate(z: Tensor, k: number, end: number = k + 1): Tensor {
    const { units } = this;
    const start = z.shape.map((_, d) => (d === z.ndim - 1 ? k * units : 0));
    const limit = z.shape.map((n, d) => (d === z.ndim - 1 ? end * units : n));
    return Tensor.of(lax.slice(z.value, start, limit), z);
  }

  /** What inputs (…, batch, features) bring to the gates: (…, batch, gates * units). */
  project(x: Tensor, masks: DropoutMasks): Tensor {
    const z = this.product(x, this.kernel.tensor, masks.input);
    return this.bias ? z.add(this.inputBias(this.bias.tensor)) : z;
  }
  protected inputBias(bias: Tensor): Tensor {
    return bias;
  }

  /** The new states, the first of which is the output. */
  abstract step(z: Tensor, states: readonly Tensor[], masks: DropoutMasks): Tensor[];

  /** [output, states] of one step. `states` are those before it. */
  call(x: Tensor, o: CallOptions): Tensors {
    const { states } = o as { readonly states?: Tensor | readonly Tensor[] };
    if (!states)
      throw new GradloomError(
        'layer',
        `${this.label} takes its states beside its inputs: cell.apply(x, { states: [h] }).`,
        { layer: this.name },
      );
    const before = states instanceof Tensor ? [states] : states;
    const masks = this.masks(x, o.training);
    const after = this.step(this.project(x, masks), before, masks);
    return [after[0], after];
  }

  override getConfig(): Record<string, unknown> {
    const { kernel, recurrent, bias } = this.#specs;
    return {
      ...super.getConfig(),
      units: this.units,
      activation: serializeActivation(this.activation),
      useBias: this.useBias,
      ...kernel.config,
      ...recurrent.config,
      ...bias.config,
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
      seed: this.seed,
    };
  }
}
