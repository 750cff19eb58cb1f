/** What every optimizer can be told, and what of it is refused. */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';
import type { LearningRateLike } from './learning-rate.ts';

export interface OptimizerOptions {
  /** A number of 0 or more, a schedule, or a function of the step. */
  readonly learningRate?: LearningRateLike;
  readonly name?: string;
  /** w -= w * weightDecay * learningRate before each update. */
  readonly weightDecay?: number | null;
  /** Largest norm of each gradient. */
  readonly clipnorm?: number | null;
  /** Largest absolute value of each gradient's elements. */
  readonly clipvalue?: number | null;
  /** Largest norm of all gradients together. */
  readonly globalClipnorm?: number | null;
  /** Keep a moving average of the weights; training ends with it in their place. */
  readonly useEma?: boolean;
  readonly emaMomentum?: number;
  /** Puts the averages in place of the weights every so many updates; else only at the end. */
  readonly emaOverwriteFrequency?: number | null;
  /** Losses are multiplied by it before gradients are taken, and these divided by it before the update. */
  readonly lossScaleFactor?: number | null;
  /** Updates once in so many steps, with the mean of their gradients. */
  readonly gradientAccumulationSteps?: number | null;
}

/** The same with defaults filled in; the learning rate and the name are kept elsewhere. */
export interface Settings {
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly globalClipnorm: number | null;
  readonly clipvalue: number | null;
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | null;
  readonly lossScaleFactor: number | null;
  readonly gradientAccumulationSteps: number | null;
}

export const optimizerOptions: readonly string[] = [
  'learningRate',
  'name',
  'weightDecay',
  'clipnorm',
  'clipvalue',
  'globalClipnorm',
  'useEma',
  'emaMomentum',
  'emaOverwriteFrequency',
  'lossScaleFactor',
  'gradientAccumulationSteps',
];

/** `optimizer`: an option that the optimizer called `name` cannot use. */
export function badOption(
  name: string,
  option: string,
  value: unknown,
  want: string,
): GradloomError {
  return new GradloomError('optimizer', `${name}: ${option} must be ${want}; received ${value}.`, {
    [option]: value,
  });
}

/** Throws `unknown-option`, `optimizer`. `weightDecay` is what an optimizer has by default. */
export function checkSettings(
  name: string,
  o: OptimizerOptions,
  own: readonly string[],
  weightDecay: number | null,
): Settings {
  checkOptions(name, o, [...optimizerOptions, ...own]);
  for (const k of ['clipnorm', 'clipvalue', 'globalClipnorm', 'lossScaleFactor'] as const) {
    const v = o[k];
    if (v != null && !(v > 0)) throw badOption(name, k, v, 'positive');
  }
  const clips = (['clipnorm', 'clipvalue', 'globalClipnorm'] as const).filter((k) => o[k] != null);
  if (clips.length > 1)
    throw new GradloomError(
      'optimizer',
      `${name}: only one of clipnorm, clipvalue and globalClipnorm can be set; received ${clips.join(' and ')}.`,
      { received: clips },
    );
  const m = o.emaMomentum ?? 0.99;
  if (!(m >= 0 && m <= 1)) throw badOption(name, 'emaMomentum', m, 'between 0 and 1');
  for (const [k, least] of [
    ['emaOverwriteFrequency', 1],
    ['gradientAccumulationSteps', 2],
  ] as const) {
    const v = o[k];
    if (v != null && !(Number.isInteger(v) && v >= least))
      throw badOption(name, k, v, `a whole number of ${least} or more`);
  }
  const decay = o.weightDecay === undefined ? weightDecay : o.weightDecay;
  if (decay !== null && !Number.isFinite(decay))
    throw badOption(name, 'weightDecay', decay, 'a number');
  return {
    weightDecay: decay,
    clipnorm: o.clipnorm ?? null,
    globalClipnorm: o.globalClipnorm ?? null,
    clipvalue: o.clipvalue ?? null,
    useEma: o.useEma ?? false,
    emaMomentum: m,
    emaOverwriteFrequency: o.emaOverwriteFrequency ?? null,
    lossScaleFactor: o.lossScaleFactor ?? null,
    gradientAccumulationSteps: o.gradientAccumulationSteps ?? null,
  };
}
