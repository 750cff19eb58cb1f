import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape, sizeOf } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import type { Seed } from '../random/seeds.ts';
import { ofFloats, RandomInitializer } from './initializer.ts';
import { orthonormal } from './orthonormal.ts';

/**
 * `gain` (1) times a matrix with orthonormal columns, or rows where it is wider than tall (Saxe et
 * al. 2014): the Q of a normal matrix. Higher ranks are a matrix of (all but the last, last).
 * `init` throws `initializer` for fewer than two dimensions. Within 1e-6 of Keras on JAX, whose
 * factorisation rounds otherwise.
 */
export class Orthogonal extends RandomInitializer {
  readonly gain: number;
  constructor(o: { readonly gain?: number; readonly seed?: Seed } = {}) {
    checkOptions('Orthogonal', o, ['gain', 'seed']);
    super(o.seed);
    this.gain = o.gain ?? 1;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    if (shape.length < 2)
      throw new GradloomError(
        'initializer',
        `Orthogonal needs two dimensions or more; received shape ${showShape(shape)}.`,
        { shape: [...shape] },
      );
    const rows = sizeOf(shape.slice(0, -1));
    const cols = shape[shape.length - 1];
    const [tall, narrow] = [Math.max(rows, cols), Math.min(rows, cols)];
    const q = orthonormal(this.normal(tall * narrow, 1), tall, narrow);
    const data = new Float32Array(rows * cols);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < cols; j++)
        data[i * cols + j] = this.gain * (rows < cols ? q[j * narrow + i] : q[i * narrow + j]);
    return ofFloats(data, shape, dtype);
  }
  override getConfig(): Record<string, unknown> {
    return { gain: this.gain, ...super.getConfig() };
  }
}
