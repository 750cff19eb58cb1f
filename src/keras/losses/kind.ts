/** Which kind of classification targets and predictions speak of. */

export type Kind = 'binary' | 'sparseCategorical' | 'categorical';

/**
 * As Keras resolves "accuracy" and "crossentropy": one output is binary; targets of lower rank, or
 * with one column beside several, are labels; else they are one-hot. null stands for the batch.
 */
export function kindOf(
  targetShape: readonly (number | null)[],
  outputShape: readonly (number | null)[],
): Kind {
  const classes = outputShape[outputShape.length - 1];
  const column = targetShape[targetShape.length - 1];
  if (classes === 1) return 'binary';
  const labels =
    targetShape.length < outputShape.length || (column === 1 && classes != null && classes > 1);
  return labels ? 'sparseCategorical' : 'categorical';
}
