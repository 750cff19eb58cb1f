/**
 * What every metric is: pure functions of a small state, so that a whole training step, metrics
 * included, is one program; and an object with state of its own for those who use one by hand.
 */
import { sizeOf } from '../../shape.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { snakeCase } from '../identifiers.ts';

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
  #state: Tensor[] | undefined;

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

  /** Takes a batch into the state. */
  updateState(yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | null): void {
    this.#state = this.update(
      this.state,
      asTensor(yTrue),
      asTensor(yPred),
      sampleWeight == null ? null : asTensor(sampleWeight),
    ).map((t) => t.realize());
  }

  /** Forgets what was seen. */
  resetState(): void {
    this.#state = undefined;
  }

  /** What `updateState` has made of it so far, in the order of `variables`. */
  get state(): readonly Tensor[] {
    return (
      this.#state ??
      this.variables().map((v) => fromData(new Float32Array(sizeOf(v.shape)), v.shape, 'float32'))
    );
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name };
  }
}
