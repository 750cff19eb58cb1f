/** What a functional model is made of, and how it is run. */
import { GradloomError } from '../../errors.ts';
import { showShape } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { callContext } from '../layers/call-context.ts';
import { InputLayer } from '../layers/input-layer.ts';
import { Layer, type Masks, type TensorSpec, type Tensors } from '../layers/layer.ts';
import { getMask, setMask } from '../layers/mask.ts';
import { flatten, isPlainObject, mapTree, pack, type TreeOf } from '../tree.ts';
import { cloneBetween } from './clone-nodes.ts';
import { type GraphMap, mapGraph } from './graph.ts';
import { KerasTensor } from './keras-tensor.ts';
import type { Node, Operation } from './node.ts';

/** The graph between inputs and outputs, each a tensor, a list or an object of such. */
export class FunctionalGraph {
  readonly inputTree: TreeOf<KerasTensor>;
  readonly outputTree: TreeOf<KerasTensor>;
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  readonly map: GraphMap;

  /** Throws `graph`: see `mapGraph`. */
  constructor(inputs: TreeOf<KerasTensor>, outputs: TreeOf<KerasTensor>) {
    checkTensors('inputs', inputs);
    checkTensors('outputs', outputs);
    const between = flatten(inputs).every((t) => t.node.isInput);
    const [from, to] = between ? [inputs, outputs] : cloneBetween(inputs, outputs);
    this.inputTree = from;
    this.outputTree = to;
    this.inputs = flatten(from);
    this.outputs = flatten(to);
    this.map = mapGraph(this.inputs, this.outputs);
  }

  get operations(): readonly Operation[] {
    return this.map.operations;
  }
  get layers(): readonly Layer[] {
    return this.operations.filter((o) => o instanceof Layer);
  }
  has(node: Node): boolean {
    return this.map.depths.has(node);
  }

  /** The outputs for tensors in the order of `inputs`. */
  run(tensors: readonly Tensor[], training: boolean): Tensors {
    const values = new Map<KerasTensor, Tensor>();
    this.inputs.forEach((t, i) => {
      values.set(t, tensors[i]);
    });
    // What a call was recorded with counts where nobody says whether this is training.
    const explicit = callContext()?.explicit ?? true;
    for (const node of this.map.nodes) {
      if (node.isInput) continue;
      const { inputs, options } = node.fill((t) => values.get(t)!);
      const said = options.training as boolean | undefined;
      const out = node.operation.run(inputs, {
        ...options,
        training: explicit ? training : (said ?? training),
      });
      flatten<Tensor>(out as TreeOf<Tensor>).forEach((t, i) => {
        values.set(node.outputs[i], t);
      });
    }
    return pack<Tensor>(
      this.outputTree,
      this.outputs.map((t) => values.get(t)!),
    ) as Tensors;
  }

  /**
   * What was given as tensors in the order of `inputs`, converted to their dtypes; a last dimension of
   * 1 is added or dropped where that makes it fit. Lists and objects are told by place or by name.
   * Throws `layer-shape`, and `inputs` for another structure.
   */
  standardize(what: string, x: unknown, masks?: Masks): Tensor[] {
    const tensors = this.match<Tensor>(what, x);
    const flatMasks = masks == null ? [] : flatten<Tensor | null | undefined>(masks);
    return tensors.map((t, i) => {
      const to = this.inputs[i];
      checkShape(what, t.shape, to);
      const fitted = t.ndim === to.ndim ? t : t.reshape(fitRank(t.shape, to));
      const y = fitted.dtype === to.dtype ? fitted : fitted.astype(to.dtype);
      const mask = flatMasks[i] ?? getMask(t);
      if (mask && getMask(y) !== mask) setMask(y, mask);
      return y;
    });
  }

  /** Throws what `standardize` would, without making anything. */
  check(what: string, x: unknown): void {
    this.match<Tensor | null>(what, x).forEach((t, i) => {
      if (t) checkShape(what, t.shape, this.inputs[i]);
    });
  }

