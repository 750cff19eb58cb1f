/** From one format to another. */
import { GradloomError } from '../errors.ts';
import {
  type Beside,
  extensionList,
  formatOfFile,
  formats,
  formatToWrite,
  tfjs,
} from './formats.ts';
import { isLayersModel } from './tfjs.ts';

const models = /\.(keras|h5|hdf5)$/;

/** Whether an HDF5 file has a model in it, and not weights or arrays alone. */
async function isWholeModel(bytes: Uint8Array, name: string): Promise<boolean> {
  const { isHdf5, readHdf5 } = await import('../formats/hdf5/index.ts');
  return isHdf5(bytes) && readHdf5(bytes, { name }).attributes.has('model_config');
}

/** The bytes of `out` made of those of `input`. Throws what readers and writers throw, and `convert`. */
export async function convert(
  bytes: Uint8Array,
  input: string,
  out: string,
  beside: Beside,
): Promise<Uint8Array> {
  const from = formatOfFile(bytes, input);
  const to = formatToWrite(out);
  const ofLayers = from === tfjs && isLayersModel(bytes);
  const isModel = ofLayers || (models.test(input) && !input.endsWith('.weights.h5'));
  // The shards of a model.json lie beside it.
  const source = (keras: typeof import('../keras/index.ts'), compile: boolean) =>
    keras.saving.loadModel(ofLayers ? input : bytes, { name: input, compile });
  if (isModel && (to.extensions[0] === '.onnx' || to.extensions[0] === '.keras')) {
    const keras = await import('../keras/index.ts');
    const model = await source(keras, true);
    if (to.extensions[0] === '.keras') return keras.saving.encodeModel(model);
    return (await import('../onnx/index.ts')).toOnnx(model);
  }
  const arraysOfModel = !ofLayers && ['.safetensors', '.npz'].includes(to.extensions[0]);
  const weights = out.endsWith('.weights.h5') || arraysOfModel;
  const whole = isModel && !ofLayers && (await isWholeModel(bytes, input));
  if (from.extensions[0] === '.keras' || whole || (ofLayers && weights)) {
    const keras = await import('../keras/index.ts');
    const model = await source(keras, false);
    if (out.endsWith('.h5') && weights) return keras.saving.encodeWeights(model, '.weights.h5');
    if (weights) {
      const named = await keras.saving.encodeWeights(model, '.safetensors');
      if (to.extensions[0] === '.safetensors') return named;
      // By the same names.
      return to.write!(await formatOfFile(named, '.safetensors').read!(named, input, beside));
    }
  }
  if (from.read && to.write) return to.write(await from.read(bytes, input, beside));
  if (from.extensions[0] === '.onnx')
    throw new GradloomError(
      'convert',
      `${input} does not become ${to.name}: ONNX holds operations, and no layers or names for their weights. fromOnnx of gradloom/onnx runs it as it is.`,
      { from: from.name, to: to.name },
    );
  const readable = formats.filter((f) => f.read && f.write);
  throw new GradloomError(
    'convert',
    `${from.name} does not become ${to.name}. Models (.keras, .h5, model.json) become .keras, .onnx and .weights.h5, their weights .safetensors and .npz; arrays go between ${extensionList(readable)}.`,
    { from: from.name, to: to.name },
  );
}
