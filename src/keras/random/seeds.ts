/**
 * Where seeds come from. A program that calls `setRandomSeed` draws the seeds, keys and orders that
 * the same program draws with Keras on JAX.
 */
import { GradloomError } from '../../errors.ts';
import { MT19937 } from './mt19937.ts';

/** A key of threefry: uint32[2]. */
export type Key = readonly [number, number];

interface Globals {
  readonly seeds: MT19937;
  readonly shuffles: MT19937;
  /** The next key of calls that were given no seed; made when first needed. */
  unnamed: Key | undefined;
}

let globals: Globals | undefined;

function entropy(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

function start(seeds: number, shuffles: number): Globals {
  return {
    seeds: MT19937.python(seeds),
    shuffles: MT19937.numpy(shuffles),
    unnamed: undefined,
  };
}

function state(): Globals {
  globals ??= start(entropy(), entropy());
  return globals;
}

/**
 * Makes everything random from here on repeatable: initial weights, dropout, shuffling. A seed gives
 * the same initial weights and dropout masks as `keras.utils.set_random_seed` with Keras on JAX.
 * Throws `seed`.
 * @param seed a whole number from 0 to 2^32 - 1
 */
export function setRandomSeed(seed: number): void {
  globals = start(checkSeed(seed), seed);
}

/** The seed of the next unseeded initializer or generator: 1 to 10^9. */
export function drawSeed(): number {
  return state().seeds.randint(1, 1_000_000_000);
}

/** The order of the next shuffled epoch. */
export function drawPermutation(n: number): Int32Array {
  return state().shuffles.permutation(n);
}

/** The order of the batches of the next shuffled epoch, where batches are made one by one. */
export function drawShuffle(n: number): Int32Array {
  return state().seeds.shuffle(n);
}

function checkSeed(seed: unknown): number {
  if (typeof seed === 'number' && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)
    return seed;
  throw new GradloomError(
    'seed',
    `A seed must be a whole number from 0 to 4294967295; received ${String(seed)}.`,
    { seed },
  );
}

/** A stream of keys: [seed, 0], [seed, 1], … Without a seed it draws one. */
export class SeedGenerator {
  readonly seed: number;
  #counter = 0;

  /** Throws `seed` for what is not a whole number from 0 to 2^32 - 1. */
  constructor(seed?: number | null) {
    this.seed = seed == null ? drawSeed() : checkSeed(seed);
  }

  /** The key that `next` will give. */
  get state(): [number, number] {
    return [this.seed, this.#counter];
  }

  next(): [number, number] {
    const key = this.state;
    this.#counter = (this.#counter + 1) >>> 0;
    return key;
  }
}

/** A number stands for its own first key, always the same; none draws from the global stream. */
export type Seed = number | SeedGenerator | null | undefined;

/** What `seed` is after checking: null when there is none. Throws `seed`. */
export function asSeed(seed: Seed): number | SeedGenerator | null {
  if (seed == null || seed instanceof SeedGenerator) return seed ?? null;
  return checkSeed(seed);
}

/** The key for one call. Throws `seed`. */
export function keyOf(seed: Seed): Key {
  const s = asSeed(seed);
  if (s === null) return nextUnnamed();
  return typeof s === 'number' ? [s, 0] : s.next();
}

function nextUnnamed(): Key {
  const g = state();
  const key = g.unnamed ?? [drawSeed(), 0];
  // Keras scrambles the global key instead of counting, in uint32.
  const scramble = (half: number): number => (Math.imul(half + 1, 5387) >>> 0) % 933199;
  g.unnamed = [scramble(key[0]), scramble(key[1])];
  return key;
}
