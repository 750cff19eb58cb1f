/**
 * What every metric is: pure functions of a small state, so that a whole training step, metrics
 * included, is one program; and an object with state of its own for those who use one by hand, also
 * inside a traced step.
 */
import { checkDType, type DType, makeArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import {
  asTensor,
  fromData,
  realize,
  stateScope,
  type Tensor,
  type TensorLike,
} from '../../tensor/index.ts';
import { floatx } from '../config.ts';
import { autoName } from '../naming.ts';
import { Variable } from '../variable.ts';

export interface MetricVariable {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface MetricOptions {
  readonly name?: string;
  /** Of the state: as a rule `floatx()`. */
  readonly dtype?: DType | (string & {}) | null;
}

/** Which way a metric gets better. */
export type Direction = 'up' | 'down';

/** Options with a name, that of the kind of metric where none is given. */
export function named(o: MetricOptions, name: string): MetricOptions {
  return { name: o.name ?? name, dtype: o.dtype };
}

/** Options with a name, numbered among those of its class as Keras does: precision, precision_1. */
export function numbered(o: MetricOptions, className: string): MetricOptions {
  return { name: o.name ?? autoName(className), dtype: o.dtype };
}

/** Options that every metric takes. */
export const metricOptions: readonly string[] = ['name', 'dtype'];

/**
 * Extend it with `variables`, `update` and `result`; or, as in Keras, with `addVariable` in the
 * constructor, `updateState` and `result`.
 */
export abstract class Metric {
  readonly name: string;
  /** Of the state. */
  readonly dtype: DType;
  /** Variables that the constructor has added. */
  readonly #added: Variable[] = [];
  #cells: readonly Variable[] | undefined;

  constructor(o: MetricOptions | string = {}) {
    const { name, dtype } = typeof o === 'string' ? { name: o } : o;
    this.name = name ?? autoName(this.constructor.name);
    this.dtype = dtype == null ? floatx() : checkDType(dtype);
  }

  /** The state, all starting at 0. Throws `metric` when it depends on batches and none was seen. */
  variables(): readonly MetricVariable[] {
    return [];
  }

  /** Which way is better, for callbacks that watch it; undefined where that cannot be told. */
  get direction(): Direction | undefined {
    return undefined;
  }

  /** Whether `variables` knows the state; else `build` is called with the shapes of the first batch. */
  get built(): boolean {
    return true;
  }
  /** For states whose shapes depend on the data's. Throws `shape`. */
  build(_yTrue: readonly number[], _yPred: readonly number[]): void {}

  /** The state after a batch. Traceable. */
  update(
    _state: readonly Tensor[],
    _yTrue: Tensor,
    _yPred: Tensor,
    _sampleWeight?: Tensor | null,
  ): Tensor[] {
    throw new GradloomError(
      'metric',
      `The metric ${this.constructor.name} defines neither update nor updateState.`,
    );
  }

  /** The metric's value: of `state`, or of what `updateState` has seen. Traceable. */
  abstract result(state?: readonly Tensor[]): Tensor;

  /** Takes a batch into the state. Traceable. Throws `shape`. */
  updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const [t, p] = [asTensor(yTrue), asTensor(yPred)];
    if (!this.built) this.build(t.shape, p.shape);
    const cells = this.stateVariables;
    const w = sampleWeight == null ? null : asTensor(sampleWeight);
    const next = this.update(this.state, t, p, w).map((v, i) => v.astype(cells[i].dtype));
    // One run for all of it, not one for each.
    if (!stateScope()) realize(next.map((v) => v.value));
    next.forEach((v, i) => {
      cells[i].assign(v);
    });
  }

  /** Takes a batch into the state, and gives the value so far. */
  apply(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): Tensor {
    this.updateState(yTrue, yPred, sampleWeight);
    return this.result();
  }

  /** Forgets what was seen; metrics that this one holds do so too. Traceable. */
  resetState(): void {
    for (const v of this.#cells ?? this.#added) v.write(makeArray(v.dtype, v.size));
    for (const held of Object.values(this)) if (held instanceof Metric) held.resetState();
  }

  /** What `updateState` has made of it so far, in the order of `variables`. */
  get state(): readonly Tensor[] {
    return this.stateVariables.map((v) => v.tensor);
  }

  /** Where the state is kept. Throws `metric` when it is not known yet. */
  get stateVariables(): readonly Variable[] {
    this.#cells ??= this.makeState();
    return this.#cells;
  }

  /** State of another run: `stateVariables` from here on. */
  useState(cells: readonly Variable[]): void {
    this.#cells = cells;
  }

  /** Fresh state, all 0; variables that were added are what they are. */
  makeState(): Variable[] {
    if (!this.built)
      throw new GradloomError(
        'metric',
        `${this.constructor.name} "${this.name}" has seen no batch yet, which its state depends on. Call updateState first.`,
        { metric: this.name },
      );
    return [...this.variables().map((v) => this.#variable(v.name, v.shape)), ...this.#added];
  }

  /** A variable for a metric that keeps its own: 0 at first, and again after `resetState`. */
  addVariable(o: { name?: string; shape?: readonly number[] } = {}): Variable {
    const v = this.#variable(o.name ?? `variable_${this.#added.length}`, o.shape ?? []);
    this.#added.push(v);
    this.#cells = undefined;
    return v;
  }

  #variable(name: string, shape: readonly number[]): Variable {
    return new Variable(fromData(makeArray(this.dtype, sizeOf(shape)), shape, this.dtype), {
      name,
      path: `${this.name}/${name}`,
      trainable: false,
    });
  }

  /** Options to make it anew with. */
  getConfig(): Record<string, unknown> {
    const dtype = this.dtype !== 'float32' && { dtype: this.dtype };
    return { name: this.name, ...dtype };
  }

  static fromConfig<T>(this: new (o: never) => T, config: object): T {
    return new this(config as never);
  }
}
