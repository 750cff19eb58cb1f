/** What keeps weights within bounds: applied to each after every update of an optimizer. */
import type { Tensor } from '../../tensor/index.ts';

/** Extend it with a `call` of your own. */
export abstract class Constraint {
  /** The weight that `w` becomes: of its shape. Traceable. */
  abstract call(w: Tensor): Tensor;
  getConfig(): Record<string, unknown> {
    return {};
  }
}
