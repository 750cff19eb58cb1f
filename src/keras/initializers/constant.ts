/** Initializers that draw nothing. */
import { type DType, makeArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { showShape, sizeOf } from '../../shape.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import { Initializer } from './initializer.ts';

function filled(shape: readonly number[], value: number, dtype: DType): Tensor {
  return fromData(makeArray(dtype, sizeOf(shape)).fill(value), shape, dtype);
}

/** One number everywhere (0 when none is given). */
export class Constant extends Initializer {
  readonly value: number;
  constructor(o: { readonly value?: number } | number = {}) {
    super();
    if (typeof o === 'object') checkOptions('Constant', o, ['value']);
    const value: unknown = typeof o === 'object' ? (o.value ?? 0) : o;
    if (typeof value !== 'number')
      throw new GradloomError(
        'initializer',
        `Constant takes a number; received ${String(value)}.`,
        {
          value,
        },
      );
    this.value = value;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return filled(shape, this.value, dtype);
  }
  getConfig(): Record<string, unknown> {
    return { value: this.value };
  }
}

export class Zeros extends Initializer {
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return filled(shape, 0, dtype);
  }
  getConfig(): Record<string, unknown> {
    return {};
  }
}

export class Ones extends Initializer {
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    return filled(shape, 1, dtype);
  }
  getConfig(): Record<string, unknown> {
    return {};
  }
}

/** `gain` (1) on the diagonal of a matrix, 0 elsewhere. `init` throws `initializer` for other ranks. */
export class Identity extends Initializer {
  readonly gain: number;
  constructor(o: { readonly gain?: number } = {}) {
    super();
    checkOptions('Identity', o, ['gain']);
    this.gain = o.gain ?? 1;
  }
  init(shape: readonly number[], dtype: DType = 'float32'): Tensor {
    if (shape.length !== 2)
      throw new GradloomError(
        'initializer',
        `Identity makes matrices only; received shape ${showShape(shape)}.`,
        { shape: [...shape] },
      );
    const [rows, cols] = shape;
    const data = makeArray(dtype, rows * cols);
    for (let i = 0; i < Math.min(rows, cols); i++) data[i * cols + i] = this.gain;
    return fromData(data, shape, dtype);
  }
  getConfig(): Record<string, unknown> {
    return { gain: this.gain };
  }
}
