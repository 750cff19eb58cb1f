/** What `fit` and its kin are given as whole arrays, checked and made into tensors. */
import { isFloat } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { lax } from '../../graph/index.ts';
import { sameShape, showShape } from '../../shape.ts';
import { Tensor } from '../../tensor/index.ts';
import type { BatchShape } from '../layers/index.ts';
import type { Trees } from './steps.ts';
import {
  type DataTree,
  flatten,
  isNested,
  mapLeaves,
  type Path,
  showPath,
  structure,
  type TreeOf,
  toTensors,
} from './tree.ts';

export interface Data extends Trees {
  /** Samples. */
  readonly n: number;
}

/** How many tensors a model takes and gives, where it says. */
export interface Counts {
  readonly inputs?: number;
  readonly outputs?: number;
}

export const flatHint = ' Give flat data its shape: tensor(data, { shape: [samples, …] }).';

/** Every tensor of the trees with what to call it. */
function named(trees: Trees): [name: string, t: Tensor][] {
  const out: [string, Tensor][] = [];
  const add = (root: string, tree: TreeOf<Tensor | null>): void => {
    mapLeaves(tree, (t, path: Path) => {
      if (t) out.push([showPath(root, path), t]);
    });
  };
  add('x', trees.x);
  add('y', trees.y);
  add('sampleWeight', trees.weight);
  return out;
}

/** Throws `data` naming what does not fit: no samples, or lengths that differ. */
export function makeData(
  method: string,
  x: DataTree,
  y?: DataTree | null,
  weight?: DataTree | null,
  counts: Counts = {},
): Data {
  const made = new Map<unknown, Tensor>();
  return checkData(method, {
    x: toTensors(x, counts.inputs, made),
    y: toTensors(y ?? undefined, counts.outputs, made),
    weight: toTensors(weight ?? undefined, counts.outputs, made),
  });
}

export function checkData(method: string, trees: Trees): Data {
  const all = named(trees);
  const first = all[0]?.[0].startsWith('x') ? all[0] : undefined;
  if (!first) throw new GradloomError('data', `${method}: x is missing.`);
  const [name, t] = first;
  if (t.ndim === 0)
    throw new GradloomError(
      'data',
      `${method}: ${name} must have a batch dimension; received a scalar.`,
    );
  const n = t.shape[0];
  if (n === 0)
    throw new GradloomError(
      'data',
      `${method}: ${name} holds no samples (shape ${showShape(t.shape)}).`,
      { shape: [...t.shape] },
    );
  for (const [other, u] of all) {
    if (u.ndim > 0 && u.shape[0] === n) continue;
    throw new GradloomError(
      'data',
      `${method}: ${name} has ${n} samples but ${other} has ${u.ndim === 0 ? 'none (a scalar)' : u.shape[0]}. They must have one each.${t.ndim === 1 ? flatHint : ''}`,
      { [name]: [...t.shape], [other]: [...u.shape] },
    );
  }
  return { ...trees, n };
}

function takeRows(d: Data, from: number, to: number): Data {
  const made = new Map<Tensor, Tensor>();
  const rows = (t: Tensor): Tensor => {
    const part = made.get(t) ?? t.slice([from, to]).realize();
    made.set(t, part);
    return part;
  };
  const cut = (tree: TreeOf<Tensor | null>): TreeOf<Tensor | null> =>
    mapLeaves(tree, (t) => t && rows(t));
  return { x: cut(d.x), y: cut(d.y), weight: cut(d.weight), n: to - from };
}

/** [what to train on, what to validate on]: the last `split` of the samples, before any shuffling. */
export function splitData(method: string, d: Data, split: number): [Data, Data] {
  const at = Math.floor(d.n * (1 - split));
  if (at === 0 || at === d.n) {
    throw new GradloomError(
      'data',
      `${method}: validationSplit ${split} of ${d.n} samples leaves ${at === 0 ? 'nothing to train on' : 'nothing to validate on'}.`,
      { validationSplit: split, samples: d.n },
    );
  }
  return [takeRows(d, 0, at), takeRows(d, at, d.n)];
}

/** Throws `data` unless validation targets look like those trained on. */
export function sameTargets(method: string, train: Data, validation: Data): void {
  if (train.y !== null && validation.y === null)
    throw new GradloomError('data', `${method}: y is missing.`);
  if (structure(train.y) !== structure(validation.y))
    throw new GradloomError(
      'data',
      `${method}: targets have the structure ${structure(validation.y)}, but those trained on ${structure(train.y)}.`,
      { expected: structure(train.y), received: structure(validation.y) },
    );
  const was = flatten(train.y);
  for (const [i, t] of flatten(validation.y).entries()) {
    const [a, b] = [was[i]?.shape.slice(1), t?.shape.slice(1)];
    if (!a || !b || sameShape(a, b)) continue;
    throw new GradloomError(
      'data',
      `${method}: targets have shape ${showShape([null, ...b])}, but those trained on ${showShape([null, ...a])}.`,
      { expected: a, received: b },
    );
  }
}

/** Throws `layer-shape` when samples are not what the model was built for. */
export function checkSamples(
  method: string,
  modelName: string,
  expected: BatchShape,
  x: Tensor,
): void {
  const fits =
    x.ndim === expected.length &&
    expected.every((n, d) => d === 0 || n == null || n === x.shape[d]);
  if (!fits) {
    throw new GradloomError(
      'layer-shape',
      `${method}: model "${modelName}" expects inputs of shape ${showShape(expected)}; received ${showShape([null, ...x.shape.slice(1)])}.${x.ndim === 1 ? flatHint : ''}`,
      {
        expected: [...expected],
        received: [...x.shape],
      },
    );
  }
}

/** Warns when numbers are NaN or infinite: training on them gives NaN weights. */
export async function warnNonFinite(method: string, d: Data): Promise<void> {
  for (const [name, t] of named(d)) {
    if (!isFloat(t.dtype) || name.startsWith('sampleWeight')) continue;
    const bad = Tensor.of(lax.reduceSum(lax.convert(lax.not(lax.isFinite(t.value)), 'int32')), t);
    const count = (await bad.data())[0];
    if (count === 0) continue;
    const one = count === 1;
    console.warn(
      `${method}: ${name} holds ${count} value${one ? '' : 's'} that ${one ? 'is' : 'are'} NaN or infinite; training on them spoils the weights.`,
    );
  }
}

/** Whether a tree is one tensor. */
export function single(tree: TreeOf<Tensor | null>): Tensor | undefined {
  return isNested(tree) || tree === null ? undefined : (tree as Tensor);
}

/** A whole number of at least `least`. */
export function checkCount(method: string, name: string, v: number, least = 1): number {
  if (!Number.isInteger(v) || v < least)
    throw new GradloomError(
      'data',
      `${method}: ${name} must be a whole number of ${least} or more; received ${v}.`,
      { [name]: v },
    );
  return v;
}
