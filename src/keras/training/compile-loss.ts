/**
 * The losses of a model's outputs: which loss each output has, under which name and with which
 * weight, and their sum. Semantics of Keras's CompileLoss.
 */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { getLoss, type Loss, type LossLike } from '../losses/index.ts';
import { Mean } from '../metrics/index.ts';
import { matchTargets, matchWeights, weightAt } from './targets.ts';
import {
  at,
  children,
  flatten,
  isNested,
  isObject,
  mapLeaves,
  type Path,
  pack,
  structure,
  type TreeOf,
} from './tree.ts';

/** A loss for all outputs, or one for each by place or by name; null where an output has none. */
export type LossTree = TreeOf<LossLike | null>;
/** A number, or numbers in the structure of the losses. */
export type LossWeights = TreeOf<number | null>;

/** One output's loss. */
export interface LossPart {
  readonly path: Path;
  readonly loss: Loss;
  readonly weight: number | null;
  /** As in the log: `a` of `a_loss`. */
  readonly name: string;
  /** The output's mean loss before weighing; none where there is but one loss. */
  readonly tracker: Mean | undefined;
  /** Of the output when the losses were made; the first number is a batch's. */
  readonly outputShape: readonly number[];
}

interface Leaf {
  readonly path: Path;
  readonly loss: LossLike;
  readonly weight: number | null;
}

function bad(message: string, facts: Record<string, unknown> = {}): GradloomError {
  return new GradloomError('compile', `compile: ${message}`, facts);
}

export class CompileLoss {
  readonly #given: LossTree;
  readonly #weights: LossWeights | null;
  readonly #names: readonly string[] | undefined;
  #parts: readonly LossPart[] | undefined;
  /** The structure of the outputs. */
  #outputs: TreeOf<null> = null;

