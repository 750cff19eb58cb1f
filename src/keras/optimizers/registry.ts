/** Optimizers by id, and to and from { className, config }. */
import { GradloomError } from '../../errors.ts';
import { customNamed, customPart, withCustomObjects } from '../custom-objects.ts';
import { lookup } from '../identifiers.ts';
import { isSerialized, type Serialized, serialize as write } from '../serialization.ts';
import { Adadelta } from './adadelta.ts';
import { Adafactor } from './adafactor.ts';
import { Adagrad } from './adagrad.ts';
import { Adam, AdamW } from './adam.ts';
import { Adamax } from './adamax.ts';
import { Ftrl } from './ftrl.ts';
import { Lamb } from './lamb.ts';
import { Lion } from './lion.ts';
import { LossScaleOptimizer } from './loss-scale-optimizer.ts';
import { MultiOptimizer } from './multi-optimizer.ts';
import { Muon } from './muon.ts';
import { Nadam } from './nadam.ts';
import { Optimizer } from './optimizer.ts';
import { RMSprop } from './rmsprop.ts';
import { ScheduleFreeAdamW } from './schedule-free-adamw.ts';
import { SGD } from './sgd.ts';

/** An id ("adam", "RMSprop"), an optimizer, or what `serialize` gave. */
export type OptimizerLike = string | Optimizer | Serialized;

/** An optimizer's class as `deserialize` takes it. */
export type OptimizerClass = {
  readonly name: string;
  fromConfig(
    config: Readonly<Record<string, unknown>>,
    customObjects?: Readonly<Record<string, unknown>>,
  ): Optimizer;
};

/** A function, since the classes may be asked for before they are whole. */
const table = (): Readonly<Record<string, OptimizerClass>> => ({
  sgd: SGD,
  rmsprop: RMSprop,
  adam: Adam,
  adamW: AdamW,
  adagrad: Adagrad,
  adadelta: Adadelta,
  adamax: Adamax,
  nadam: Nadam,
  lion: Lion,
  ftrl: Ftrl,
  lamb: Lamb,
  adafactor: Adafactor,
  muon: Muon,
  scheduleFreeAdamW: ScheduleFreeAdamW,
  lossScaleOptimizer: LossScaleOptimizer,
  multiOptimizer: MultiOptimizer,
});

/**
 * The optimizer that an id means, with its defaults, or a config. Throws `unknown-id`, `optimizer`.
 */
export function getOptimizer(id: OptimizerLike): Optimizer {
  if (id instanceof Optimizer) return id;
  const own = typeof id === 'string' ? customPart(id) : undefined;
  if (own !== undefined) return getOptimizer(own as OptimizerLike);
  if (isSerialized(id)) return deserialize(id);
  if (typeof id !== 'string')
    throw new GradloomError('optimizer', 'An optimizer is an id or an Optimizer.', {
      received: id,
    });
  return lookup('optimizer', id, table()).fromConfig({});
}

/** { className, config } of an optimizer. */
export function serialize(optimizer: Optimizer): Serialized {
  return write(optimizer)!;
}

/**
 * An optimizer from what `serialize` gave; `customObjects` are classes, schedules and functions of
 * one's own by name. Throws
 * `unknown-id`, `optimizer` and what the class's constructor throws.
 */
export function deserialize(
  config: Serialized,
  customObjects: Readonly<Record<string, unknown>> = {},
): Optimizer {
  if (!isSerialized(config))
    throw new GradloomError(
      'optimizer',
      `deserialize takes { className, config }; received ${JSON.stringify(config)}.`,
    );
  const { className } = config;
  return withCustomObjects(customObjects, () => {
    const own = customNamed(className) as OptimizerClass | undefined;
    return (own ?? lookup('optimizer', className, table())).fromConfig(config.config);
  });
}
