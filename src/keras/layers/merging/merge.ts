/** Layers that make one tensor of several. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { showShape } from '../../../shape.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { isShape } from '../../tree.ts';
import {
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
} from '../layer.ts';

export type MaskList = readonly (Tensor | null | undefined)[];

/** The list of shapes of a merging layer's inputs. Throws `layer-shape` unless there are `least` or more. */
export function shapeList(layer: Layer, shapes: ShapeTree, least = 1): readonly BatchShape[] {
  const list = Array.isArray(shapes) && !isShape(shapes) ? (shapes as readonly unknown[]) : [];
  if (list.length >= least && list.every(isShape)) return list as readonly BatchShape[];
  const received =
    isShape(shapes) && shapes.length > 0 ? `one of shape ${showShape(shapes)}` : `${list.length}`;
  throw new GradloomError(
    'layer-shape',
    `Layer "${layer.name}" (${layer.constructor.name}) takes a list of ${least} inputs or more; received ${received}.`,
    { layer: layer.name, received: shapes },
  );
}

/** The masks of a list of inputs, if there are any. */
export function maskList(mask: Masks): MaskList | undefined {
  return Array.isArray(mask) ? (mask as MaskList) : undefined;
}

/** A mask (batch, steps) over all dimensions of x. */
export function maskOver(mask: Tensor, x: Tensor): Tensor {
  const shape = [...mask.shape, ...new Array<number>(Math.max(0, x.ndim - mask.ndim)).fill(1)];
  return mask.reshape(shape).broadcastTo(x.shape);
}

export function where(which: Tensor, a: Tensor, b: Tensor | number): Tensor {
  const other = typeof b === 'number' ? lax.full(a.shape, b, a.dtype) : b.value;
  return Tensor.of(lax.select(which.value, a.value, other), which, a, b);
}

/**
 * Elementwise: inputs of one shape, or of shapes that broadcast. Those of fewer dimensions get new
 * ones after the batch. The output has the masks' union where every input has one.
 */
export abstract class Merge extends Layer {
  override readonly supportsMasking: boolean = true;
  /** How many inputs there must be: undefined for any number. */
  protected readonly count: number | undefined = undefined;

  constructor(o: LayerOptions = {}) {
    super(o);
    checkOptions(`${this.constructor.name} "${this.name}"`, o, baseOptions);
  }

  /** Inputs of one rank; `masks` of those that have one. */
  protected abstract merge(xs: readonly Tensor[], masks: MaskList): Tensor;

  override computeOutputShape(shapes: ShapeTree): BatchShape {
    const list = shapeList(this, shapes);
    if (this.count !== undefined && list.length !== this.count)
      throw this.mergeError(`takes exactly ${this.count} inputs`, list);
    if (list.some((s) => s.length === 0)) throw this.mergeError('takes inputs with a batch', list);
    const batches = new Set(list.map((s) => s[0]).filter((n) => n !== null));
    if (batches.size > 1) throw this.mergeError('takes inputs of one batch size', list);
    let out = list[0].slice(1);
    for (const s of list.slice(1)) {
      const next = broadcastOpen(out, s.slice(1));
      if (!next) throw this.mergeError('takes inputs of shapes that broadcast', list);
      out = next;
    }
    return [batches.size === 1 ? [...batches][0] : null, ...out];
  }

  protected mergeError(what: string, shapes: readonly BatchShape[]): GradloomError {
    const received = shapes.map((s) => showShape(s)).join(', ');
    return new GradloomError(
      'layer-shape',
      `Layer "${this.name}" (${this.constructor.name}) ${what}; received shapes ${received}.`,
      { layer: this.name, received: shapes },
    );
  }

  override call(xs: readonly Tensor[], { mask }: CallOptions): Tensor {
    const rank = Math.max(...xs.map((x) => x.ndim));
    const masks = maskList(mask);
    const level = xs.map((x) => {
      const more = new Array<number>(rank - x.ndim).fill(1);
      return more.length === 0 ? x : x.reshape([x.shape[0], ...more, ...x.shape.slice(1)]);
    });
    return this.merge(
      level,
      xs.map((x, i) => (x.ndim === rank ? masks?.[i] : null)),
    );
  }

  override computeMask(_xs: unknown, mask: Masks): Masks {
    const masks = maskList(mask);
    if (!masks || masks.some((m) => m == null)) return undefined;
    return (masks as readonly Tensor[]).reduce((a, b) => a.logicalOr(b));
  }
}

/** Broadcasting of shapes in which sizes may be unknown; undefined where it fails. */
function broadcastOpen(a: BatchShape, b: BatchShape): (number | null)[] | undefined {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  const out = [...long];
  const from = long.length - short.length;
  for (const [i, n] of short.entries()) {
    const m = long[from + i];
    if (m === null || n === null) out[from + i] = null;
    else if (m === 1) out[from + i] = n;
    else if (n !== 1 && n !== m) return undefined;
  }
  return out;
}