  /** Throws `compile`, `unknown-id` for what can be found wrong without the outputs. */
  constructor(
    loss: LossTree,
    weights: LossWeights | null | undefined,
    names: readonly string[] | undefined,
  ) {
    this.#given = mapLeaves(loss, (l) => (l == null ? null : getLoss(l)));
    this.#weights = weights ?? null;
    this.#names = names;
    for (const w of flatten(this.#weights))
      if (w !== null && !Number.isFinite(w))
        throw bad(
          `lossWeights must be a number, or a number for each output; received ${JSON.stringify(weights)}.`,
          { lossWeights: weights },
        );
  }

  get built(): boolean {
    return this.#parts !== undefined;
  }
  /** Empty until the first batch. */
  get parts(): readonly LossPart[] {
    return this.#parts ?? [];
  }
  /** `a_loss`, …: the outputs' own losses, when there are several. */
  get trackers(): readonly Mean[] {
    return this.parts.flatMap((p) => p.tracker ?? []);
  }

  /**
   * The weighted sum of the losses, a scalar. Each output's own loss goes to its tracker, unweighted.
   * Traceable. Throws `data` for targets that do not fit the outputs, `compile` for losses that do not.
   */
  apply(
    yTrue: TreeOf<Tensor | null>,
    yPred: TreeOf<Tensor>,
    sampleWeight: TreeOf<Tensor | null> = null,
  ): Tensor {
    if (!this.#parts) {
      this.#parts = this.#build(yPred);
      this.#outputs = mapLeaves(yPred, () => null);
    }
    const targets = this.match(yTrue);
    const weights = matchWeights(sampleWeight, yPred, this.#names);
    const values = this.#parts.map((p) => {
      const t = at(targets, p.path) as Tensor | null | undefined;
      if (!t)
        throw new GradloomError(
          'data',
          `y is missing${p.path.length > 0 ? ` for output "${p.name}"` : ''}; the loss "${p.loss.name}" needs targets.`,
          { output: p.name },
        );
      const y = at(yPred, p.path) as Tensor;
      const value = p.loss.apply(t, y, weightAt(weights, p.path));
      p.tracker?.updateState(value, y.shape[0]);
      return p.weight === null || p.weight === 1 ? value : value.mul(p.weight);
    });
    return values.reduce((a, b) => a.add(b));
  }

  /** Targets in the structure of the outputs, once that is known. Throws `data`. */
  match(yTrue: TreeOf<Tensor | null>): TreeOf<Tensor | null> {
    return matchTargets(yTrue, this.#outputs, this.#names, this.wanted);
  }

  /** Which outputs have a loss, in the structure of the outputs. */
  get wanted(): TreeOf<boolean> {
    const parts = new Set(this.parts.map((p) => JSON.stringify(p.path)));
    return mapLeaves(this.#outputs, (_, path) => parts.has(JSON.stringify(path)));
  }

  #build(yPred: TreeOf<Tensor>): readonly LossPart[] {
    const [loss, weights] = this.#arrange(yPred);
    const leaves: Leaf[] = [];
    collect(loss, weights, yPred, [], leaves);
    if (leaves.length === 0) throw bad('no output has a loss.');
    const names = this.#outputNames(yPred);
    const taken = new Set<string>();
    return leaves.map(({ path, loss: given, weight }) => {
      const made = getLoss(given);
      const base = nameOf(path, names, made);
      let name = base;
      for (let k = 1; taken.has(name); k++) name = `${base}_${k}`;
      taken.add(name);
      const tracker = leaves.length > 1 ? new Mean({ name: `${name}_loss` }) : undefined;
      const { shape } = at(yPred, path) as Tensor;
      return { path, loss: made, weight, name, tracker, outputShape: shape };
    });
  }

  /** Losses and weights in the structure of the outputs, as far as they say. */
  #arrange(yPred: TreeOf<Tensor>): [LossTree, LossWeights] {
    let loss = this.#given;
    let weights = this.#weights;
    if (isObject(loss) && !isObject(yPred)) {
      const names = this.#names;
      const keys = Object.keys(loss);
      if (!names || keys.length !== names.length || keys.some((k) => !names.includes(k)))
        throw bad(
          `loss must have a key for each output${names ? `: ${names.join(', ')}` : ', and the outputs of this model have no names: give a list'}; received ${keys.join(', ')}.`,
          { expected: names, received: keys },
        );
      const inOrder = <T>(o: TreeOf<T>): TreeOf<T> => {
        const list = names.map((n) => (o as Record<string, TreeOf<T>>)[n]);
        return isNested(yPred) ? list : list[0];
      };
      loss = inOrder(loss);
      if (isObject(weights)) weights = inOrder(weights as LossWeights);
    }
    if (!isNested(loss)) {
      const one = loss;
      loss = mapLeaves(yPred, () => one);
    } else if (!isNested(yPred)) {
      // A list of one loss for the one output.
      const flat = flatten(loss);
      if (flat.length !== 1)
        throw bad(`loss lists ${flat.length} losses, but the model has one output.`);
      loss = flat[0];
    } else if (structure(loss) !== structure(yPred)) {
      const flat = flatten(loss);
      const outputs = flatten(yPred).length;
      if (Array.isArray(loss) && flat.length === outputs) loss = pack(yPred, flat);
      else if (Array.isArray(loss) && Array.isArray(yPred) && loss.length !== yPred.length)
        throw bad(
          `loss lists ${loss.length} losses, but the model has ${yPred.length} outputs; null stands for none.`,
          { losses: loss.length, outputs: yPred.length },
        );
    }
    if (weights === null) return [loss, mapLeaves(loss, () => null)];
    if (structure(loss) === structure(weights)) return [loss, weights];
    if (isObject(weights) && isObject(loss)) {
      const partial = weights as Record<string, number>;
      const unknown = Object.keys(partial).filter((k) => !(k in (loss as object)));
      if (unknown.length === 0)
        return [loss, Object.fromEntries(Object.keys(loss).map((k) => [k, partial[k] ?? null]))];
    }
    const flat = flatten(weights);
    const wanted = flatten(loss).length;
    if (flat.length !== wanted)
      throw bad(
        `lossWeights must match the losses: there are ${wanted} losses and ${flat.length} weights${wanted === 1 ? '; one output takes a number' : ''}.`,
        { losses: wanted, weights: flat.length },
      );
    return [loss, pack(loss, flat)];
  }

  #outputNames(yPred: TreeOf<Tensor>): TreeOf<string> | undefined {
    const names = this.#names;
    return names && names.length === flatten(yPred).length ? pack(yPred, names) : undefined;
  }
}

/** Every loss with the output it belongs to. */
function collect(
  loss: LossTree,
  weight: LossWeights,
  yPred: TreeOf<Tensor> | undefined,
  path: Path,
  into: Leaf[],
): void {
  if (!isNested(loss)) {
    if (loss === null) return;
    if (isNested(yPred))
      throw bad(
        `one loss is given for the outputs ${JSON.stringify(path)}, which are several; give one for each.`,
        { path },
      );
    into.push({ path, loss: loss as LossLike, weight: (weight as number | null) ?? null });
    return;
  }
  const fits = isObject(loss) === isObject(yPred) && isNested(yPred);
  // The order in which the losses were written, not the sorted one.
  const entries = isObject(loss)
    ? (Object.entries(loss) as [string, LossTree][])
    : children<LossLike | null>(loss);
  for (const [k, l] of entries) {
    if (l === null) continue;
    const output = fits ? at(yPred, [k]) : undefined;
    if (output === undefined)
      throw bad(
        `loss names ${JSON.stringify([...path, k])}, which is none of the model's outputs: ${structure(yPred ?? null)}.`,
        { path: [...path, k] },
      );
    collect(l, at(weight, [k]) ?? null, output, [...path, k], into);
  }
}

/** As Keras names an output's loss: by its keys, with the output's name in place of a number. */
function nameOf(path: Path, names: TreeOf<string> | undefined, loss: Loss): string {
  const name = (names === undefined ? undefined : (at(names, path) as string)) ?? loss.name;
  if (path.length === 0) return name;
  const last = path[path.length - 1];
  return [...path.slice(0, -1), typeof last === 'number' ? name : last].join('/');
}
