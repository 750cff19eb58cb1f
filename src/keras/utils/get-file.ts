/** Files from the web, kept on disk (Node). */
import type { DownloadProgress } from '../../datasets/index.ts';
import { GradloomError } from '../../errors.ts';
import { checkOptions, lookup } from '../identifiers.ts';

export interface GetFileOptions {
  /** The name on disk: that of the address. */
  readonly fname?: string | null;
  /** Where the file is: http or https. */
  readonly origin?: string;
  /** SHA-256, or for old data MD5, in hexadecimal. Without it nothing tells a wrong file. */
  readonly fileHash?: string | null;
  /** 'auto' (default) goes by the length of the hash. */
  readonly hashAlgorithm?: 'auto' | 'sha256' | 'md5' | (string & {});
  readonly md5Hash?: string | null;
  /** Whether the file is an archive to unpack: false. */
  readonly extract?: boolean;
  readonly untar?: boolean;
  /** 'auto' (default) tries 'tar' (packed by gzip, too) and 'zip'. */
  readonly archiveFormat?: 'auto' | 'tar' | 'zip' | (string & {}) | null;
  /** Default: GRADLOOM_HOME, or ~/.gradloom. */
  readonly cacheDir?: string | null;
  /** The folder in it: 'datasets'. */
  readonly cacheSubdir?: string;
  /** Whether a file that is there is fetched again: false. */
  readonly forceDownload?: boolean;
  /** Larger files are refused, and archives that unpack to more: 4 GiB. */
  readonly maxBytes?: number;
  /** Stops the download; the bytes so far are kept for the next call. */
  readonly signal?: AbortSignal;
  /** Told how far the download is. Without it a bar is drawn on stderr. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const optionNames = [
  'fname',
  'origin',
  'fileHash',
  'hashAlgorithm',
  'md5Hash',
  'extract',
  'untar',
  'archiveFormat',
  'cacheDir',
  'cacheSubdir',
  'forceDownload',
  'maxBytes',
  'signal',
  'onProgress',
];

export type ArchiveFormat = 'tar' | 'zip';

/** What to fetch and what to do with it, all decided. */
export interface FileRequest {
  readonly origin: string;
  readonly target: string;
  readonly hash: { readonly algorithm: 'sha256' | 'md5'; readonly hex: string } | undefined;
  /** Where to unpack it. */
  readonly extraction: {
    readonly folder: string;
    readonly formats: readonly ArchiveFormat[];
  } | null;
  readonly cacheDir: string | null;
  readonly cacheSubdir: string;
  readonly force: boolean;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined;
}

function bad(message: string, facts: Record<string, unknown> = {}): GradloomError {
  return new GradloomError('download-input', `getFile: ${message}`, facts);
}

function hashOf(o: GetFileOptions): FileRequest['hash'] {
  const hex = (o.fileHash ?? o.md5Hash)?.toLowerCase();
  if (hex === undefined) return undefined;
  const asked = o.fileHash == null ? 'md5' : (o.hashAlgorithm ?? 'auto');
  const table = { auto: 'auto', sha256: 'sha256', md5: 'md5' } as const;
  const name = lookup('hashAlgorithm of getFile:', asked, table);
  const algorithm = name === 'auto' ? (hex.length === 32 ? 'md5' : 'sha256') : name;
  const digits = algorithm === 'md5' ? 32 : 64;
  if (new RegExp(`^[0-9a-f]{${digits}}$`).test(hex)) return { algorithm, hex };
  throw bad(
    `the ${algorithm} hash has ${digits} hexadecimal digits; received ${JSON.stringify(hex)}.`,
    {
      fileHash: hex,
    },
  );
}

function formatsOf(o: GetFileOptions): readonly ArchiveFormat[] {
  if (o.untar) return ['tar'];
  const table: Record<string, ArchiveFormat[]> = {
    auto: ['tar', 'zip'],
    tar: ['tar'],
    zip: ['zip'],
  };
  return lookup('archiveFormat of getFile:', o.archiveFormat ?? 'auto', table);
}

/** Throws `download-input`, `unknown-id`, `unknown-option`. */
export function fileRequest(o: GetFileOptions): FileRequest {
  checkOptions('getFile', o, optionNames);
  const { origin } = o;
  if (!origin || !URL.canParse(origin))
    throw bad(`origin must be the address of a file; received ${JSON.stringify(origin ?? null)}.`, {
      origin,
    });
  const given = o.fname || undefined;
  const name = given ?? new URL(origin).pathname.split('/').pop();
  if (!name) throw bad(`the address ${origin} ends in no name; give one: { fname }.`, { origin });
  if (/[/\\]/.test(name))
    throw bad(`fname is a name without folders; use cacheDir for those. Received ${name}.`, {
      fname: name,
    });
  const cacheSubdir = o.cacheSubdir ?? 'datasets';
  if (cacheSubdir.startsWith('/') || cacheSubdir.split(/[/\\]/).includes('..'))
    throw bad(`cacheSubdir must stay in the cache; received ${cacheSubdir}.`, { cacheSubdir });
  const unpack = (o.extract ?? false) || (o.untar ?? false);
  // As Keras names them: x.tar.gz and x_extracted when named, else x_archive and x.
  const dotted = given?.includes('.') ?? false;
  const folder = dotted ? `${name.slice(0, name.indexOf('.'))}_extracted` : name;
  return {
    origin,
    target: unpack && !dotted ? `${name}_archive` : name,
    hash: hashOf(o),
    extraction: unpack ? { folder, formats: formatsOf(o) } : null,
    cacheDir: o.cacheDir ?? null,
    cacheSubdir,
    force: o.forceDownload ?? false,
    maxBytes: o.maxBytes ?? 2 ** 32,
    signal: o.signal,
    onProgress: o.onProgress,
  };
}

/**
 * The path of a file of the web in the cache, downloaded if it is not there yet (or its hash is
 * wrong), or with `extract` of the folder that it was unpacked to. A cut download goes on where it
 * stopped, if there is a SHA-256 or the server can tell that the file is the same. Links in archives
 * are left out. Throws `download-*` (see `download`), `tar`, `zip`, `zip-too-large`, `archive`.
 */
export function getFile(o: GetFileOptions): Promise<string>;
export function getFile(fname: string | null, origin: string, o?: GetFileOptions): Promise<string>;
export async function getFile(
  first: string | null | GetFileOptions,
  origin?: string,
  o: GetFileOptions = {},
): Promise<string> {
  const named = first === null || typeof first === 'string';
  const request = fileRequest(named ? { ...o, fname: first, origin } : first);
  if (typeof process === 'undefined')
    throw new GradloomError(
      'node-only',
      'getFile keeps files on disk, which needs Node. In a browser use download of gradloom/datasets.',
    );
  const { fetchFile } = await import('./get-file.node.ts');
  return fetchFile(request);
}
