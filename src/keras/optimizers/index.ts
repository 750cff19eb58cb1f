import { GradloomError } from '../../errors.ts';
import { lookup } from '../identifiers.ts';
import { Adam, AdamW } from './adam.ts';
import { Optimizer } from './optimizer.ts';
import { RMSprop } from './rmsprop.ts';
import { SGD } from './sgd.ts';

export { Adam, type AdamOptions, AdamW, adam, adamW } from './adam.ts';
export { Optimizer, type OptimizerOptions } from './optimizer.ts';
export { RMSprop, type RMSpropOptions, rmsprop } from './rmsprop.ts';
export { SGD, type SGDOptions, sgd } from './sgd.ts';

export type OptimizerLike = string | Optimizer;

const table: Record<string, () => Optimizer> = {
  sgd: () => new SGD(),
  rmsprop: () => new RMSprop(),
  adam: () => new Adam(),
  adamW: () => new AdamW(),
};

/** The optimizer that an id means, with its defaults. Throws `unknown-id`. */
export function getOptimizer(id: OptimizerLike): Optimizer {
  if (id instanceof Optimizer) return id;
  if (typeof id !== 'string')
    throw new GradloomError('optimizer', 'An optimizer is an id or an Optimizer.', {
      received: id,
    });
  return lookup('optimizer', id, table)();
}
