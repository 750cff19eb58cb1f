/** Every loss that is a plain function of (yTrue, yPred). */
import { circle } from './circle.ts';
import { binaryCrossentropy, categoricalCrossentropy } from './crossentropy.ts';
import { ctc } from './ctc.ts';
import { binaryFocalCrossentropy, categoricalFocalCrossentropy } from './focal.ts';
import { categoricalGeneralizedCrossEntropy } from './generalized.ts';
import { categoricalHinge, hinge, squaredHinge } from './hinge.ts';
import { klDivergence, poisson } from './probabilistic.ts';
import {
  cosineSimilarity,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from './regression.ts';
import { dice, tversky } from './segmentation.ts';
import { sparseCategoricalCrossentropy } from './sparse.ts';

export const lossFunctions: ReadonlySet<unknown> = new Set<unknown>([
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  categoricalHinge,
  circle,
  cosineSimilarity,
  ctc,
  dice,
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
  tversky,
]);
