/**
 * What every metric is: pure functions of a small state, so that a whole training step, metrics
 * included, is one program; and an object with state of its own for those who use one by hand, also
 * inside a traced step.
 */
import { sizeOf } from '../../shape.ts';
import {
  asTensor,
  fromData,
  realize,
  stateScope,
  type Tensor,
  type TensorLike,
} from '../../tensor/index.ts';
import { snakeCase } from '../identifiers.ts';
import { Variable } from '../variable.ts';

export interface MetricVariable {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface MetricOptions {
  readonly name?: string;
}

/** Extend it with `variables`, `update` and `result`. */
export abstract class Metric {
  readonly name: string;
  #cells: readonly Variable[] | undefined;

  constructor(name?: string) {
    this.name = name ?? snakeCase(this.constructor.name);
  }

  /** The state: all float32, all starting at 0. */
  abstract variables(): readonly MetricVariable[];

  /** The state after a batch. Traceable. */
  abstract update(
    state: readonly Tensor[],
    yTrue: Tensor,
    yPred: Tensor,
    sampleWeight?: Tensor | null,
  ): Tensor[];

  /** The metric's value, a scalar: of `state`, or of what `updateState` has seen. Traceable. */
  abstract result(state?: readonly Tensor[]): Tensor;

  /** Takes a batch into the state. Traceable. */
  updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    const cells = this.stateVariables;
    const next = this.update(
      this.state,
      asTensor(yTrue),
      asTensor(yPred),
      sampleWeight == null ? null : asTensor(sampleWeight),
    );
    // One run for all of it, not one for each.
    if (!stateScope()) realize(next.map((t) => t.value));
    next.forEach((t, i) => {
      cells[i].assign(t);
    });
  }

  /** Forgets what was seen. Traceable. */
  resetState(): void {
    for (const v of this.#cells ?? []) v.write(new Float32Array(v.size));
  }

  /** What `updateState` has made of it so far, in the order of `variables`. */
  get state(): readonly Tensor[] {
    return this.stateVariables.map((v) => v.tensor);
  }

  /** Where the state is kept. */
  get stateVariables(): readonly Variable[] {
    this.#cells ??= this.makeState();
    return this.#cells;
  }

  /** State of another run: `stateVariables` from here on. */
  useState(cells: readonly Variable[]): void {
    this.#cells = cells;
  }

  /** Fresh state, all 0. */
  makeState(): Variable[] {
    return this.variables().map(
      (v) =>
        new Variable(fromData(new Float32Array(sizeOf(v.shape)), v.shape, 'float32'), {
          name: v.name,
          path: `${this.name}/${v.name}`,
          trainable: false,
        }),
    );
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name };
  }
}
