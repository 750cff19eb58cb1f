/** `saveModel` and `loadModel`: whole models in files; the extension chooses the format. */
import { GradloomError } from '../../errors.ts';
import { partsOf } from '../../files/places.ts';
import { type FileSource, openSource } from '../../files/sources.ts';
import { type FileTarget, openTarget, pathOfTarget } from '../../files/targets.ts';
import { isHdf5 } from '../../formats/hdf5/index.ts';
import { checkOptions } from '../identifiers.ts';
import { withWeightBudget } from '../layers/weight-budget.ts';
import type { Model } from '../models/model.ts';
import {
  decodeKeras,
  encodeKeras,
  type LoadModelOptions,
  made,
  modelConfig,
  modelFromConfig,
} from './keras-file.ts';
import { parsePython, pythonJson } from './python-config.ts';

export interface SaveModelOptions {
  /** Whether a file that is there is replaced; else it throws `file-exists`. Default true. */
  readonly overwrite?: boolean;
}

/** The bytes of a `.keras` file of the model, for where there are no files. */
export function encodeModel(model: Model): Promise<Uint8Array> {
  return encodeKeras(model);
}

/**
 * Writes the model, how it was compiled and what its optimizer remembers to a `.keras` file, which
 * Python's Keras 3 reads too. A file that is there is replaced in one step, when the new one is whole. In
 * browsers the path is `indexeddb://name`, or `downloads://name.keras` to give the user a file. A stream
 * gets the bytes of the file and is closed.
 *
 * @throws GradloomError `extension`, `not-built`, `saving` for what no file can keep, `file-exists`,
 *   `disk-full`, `file-unwritable`, `node-only` for a path in a browser
 */
export async function saveModel(
  model: Model,
  target: FileTarget,
  o: SaveModelOptions = {},
): Promise<void> {
  checkOptions('saveModel', o, ['overwrite']);
  const path = await pathOfTarget('saveModel', target);
  if (path !== undefined && !path.endsWith('.keras') && partsOf(path)?.scheme !== 'indexeddb')
    throw new GradloomError(
      'extension',
      `saveModel: a model is written to a file that ends in .keras; received ${JSON.stringify(path)}. Weights alone go to .weights.h5 or .safetensors, by model.saveWeights.`,
      { path },
    );
  const place = await openTarget('saveModel', target);
  const bytes = await encodeKeras(model);
  if (o.overwrite === false && (await place.exists()))
    throw new GradloomError(
      'file-exists',
      `saveModel: ${path} is there already, and overwrite is false.`,
      { path },
    );
  await place.write(bytes);
}

/**
 * What the model is made of and how it was compiled, without weights, as JSON text that Python's Keras
 * reads too. Throws `saving` for what no config can hold.
 */
export async function modelToJson(model: Model): Promise<string> {
  return pythonJson(modelConfig(model) as never);
}

/**
 * A model with fresh weights from what `modelToJson`, or `to_json` in Python, gave. Nothing in the text
 * is run. Throws `saving`, and `unknown-id` for classes that must be given as customObjects.
 */
export async function modelFromJson(
  json: string,
  o: Pick<LoadModelOptions, 'customObjects'> = {},
): Promise<Model> {
  checkOptions('modelFromJson', o, ['customObjects']);
  const name = 'modelFromJson';
  const make = (): Model =>
    made(name, () => modelFromConfig(parsePython(json, name), name, '', o).model);
  return withWeightBudget(2 ** 31, make, false);
}

/** A file, or for a model.json that the user of a page chose, it and its shards. */
export type ModelSource = FileSource | readonly File[];

/**
 * A model out of a file: a `.keras` file that this library or Python's Keras 3 has written, an `.h5` file of
 * Keras 2 (tf.keras) or 3, or the model.json of a layers model of TensorFlow.js, whose shards are read from
 * beside it. Its layers and weights come and, unless `compile` is false, how it was compiled and (but of a
 * model.json) what its optimizer remembers. What the file is is seen by how it begins. Nothing in the file is run.
 *
 * The source is a path, a URL, in browsers `indexeddb://name`, a File or Blob (of a model.json all files,
 * in a list), the bytes, or a stream of them.
 *
 * @throws GradloomError `file-not-found`, `download-offline`, `download-http`, `download-cut`, `extension`,
 *   `saving`, `weights`, `unknown-id` for classes that must be given as customObjects, and what the formats
 *   say of files that are damaged or too large
 */
export async function loadModel(source: ModelSource, o: LoadModelOptions = {}): Promise<Model> {
  checkOptions('loadModel', o, ['customObjects', 'compile', 'maxBytes', 'name']);
  const file = await openSource('loadModel', source, o);
  const { name, bytes } = file;
  if (isHdf5(bytes)) return (await import('./legacy-h5.ts')).decodeLegacyH5(bytes, { ...o, name });
  if (isJson(bytes)) return (await import('./tfjs-model.ts')).decodeTfjsModel(file, o);
  if (/^\s*</.test(new TextDecoder().decode(bytes.subarray(0, 64))))
    throw new GradloomError(
      'extension',
      `loadModel: ${name} is a page of a website (it begins with "<"), not a model: .keras or model.json. Check the address.`,
      { name },
    );
  return decodeKeras(bytes, { ...o, name });
}

/** Whether bytes begin like JSON, which of the files of models only model.json does. */
function isJson(bytes: Uint8Array): boolean {
  return /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}
