/**
 * Where seeds come from. A program that calls `setRandomSeed` draws the seeds, keys and orders that
 * the same program draws with Keras on JAX.
 */
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { fromData, stateScope, Tensor } from '../../tensor/index.ts';
import { Variable } from '../variable.ts';
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

/** All that seeds, keys and orders to come depend on. */
export interface RandomState {
  readonly seeds: Uint32Array;
  readonly shuffles: Uint32Array;
  readonly unnamed: Key | null;
}

export function randomState(): RandomState {
  const { seeds, shuffles, unnamed } = state();
  return { seeds: seeds.state, shuffles: shuffles.state, unnamed: unnamed ?? null };
}

/** Goes on from a state that `randomState` gave. Throws `seed` for what is none. */
export function setRandomState(s: RandomState): void {
  const [seeds, shuffles] = [MT19937.fromState(s?.seeds), MT19937.fromState(s?.shuffles)];
  if (!seeds || !shuffles)
    throw new GradloomError('seed', 'This is no state of the random numbers.');
  globals = { seeds, shuffles, unnamed: s.unnamed ?? undefined };
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

/**
 * A stream of keys: [seed, 0], [seed, 1], … Without a seed it draws one. It may be used inside traced
 * functions (a training step, anything given to `compile`), too: then every run goes on.
 */
export class SeedGenerator {
  readonly seed: number;
  #counter = 0;
  /** The state, once a traced function has moved it. */
  #cell: Variable | undefined;

  /** Throws `seed` for what is not a whole number from 0 to 2^32 - 1. */
  constructor(seed?: number | null) {
    this.seed = seed == null ? drawSeed() : checkSeed(seed);
  }

  /** The key that `next` will give. */
  get state(): [number, number] {
    return [this.seed, this.#cell ? this.#cell.tensor.dataSync()[1] : this.#counter];
  }

  /** The next key. Inside a traced function use `nextKey`. */
  next(): [number, number] {
    const key = this.state;
    this.#counter = (key[1] + 1) >>> 0;
    this.#cell?.write(Uint32Array.of(this.seed, this.#counter));
    return key;
  }

  /** The next key as uint32[2]; inside a traced function, one for each run. */
  nextKey(): Tensor {
    if (!stateScope()) return keyTensor(this.next());
    this.#cell ??= new Variable(keyTensor([this.seed, this.#counter]), {
      name: 'seed_generator_state',
      trainable: false,
    });
    const key = this.#cell.tensor;
    const one = lax.literal(Uint32Array.of(0, 1), [2], 'uint32');
    this.#cell.assign(Tensor.of(lax.add(key.value, one), key));
    return key;
  }
}

function keyTensor(key: Key): Tensor {
  return fromData(Uint32Array.from(key), [2], 'uint32');
}

/**
 * The key for a call inside a traced function whose numbers must differ from run to run; undefined
 * where they need not: outside, or for a seed that is a number. Throws `seed`.
 */
export function tracedKey(seed: Seed): Tensor | undefined {
  const s = asSeed(seed);
  if (!stateScope() || typeof s === 'number') return undefined;
  return (s ?? new SeedGenerator()).nextKey();
}

/** Throws `traced` for what can only be drawn on the host, once for all runs. */
export function refuseTraced(what: string, seed: Seed): void {
  if (!stateScope() || typeof asSeed(seed) === 'number') return;
  throw new GradloomError(
    'traced',
    `${what} draws on the host, so inside a traced function every run would see the same. Draw outside and pass the numbers in, or give a number as seed if they are to stay the same.`,
    { function: what },
  );
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
