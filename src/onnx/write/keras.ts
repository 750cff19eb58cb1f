/** Keras models as ONNX. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Model } from '../../keras/models/model.ts';
import { flatten, pack, type TreeOf } from '../../keras/tree.ts';
import { checkOptions } from '../../options.ts';
import { showShape } from '../../shape.ts';
import type { Tensor } from '../../tensor/index.ts';
import { functionToOnnx, type OnnxInput } from './model.ts';

type BatchShape = readonly (number | null)[];

export interface ToOnnxOptions {
  /** The number of samples. Default null: left open. */
  readonly batchSize?: number | null;
  /**
   * Shapes of the inputs, samples first, in order: for models that do not know theirs, or in the place
   * of sizes that they leave open. Only the number of samples may stay open (null).
   */
  readonly inputShapes?: readonly BatchShape[];
  /** The graph's name; default the model's. */
  readonly name?: string;
}

/**
 * What a model predicts with, as the bytes of an ONNX model (opset 18): `model.predict` in other
 * programs. Inputs and outputs are named after the model's layers, weights by their paths.
 *
 *     await writeFile('model.onnx', await toOnnx(model));
 *
 * @throws GradloomError `onnx-shape` where sizes are not known, and whatever `functionToOnnx` throws
 */
export async function toOnnx(model: Model, o: ToOnnxOptions = {}): Promise<Uint8Array> {
  checkOptions('toOnnx', o, ['batchSize', 'inputShapes', 'name']);
  const inputs = inputsOf(model, o);
  const tree = model.graph?.inputTree;
  const predict = (given: Tensor[]): Tensor[] => {
    const x = tree ? pack(tree, given) : given.length === 1 ? given[0] : given;
    const y = model.predictStep({ x: x as TreeOf<Tensor>, y: undefined, sampleWeight: undefined });
    return flatten<Tensor>(y);
  };
  return functionToOnnx(predict, {
    inputs,
    outputNames: model.outputNames,
    name: o.name ?? model.name,
  });
}

interface Known {
  readonly name: string;
  readonly shape: BatchShape | undefined;
  readonly dtype: DType;
}

/** What the model itself says of its inputs. */
function known(model: Model, count: number): Known[] {
  if (model.graph)
    return model.graph.inputs.map((t) => ({
      name: t.node.operation.name,
      shape: t.shape,
      dtype: t.dtype,
    }));
  return Array.from({ length: count }, (_, i) => ({
    name: count === 1 ? 'input' : `input_${i}`,
    shape: model.batchInputShape,
    dtype: 'float32',
  }));
}

function inputsOf(model: Model, o: ToOnnxOptions): OnnxInput[] {
  const { inputShapes, batchSize = null } = o;
  const inputs = known(model, inputShapes?.length ?? 1);
  if (inputShapes && inputShapes.length !== inputs.length)
    throw new GradloomError(
      'onnx-shape',
      `toOnnx: model "${model.name}" has ${inputs.length} inputs; inputShapes has ${inputShapes.length} shapes.`,
      { expected: inputs.length, received: inputShapes.length },
    );
  return inputs.map(({ name, dtype, shape: own }, i) => {
    const shape = inputShapes?.[i] ?? own;
    const fits =
      !own ||
      !shape ||
      (own.length === shape.length && own.every((n, d) => n === null || shape[d] === n || d === 0));
    const open = shape?.slice(1).includes(null) ?? true;
    if (!shape || open || !fits)
      throw new GradloomError(
        'onnx-shape',
        `toOnnx: input "${name}" of model "${model.name}" has the shape ${own ? showBatch(own) : 'not known'}${fits ? '' : `, which ${showBatch(shape!)} does not fit`}. Give inputShapes with a number for each size but that of samples, as in [[null, 28, 28, 1]].`,
        { input: name, shape: own ? [...own] : undefined },
      );
    return { name, dtype, shape: [shape[0] ?? batchSize, ...shape.slice(1)] };
  });
}

const showBatch = (s: BatchShape): string =>
  s.includes(null) ? `(${s.map((n) => n ?? 'null').join(', ')})` : showShape(s as number[]);
