/** Real Keras, in a Python of its own: GRADLOOM_PYTHON, else python3. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const python = process.env.GRADLOOM_PYTHON ?? 'python3';
const script = fileURLToPath(new URL('keras_files.py', import.meta.url));

/** What the last line that Python prints says; undefined, and why, where there is no Python or Keras. */
export function askKeras<T>(...args: string[]): T | undefined {
  const run = spawnSync(python, [script, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (run.error) {
    console.log(
      `SKIPPED, nothing was compared: there is no ${python} (${run.error.message}). Set GRADLOOM_PYTHON.`,
    );
    return undefined;
  }
  if (run.status !== 0) throw new Error(run.stderr);
  const answer = JSON.parse(run.stdout.trim().split('\n').at(-1)!);
  if (answer.missing) {
    console.log(`SKIPPED, nothing was compared: ${python} has no ${answer.missing}.`);
    return undefined;
  }
  return answer as T;
}
