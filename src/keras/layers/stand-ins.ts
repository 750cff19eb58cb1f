/** Shapes and dtypes of a function's results, found by running it on tensors that hold nothing. */
import { lax } from '../../graph/index.ts';
import { StateScope, Tensor, withStateScope } from '../../tensor/index.ts';
import { flatten, mapTree, pack } from '../tree.ts';
import type { SpecTree, TensorSpec, Tensors } from './types.ts';

/** Two sizes for what is unknown: results that differ are unknown too. Primes, as in Keras. */
const sizes = [83, 89] as const;

export function isSpec(x: unknown): x is TensorSpec {
  return typeof x === 'object' && x !== null && 'shape' in x && 'dtype' in x;
}

function standIn(spec: TensorSpec, size: number): Tensor {
  return new Tensor(
    lax.parameter(
      spec.shape.map((n) => n ?? size),
      spec.dtype,
    ),
  );
}

/**
 * Specs of what `f` makes of inputs of these specs. State that `f` changes is left as it is.
 */
export function traceSpecs(f: (inputs: Tensors) => Tensors, inputs: SpecTree): SpecTree {
  const unknown = flatten<TensorSpec>(inputs, isSpec).some((s) => s.shape.includes(null));
  const run = (size: number): Tensors =>
    withStateScope(new StateScope(), () => {
      const given = mapTree<TensorSpec, Tensor>(inputs, (s) => standIn(s, size), isSpec) as Tensors;
      return f(given);
    });
  const first = run(sizes[0]);
  const second = unknown ? run(sizes[1]) : first;
  const others = flatten<Tensor>(second);
  const specs = flatten<Tensor>(first).map(
    (t, i): TensorSpec => ({
      shape: t.shape.map((n, d) => (n === others[i].shape[d] ? n : null)),
      dtype: t.dtype,
    }),
  );
  return pack<TensorSpec>(first, specs) as SpecTree;
}
