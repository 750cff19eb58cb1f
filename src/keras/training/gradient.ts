/** Gradients inside a step. */
import { GradloomError } from '../../errors.ts';
import { gradient, type Node, type Value } from '../../graph/index.ts';
import { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';

/**
 * The gradients of a scalar with respect to variables as they are at this point of the step: none have
 * been assigned since the scalar was made of them. Throws `gradient` when it depends on none of them.
 */
export function gradientsOf(loss: Tensor, variables: readonly Variable[]): Tensor[] {
  const values = variables.map((v) => v.tensor.value);
  if (values.length > 0 && !dependsOn(loss.value, new Set(values)))
    throw new GradloomError(
      'gradient',
      `gradient: the loss depends on none of the variables (${variables
        .slice(0, 3)
        .map((v) => v.path)
        .join(
          ', ',
        )}${variables.length > 3 ? ', …' : ''}). Take gradients before the variables are assigned to, of a loss that was made of them inside this step.`,
      { variables: variables.map((v) => v.path) },
    );
  return gradient(loss.value, values).map((g) => Tensor.of(g));
}

function dependsOn(root: Value, wanted: ReadonlySet<Value>): boolean {
  const seen = new Set<Node>();
  const stack = [root];
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (wanted.has(v)) return true;
    if (seen.has(v.node)) continue;
    seen.add(v.node);
    stack.push(...v.node.inputs);
  }
  return false;
}
