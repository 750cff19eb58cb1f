/** Targets and sample weights, brought into the structure of a model's outputs. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import {
  at,
  flatten,
  isNested,
  isObject,
  mapLeaves,
  type Path,
  pack,
  structure,
  type TreeOf,
} from './tree.ts';

type Missing = Tensor | null;

/**
 * Targets in the structure of the outputs: as they are, a list by places, an object by output names;
 * or, where some outputs have no loss, only those of the others. Throws `data`.
 */
export function matchTargets(
  yTrue: TreeOf<Missing>,
  yPred: TreeOf<unknown>,
  names: readonly string[] | undefined,
  wanted?: TreeOf<boolean>,
): TreeOf<Missing> {
  const found = arrange(yTrue, yPred, names);
  if (found !== undefined) return found;
  const given = flatten(yTrue);
  const flags = wanted === undefined ? [] : flatten(wanted);
  if (!isObject(yTrue) && given.length === flags.filter(Boolean).length) {
    let i = 0;
    return pack(
      yPred,
      flags.map((w) => (w ? given[i++] : null)),
    );
  }
  throw new GradloomError(
    'data',
    `y has the structure ${structure(yTrue)}, but the model's outputs ${structure(yPred)}${names && names.length > 1 ? ` (${names.join(', ')})` : ''}.`,
    { yTrue: structure(yTrue), yPred: structure(yPred) },
  );
}

/** `tree` in the structure of `like`; undefined when it does not fit. */
function arrange<T>(
  tree: TreeOf<T | null>,
  like: TreeOf<unknown>,
  names: readonly string[] | undefined,
): TreeOf<T | null> | undefined {
  if (tree === null) return mapLeaves(like, () => null);
  if (structure(tree) === structure(like)) return tree;
  if (isObject(tree) && isObject(like)) {
    // Outputs that are not named have nothing.
    const keys = Object.keys(tree);
    if (keys.some((k) => !(k in like))) return undefined;
    return mapLeaves(like, (_, path) => (at(tree as TreeOf<T | null>, path) as T | null) ?? null);
  }
  if (isObject(tree) && names) {
    const keys = Object.keys(tree);
    if (keys.some((k) => !names.includes(k)) || flatten(like).length !== names.length)
      return undefined;
    return pack(
      like,
      names.map((n) => ((tree as Record<string, T | null>)[n] ?? null) as T | null),
    );
  }
  const leaves = flatten(tree);
  return leaves.length === flatten(like).length ? pack(like, leaves) : undefined;
}

/** Sample weights: one tensor for all outputs, or a tree of one each. */
export type Weights = { readonly all: Missing } | { readonly each: TreeOf<Missing> };

/** Throws `data` for weights that are not one for all outputs nor one for each. */
export function matchWeights(
  weight: TreeOf<Missing>,
  yPred: TreeOf<unknown>,
  names: readonly string[] | undefined,
): Weights {
  if (!isNested(weight)) {
    const w = weight as Missing;
    const several = isNested(yPred) && flatten(yPred).length > 1;
    if (w && several && w.ndim > 1 && !(w.ndim === 2 && w.shape[1] === 1))
      throw new GradloomError(
        'data',
        `One sampleWeight for a model of several outputs must hold a number for each sample; received shape (${w.shape.join(', ')}). Give one array for each output instead.`,
        { shape: [...w.shape] },
      );
    return { all: w };
  }
  const each = arrange(weight, yPred, names);
  if (each !== undefined) return { each };
  throw new GradloomError(
    'data',
    `sampleWeight has the structure ${structure(weight)}, but the model's outputs ${structure(yPred)}. Give one array for all outputs, or one for each.`,
    { sampleWeight: structure(weight), yPred: structure(yPred) },
  );
}

export function weightAt(w: Weights, path: Path): Missing {
  return 'all' in w ? w.all : ((at(w.each, path) as Missing | undefined) ?? null);
}
