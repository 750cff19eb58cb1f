/** From one format to another. */
import { GradloomError } from '../errors.ts';
import { type Beside, extensionList, formatOfFile, formats, formatToWrite } from './formats.ts';

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
  const isModel = models.test(input) && !input.endsWith('.weights.h5');
  if (isModel && (to.extensions[0] === '.onnx' || to.extensions[0] === '.keras')) {
    const keras = await import('../keras/index.ts');
    const model = await keras.saving.loadModel(bytes, { name: input });
    if (to.extensions[0] === '.keras') return keras.saving.encodeModel(model);
    return (await import('../onnx/index.ts')).toOnnx(model);
  }
  if (from.extensions[0] === '.keras' || (isModel && (await isWholeModel(bytes, input)))) {
    const keras = await import('../keras/index.ts');
    const model = await keras.saving.loadModel(bytes, { name: input, compile: false });
    if (out.endsWith('.weights.h5') || out.endsWith('.safetensors'))
      return keras.saving.encodeWeights(
        model,
        out.endsWith('.h5') ? '.weights.h5' : '.safetensors',
      );
  }
  if (from.read && to.write) return to.write(await from.read(bytes, input, beside));
  const readable = formats.filter((f) => f.read);
  throw new GradloomError(
    'convert',
    `${from.name} does not become ${to.name}. Models (.keras, .h5) become .onnx, .weights.h5 and .safetensors; arrays go between ${extensionList(readable)}.`,
    { from: from.name, to: to.name },
  );
}
