/** Plain arrays of a dataset as tensors. */
import type { MnistArrays } from '../../datasets/index.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';

export function asTensors({
  xTrain,
  yTrain,
  xTest,
  yTest,
}: MnistArrays): [[Tensor, Tensor], [Tensor, Tensor]] {
  const t = (a: { data: Uint8Array; shape: readonly number[] }): Tensor =>
    fromData(a.data, [...a.shape], 'uint8');
  return [
    [t(xTrain), t(yTrain)],
    [t(xTest), t(yTest)],
  ];
}
