/** What optimizers keep: their options, and variables beside the weights. */
import { type DType, makeArray } from '../../dtype.ts';
import type { GradloomError } from '../../errors.ts';
import { fromData } from '../../tensor/index.ts';
import { floatx } from '../config.ts';
import { Variable } from '../variable.ts';
import { badOption, checkSettings, type OptimizerOptions, type Settings } from './options.ts';

/** What an optimizer is without options. */
export interface OptimizerDefaults {
  readonly name: string;
  readonly learningRate: number;
  readonly weightDecay?: number | null;
}

export abstract class OptimizerState {
  readonly name: string;
  protected readonly settings: Settings;
  /** Slots and other variables of one kind of optimizer, in Keras's order. */
  protected readonly ownVariables: Variable[] = [];

  constructor(o: OptimizerOptions, own: readonly string[], defaults: OptimizerDefaults) {
    this.settings = checkSettings(defaults.name, o, own, defaults.weightDecay ?? null);
    this.name = o.name ?? defaults.name;
  }

  protected bad(option: string, value: unknown, want: string): GradloomError {
    return badOption(this.name, option, value, want);
  }
  /** An option in [0, 1). */
  protected share(option: string, v: number): number {
    if (!(v >= 0 && v < 1)) throw this.bad(option, v, 'in [0, 1)');
    return v;
  }
  /** An option of 0 or more. */
  protected least(option: string, v: number): number {
    if (!(v >= 0)) throw this.bad(option, v, '0 or more');
    return v;
  }

  /** A variable that no list of the optimizer's holds yet. */
  protected variable(
    name: string,
    shape: readonly number[],
    dtype: DType,
    fill: number = 0,
  ): Variable {
    const size = shape.reduce((a, b) => a * b, 1);
    return new Variable(fromData(makeArray(dtype, size).fill(fill), shape, dtype), {
      name,
      path: `${this.name}/${name}`,
      trainable: false,
      own: true,
    });
  }
  /** One beside a weight, of its shape and dtype: `dense_kernel_momentum`. */
  protected beside(w: Variable, name: string, fill?: number): Variable {
    return this.variable(`${w.path.replaceAll('/', '_')}_${name}`, w.shape, w.dtype, fill);
  }

  /** A variable of the optimizer's own. Beside weights, `slots` makes them. */
  protected addVariable(o: {
    name: string;
    shape?: readonly number[];
    dtype?: DType;
    fill?: number;
  }): Variable {
    const v = this.variable(o.name, o.shape ?? [], o.dtype ?? floatx(), o.fill);
    this.ownVariables.push(v);
    return v;
  }
  /** A slot beside each weight, filled with a number. */
  protected slots(weights: readonly Variable[], name: string, fill = 0): Variable[] {
    const made = weights.map((w) => this.beside(w, name, fill));
    this.ownVariables.push(...made);
    return made;
  }
  /** Several slots beside each weight, in Keras's order: all of one weight before those of the next. */
  protected interleaved(
    weights: readonly Variable[],
    names: readonly string[],
    fills: readonly number[] = [],
  ): Variable[][] {
    const made = weights.map((w) => names.map((n, k) => this.slots([w], n, fills[k])[0]));
    return names.map((_, k) => made.map((of) => of[k]));
  }
}
