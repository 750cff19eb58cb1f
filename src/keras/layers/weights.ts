/** Weights read and written as a whole. */
import { getBackend } from '../../backends/registry.ts';
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { copyOf, type Variable } from '../variable.ts';

/** Tensors that share no memory with the variables. */
export function copies(variables: readonly Variable[]): Tensor[] {
  return variables.map((v) => copyOf(v.tensor));
}

/** Assigns all or nothing; the error lists every mismatch. */
export function assignAll(
  owner: string,
  variables: readonly Variable[],
  given: readonly TensorLike[],
): void {
  if (!Array.isArray(given))
    throw new GradloomError(
      'weights',
      `setWeights on "${owner}" takes a list of arrays; received ${given === null ? 'null' : typeof given}.`,
      { owner },
    );
  const values = given.map((v) => asTensor(v));
  const wrong: string[] = [];
  if (values.length !== variables.length)
    wrong.push(`${variables.length} arrays expected, ${values.length} received`);
  else {
    variables.forEach((v, i) => {
      if (
        v.shape.length !== values[i].shape.length ||
        v.shape.some((n, d) => n !== values[i].shape[d])
      ) {
        wrong.push(
          `${v.path}: expected ${showShape(v.shape)}, received ${showShape(values[i].shape)}`,
        );
      }
    });
  }
  if (wrong.length > 0) {
    throw new GradloomError('weights', `setWeights on "${owner}": ${wrong.join('; ')}.`, {
      owner,
      mismatches: wrong,
    });
  }
  variables.forEach((v, i) => {
    // What lies on a device that cannot be read at once is copied there.
    if (getBackend().sync) v.write(values[i].astype(v.dtype).dataSync());
    else v.assign(values[i]);
  });
}
