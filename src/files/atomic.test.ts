/** What is left on the disk when writing goes wrong. */
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { removeFiles, removeUnfinished, writeAtomically } from './atomic.node.ts';

// A disk that is full after a few bytes: the files opened for writing take no more.
const disk = vi.hoisted(() => ({ full: undefined as string | undefined }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  const fails = (): Promise<never> =>
    Promise.reject(Object.assign(new Error(disk.full), { code: disk.full }));
  const open = async (path: string, flags: string): Promise<fs.FileHandle> => {
    const file = await real.open(path, flags);
    if (disk.full && flags.startsWith('w'))
      file.writeFile = async (data) => {
        await file.write((data as Uint8Array).subarray(0, 3));
        return fails();
      };
    return file;
  };
  return { ...real, open };
});

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await fs.mkdtemp(join(tmpdir(), 'gradloom-atomic-'));
  path = join(dir, 'file');
});
afterEach(async () => {
  disk.full = undefined;
  await fs.rm(dir, { recursive: true, force: true });
});
const text = (p: string): Promise<string> => fs.readFile(p, 'utf8');
const write = (s: string, previous?: string): Promise<void> =>
  writeAtomically(path, Buffer.from(s), { who: 'test', previous });

describe('writeAtomically', () => {
  it('replaces a file, or keeps it under another name', async () => {
    await write('one');
    await write('two');
    expect(await text(path)).toBe('two');
    await write('three', `${path}.old`);
    expect([await text(path), await text(`${path}.old`)]).toEqual(['three', 'two']);
    expect((await fs.readdir(dir)).length).toBe(2);
  });

  it.each(['ENOSPC', 'EDQUOT'])('%s leaves what was there, and nothing else', async (code) => {
    await write('one');
    disk.full = code;
    const e = await write('two', `${path}.old`).catch((e) => e);
    expect(e).toMatchObject({ code: 'disk-full', facts: { path, reason: code } });
    expect(e.message).toMatch(/no space left .*still whole/);
    expect(await text(path)).toBe('one');
    expect(await fs.readdir(dir)).toEqual(['file']);
  });

  it('says what is wrong with a path', async () => {
    await write('one');
    const below = writeAtomically(join(path, 'x'), Buffer.from(''), { who: 'test' });
    await expect(below).rejects.toMatchObject({ code: 'file-unwritable' });
    await fs.mkdir(join(dir, 'folder'));
    const folder = writeAtomically(join(dir, 'folder'), Buffer.from(''), { who: 'test' });
    await expect(folder).rejects.toThrow(/It is a folder/);
    expect((await fs.readdir(dir)).sort()).toEqual(['file', 'folder']);
  });

  it('sweeps up after killed processes, and after itself', async () => {
    await write('one');
    await fs.writeFile(`${path}.123-abc.tmp`, 'half');
    await fs.writeFile(join(dir, 'other.tmp'), 'not ours');
    await removeUnfinished(dir, ['file']);
    expect((await fs.readdir(dir)).sort()).toEqual(['file', 'other.tmp']);
    await removeFiles(dir, ['file', 'missing']);
    expect(await fs.readdir(dir)).toEqual(['other.tmp']);
    await fs.rm(join(dir, 'other.tmp'));
    await removeFiles(dir, ['file']);
    await expect(fs.readdir(dir)).rejects.toThrow('ENOENT');
  });
});
