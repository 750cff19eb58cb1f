/** Layers that disturb what they are given while training. */
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
