/** The file that a dataset comes in: one at hand, or a checked download. */
import { type DownloadProgress, download } from '../../datasets/index.ts';
import { GradloomError } from '../../errors.ts';
import { isNode } from '../../platform.ts';
import { checkOptions } from '../identifiers.ts';
import { getFile } from '../utils/get-file.ts';
import { fileOptions } from './options.ts';

/** Where a dataset's file comes from. */
export interface FileOptions {
  /** The file itself, when it is there already: a path (Node), or its bytes. It must be the right one. */
  readonly path?: string | Uint8Array;
  /** Addresses to download it from instead of the usual one. */
  readonly urls?: readonly string[];
  /** Folder of cached datasets, in Node. Default `<GRADLOOM_HOME or ~/.gradloom>`. */
  readonly cacheDir?: string;
  readonly signal?: AbortSignal;
  /** Told how far the download is. Without it Node shows a bar on stderr. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface DatasetFile {
  readonly dataset: string;
  readonly name: string;
  readonly url: string;
  /** SHA-256, or for old files MD5: what Keras checks. */
  readonly hash: string;
  readonly maxBytes: number;
}

/** The bytes of the file. Throws as `download` and `getFile` do. */
export async function fileOf(f: DatasetFile, o: FileOptions): Promise<Uint8Array> {
  checkOptions(`${f.dataset}.loadData`, o, fileOptions);
  if (o.path instanceof Uint8Array) return o.path;
  if (o.path !== undefined) return readPath(f, o.path);
  const urls = o.urls ?? [f.url];
  if (isNode()) {
    const failures: unknown[] = [];
    for (const origin of urls) {
      try {
        const path = await getFile({
          fname: f.name,
          origin,
          fileHash: f.hash,
          maxBytes: f.maxBytes,
          ...(o.cacheDir !== undefined && { cacheDir: o.cacheDir }),
          ...(o.signal && { signal: o.signal }),
          ...(o.onProgress && { onProgress: o.onProgress }),
        });
        return await readPath(f, path);
      } catch (e) {
        failures.push(e);
      }
    }
    if (failures.length === 1) throw failures[0];
    throw new GradloomError(
      'download-failed',
      `${f.dataset}: ${f.name} could not be had from any of ${urls.length} addresses:\n${failures.map((e) => `- ${(e as Error).message}`).join('\n')}`,
      { dataset: f.dataset },
      { cause: new AggregateError(failures) },
    );
  }
  return download({
    urls,
    fileName: f.name,
    ...(f.hash.length === 64 && { sha256: f.hash }),
    maxBytes: f.maxBytes,
    ...(o.signal && { signal: o.signal }),
    ...(o.onProgress && { onProgress: o.onProgress }),
  });
}

async function readPath(f: DatasetFile, path: string): Promise<Uint8Array> {
  const { readFileWithin } = await import('../../files/disk.node.ts');
  const bytes = await readFileWithin(path, f.maxBytes);
  if (bytes) return bytes;
  throw new GradloomError(
    'dataset-missing',
    `${f.dataset}: there is no file ${path}. Leave out path to download ${f.name}.`,
    { path },
  );
}
