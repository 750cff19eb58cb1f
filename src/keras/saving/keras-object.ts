/** Any part of a model to a plain object and back: the class's namespace says which registry knows it. */
import { GradloomError } from '../../errors.ts';
import { type ActivationFn, getActivation, serializeActivation } from '../activations/index.ts';
import { Constraint } from '../constraints/constraint.ts';
import { getConstraint } from '../constraints/index.ts';
import { type CustomObjects, withCustomObjects } from '../custom-objects.ts';
import { getInitializer, Initializer } from '../initializers/index.ts';
import { deserialize as deserializeLayer } from '../layers/all.ts';
import { Layer } from '../layers/layer.ts';
import { deserialize as deserializeLoss, Loss } from '../losses/index.ts';
import { deserialize as deserializeMetric, Metric } from '../metrics/index.ts';
import { deserialize as deserializeOptimizer, Optimizer } from '../optimizers/index.ts';
import {
  deserialize as deserializeSchedule,
  LearningRateSchedule,
} from '../optimizers/schedules/index.ts';
import { getRegularizer, Regularizer } from '../regularizers/index.ts';
import { isSerialized, type Serialized, serialize } from '../serialization.ts';

/** A part of a model as a plain object. */
export interface SerializedObject extends Serialized {
  /** Where the class belongs: `keras.losses`. */
  readonly module: string;
}

type Kind = readonly [module: string, base: unknown, revive: (s: Serialized) => unknown];

const kinds = (): readonly Kind[] => [
  ['keras.layers', Layer, deserializeLayer],
  ['keras.losses', Loss, deserializeLoss],
  ['keras.metrics', Metric, deserializeMetric],
  ['keras.optimizers', Optimizer, deserializeOptimizer],
  ['keras.optimizers.schedules', LearningRateSchedule, deserializeSchedule],
  ['keras.initializers', Initializer, getInitializer],
  ['keras.regularizers', Regularizer, getRegularizer],
  ['keras.constraints', Constraint, getConstraint],
];

/**
 * A layer, model, loss, metric, optimizer, schedule, initializer, regularizer or constraint as a plain
 * object that `deserializeKerasObject` reads; an activation as its name. Plain data is as it is. Throws
 * `saving` for anything else.
 */
export function serializeKerasObject(object: unknown): unknown {
  if (typeof object === 'function') return serializeActivation(object as ActivationFn);
  if (typeof object !== 'object' || object === null) return object;
  const kind = kinds().find(([, base]) => object instanceof (base as typeof Layer));
  if (kind) return { module: kind[0], ...serialize(object as never) };
  if (Array.isArray(object)) return object.map(serializeKerasObject);
  if (Object.getPrototypeOf(object) === Object.prototype)
    return Object.fromEntries(Object.entries(object).map(([k, v]) => [k, serializeKerasObject(v)]));
  throw new GradloomError(
    'saving',
    `serializeKerasObject takes parts of models and plain data; received an object of ${object.constructor?.name}.`,
  );
}

/**
 * What `serializeKerasObject` was given, made anew without weights. `customObjects` are classes and
 * functions of one's own by name. Throws `saving` for a module that is none of Keras's, `unknown-id`.
 */
export function deserializeKerasObject(
  config: unknown,
  o: { readonly customObjects?: CustomObjects } = {},
): unknown {
  return withCustomObjects(o.customObjects ?? {}, () => revive(config));
}

function revive(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(revive);
  if (typeof x !== 'object' || x === null) return x;
  if (!isSerialized(x))
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, revive(v)]));
  if (x.className === 'function') return getActivation(x);
  const { module } = x as Partial<SerializedObject>;
  const kind = kinds().find(([name]) => name === module);
  if (kind) return kind[2](x);
  const known = kinds().map(([name]) => name);
  throw new GradloomError(
    'saving',
    `deserializeKerasObject: "${x.className}" is of module ${JSON.stringify(module)}; known are ${known.join(', ')}.`,
    { module, className: x.className },
  );
}
