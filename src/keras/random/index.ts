/** `keras.random`: seeds and random numbers. */
export {
  type DropoutOptions,
  dropout,
  dropoutWithKey,
  normalFromKey,
  uniformFromKey,
} from './dropout.ts';
export {
  categorical,
  normal,
  type RandomOptions,
  randint,
  shuffle,
  truncatedNormal,
  uniform,
} from './functions.ts';
export {
  drawPermutation,
  drawSeed,
  type Seed,
  SeedGenerator,
  setRandomSeed,
} from './seeds.ts';
