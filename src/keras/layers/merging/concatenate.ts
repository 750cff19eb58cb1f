/** Inputs one after another along an axis. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import {
  type BatchShape,
  baseOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
} from '../layer.ts';
import { maskList, shapeList } from './merge.ts';

export interface ConcatenateOptions extends LayerOptions {
  /** Negative from the end: -1. */
  readonly axis?: number;
}

/**
 * Inputs whose shapes are equal but along `axis`. Where any input has a mask, so has the output:
 * steps of inputs without one count.
 */
export class Concatenate extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly axis: number;

  constructor(o: ConcatenateOptions = {}) {
    super(o);
    checkOptions(`Concatenate "${this.name}"`, o, [...baseOptions, 'axis']);
    this.axis = o.axis ?? -1;
    if (!Number.isInteger(this.axis))
      throw new GradloomError(
        'layer-option',
        `Concatenate "${this.name}": axis must be a whole number; received ${JSON.stringify(o.axis)}.`,
        { layer: this.name, axis: o.axis },
      );
  }

  override computeOutputShape(shapes: ShapeTree): BatchShape {
    const list = shapeList(this, shapes);
    const [first] = list;
    const axis = this.axis < 0 ? this.axis + first.length : this.axis;
    const fits = (s: BatchShape): boolean =>
      s.length === first.length &&
      s.every((n, d) => d === axis || n === null || first[d] === null || n === first[d]);
    if (axis < 0 || axis >= first.length || !list.every(fits))
      throw new GradloomError(
        'layer-shape',
        `Layer "${this.name}" (Concatenate) takes inputs of shapes that are equal but along axis ${this.axis}; received ${list.map((s) => showShape(s)).join(', ')}.`,
        { layer: this.name, received: list },
      );
    return first.map((n, d) => {
      const sizes = list.map((s) => s[d]);
      if (d !== axis) return sizes.find((m) => m !== null) ?? n;
      return sizes.some((m) => m === null) ? null : sizes.reduce((a, b) => a! + b!, 0);
    });
  }

  override call(xs: readonly Tensor[]): Tensor {
    return join(xs, this.axis);
  }

  override computeMask(xs: readonly Tensor[], mask: Masks): Masks {
    const masks = maskList(mask);
    if (!masks?.some((m) => m != null)) return undefined;
    const whole = xs.map((x, i) => {
      const m = masks[i];
      if (!m) return Tensor.of(lax.broadcastInDim(lax.scalar(1, 'bool'), x.shape, []), x);
      return m.ndim < x.ndim ? m.expandDims(-1).broadcastTo(x.shape) : m;
    });
    return join(whole, this.axis).any(-1);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}

function join(xs: readonly Tensor[], axis: number): Tensor {
  const d = axis < 0 ? axis + xs[0].ndim : axis;
  return Tensor.of(
    lax.concatenate(
      xs.map((x) => x.value),
      d,
    ),
    ...xs,
  );
}
