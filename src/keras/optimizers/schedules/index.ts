/** `keras.optimizers.schedules`: learning rates that follow the number of the step. */
import {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
} from './cosine.ts';
import {
  ExponentialDecay,
  type ExponentialDecayOptions,
  InverseTimeDecay,
  type InverseTimeDecayOptions,
  PiecewiseConstantDecay,
  type PiecewiseConstantDecayOptions,
  PolynomialDecay,
  type PolynomialDecayOptions,
} from './decay.ts';

export { deserialize, type ScheduleClass, serialize } from './registry.ts';
export { LearningRateSchedule } from './schedule.ts';
export {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
  ExponentialDecay,
  type ExponentialDecayOptions,
  InverseTimeDecay,
  type InverseTimeDecayOptions,
  PiecewiseConstantDecay,
  type PiecewiseConstantDecayOptions,
  PolynomialDecay,
  type PolynomialDecayOptions,
};

/** What is beside the arguments that have a place. */
type Rest<O, K extends string> = Omit<O, K>;

function options<O>(names: readonly string[], args: readonly unknown[]): O {
  const [first] = args;
  if (typeof first === 'object' && first !== null && !Array.isArray(first)) return first as O;
  const o = Object.fromEntries(names.map((n, i) => [n, args[i]]));
  return { ...o, ...(args[names.length] as object | undefined) } as O;
}

// Each takes one object of options, or Keras's first arguments in their order.

export function exponentialDecay(o: ExponentialDecayOptions): ExponentialDecay;
export function exponentialDecay(
  initialLearningRate: number,
  decaySteps: number,
  decayRate: number,
  o?: Rest<ExponentialDecayOptions, 'initialLearningRate' | 'decaySteps' | 'decayRate'>,
): ExponentialDecay;
export function exponentialDecay(...args: unknown[]): ExponentialDecay {
  return new ExponentialDecay(options(['initialLearningRate', 'decaySteps', 'decayRate'], args));
}

export function inverseTimeDecay(o: InverseTimeDecayOptions): InverseTimeDecay;
export function inverseTimeDecay(
  initialLearningRate: number,
  decaySteps: number,
  decayRate: number,
  o?: Rest<InverseTimeDecayOptions, 'initialLearningRate' | 'decaySteps' | 'decayRate'>,
): InverseTimeDecay;
export function inverseTimeDecay(...args: unknown[]): InverseTimeDecay {
  return new InverseTimeDecay(options(['initialLearningRate', 'decaySteps', 'decayRate'], args));
}

export function polynomialDecay(o: PolynomialDecayOptions): PolynomialDecay;
export function polynomialDecay(
  initialLearningRate: number,
  decaySteps: number,
  o?: Rest<PolynomialDecayOptions, 'initialLearningRate' | 'decaySteps'>,
): PolynomialDecay;
export function polynomialDecay(...args: unknown[]): PolynomialDecay {
  return new PolynomialDecay(options(['initialLearningRate', 'decaySteps'], args));
}

export function piecewiseConstantDecay(o: PiecewiseConstantDecayOptions): PiecewiseConstantDecay;
export function piecewiseConstantDecay(
  boundaries: readonly number[],
  values: readonly number[],
  o?: Rest<PiecewiseConstantDecayOptions, 'boundaries' | 'values'>,
): PiecewiseConstantDecay;
export function piecewiseConstantDecay(...args: unknown[]): PiecewiseConstantDecay {
  return new PiecewiseConstantDecay(options(['boundaries', 'values'], args));
}

export function cosineDecay(o: CosineDecayOptions): CosineDecay;
export function cosineDecay(
  initialLearningRate: number,
  decaySteps: number,
  o?: Rest<CosineDecayOptions, 'initialLearningRate' | 'decaySteps'>,
): CosineDecay;
export function cosineDecay(...args: unknown[]): CosineDecay {
  return new CosineDecay(options(['initialLearningRate', 'decaySteps'], args));
}

export function cosineDecayRestarts(o: CosineDecayRestartsOptions): CosineDecayRestarts;
export function cosineDecayRestarts(
  initialLearningRate: number,
  firstDecaySteps: number,
  o?: Rest<CosineDecayRestartsOptions, 'initialLearningRate' | 'firstDecaySteps'>,
): CosineDecayRestarts;
export function cosineDecayRestarts(...args: unknown[]): CosineDecayRestarts {
  return new CosineDecayRestarts(options(['initialLearningRate', 'firstDecaySteps'], args));
}
