/** Functions of tensors that take KerasTensors as well: then the call becomes a part of the model. */
import type { KerasTensor } from '../functional/keras-tensor.ts';
import { symbolic } from '../functional/operation.ts';

type Several = readonly KerasTensor[];

/** The function, and the same on KerasTensors as its first, second or only the first arguments. */
export type Lifted<F> = {
  <R = KerasTensor>(x: KerasTensor | Several, ...rest: unknown[]): R;
  <R = KerasTensor>(x: unknown, y: KerasTensor | Several, ...rest: unknown[]): R;
} & F;

/** `name` is what the operation is called in the model's config. */
export function lift<F extends (...args: never[]) => unknown>(name: string, fn: F): Lifted<F> {
  return symbolic(name, fn) as Lifted<F>;
}
