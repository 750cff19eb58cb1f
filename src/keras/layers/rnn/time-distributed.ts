/** TimeDistributed: a layer applied to every step of a sequence. */
import { lax } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import {
  type BatchShape,
  type CallOptions,
  Layer,
  type ShapeTree,
  type Tensors,
} from '../layer.ts';
import { Wrapper, type WrapperOptions } from '../wrapper.ts';

/** (batch, time, …) to (batch, time, …output). A mask must have the batch and the steps of the input. */
export class TimeDistributed extends Wrapper {
  override readonly supportsMasking: boolean = true;

  #inner(s: BatchShape): BatchShape {
    if (s.length < 3)
      throw this.shapeError('sequences of 3 dimensions or more, (batch, time, …)', s);
    if (s[1] === 0) throw this.shapeError('sequences of one step or more', s);
    return [s[0], ...s.slice(2)];
  }

  override build(s: ShapeTree): void {
    super.build(this.#inner(s as BatchShape));
  }

  override computeOutputShape(given: ShapeTree): ShapeTree {
    const s = given as BatchShape;
    const inner = this.layer.computeOutputShape(this.#inner(s)) as BatchShape;
    return [inner[0], s[1], ...inner.slice(1)];
  }

  override call(x: Tensor, o: CallOptions): Tensors {
    const [batch, time] = x.shape;
    const mask = o.mask as Tensor | null | undefined;
    if (mask && (mask.ndim < 2 || mask.shape[0] !== batch || mask.shape[1] !== time))
      throw this.shapeError(
        `a mask with its batch and steps, (${batch}, ${time}, …); the mask has shape ${showShape(mask.shape)}`,
        x.shape,
      );
    // A step's own mask, if sequences are within the steps.
    const inner = mask && mask.ndim > 2 ? mask : undefined;
    const merged = (t: Tensor): Tensor => t.reshape([batch * time, ...t.shape.slice(2)]);
    if (this.#separable) {
      const y = this.layer.invoke(merged(x), {
        training: o.training,
        mask: inner ? merged(inner) : null,
      }) as Tensor;
      return y.reshape([batch, time, ...y.shape.slice(1)]);
    }
    // Statistics and random numbers move from step to step.
    const at = (t: Tensor, i: number): Tensor => {
      const start = t.shape.map((_, d) => (d === 1 ? i : 0));
      const limit = t.shape.map((n, d) => (d === 1 ? i + 1 : n));
      const cut = lax.slice(t.value, start, limit);
      return Tensor.of(lax.reshape(cut, [batch, ...t.shape.slice(2)]), t);
    };
    const steps = Array.from({ length: time }, (_, i) => {
      const y = this.layer.invoke(at(x, i), {
        training: o.training,
        mask: inner ? at(inner, i) : null,
      }) as Tensor;
      return Tensor.of(lax.reshape(y.value, [y.shape[0], 1, ...y.shape.slice(1)]), y);
    });
    return Tensor.of(
      lax.concatenate(
        steps.map((t) => t.value),
        1,
      ),
      ...steps,
    );
  }

  /** Whether a sample's output hangs on nothing but the sample. */
  get #separable(): boolean {
    return this.layer.states.length === 0 && this.layer.weights.every((w) => w.madeTrainable);
  }
}

export const timeDistributed = (
  layer: Layer | WrapperOptions,
  o: WrapperOptions = {},
): TimeDistributed => new TimeDistributed(layer instanceof Layer ? { ...o, layer } : layer);
