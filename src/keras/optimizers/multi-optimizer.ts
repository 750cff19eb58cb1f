/** Different optimizers for different weights of a model. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { customPart, serializeFunction, withCustomObjects } from '../custom-objects.ts';
import { isSerialized, type Serialized } from '../serialization.ts';
import type { Variable } from '../variable.ts';
import { LossScaleOptimizer } from './loss-scale-optimizer.ts';
import { Optimizer } from './optimizer.ts';
import { deserialize, serialize } from './registry.ts';

/**
 * Optimizers by the paths of weights: `dense/kernel`, or regular expressions that whole paths must
 * match, such as `encoder/.*`. What matches none goes to the default.
 */
export class OptimizerMap {
  readonly defaultOptimizer: Optimizer;
  readonly #entries = new Map<string, Optimizer>();

  /** Throws `optimizer`. */
  constructor(defaultOptimizer: Optimizer, optimizerMap: Readonly<Record<string, Optimizer>> = {}) {
    this.defaultOptimizer = inner(defaultOptimizer, 'the default');
    for (const [key, o] of Object.entries(optimizerMap)) this.set(key, o);
  }

  /** Throws `optimizer` for a key that is there already, or is no regular expression. */
  set(key: string, optimizer: Optimizer): this {
    if (this.#entries.has(key))
      throw new GradloomError('optimizer', `OptimizerMap has an optimizer for "${key}" already.`, {
        key,
      });
    try {
      new RegExp(key);
    } catch (cause) {
      const problem = `OptimizerMap: "${key}" is no regular expression of paths.`;
      throw new GradloomError('optimizer', problem, { key, cause });
    }
    this.#entries.set(key, inner(optimizer, `"${key}"`));
    return this;
  }
  /** The optimizer of a path. Throws `optimizer` where several keys match it. */
  get(path: string): Optimizer {
    const exact = this.#entries.get(path);
    if (exact) return exact;
    const keys = [...this.#entries.keys()].filter((k) => new RegExp(`^(?:${k})$`).test(path));
    if (keys.length > 1)
      throw new GradloomError(
        'optimizer',
        `OptimizerMap: several optimizers match "${path}": those of ${keys.map((k) => `"${k}"`).join(', ')}. Make the keys exclude each other.`,
        { path, keys },
      );
    return this.#entries.get(keys[0]) ?? this.defaultOptimizer;
  }
  /** Each once, the default last. */
  get optimizers(): readonly Optimizer[] {
    return [...new Set([...this.#entries.values(), this.defaultOptimizer])];
  }

  getConfig(): Record<string, unknown> {
    const entries = [...this.#entries].map(([k, o]) => [k, serialize(o)]);
    return {
      defaultOptimizer: serialize(this.defaultOptimizer),
      optimizerMap: Object.fromEntries(entries),
    };
  }
  static fromConfig(
    config: Readonly<Record<string, unknown>>,
    customObjects: Readonly<Record<string, unknown>> = {},
  ): OptimizerMap {
    const made = (c: unknown): Optimizer => deserialize(c as Serialized, customObjects);
    const entries = Object.entries((config.optimizerMap ?? {}) as object);
    return new OptimizerMap(
      made(config.defaultOptimizer),
      Object.fromEntries(entries.map(([k, c]) => [k, made(c)])),
    );
  }
}

/** An optimizer that may stand inside of another. Throws `optimizer`. */
function inner(o: unknown, what: string): Optimizer {
  if (o instanceof Optimizer && !(o instanceof LossScaleOptimizer || o instanceof MultiOptimizer))
    return o;
  throw new GradloomError(
    'optimizer',
    `A MultiOptimizer takes Optimizers that contain no others; that for ${what} is ${o instanceof Optimizer ? `a ${o.constructor.name}` : String(o)}.`,
  );
}

export interface MultiOptimizerOptions {
  /** Takes the place of those of the optimizers. */
  readonly lossScaleFactor?: number | null;
  readonly name?: string;
}

/** A map, or a function that gives the optimizer of a weight. */
export type OptimizerChoice = OptimizerMap | ((variable: Variable) => Optimizer);

/**
 * Leaves each weight to one of several optimizers. Their learning rates are their own:
 *
 *     const encoder = adam({ learningRate: 1e-4 });
 *     new MultiOptimizer(new OptimizerMap(sgd(), { 'encoder/.*': encoder }));
 */
export class MultiOptimizer extends Optimizer {
  readonly #choice: OptimizerChoice;
  readonly #optimizers: Optimizer[];
  readonly #of = new Map<Variable, Optimizer>();

  /** Throws `optimizer`, `unknown-option`. */
  constructor(optimizerMap: OptimizerChoice, o: MultiOptimizerOptions = {}) {
    super(o, [], { name: 'multi_optimizer', learningRate: 0 });
    if (!(optimizerMap instanceof OptimizerMap) && typeof optimizerMap !== 'function')
      throw this.bad('optimizerMap', optimizerMap, 'an OptimizerMap or a function of a weight');
    this.#choice = optimizerMap;
    this.#optimizers = optimizerMap instanceof OptimizerMap ? [...optimizerMap.optimizers] : [];
    for (const each of this.#optimizers) each.leaveLossScale();
  }
  /** The optimizers inside. */
  get optimizers(): readonly Optimizer[] {
    return this.#optimizers;
  }

  override build(weights: readonly Variable[]): void {
    if (this.built) {
      super.build(weights);
      return;
    }
    const choice = this.#choice;
    for (const w of weights) {
      const o = choice instanceof OptimizerMap ? choice.get(w.path) : inner(choice(w), w.path);
      if (!this.#optimizers.includes(o)) {
        o.leaveLossScale();
        this.#optimizers.push(o);
      }
      this.#of.set(w, o);
    }
    this.#each(weights, (o, at) => o.build(at.map((i) => weights[i])));
    super.build(weights);
  }
  /** Calls for each optimizer that has some of these weights, with their places. */
  #each(weights: readonly Variable[], f: (o: Optimizer, at: readonly number[]) => void): void {
    for (const o of this.#optimizers) {
      const at = [...weights.keys()].filter((i) => this.#of.get(weights[i]) === o);
      if (at.length > 0) f(o, at);
    }
  }

  /** Its own, then those of each optimizer. */
  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.#optimizers.flatMap((o) => o.variables)];
  }

  override applyGradients(gradients: readonly Tensor[], weights: readonly Variable[]): void {
    const gs = this.unscaled(gradients, weights);
    this.#each(weights, (o, at) =>
      o.applyGradients(
        at.map((i) => gs[i]),
        at.map((i) => weights[i]),
      ),
    );
    this.iterations.assign(this.iterations.tensor.add(1));
  }
  /** The optimizers inside make the updates. */
  protected updateStep(): void {}

  #noRate(): never {
    throw new GradloomError(
      'optimizer',
      `${this.name} has no learning rate: set or read those of its optimizers.`,
    );
  }
  override get learningRate(): number {
    return this.#noRate();
  }
  override set learningRate(_rate: unknown) {
    this.#noRate();
  }
  override get learningRateTensor(): Tensor {
    return this.#noRate();
  }
  override get revision(): number {
    return this.#optimizers.reduce((sum, o) => sum + o.revision, 0);
  }
  override excludeFromWeightDecay(
    o: { varList?: readonly Variable[]; varNames?: readonly string[] } = {},
  ): void {
    for (const each of this.#optimizers) each.excludeFromWeightDecay(o);
  }
  override finalizeVariableValues(weights: readonly Variable[]): void {
    this.#each(weights, (o, at) => o.finalizeVariableValues(at.map((i) => weights[i])));
  }

  override getConfig(): Record<string, unknown> {
    const choice = this.#choice;
    const optimizerMap: Serialized =
      choice instanceof OptimizerMap
        ? { className: 'OptimizerMap', config: choice.getConfig() }
        : serializeFunction(choice);
    const { lossScaleFactor } = this.settings;
    return { optimizerMap, lossScaleFactor, name: this.name };
  }
  /** From what `getConfig` gave. Throws as the constructor and `deserialize` do. */
  static override fromConfig<T extends Optimizer>(
    this: new (
      map: never,
      o?: never,
    ) => T,
    config: Readonly<Record<string, unknown>>,
    customObjects: Readonly<Record<string, unknown>> = {},
  ): T {
    const { optimizerMap: c, ...rest } = config;
    let map: unknown = c;
    if (isSerialized(c)) {
      const { className } = c;
      if (className === 'OptimizerMap') map = OptimizerMap.fromConfig(c.config, customObjects);
      else map = withCustomObjects(customObjects, () => customPart(c));
    }
    return new this(map as never, rest as never);
  }
}

export const multiOptimizer = (
  optimizerMap: OptimizerChoice,
  o: MultiOptimizerOptions = {},
): MultiOptimizer => new MultiOptimizer(optimizerMap, o);
