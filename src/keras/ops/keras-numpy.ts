/** keras.ops: functions of NumPy's name whose results have other dtypes in Keras. */
import * as np from '../../numpy/index.ts';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/index.ts';

type Unary = (x: TensorLike) => Tensor;

/** Of integers and bool, too, a float: NumPy keeps them. */
export const ceil: Unary = (x) => np.ceil(floating(x));
export const floor: Unary = (x) => np.floor(floating(x));

function floating(x: TensorLike): Tensor {
  const t = asTensor(x);
  return t.dtype === 'float64' ? t : t.astype('float32');
}

/** In the dtype of x, uint8 as well, which begins anew at 256; bool adds up as int32. */
export const cumsum: typeof np.cumsum = (x, axis, dtype) => keeping(np.cumsum(x, axis, dtype), x);
export const cumprod: typeof np.cumprod = (x, axis, dtype) =>
  keeping(np.cumprod(x, axis, dtype), x);

function keeping(result: Tensor, x: TensorLike): Tensor {
  return asTensor(x).dtype === 'uint8' && result.dtype === 'int32'
    ? result.astype('uint8')
    : result;
}

/** Whether all are near: a tensor, which may be part of a model. `np.allclose` answers with a boolean. */
export function allclose(x1: TensorLike, x2: TensorLike, o: np.CloseOptions = {}): Tensor {
  return np.isclose(x1, x2, o).all();
}

/** Counts are float32. */
export const histogram: typeof np.histogram = (x, bins, o) => {
  const [counts, edges] = np.histogram(x, bins, o);
  return [counts.astype('float32'), edges];
};
