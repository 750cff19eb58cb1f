/**
 * Every reader of files on damaged files: a value or a GradloomError, quickly, within the budget. `npm run
 * fuzz` tries many more.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GoldenArray, numbersOf, readGoldens } from '../keras/testing.ts';
import { cases, changedJson, damaged, ends } from './fuzzing.ts';
import { gunzip } from './gzip.ts';
import { type H5Group, readHdf5 } from './hdf5/index.ts';
import { decodeIdx, encodeIdx } from './idx.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import { decodeNpz } from './npz.ts';
import { unpickle } from './pickle.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { untar } from './tar.ts';
import { encodeEvent } from './tfevents.ts';
import { decodeTfjsWeights } from './tfjs-weights.ts';
import { encodeTfRecord, readTfRecords } from './tfrecord.ts';
import { unzip, zip } from './zip.ts';

const maxBytes = 2 ** 22;
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));
const array = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3], dtype: 'float32' as const };
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const members: [string, Uint8Array][] = [
  ['a.txt', text('abc'.repeat(40))],
  ['b/c.npy', encodeNpy(array)],
];
const { archives } = readGoldens<{ archives: { gzip: string }[] }>('utils');
const tars = archives.map((a) => new Uint8Array(gunzipSync(Buffer.from(a.gzip, 'base64'))));
const h5 = readGoldens<{ good: Record<string, string>; refused: Record<string, string> }>('hdf5');
const legacy = readGoldens<{ models: { file: string }[] }>('legacy_h5').models[0].file;
const pickles = readGoldens<Record<'plain' | 'arrays', { file: GoldenArray }[]>>('pickles');

/** Headers with the checksums that they should have, so that damage gets further. */
function resealed(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const header = bytes.subarray(at, at + 512);
    if (new TextDecoder().decode(header.subarray(257, 262)) !== 'ustar') continue;
    header.fill(32, 148, 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.set(text(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  }
  return bytes;
}

/** Everything that there is in an HDF5 file. */
function visit(g: H5Group, depth = 0): void {
  void g.attributes;
  for (const name of g.names) {
    const x = g.get(name);
    if (x?.kind === 'group' && depth < 40) visit(x, depth + 1);
    if (x?.kind === 'dataset') {
      void x.attributes;
      if (/^\|[ST]/.test(x.type)) x.text();
      else if (!x.type.startsWith('|V')) x.read();
    }
  }
}

const manifest = [
  {
    paths: ['g1-1of2', 'sub/g1-2of2'],
    weights: [
      { name: 'kernel', shape: [3, 1], dtype: 'float32' },
      {
        name: 'q',
        shape: [2],
        dtype: 'float32',
        quantization: { dtype: 'uint8', min: -1, scale: 0.1 },
      },
      { name: 'n', shape: [], dtype: 'int32' },
    ],
  },
];

interface Reader {
  readonly name: string;
  readonly good: readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  read(bytes: Uint8Array): unknown;
  readonly runs?: number;
}

const readers: readonly Reader[] = [
  {
    name: 'ZIP',
    good: Promise.all([zip(members), zip(members, { store: true })]),
    read: (b) => unzip(b, { maxBytes }),
  },
  {
    name: 'npz',
    good: Promise.all([
      zip([['x.npy', encodeNpy(array)]]),
      zip([['x.npy', encodeNpy(array)]], { store: true }),
    ]),
    read: (b) => decodeNpz(b, { maxBytes }),
  },
  { name: 'npy', good: [encodeNpy(array)], read: (b) => decodeNpy(b, { maxBytes }) },
  { name: 'TAR', good: tars, read: (b) => untar(b) },
  { name: 'TAR with right checksums', good: tars, read: (b) => untar(resealed(b)) },
  {
    name: 'gzip',
    good: [gzipSync('abc'.repeat(100)), gzipSync('')].map((b) => new Uint8Array(b)),
    read: (b) => gunzip(b, { maxBytes }),
  },
  {
    name: 'IDX',
    good: [encodeIdx(Uint8Array.of(1, 2, 3, 4, 5, 6), [2, 3]), encodeIdx(Int16Array.of(7), [])],
    read: (b) => decodeIdx(b, { maxBytes }),
  },
  {
    name: 'safetensors',
    good: [encodeSafetensors([['a', array]], { metadata: [['k', 'v']] })],
    read: (b) => decodeSafetensors(b, { name: 'f', maxBytes }),
  },
  {
    name: 'HDF5',
    good: [...Object.values(h5.good), ...Object.values(h5.refused)]
      .map(bytesOf)
      .filter((b) => b.length < 40_000),
    read: (b) => visit(readHdf5(b, { maxBytes })),
  },
  {
    name: 'HDF5 of Keras 2',
    good: [new Uint8Array(gunzipSync(Buffer.from(legacy, 'base64')))],
    read: (b) => visit(readHdf5(b, { maxBytes })),
    runs: 300,
  },
  {
    name: 'pickle',
    good: [...pickles.plain, ...pickles.arrays].map((p) => Uint8Array.from(numbersOf(p.file))),
    read: (b) => unpickle(b),
  },
  {
    name: 'TFRecord',
    good: [
      new Uint8Array(
        Buffer.concat([
          encodeTfRecord(text('abc')),
          encodeTfRecord(encodeEvent({ wallTime: 1, step: 2 } as never)),
        ]),
      ),
    ],
    read: (b) => [...readTfRecords(b)],
  },
  {
    name: 'weights of TF.js',
    good: [text(JSON.stringify(manifest))],
    read: (b) => {
      let json: unknown;
      try {
        json = JSON.parse(new TextDecoder().decode(b));
      } catch {
        return;
      }
      return decodeTfjsWeights(json, (_, atMost) => new Uint8Array(Math.min(atMost, 18)), {
        maxBytes,
      });
    },
  },
];

describe('damaged files', () => {
  it.each(readers)('$name: values or GradloomErrors, whatever bytes are changed', async (r) => {
    const good = await r.good;
    for (const g of good.filter((g) => g.length > 0)) await ends(() => r.read(g.slice()));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damaged(good), async (bytes) => {
        if (!(await ends(() => r.read(bytes)))) refused++;
      }),
      { numRuns: cases(r.runs ?? 1000) },
    );
    // Else the damage would have reached nothing.
    expect(refused).toBeGreaterThan(0);
  });
  it('weights of TF.js: whatever values are changed', async () => {
    await fc.assert(
      fc.asyncProperty(changedJson([manifest]), async (json) => {
        await ends(() =>
          decodeTfjsWeights(json, (_, atMost) => new Uint8Array(Math.min(atMost, 18)), {
            maxBytes,
          }),
        );
      }),
      { numRuns: cases(1000) },
    );
  });
});
