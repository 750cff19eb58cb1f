/** A set of shards over another: wherever the writer is killed or the disk is full, one of them is whole. */
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { isHdf5 } from '../../formats/hdf5/index.ts';
import * as keras from '../index.ts';

// After so many changes of the disk there is no other, of that file system's kinds or of any.
const disk = vi.hoisted(() => ({
  left: Number.POSITIVE_INFINITY,
  full: false,
  log: [] as string[],
}));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  const change = async (what: string, frees = false): Promise<void> => {
    // A full disk still lets files be renamed and removed.
    if (disk.full && frees) return;
    if (disk.left <= 0)
      throw Object.assign(new Error(what), { code: disk.full ? 'ENOSPC' : 'EIO' });
    disk.left--;
    disk.log.push(what);
  };
  return {
    ...real,
    async open(path: string, flags: string) {
      if (!flags.startsWith('w')) return real.open(path, flags);
      await change('create');
      const file = await real.open(path, flags);
      file.writeFile = async (data) => {
        await file.write((data as Uint8Array).subarray(0, 3));
        await change('write');
        await file.write((data as Uint8Array).subarray(3));
      };
      return file;
    },
    async rename(from: string, to: string) {
      await change('rename', true);
      return real.rename(from, to);
    },
    async rm(path: string, o: object) {
      await change('remove', true);
      return real.rm(path, o);
    },
  };
});

const { layers } = keras;
const network = (): keras.Sequential =>
  keras.sequential([layers.dense(6, { inputShape: [5] }), layers.dense(4), layers.dense(2)]);
const values = (m: keras.Model): string =>
  m
    .getWeights()
    .map((t) => t.dataSync().join())
    .join(';');
const o = { maxShardSize: 130 / 2 ** 30 };

let dir: string;
let path: string;
beforeEach(async () => {
  setBackend('wasm', { threads: 1 });
  dir = await fs.mkdtemp(join(tmpdir(), 'gradloom-overwrite-'));
  path = join(dir, 'x.weights.json');
});
afterEach(async () => {
  Object.assign(disk, { left: Number.POSITIVE_INFINITY, full: false, log: [] });
  await fs.rm(dir, { recursive: true, force: true });
});
const loaded = async (): Promise<string> => {
  const m = network();
  await m.loadWeights(path);
  return values(m);
};
const listed = async (): Promise<string[]> => {
  const { weight_map } = JSON.parse(await fs.readFile(path, 'utf8'));
  return [...new Set(Object.values(weight_map as Record<string, string[]>).flat())].sort();
};

describe('shards over shards', () => {
  it('have names of their own, and leave none of the old ones but what Keras opens', async () => {
    const models = [network(), network(), network(), network()];
    const sets: string[][] = [];
    for (const m of models) {
      await m.saveWeights(path, o);
      expect(await loaded()).toBe(values(m));
      sets.push(await listed());
      const files = (await fs.readdir(dir)).filter((f) => f.endsWith('.h5')).sort();
      expect(files).toEqual([...new Set(['x_00000.weights.h5', ...sets.at(-1)!])].sort());
      expect(isHdf5(await fs.readFile(join(dir, 'x_00000.weights.h5')))).toBe(true);
    }
    expect(sets[0]).toEqual([0, 1, 2].map((i) => `x_0000${i}.weights.h5`));
    expect(sets[1]).toEqual([3, 4, 5].map((i) => `x_0000${i}.weights.h5`));
    expect([sets[2], sets[3]]).toEqual([sets[0], sets[1]]);
  });

  it('take the place of a list that is none', async () => {
    await fs.writeFile(path, '{"weight_map": 3}');
    const m = network();
    await m.saveWeights(path, o);
    expect(await loaded()).toBe(values(m));
  });

  it.each([
    ['killed', false],
    ['full', true],
  ])('are one set or the other, whenever the disk is %s', async (_, full) => {
    const [old, next] = [network(), network()];
    await old.saveWeights(path, o);
    disk.log = [];
    await next.saveWeights(path, o);
    const changes = disk.log.length;
    expect(changes).toBeGreaterThan(12);
    const found: string[] = [];
    for (let at = 0; at <= changes; at++) {
      // From the names of a first set and from those of a second.
      for (const times of [1, 2]) {
        await fs.rm(dir, { recursive: true, force: true });
        for (let i = 0; i < times; i++) await old.saveWeights(path, o);
        Object.assign(disk, { left: at, full, log: [] });
        const error = await next.saveWeights(path, o).then(
          () => undefined,
          (e) => e,
        );
        disk.left = Number.POSITIVE_INFINITY;
        const now = await loaded();
        expect([values(old), values(next)]).toContain(now);
        if (error) {
          expect(error.code).toBe(full ? 'disk-full' : 'file-unwritable');
          expect(now).toBe(values(old));
        } else expect(now).toBe(values(next));
        found.push(now === values(old) ? 'old' : 'new');
        // And whatever was left over is in nobody's way.
        await next.saveWeights(path, o);
        expect(await loaded()).toBe(values(next));
      }
    }
    expect(found).toContain('old');
    expect(found.at(-1)).toBe('new');
  });
});
