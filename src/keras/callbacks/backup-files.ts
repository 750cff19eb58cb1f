/** The files of BackupAndRestore: in a folder, or in the browser. */
import { GradloomError } from '../../errors.ts';
import { partsOf } from '../../files/places.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import { checkSeal, encodeSealed } from '../saving/seal.ts';
import { packState, unpackState } from '../saving/state-tree.ts';
import type { RunState } from '../training/run-state.ts';

/** Where two files lie: the latest backup and the one before. */
interface Shelf {
  /** For messages. */
  path(name: string): string;
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces the latest in one step; with `double` it becomes the one before. */
  write(bytes: Uint8Array, double: boolean): Promise<void>;
  remove(): Promise<void>;
}

const who = 'BackupAndRestore';
const latest = 'latest.safetensors';
const previous = 'previous.safetensors';
const key = 'gradloom_run';

const names: readonly string[] = [latest, previous];

async function inFolder(dir: string): Promise<Shelf> {
  const { readWhole, removeFiles, removeUnfinished, writeAtomically } = await import(
    '../../files/atomic.node.ts'
  );
  const path = (name: string): string => `${dir.replace(/[/\\]+$/, '')}/${name}`;
  return {
    path,
    async read(name) {
      // A process that was killed while it wrote has left what it had.
      await removeUnfinished(dir, names);
      return readWhole(path(name));
    },
    write: (bytes, double) =>
      writeAtomically(path(latest), bytes, { who, previous: double ? path(previous) : undefined }),
    remove: () => removeFiles(dir, names),
  };
}

async function inBrowser(dir: string): Promise<Shelf> {
  const { inIndexedDb, removeSaved } = await import('../../files/indexed-db.ts');
  const at = (name: string): ReturnType<typeof inIndexedDb> => inIndexedDb(who, `${dir}/${name}`);
  const path = (name: string): string => `indexeddb://${dir}/${name}`;
  return {
    path,
    read: (name) => at(name).read(),
    async write(bytes, double) {
      const before = double ? await at(latest).read() : undefined;
      if (before) await at(previous).write(before);
      await at(latest).write(bytes);
    },
    async remove() {
      for (const name of names) if (await at(name).exists()) await removeSaved(path(name));
    },
  };
}

function shelfOf(dir: string): Promise<Shelf> {
  const parts = partsOf(dir);
  return parts ? inBrowser(parts.name) : inFolder(dir);
}

export async function saveBackup(dir: string, state: RunState, double: boolean): Promise<void> {
  const { json, arrays } = await packState(state);
  const shelf = await shelfOf(dir);
  await shelf.write(await encodeSealed(arrays, [[key, json]]), double);
}

/** The newest backup that is whole, undefined when there is none. Throws `backup` when none is whole. */
export async function loadBackup(dir: string): Promise<RunState | undefined> {
  const shelf = await shelfOf(dir);
  const newest = await read(shelf, latest);
  if (newest !== undefined && !(newest instanceof GradloomError)) return newest;
  const older = await read(shelf, previous);
  if (older === undefined || older instanceof GradloomError) {
    const damaged = newest ?? older;
    if (damaged === undefined) return undefined;
    throw new GradloomError(
      'backup',
      `${who} cannot go on: ${damaged.message} There is no older backup${older ? ' that is whole' : ' (doubleCheckpoint keeps one)'}. Delete ${dir} to begin anew.`,
      { dir },
      { cause: damaged },
    );
  }
  if (newest)
    console.warn(
      `${who}: ${newest.message} Training goes on from the backup before it, ${shelf.path(previous)}.`,
    );
  return older;
}

/** The error itself for a file that is damaged. */
async function read(shelf: Shelf, name: string): Promise<RunState | GradloomError | undefined> {
  const path = shelf.path(name);
  try {
    const bytes = await shelf.read(name);
    if (!bytes) return undefined;
    await checkSeal(bytes, path);
    const { tensors: arrays, metadata } = decodeSafetensors(bytes, { name: path });
    const json = metadata.get(key);
    const state = json === undefined ? undefined : (unpackState({ json, arrays }) as RunState);
    if (state?.version === 1) return state;
    return new GradloomError('backup', `${path} is no backup that this version can read.`, {
      path,
    });
  } catch (e) {
    if (e instanceof GradloomError) return e;
    throw e;
  }
}

/** Removes the files, and the folder if there is nothing else in it. */
export async function deleteBackup(dir: string): Promise<void> {
  await (await shelfOf(dir)).remove();
}
