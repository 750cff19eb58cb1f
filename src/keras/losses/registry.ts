/** Losses by id. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { lookup, snakeCase } from '../identifiers.ts';
import {
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  categoricalCrossentropy,
} from './crossentropy.ts';
import { kindOf } from './kind.ts';
import { FunctionLoss, Loss, type LossFn } from './loss.ts';
import { MeanAbsoluteError, MeanSquaredError } from './regression.ts';
import { SparseCategoricalCrossentropy, sparseCategoricalCrossentropy } from './sparse.ts';

const byKind: Record<ReturnType<typeof kindOf>, LossFn> = {
  binary: binaryCrossentropy,
  sparseCategorical: sparseCategoricalCrossentropy,
  categorical: categoricalCrossentropy,
};

/** "crossentropy": the kind that the shapes speak of, which are known when it is called. */
class Crossentropy extends Loss {
  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return byKind[kindOf(yTrue.shape, yPred.shape)](yTrue, yPred);
  }
  override labels(
    targetShape: readonly number[],
    outputShape: readonly number[],
  ): { readonly classes: number; readonly ignore: number | null } | undefined {
    return kindOf(targetShape, outputShape) === 'sparseCategorical'
      ? { classes: outputShape[outputShape.length - 1], ignore: null }
      : undefined;
  }
}

const table: Record<string, () => Loss> = {
  meanSquaredError: () => new MeanSquaredError(),
  meanAbsoluteError: () => new MeanAbsoluteError(),
  binaryCrossentropy: () => new BinaryCrossentropy(),
  categoricalCrossentropy: () => new CategoricalCrossentropy(),
  sparseCategoricalCrossentropy: () => new SparseCategoricalCrossentropy(),
  crossentropy: () => new Crossentropy({}, 'crossentropy'),
};

export const lossAliases: Readonly<Record<string, string>> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossentropy',
  ce: 'crossentropy',
};

export type LossLike = string | Loss | LossFn;

/**
 * The loss that an id, an instance or a function of (yTrue, yPred) means. "crossentropy" (or "ce")
 * is binary, sparse or categorical by the shapes it meets. Throws `unknown-id`, `loss`.
 */
export function getLoss(id: LossLike): Loss {
  if (id instanceof Loss) return id;
  if (typeof id === 'function') return new FunctionLoss(id, {}, snakeCase(id.name || 'loss'));
  if (typeof id !== 'string')
    throw new GradloomError('loss', 'A loss is an id, a Loss, or a function of (yTrue, yPred).', {
      received: id,
    });
  return lookup('loss', id, table, lossAliases)();
}
