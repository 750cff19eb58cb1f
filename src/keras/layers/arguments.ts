/** What calls of layers are given: trees of tensors, their shapes and masks. */
import { asTensor, Tensor } from '../../tensor/index.ts';
import { flatten, isPlainObject, isShape, mapTree, pack } from '../tree.ts';
import { getMask } from './mask.ts';
import { isSpec } from './stand-ins.ts';
import type {
  ArgumentShapes,
  BatchShape,
  CallOptions,
  Masks,
  ShapeTree,
  SpecTree,
  TensorSpec,
  Tensors,
  TensorsLike,
} from './types.ts';

/** A tensor, or a list or an object that holds tensors and nothing else. */
export function isTensors(x: unknown): x is Tensors {
  if (x instanceof Tensor) return true;
  if (!Array.isArray(x) && !isPlainObject(x)) return false;
  const leaves = flatten<unknown>(x as never);
  return leaves.length > 0 && leaves.every((t) => t instanceof Tensor);
}

/** A list is many inputs when tensors or typed arrays are in it, else numbers of one input. */
export function asTensors(x: TensorsLike): Tensors {
  if (x instanceof Tensor) return x;
  const many = (t: unknown): boolean =>
    isPlainObject(t) ||
    (Array.isArray(t) && t.some((e) => e instanceof Tensor || ArrayBuffer.isView(e) || many(e)));
  if (!many(x)) return asTensor(x as never);
  if (Array.isArray(x)) return (x as readonly TensorsLike[]).map(asTensors);
  const entries = Object.entries(x as Record<string, TensorsLike>);
  return Object.fromEntries(entries.map(([k, t]) => [k, asTensors(t)]));
}

/** A tree of shapes with dtypes: of tensors, KerasTensors or specs. */
export function isSpecs(x: unknown): x is SpecTree {
  if (isSpec(x)) return true;
  if (!Array.isArray(x) && !isPlainObject(x)) return false;
  if (Array.isArray(x) && typeof x[0] === 'number') return false;
  const leaves = flatten<unknown>(x as never, isSpec);
  return leaves.length > 0 && leaves.every(isSpec);
}

/** Their shapes. */
export function shapesIn(x: SpecTree): ShapeTree {
  return mapTree<TensorSpec, BatchShape>(x, (s) => s.shape, isSpec) as ShapeTree;
}

/** Shapes, with the number of samples left open. */
export function shapesOf(x: Tensors): ShapeTree {
  const open = (t: Tensor): BatchShape => (t.ndim === 0 ? [] : [null, ...t.shape.slice(1)]);
  return (x instanceof Tensor ? open(x) : mapTree<Tensor, BatchShape>(x, open)) as ShapeTree;
}

/** Shapes of the tensors among the arguments of a call. */
export function argumentShapes(o: Partial<CallOptions>): ArgumentShapes {
  const named = Object.entries(o).filter(
    ([k, v]) => k !== 'training' && k !== 'mask' && isTensors(v),
  );
  return Object.fromEntries(named.map(([k, v]) => [k, shapesOf(v as Tensors)]));
}

/** The masks of tensors, in their structure; undefined where none has one. */
export function masksOf(x: Tensors): Masks {
  if (x instanceof Tensor) return getMask(x);
  const masks = mapTree<Tensor, Tensor | null>(x, (t) => getMask(t) ?? null);
  return flatten<Tensor | null>(masks).some((m) => m) ? (masks as Masks) : undefined;
}

/**
 * Specs with the shapes of a tree that was computed otherwise. Where a call gives more than that knows
 * of (attention scores, say), the specs as they are.
 */
export function withShapes(specs: SpecTree, known: ShapeTree): SpecTree {
  const dtypes = flatten<TensorSpec>(specs, isSpec).map((s) => s.dtype);
  const sizes = flatten<BatchShape>(known, isShape);
  if (sizes.length !== dtypes.length) return specs;
  const made = sizes.map((shape, i): TensorSpec => ({ shape, dtype: dtypes[i] }));
  return pack(specs, made, isSpec) as SpecTree;
}
