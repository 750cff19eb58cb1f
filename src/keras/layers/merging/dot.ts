/** Products of samples. */
import { GradloomError } from '../../../errors.ts';
import { lax, type Value } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import { epsilon } from '../../config.ts';
import { checkOptions } from '../../identifiers.ts';
import {
  type BatchShape,
  baseOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
} from '../layer.ts';
import { like, over } from '../normalization/statistics.ts';
import { shapeList } from './merge.ts';

export interface DotOptions extends LayerOptions {
  /** The axis of each input that is summed over, one number for both or two; not 0, the batch. */
  readonly axes?: number | readonly number[];
  /** Brings vectors along the axes to length 1 first, so that the product is the cosine: false. */
  readonly normalize?: boolean;
}

/**
 * For each sample the product of two inputs over an axis of each: (batch, …rest of the first, …rest of
 * the second), and (batch, 1) of two vectors. The mask ends here.
 */
export class Dot extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly axes: number | readonly number[];
  readonly normalize: boolean;

  constructor(o: DotOptions) {
    super(o);
    checkOptions(`Dot "${this.name}"`, o, [...baseOptions, 'axes', 'normalize']);
    const list = Array.isArray(o.axes) ? o.axes : [o.axes, o.axes];
    if (list.length !== 2 || !list.every((a) => Number.isInteger(a)))
      throw new GradloomError(
        'layer-option',
        `Dot "${this.name}": axes must be a whole number, or two; received ${JSON.stringify(o.axes)}.`,
        { layer: this.name, axes: o.axes },
      );
    this.axes = o.axes as number | readonly number[];
    this.normalize = o.normalize ?? false;
  }

  #axes(shapes: readonly BatchShape[]): [number, number] {
    const [a, b] = [this.axes, this.axes].map((axes, i) => {
      const axis = typeof axes === 'number' ? axes : axes[i];
      return axis < 0 ? axis + shapes[i].length : axis;
    });
    const [x, y] = shapes;
    const inside = a > 0 && a < x.length && b > 0 && b < y.length;
    const fits = inside && (x[a] === null || y[b] === null || x[a] === y[b]);
    if (fits) return [a, b];
    const why = inside
      ? `sizes ${x[a]} and ${y[b]} of axes ${a} and ${b} differ`
      : `axes ${JSON.stringify(this.axes)} must lie within both, after the batch`;
    throw new GradloomError(
      'layer-shape',
      `Layer "${this.name}" (Dot) cannot multiply shapes ${showShape(x)} and ${showShape(y)}: ${why}.`,
      { layer: this.name, received: shapes },
    );
  }

  override computeOutputShape(shapes: ShapeTree): BatchShape {
    const list = shapeList(this, shapes, 2);
    if (list.length !== 2)
      throw new GradloomError(
        'layer-shape',
        `Layer "${this.name}" (Dot) takes exactly 2 inputs; received ${list.length}.`,
        { layer: this.name, received: list },
      );
    const [x, y] = list;
    const [a, b] = this.#axes(list);
    const rest = [
      ...x.slice(1).filter((_, d) => d + 1 !== a),
      ...y.slice(1).filter((_, d) => d + 1 !== b),
    ];
    return [x[0], ...(rest.length === 0 ? [1] : rest)];
  }

  override call([x, y]: readonly Tensor[]): Tensor {
    const [a, b] = this.#axes([x.shape, y.shape]);
    const unit = (v: Value, axis: number): Value => {
      if (!this.normalize) return v;
      const inverse = lax.rsqrt(lax.reduceSum(lax.mul(v, v), [axis]));
      return lax.mul(v, over(lax.min(inverse, like(inverse, 1 / epsilon())), v, [axis]));
    };
    const product = lax.dotGeneral(unit(x.value, a), unit(y.value, b), {
      lhsContract: [a],
      rhsContract: [b],
      lhsBatch: [0],
      rhsBatch: [0],
    });
    const { shape } = product;
    return Tensor.of(shape.length === 1 ? lax.reshape(product, [shape[0], 1]) : product, x, y);
  }

  override computeMask(): Masks {
    return undefined;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axes: this.axes, normalize: this.normalize };
  }
}
