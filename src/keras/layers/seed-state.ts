/** The seed of a layer that draws random numbers while training. */
import { lax } from '../../graph/index.ts';
import { fromData, Tensor } from '../../tensor/index.ts';
import { SeedGenerator } from '../random/index.ts';
import type { Variable } from '../variable.ts';
import type { Layer } from './layer.ts';

/**
 * Keras's SeedGenerator as a state of the layer: [seed, uses]. Without a seed it draws one when it
 * is made, as Keras does.
 */
export class SeedState {
  readonly #key: Variable;

  constructor(layer: Layer, seed: number | null | undefined) {
    const generator = new SeedGenerator(seed);
    this.#key = layer.addState(
      'seed_generator_state',
      fromData(Uint32Array.from(generator.state), [2], 'uint32'),
    );
  }

  /** The key uint32[2] for this use; the next gets another. */
  next(): Tensor {
    const key = this.#key.tensor;
    const one = lax.literal(Uint32Array.of(0, 1), [2], 'uint32');
    this.#key.assign(Tensor.of(lax.add(key.value, one), key));
    return key;
  }
}