  /** The leaves of `x` in the order of the inputs. Throws `inputs`. */
  match<T>(what: string, x: unknown): T[] {
    const { inputTree } = this;
    const single = inputTree instanceof KerasTensor;
    const names = this.inputs.map((t) => t.node.operation.name);
    if (isPlainObject(x) && !isPlainObject(inputTree) && names.every((n) => n in x))
      return names.map((n) => x[n] as T);
    if (isPlainObject(x) && isPlainObject(inputTree)) {
      const missing = Object.keys(inputTree).filter((k) => !(k in x));
      const more = Object.keys(x).filter((k) => !(k in inputTree));
      // Further entries of a data set are no harm.
      if (missing.length === 0 && more.length > 0)
        return flatten<T>(
          Object.fromEntries(Object.keys(inputTree).map((k) => [k, x[k]])) as TreeOf<T>,
        );
    }
    const leaves = flatten<T>(x as TreeOf<T>);
    const sameKind = single || isPlainObject(x) === isPlainObject(inputTree) || Array.isArray(x);
    if (leaves.length === this.inputs.length && sameKind) return leaves;
    throw new GradloomError(
      'inputs',
      `${what} takes ${describe(inputTree)}; received ${describe(x)}.`,
      { expected: describe(inputTree), received: describe(x) },
    );
  }

  /** Whether shapes are those that the graph was made with. */
  madeFor(specs: readonly TensorSpec[]): boolean {
    return this.inputs.every(
      (t, i) =>
        specs[i]?.shape.length === t.shape.length &&
        t.shape.every((n, d) => n === specs[i].shape[d]),
    );
  }
}

/** The shape with a last dimension of 1 more or less, where that gives it the rank of the input. */
function fitRank(shape: readonly number[], to: KerasTensor): readonly number[] {
  if (shape.length === to.ndim + 1 && shape[shape.length - 1] === 1) return shape.slice(0, -1);
  if (shape.length === to.ndim - 1 && to.shape[to.ndim - 1] === 1) return [...shape, 1];
  return shape;
}

function checkShape(what: string, shape: readonly number[], to: KerasTensor): void {
  const fitted = fitRank(shape, to);
  // Parts of a data set have as many samples as there are left.
  const fits =
    fitted.length === to.ndim && to.shape.every((n, d) => d === 0 || n === null || n === fitted[d]);
  if (fits) return;
  const received = shape.length === 0 ? [] : [null, ...shape.slice(1)];
  throw new GradloomError(
    'layer-shape',
    `${what} expects inputs of shape ${showShape(to.shape)} for "${to.name}"; received ${showShape(received)}.`,
    { input: to.name, expected: [...to.shape], received: [...shape] },
  );
}

function checkTensors(which: string, tree: TreeOf<KerasTensor>): void {
  const leaves = flatten<unknown>(tree as never);
  if (leaves.length === 0)
    throw new GradloomError('graph', `A model needs ${which}; received none.`);
  for (const t of leaves) {
    if (t instanceof KerasTensor) continue;
    const hint =
      t instanceof Layer
        ? `the layer "${t.name}": give layer.${which === 'inputs' ? 'input' : 'output'}, or apply it`
        : t === null || typeof t !== 'object'
          ? String(t)
          : (t.constructor?.name ?? 'an object');
    throw new GradloomError(
      'graph',
      `The ${which} of a model are KerasTensors, made with keras.input and by applying layers; received ${hint}.`,
      { which },
    );
  }
}

/** For messages: `[a, b]` of names and shapes. */
function describe(x: unknown): string {
  if (x instanceof KerasTensor) return `"${x.name}" ${showShape(x.shape)}`;
  if (Array.isArray(x)) return `[${x.map(describe).join(', ')}]`;
  if (isPlainObject(x))
    return `{ ${Object.entries(x)
      .map(([k, v]) => `${k}: ${describe(v)}`)
      .join(', ')} }`;
  const t = x as Partial<Tensor> | null;
  if (t?.shape) return `a tensor of shape ${showShape(t.shape)}`;
  return x === null || typeof x !== 'object' ? String(x) : (x.constructor?.name ?? 'an object');
}

/** An input for each leaf, of the same shape, dtype and name. */
export function sameInputs(tree: TreeOf<KerasTensor>): TreeOf<KerasTensor> {
  return mapTree<KerasTensor, KerasTensor>(
    tree,
    (t) => new InputLayer({ batchShape: t.shape, dtype: t.dtype, name: t.name }).output,
  );
}
