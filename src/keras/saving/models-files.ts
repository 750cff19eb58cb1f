/** `saveModel` and `loadModel`: whole models in files; the extension chooses the format. */
import { GradloomError } from '../../errors.ts';
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
import { partsOf, placeOf } from './places.ts';
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
 * browsers the path is `indexeddb://name`, or `downloads://name.keras` to give the user a file.
 *
 * @throws GradloomError `extension`, `not-built`, `saving` for what no file can keep, `file-exists`,
 *   `disk-full`, `file-unwritable`, `node-only` for a path in a browser
 */
export async function saveModel(
  model: Model,
  path: string,
  o: SaveModelOptions = {},
): Promise<void> {
  checkOptions('saveModel', o, ['overwrite']);
  if (!path.endsWith('.keras') && partsOf(path)?.scheme !== 'indexeddb')
    throw new GradloomError(
      'extension',
      `saveModel: a model is written to a file that ends in .keras; received ${JSON.stringify(path)}. Weights alone go to .weights.h5 or .safetensors, by model.saveWeights.`,
      { path },
    );
  const place = await placeOf('saveModel', path);
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
  return withWeightBudget(2 ** 31, () =>
    made(name, () => modelFromConfig(parsePython(json, name), name, '', o).model),
  );
}

/** Where a model comes from: a path (in browsers `indexeddb://name`), an http address, or the bytes of the file. */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Blob;

/**
 * A model out of a `.keras` file that this library or Python's Keras 3 has written: its layers, weights,
 * and, unless `compile` is false, how it was compiled and what its optimizer remembers. Nothing in the
 * file is run.
 *
 * @throws GradloomError `file-not-found`, `extension`, `saving`, `weights`, `unknown-id` for classes that
 *   must be given as customObjects, and what the formats say of files that are damaged or too large
 */
export async function loadModel(source: ModelSource, o: LoadModelOptions = {}): Promise<Model> {
  checkOptions('loadModel', o, ['customObjects', 'compile', 'maxBytes', 'name']);
  const name =
    o.name ??
    (typeof source === 'string' ? source : source instanceof URL ? source.href : 'The file');
  const bytes = await bytesOf(source);
  if (isHdf5(bytes))
    throw new GradloomError(
      'extension',
      `loadModel: ${name} is an HDF5 file: weights alone, which model.loadWeights reads, or a model of Keras 2.`,
      { name },
    );
  return decodeKeras(bytes, { ...o, name });
}

async function bytesOf(source: ModelSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  const address = String(source);
  if (source instanceof URL || /^https?:/.test(address)) {
    const response = await fetch(address);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw new GradloomError(
      'file-not-found',
      `loadModel: ${address}: the server answered ${response.status} ${response.statusText}.`,
      { url: address, status: response.status },
    );
  }
  const place = await placeOf(
    'loadModel',
    address,
    'Or give it an http address, a Blob or the bytes.',
  );
  const bytes = await place.read();
  if (bytes) return bytes;
  throw new GradloomError('file-not-found', `loadModel: there is no file ${address}.`, {
    path: address,
  });
}
