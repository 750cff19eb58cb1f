import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closedAddress, errorOf, sendFile, startServer } from '../files/test-server.ts';
import { encodeIdx } from '../formats/idx.ts';
import type { DownloadProgress } from './download.ts';
import { type IdxDatasetOptions, type IdxDatasetSpec, loadIdxFiles } from './idx-files.ts';

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const images = encodeIdx(
  Uint8Array.from({ length: 90 }, (_, i) => i),
  [10, 3, 3],
);
const labels = encodeIdx(
  Uint8Array.from({ length: 10 }, (_, i) => i),
  [10],
);
const packed = { images: gzipSync(images), labels: gzipSync(labels) };

/** A small dataset of the same kind as MNIST; no npm package has it. */
const spec: IdxDatasetSpec<'x' | 'y'> = {
  name: 'digits',
  files: {
    x: { name: 'images', shape: [10, 3, 3], sha256: sha(images), gzipSha256: sha(packed.images) },
    y: {
      name: 'labels',
      shape: [10],
      maxValue: 9,
      sha256: sha(labels),
      gzipSha256: sha(packed.labels),
    },
  },
  baseUrls: [],
  package: { name: 'gradloom-no-such-package', folder: 'data' },
};

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gradloom-idx-files-'));
  folder = join(root, 'digits');
  await mkdir(folder);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

const quiet = () => {};
const load = (options: IdxDatasetOptions) =>
  loadIdxFiles(spec, { cacheDir: root, onProgress: quiet, ...options });

async function put(files: Record<string, Uint8Array>, into: string = folder): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(into, name), bytes);
}

/** Serves `/images.gz` and `/labels.gz`. */
function serve(served: Record<'images' | 'labels', Uint8Array> = packed) {
  return startServer((req, res) => {
    if (req.url === '/sets/images.gz') sendFile(req, res, served.images);
    else if (req.url === '/sets/labels.gz') sendFile(req, res, served.labels);
    else res.writeHead(404).end();
  });
}

