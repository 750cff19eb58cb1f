/** What a TensorBoard callback is made with. */
import { GradloomError } from '../../../errors.ts';
import { isNode } from '../../../platform.ts';
import { checkOptions } from '../../identifiers.ts';
import { checkWhole } from '../../losses/options.ts';

export interface TensorBoardOptions {
  /** Folder of the event files: in it `train` and `validation`. Default `logs`. */
  readonly logDir?: string;
  /** Histograms of the weights after every so many epochs. Default 0: none. */
  readonly histogramFreq?: number;
  /** The model as a graph of layers. Default true. */
  readonly writeGraph?: boolean;
  /** With the histograms, weights as pictures. Default false. */
  readonly writeImages?: boolean;
  /** Steps per second, with the figures. Default false. */
  readonly writeStepsPerSecond?: boolean;
  /**
   * 'epoch' (the default): figures at the end of every epoch. 'batch', or a number of batches: after
   * so many of them too, for which figures must be read from the device then.
   */
  readonly updateFreq?: 'epoch' | 'batch' | number;
  /** Only 0: there is no profile to write. */
  readonly profileBatch?: number;
  /** The vectors of Embedding layers after every so many epochs, for the projector. Default 0: none. */
  readonly embeddingsFreq?: number;
  /** Files that name the vectors, a line each: one path, or a path for each layer by its name. */
  readonly embeddingsMetadata?: string | Readonly<Record<string, string>> | null;
}

const optionNames: readonly string[] = [
  'logDir',
  'histogramFreq',
  'writeGraph',
  'writeImages',
  'writeStepsPerSecond',
  'updateFreq',
  'profileBatch',
  'embeddingsFreq',
  'embeddingsMetadata',
];

/** The options with defaults. Throws `callback`, `range`, `unknown-option`; in a browser `node-only`. */
export function tensorBoardOptions(
  o: TensorBoardOptions,
): Required<TensorBoardOptions> & { readonly updateFreq: 'epoch' | number } {
  const what = 'TensorBoard';
  checkOptions(what, o, optionNames);
  if (!isNode())
    throw new GradloomError(
      'node-only',
      'The TensorBoard callback writes event files, which needs Node. In a browser draw the figures of a LambdaCallback, or post them with RemoteMonitor.',
    );
  const logDir: unknown = o.logDir ?? 'logs';
  if (typeof logDir !== 'string' || logDir === '')
    throw new GradloomError(
      'callback',
      `${what}: logDir must be the path of a folder; received ${JSON.stringify(logDir)}.`,
      { logDir },
    );
  const updateFreq = o.updateFreq ?? 'epoch';
  if (
    updateFreq !== 'epoch' &&
    updateFreq !== 'batch' &&
    !(Number.isInteger(updateFreq) && updateFreq > 0)
  )
    throw new GradloomError(
      'callback',
      `${what}: updateFreq must be 'epoch', 'batch' or a whole number of batches; received ${JSON.stringify(updateFreq)}.`,
      { updateFreq },
    );
  if (o.profileBatch)
    throw new GradloomError(
      'callback',
      `${what}: profiling is not available. Received: profileBatch=${JSON.stringify(o.profileBatch)} (must be 0).`,
      { profileBatch: o.profileBatch },
    );
  return {
    logDir,
    histogramFreq: checkWhole(what, 'histogramFreq', o.histogramFreq ?? 0, 0),
    writeGraph: o.writeGraph ?? true,
    writeImages: o.writeImages ?? false,
    writeStepsPerSecond: o.writeStepsPerSecond ?? false,
    updateFreq: updateFreq === 'batch' ? 1 : updateFreq,
    profileBatch: 0,
    embeddingsFreq: checkWhole(what, 'embeddingsFreq', o.embeddingsFreq ?? 0, 0),
    embeddingsMetadata: o.embeddingsMetadata ?? null,
  };
}
