/** Layers that disturb what they are given while training, or keep it small. */
export {
  ActivityRegularization,
  type ActivityRegularizationOptions,
  activityRegularization,
} from './activity-regularization.ts';
export { AlphaDropout, type AlphaDropoutOptions, alphaDropout } from './alpha-dropout.ts';
export {
  GaussianDropout,
  type GaussianDropoutOptions,
  GaussianNoise,
  type GaussianNoiseOptions,
  gaussianDropout,
  gaussianNoise,
} from './gaussian.ts';
export * from './spatial-dropout.ts';