describe('loadIdxFiles', () => {
  it('reads a folder or the cache, unpacked or .gz, and the cache under GRADLOOM_HOME', async () => {
    await put({ images, 'labels.gz': packed.labels });
    for (const options of [{ path: folder }, { source: 'cache' as const }, {}]) {
      const got = await load(options);
      expect(Array.from(got.x)).toEqual(Array.from(images.subarray(16)));
      expect(Array.from(got.y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    vi.stubEnv('GRADLOOM_HOME', join(root, 'home'));
    const at = join(root, 'home', 'datasets', 'digits');
    await mkdir(at, { recursive: true });
    await put({ images, labels }, at);
    expect((await load({ cacheDir: undefined, source: 'cache' })).y.length).toBe(10);
  });

  it('downloads what is missing, file by file, keeps it unpacked, and then needs no server', async () => {
    await put({ labels });
    await using server = await serve();
    const reports: DownloadProgress[] = [];
    const onProgress = (progress: DownloadProgress) => reports.push(progress);
    const baseUrls = [`${server.base}nothing`, `${server.base}sets`];
    const got = await load({ baseUrls, onProgress });
    expect(got.x.length).toBe(90);
    expect(server.seen.map((seen) => seen.url)).toEqual(['/nothing/images.gz', '/sets/images.gz']);
    expect(reports.at(-1)).toMatchObject({ file: 'images.gz', done: true });
    expect((await readdir(folder)).sort()).toEqual(['images', 'labels']);
    await load({ baseUrls: [await closedAddress()] });
  });

  it('shows plain lines on a stderr that is no terminal, when nobody listens', async () => {
    await using server = await serve();
    let shown = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      shown += text;
      return true;
    });
    const { isTTY } = process.stderr;
    process.stderr.isTTY = false;
    try {
      await load({ onProgress: undefined, baseUrls: [`${server.base}sets/`] });
    } finally {
      process.stderr.isTTY = isTTY;
    }
    expect(shown).toMatch(
      /^Downloading images\.gz \(\d+ B\) from 127\.0\.0\.1:\d+\nDownloaded images\.gz: \d+ B in 0\.\d s\nDownloading labels/,
    );
  });

  it('accepts files that a server unpacked on the way', async () => {
    await using server = await serve({ images, labels });
    expect((await load({ baseUrls: [`${server.base}sets`] })).x.length).toBe(90);
  });

  it('heals a damaged cache from the next source, and reports it when asked for the cache', async () => {
    await put({ images: images.subarray(0, 50), labels });
    const error = await errorOf(load({ source: 'cache' }));
    expect(error.code).toBe('idx-truncated');
    expect(error.message).toContain(join(folder, 'images'));
    expect(error.facts).toMatchObject({ expected: 106, received: 50 });

    await using server = await serve();
    await load({ baseUrls: [`${server.base}sets`] });
    expect(server.seen.length).toBe(1);
    await load({ source: 'cache' });
  });

  it('names file, expected and received for every kind of wrong file', async () => {
    const badValue = labels.slice();
    badValue[8 + 4] = 10;
    const otherData = images.slice();
    otherData[50] ^= 1;
    const float = encodeIdx(new Float32Array(10), [10]);
    const cases: [Record<string, Uint8Array>, string, RegExp][] = [
      [{ images: new Uint8Array(0) }, 'idx-empty', /images is empty \(0 bytes\)/],
      [{ images: images.subarray(0, 105) }, 'idx-truncated', /promises 106 bytes, received 105/],
      [{ images: Buffer.concat([images, images]) }, 'idx-trailing', /106 bytes, received 212/],
      [{ images: new Uint8Array(1e6) }, 'file-too-large', /has 1000000 bytes, expected at most/],
      [{ images: Buffer.from('<html>') }, 'idx-magic', /00 00, received 3c 68/],
      [{ images: labels }, 'dataset-shape', /shape \[10, 3, 3\], received uint8 of shape \[10\]/],
      [{ labels: float }, 'dataset-shape', /uint8 of shape \[10\], received float32/],
      [{ labels: badValue }, 'dataset-values', /expected values 0\.\.9, received 10 at index 4/],
      [{ images: otherData }, 'dataset-checksum', /SHA-256 [0-9a-f]{64} .*received [0-9a-f]{64}/],
      [{ 'images.gz': packed.images.subarray(0, 30) }, 'gzip-truncated', /its 30 bytes end/],
      [{ 'images.gz': gzipSync(new Uint8Array(1e6)) }, 'gzip-too-large', /limit of 106 bytes/],
    ];
    for (const [files, code, words] of cases) {
      await rm(folder, { recursive: true });
      await mkdir(folder);
      await put('images.gz' in files ? { labels } : { images, labels });
      await put(files);
      const error = await errorOf(load({ path: folder }));
      expect(error.code, `${words}`).toBe(code);
      expect(error.message).toMatch(words);
      expect(error.message).toContain(join(folder, Object.keys(files)[0]));
    }
  });

  it('says what is missing and every place it looked', async () => {
    const missing = await errorOf(load({ path: root }));
    expect(missing.code).toBe('dataset-missing');
    expect(missing.message).toContain('has no file images or images.gz');
    expect((await errorOf(load({ source: 'package' }))).message).toContain(
      'npm install gradloom-no-such-package',
    );
    await put({ images: images.subarray(0, 50) });
    const everywhere = await errorOf(load({ baseUrls: [await closedAddress()] }));
    expect(everywhere.code).toBe('download-offline');
    expect(everywhere.message).toMatch(/truncated.*not installed.*ECONNREFUSED.*pass path/s);
    const codes = (everywhere.facts.problems as { code: string }[]).map(({ code }) => code);
    expect(codes).toEqual(['idx-truncated', 'dataset-missing', 'download-offline']);
  });

  it('refuses options it cannot mean, and stops on abort', async () => {
    const bad = [
      { source: 'web' as 'auto' },
      { source: 'cache' as const, path: folder },
      { baseUrls: [] },
    ];
    for (const options of bad) expect((await errorOf(load(options))).code).toBe('dataset-input');
    const signal = AbortSignal.abort();
    expect((await errorOf(load({ signal }))).code).toBe('download-aborted');
  });

  it('still returns the data when the unpacked file cannot be kept', async () => {
    await using server = await serve();
    await mkdir(join(folder, 'images', 'in the way'), { recursive: true });
    const options = { source: 'download' as const, baseUrls: [`${server.base}sets`] };
    expect((await load(options)).x.length).toBe(90);
    expect((await readdir(folder)).sort()).toEqual(['images', 'images.gz', 'labels']);
  });
});
