/** `model.export`: what a model predicts with, in files for other programs. */
import { GradloomError } from '../../errors.ts';
import { type FileTarget, openTarget } from '../../files/targets.ts';
import type { ToOnnxOptions } from '../../onnx/write/keras.ts';
import { checkOptions } from '../identifiers.ts';
import type { Model } from '../models/model.ts';

export interface ExportOptions extends ToOnnxOptions {
  /** Only `onnx`, which is the default. */
  readonly format?: 'onnx' | (string & {});
}

const formats = ['onnx'];

/**
 * Writes what the model predicts with, and nothing of how it is trained, for other programs to run. A file
 * that is there is replaced in one step. In browsers the path is `indexeddb://name` or `downloads://name`.
 *
 * @throws GradloomError `export-format`, what `toOnnx` (of `gradloom/onnx`) throws for models that cannot
 *   be written so, `disk-full`, `file-unwritable`, `node-only` for a path in a browser
 */
export async function exportModel(
  model: Model,
  target: FileTarget,
  o: ExportOptions = {},
): Promise<void> {
  checkOptions('export', o, ['format', 'batchSize', 'inputShapes', 'name']);
  const { format = 'onnx', ...rest } = o;
  if (!formats.includes(format))
    throw new GradloomError(
      'export-format',
      `export: there is no format ${JSON.stringify(format)}; there is ${formats.map((f) => `"${f}"`).join(', ')}. A model to go on with here or in Keras is written by model.save.`,
      { format },
    );
  const place = await openTarget('export', target);
  const { toOnnx } = await import('../../onnx/write/keras.ts');
  await place.write(await toOnnx(model, rest));
}
