/** Texts in folders of classes, as a dataset to train on (Node). */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';
import {
  type DirectoryOptions,
  directoryOptions,
  type FileDataset,
  fromDirectory,
} from './directory.ts';

export interface TextDirectoryOptions extends DirectoryOptions {
  /** Bytes (of UTF-8) that a text is cut to; no character is cut in two. */
  readonly maxLength?: number | null;
}

/** A batch: [texts, labels]. */
export type TextBatch = [string[], Tensor];

/**
 * The .txt files of a folder with a folder a class: batches of [texts, labels], or with `labels` or
 * `labelMode` null of texts; with subset 'both' two datasets. Files are mixed and split as Keras does
 * with the same seed. Throws `data`, `range`, `unknown-id`.
 */
export function textDatasetFromDirectory(
  directory: string,
  o: TextDirectoryOptions & { readonly subset: 'both' },
): Promise<[FileDataset<TextBatch>, FileDataset<TextBatch>]>;
export function textDatasetFromDirectory(
  directory: string,
  o: TextDirectoryOptions & ({ readonly labels: null } | { readonly labelMode: null }),
): Promise<FileDataset<string[]>>;
export function textDatasetFromDirectory(
  directory: string,
  o?: TextDirectoryOptions,
): Promise<FileDataset<TextBatch>>;
export async function textDatasetFromDirectory(
  directory: string,
  o: TextDirectoryOptions = {},
): Promise<unknown> {
  checkOptions('textDatasetFromDirectory', o, [...directoryOptions, 'maxLength']);
  const most = o.maxLength ?? null;
  if (most !== null && !(Number.isInteger(most) && most > 0))
    throw new GradloomError(
      'range',
      `textDatasetFromDirectory: maxLength must be a whole number of 1 or more; received ${most}.`,
      { maxLength: most },
    );
  const datasets = await fromDirectory(directory, o, {
    what: 'textDatasetFromDirectory',
    noun: 'texts',
    extensions: ['.txt'],
    load: async (path) => {
      const { readFile } = await import('node:fs/promises');
      const bytes = await readFile(path);
      const cut = most !== null && bytes.length > most;
      // `stream` keeps back what would be half a character.
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        cut ? bytes.subarray(0, most) : bytes,
        {
          stream: cut,
        },
      );
    },
  });
  return o.subset === 'both' ? datasets : datasets[0];
}
