/** Models and weights from wherever they lie, and to where they go. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../files/sources.ts';
import {
  closedAddress,
  errorOf,
  sendFile,
  startServer,
  type TestServer,
} from '../../files/test-server.ts';
import * as keras from '../index.ts';
import { readGoldens } from '../testing.ts';

const { layers, saving } = keras;
const network = (units = 3): keras.Sequential =>
  keras.sequential([layers.dense(units, { inputShape: [4], activation: 'tanh' }), layers.dense(2)]);
const numbers = (m: keras.Model): string =>
  m
    .getWeights()
    .map((t) => t.dataSync().join())
    .join(';');

let dir: string;
let server: TestServer;
let model: keras.Model;
let bytes: Uint8Array;
let weights: Uint8Array;
const tfjs = readGoldens<{
  models: { name: string; json: object; shards: Record<string, string> }[];
}>('tfjs_models').models.find((m) => m.name === 'cnn')!;

function answer(url: string, res: ServerResponse): void {
  const shard = tfjs.shards[url.replace(/^\/tfjs\/|\?.*$/g, '')];
  if (url.startsWith('/tfjs/model.json')) res.end(JSON.stringify(tfjs.json));
  else if (shard) res.end(Buffer.from(shard, 'base64'));
  else if (url === '/m.keras') res.end(bytes);
  else if (url === '/w') res.end(weights);
  else if (url === '/gz') res.setHeader('content-encoding', 'gzip').end(gzipSync(bytes));
  else if (url === '/page') res.end('<!doctype html><title>Not here</title>');
  else if (url === '/json') res.end('{"error": "no such model"}');
  else if (url === '/torn') res.end(bytes.subarray(0, bytes.length >> 1));
  else if (url === '/busy') res.writeHead(503).end();
  else if (url === '/endless') {
    const more = (): void =>
      void (res.write(new Uint8Array(2 ** 16)) ? setImmediate(more) : res.once('drain', more));
    more();
  } else res.writeHead(404).end();
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gradloom-sources-'));
  model = network();
  bytes = await saving.encodeModel(model);
  weights = await saving.encodeWeights(model, '.weights.h5');
  server = await startServer((req, res) => {
    if (req.url === '/cut') sendFile(req, res, bytes, { cutAfter: 100 });
    else if (req.url === '/cut-open') {
      // No length said: only the connection tells.
      res.write(bytes.subarray(0, 100), () => setTimeout(() => res.destroy(), 20));
    } else answer(req.url!, res);
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});
const at = (path: string): string => `${server.base}${path}`;

async function* pieces(b: Uint8Array, n: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < b.length; i += n) yield b.subarray(i, i + n);
}

describe('loadModel', () => {
  it('reads every kind of source', async () => {
    const path = join(dir, 'm.keras');
    await model.save(path);
    const sources: [string, () => Parameters<typeof saving.loadModel>[0] | Promise<Response>][] = [
      ['a path', () => path],
      ['a file: URL', () => pathToFileURL(path)],
      ['its text', () => pathToFileURL(path).href],
      ['an address', () => at('m.keras')],
      ['a URL', () => new URL(at('m.keras'))],
      ['a packed answer', () => at('gz')],
      ['a response', () => fetch(at('m.keras'))],
      ['a data: address', () => `data:;base64,${Buffer.from(bytes).toString('base64')}`],
      ['a Blob', () => new Blob([bytes as never])],
      ['a File', () => new File([bytes as never], 'm.keras')],
      ['a handle', () => ({ getFile: async () => new File([bytes as never], 'm.keras') })],
      ['bytes', () => bytes],
      ['a buffer', () => bytes.slice().buffer as ArrayBuffer],
      ['a Readable', () => createReadStream(path, { highWaterMark: 100 })],
      ['a web stream', () => Readable.toWeb(createReadStream(path)) as never],
      ['a generator', () => pieces(bytes, 1000)],
      ['the body of a response', async () => (await fetch(at('m.keras'))).body as never],
    ];
    for (const [what, source] of sources) {
      const again = await saving.loadModel((await source()) as never);
      expect([what, numbers(again)]).toEqual([what, numbers(model)]);
    }
  });

  it('reads a model.json and its shards from addresses, signatures kept', async () => {
    const loaded = await saving.loadModel(at('tfjs/model.json?key=1'));
    expect(loaded.weights.length).toBeGreaterThan(4);
    expect(server.seen.map((s) => s.url)).toContain('/tfjs/group1-shard2of3.bin?key=1');
  });

  it.each([
    ['nothing is there', 'no.keras', 'file-not-found', /404/],
    ['the server is busy', 'busy', 'download-http', /503/],
    ['the connection breaks', 'cut', 'download-cut', /connection/],
    ['the connection breaks, and no length was said', 'cut-open', 'download-cut', /connection/],
    ['a page comes instead', 'page', 'extension', /page of a website/],
    ['other JSON comes', 'json', 'tfjs', /no modelTopology/],
    ['half a file comes', 'torn', 'zip', /damaged|cut off/],
  ])('says so when %s', async (_, path, code, message) => {
    const e = await errorOf(saving.loadModel(at(path)));
    expect([e.code, e.message]).toEqual([code, expect.stringMatching(message)]);
    expect(e.message).toContain(at(path));
  });

  it('says so when the server cannot be reached', async () => {
    const e = await errorOf(saving.loadModel(await closedAddress()));
    expect(e.code).toBe('download-offline');
  });

  it('takes no more than it may', async () => {
    const e = await errorOf(saving.loadModel(at('endless'), { maxBytes: 10 ** 6 }));
    expect(e.code).toBe('file-too-large');
    const long = await errorOf(saving.loadModel(at('m.keras'), { maxBytes: 1000 }));
    expect(long.code).toBe('file-too-large');
  });

  it('refuses what is no source', async () => {
    for (const source of [null, undefined, 3, {}, []]) {
      const e = await errorOf(saving.loadModel(source as never));
      expect(e.message).toMatch(/received/);
    }
    const text = await errorOf(saving.loadModel(Readable.from(['text'])));
    expect(text.message).toMatch(/bytes/);
    const ftp = await errorOf(saving.loadModel(new URL('ftp://example.org/m.keras')));
    expect(ftp.code).toBe('download-input');
  });

  it('a stream that fails says what failed', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 10);
      throw new Error('the cable was pulled');
    }
    const e = await errorOf(saving.loadModel(failing()));
    expect([e.code, e.message]).toEqual(['file-unreadable', expect.stringMatching(/cable/)]);
  });
});

describe('loadWeights', () => {
  it('takes them from addresses, blobs and streams, whatever they are called', async () => {
    for (const source of [at('w'), new Blob([weights as never]), pieces(weights, 99)]) {
      const other = network();
      await other.loadWeights(source);
      expect(numbers(other)).toBe(numbers(model));
    }
    const e = await errorOf(network().loadWeights(at('page')));
    expect([e.code, e.message]).toEqual(['extension', expect.stringMatching(/<!doctype/)]);
  });
});

describe('saving', () => {
  const collect = (): { chunks: Uint8Array[]; closed: () => boolean; web: WritableStream } => {
    const chunks: Uint8Array[] = [];
    let closed = false;
    const web = new WritableStream<Uint8Array>({
      write: (c) => void chunks.push(c),
      close() {
        closed = true;
      },
    });
    return { chunks, closed: () => closed, web };
  };

  it('goes to streams of both kinds and to file handles', async () => {
    const { chunks, closed, web } = collect();
    await model.save(web);
    expect(closed()).toBe(true);
    expect(numbers(await saving.loadModel(Buffer.concat(chunks)))).toBe(numbers(model));
    const path = join(dir, 'by-stream.keras');
    await saving.saveModel(model, createWriteStream(path));
    expect((await stat(path)).size).toBe(bytes.length);
    expect(numbers(await saving.loadModel(path))).toBe(numbers(model));
    const handle = collect();
    await model.saveWeights(
      { createWritable: async () => handle.web },
      { extension: '.weights.h5' },
    );
    const other = network();
    await other.loadWeights(Buffer.concat(handle.chunks));
    expect(numbers(other)).toBe(numbers(model));
  });

  it('goes to file: URLs', async () => {
    await model.save(pathToFileURL(join(dir, 'url.keras')));
    expect(await readdir(dir)).toContain('url.keras');
    const e = await errorOf(model.save(pathToFileURL(join(dir, 'url.zip'))));
    expect(e.code).toBe('extension');
  });

  it('says what is wrong', async () => {
    const web = await errorOf(model.save(at('m.keras')));
    expect([web.code, web.message]).toEqual([
      'file-unwritable',
      expect.stringMatching(/encodeModel/),
    ]);
    const broken = new WritableStream({
      write() {
        throw new Error('full to the brim');
      },
    });
    const e = await errorOf(model.save(broken));
    expect([e.code, e.message]).toEqual(['file-unwritable', expect.stringMatching(/brim/)]);
    const node = new Writable({ write: (_c, _e, done) => done(new Error('no more')) });
    expect((await errorOf(model.save(node))).message).toMatch(/no more/);
    expect((await errorOf(model.save(createWriteStream(join(dir, 'no', 'folder'))))).code).toBe(
      'file-unwritable',
    );
    expect((await errorOf(model.save(3 as never))).message).toMatch(/received number/);
  });
});

it('a file beside another is found where that lies', async () => {
  await writeFile(join(dir, 'a'), 'A');
  await writeFile(join(dir, 'b'), 'B');
  const opened = await openSource('test', join(dir, 'a'));
  expect(await opened.beside('b', 1)).toEqual(new Uint8Array(await readFile(join(dir, 'b'))));
  expect((await errorOf(opened.beside('c', 1))).code).toBe('file-not-found');
  expect((await errorOf(opened.beside('b', 0))).code).toBe('file-too-large');
});
