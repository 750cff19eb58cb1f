/** Losses by id. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { type CustomObjects, customPart, withCustomObjects } from '../custom-objects.ts';
import { lookup, snakeCase } from '../identifiers.ts';
import { isSerialized, type Serialized, serialize as write } from '../serialization.ts';
import { Circle } from './circle.ts';
import {
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  categoricalCrossentropy,
} from './crossentropy.ts';
import { CTC } from './ctc.ts';
import { BinaryFocalCrossentropy, CategoricalFocalCrossentropy } from './focal.ts';
import { CategoricalGeneralizedCrossEntropy } from './generalized.ts';
import { CategoricalHinge, Hinge, SquaredHinge } from './hinge.ts';
import { kindOf } from './kind.ts';
import { FunctionLoss, Loss, type LossFn, type LossOptions } from './loss.ts';
import { KLDivergence, Poisson } from './probabilistic.ts';
import {
  CosineSimilarity,
  Huber,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
} from './regression.ts';
import { Dice, Tversky } from './segmentation.ts';
import {
  labelsOf,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from './sparse.ts';
import type { Labels } from './targets.ts';

const byKind: Record<ReturnType<typeof kindOf>, LossFn> = {
  binary: binaryCrossentropy,
  sparseCategorical: sparseCategoricalCrossentropy,
  categorical: categoricalCrossentropy,
};

/** "crossentropy": the kind that the shapes speak of, which are known when it is called. */
class Crossentropy extends Loss {
  constructor(o: LossOptions = {}) {
    super(o, 'crossentropy');
  }
  call(yTrue: Tensor, yPred: Tensor): Tensor {
    return byKind[kindOf(yTrue.shape, yPred.shape)](yTrue, yPred);
  }
  override labels(
    targetShape: readonly number[],
    outputShape: readonly number[],
  ): Labels | undefined {
    return kindOf(targetShape, outputShape) === 'sparseCategorical'
      ? labelsOf(targetShape, outputShape, -1, null)
      : undefined;
  }
}

/** The constructors, by their own names in camelCase and otherwise. */
const table: Record<string, new (o?: never) => Loss> = {
  binaryCrossentropy: BinaryCrossentropy,
  binaryFocalCrossentropy: BinaryFocalCrossentropy,
  categoricalCrossentropy: CategoricalCrossentropy,
  categoricalFocalCrossentropy: CategoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy: CategoricalGeneralizedCrossEntropy,
  categoricalHinge: CategoricalHinge,
  circle: Circle,
  cosineSimilarity: CosineSimilarity,
  crossentropy: Crossentropy,
  ctc: CTC,
  dice: Dice,
  hinge: Hinge,
  huber: Huber,
  klDivergence: KLDivergence,
  logCosh: LogCosh,
  meanAbsoluteError: MeanAbsoluteError,
  meanAbsolutePercentageError: MeanAbsolutePercentageError,
  meanSquaredError: MeanSquaredError,
  meanSquaredLogarithmicError: MeanSquaredLogarithmicError,
  poisson: Poisson,
  sparseCategoricalCrossentropy: SparseCategoricalCrossentropy,
  squaredHinge: SquaredHinge,
  tversky: Tversky,
};

export const lossAliases: Readonly<Record<string, string>> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  msle: 'meanSquaredLogarithmicError',
  kld: 'klDivergence',
  kullbackLeiblerDivergence: 'klDivergence',
  bce: 'binaryCrossentropy',
  ce: 'crossentropy',
  huberLoss: 'huber',
};

export type LossLike = string | Loss | LossFn | Serialized;

/**
 * The loss that an id, an instance, a function of (yTrue, yPred) or a config means. "crossentropy"
 * (or "ce") is binary, sparse or categorical by the shapes it meets. Throws `unknown-id`, `loss`.
 */
export function getLoss(id: LossLike): Loss {
  if (id instanceof Loss) return id;
  const own = customPart(id);
  if (own !== undefined) return getLoss(own as LossLike);
  // Only the class says that its targets are labels, which are looked at before training.
  if (id === sparseCategoricalCrossentropy) return new SparseCategoricalCrossentropy();
  if (typeof id === 'function') return new FunctionLoss(id, {}, snakeCase(id.name || 'loss'));
  if (isSerialized(id)) return deserialize(id);
  if (typeof id === 'string') return new (lookup('loss', id, table, lossAliases))();
  throw new GradloomError('loss', 'A loss is an id, a Loss, or a function of (yTrue, yPred).', {
    received: id,
  });
}

/** { className, config } of a loss, which `deserialize` makes it of again. */
export function serialize(loss: Loss): Serialized {
  return write(loss)!;
}

/** The loss that `serialize` has written. `customObjects` names classes of your own. Throws `unknown-id`. */
export function deserialize(config: Serialized, customObjects: CustomObjects = {}): Loss {
  return withCustomObjects(customObjects, () => {
    const own = customPart(config);
    if (own !== undefined) return getLoss(own as LossLike);
    return new (lookup('loss', config.className, table, lossAliases))(config.config as never);
  });
}
