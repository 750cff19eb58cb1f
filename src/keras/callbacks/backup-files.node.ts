/** The files of BackupAndRestore. */
import { join } from 'node:path';
import { GradloomError } from '../../errors.ts';
import { decodeSafetensors } from '../../formats/safetensors.ts';
import {
  readWhole,
  removeFiles,
  removeUnfinished,
  writeAtomically,
} from '../saving/atomic.node.ts';
import { checkSeal, encodeSealed } from '../saving/seal.ts';
import { packState, unpackState } from '../saving/state-tree.ts';
import type { RunState } from '../training/run-state.ts';

const latest = 'latest.safetensors';
const previous = 'previous.safetensors';
const key = 'gradloom_run';

export async function saveBackup(dir: string, state: RunState, double: boolean): Promise<void> {
  const { json, arrays } = await packState(state);
  const bytes = await encodeSealed(arrays, [[key, json]]);
  await writeAtomically(join(dir, latest), bytes, {
    who: 'BackupAndRestore',
    previous: double ? join(dir, previous) : undefined,
  });
}

/** The newest backup that is whole, undefined when there is none. Throws `backup` when none is whole. */
export async function loadBackup(dir: string): Promise<RunState | undefined> {
  await removeUnfinished(dir, [latest, previous]);
  const newest = await read(join(dir, latest));
  if (newest !== undefined && !(newest instanceof GradloomError)) return newest;
  const older = await read(join(dir, previous));
  if (older === undefined || older instanceof GradloomError) {
    const damaged = newest ?? older;
    if (damaged === undefined) return undefined;
    throw new GradloomError(
      'backup',
      `BackupAndRestore cannot go on: ${damaged.message} There is no older backup${older ? ' that is whole' : ' (doubleCheckpoint keeps one)'}. Delete ${dir} to begin anew.`,
      { dir },
      { cause: damaged },
    );
  }
  if (newest)
    console.warn(
      `BackupAndRestore: ${newest.message} Training goes on from the backup before it, ${join(dir, previous)}.`,
    );
  return older;
}

/** The error itself for a file that is damaged. */
async function read(path: string): Promise<RunState | GradloomError | undefined> {
  try {
    const bytes = await readWhole(path);
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
export function deleteBackup(dir: string): Promise<void> {
  return removeFiles(dir, [latest, previous]);
}
