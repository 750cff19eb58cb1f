/** How many threads this process may keep busy. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** Beyond this, barriers cost more than another core brings to one training step. */
const most = 64;

export function defaultThreads(env: NodeJS.ProcessEnv = process.env): number {
  const asked = Number(env.GRADLOOM_THREADS);
  if (Number.isInteger(asked) && asked >= 1) return Math.min(asked, 1024);
  const cores = availableParallelism?.() ?? cpus().length;
  return Math.max(1, Math.min(cores, quota(), most));
}

/** A container's share of processor time, in cores: threads that wait by spinning must fit in it. */
function quota(): number {
  try {
    const [max, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'latin1').trim().split(' ');
    if (max !== 'max') return Math.max(1, Math.floor(Number(max) / Number(period)));
  } catch {
    // No control groups here.
  }
  return Number.POSITIVE_INFINITY;
}
