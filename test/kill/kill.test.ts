/** A process that is killed while it trains, again and again, ends as one that is not: bit for bit. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Another backend: KILL_BACKEND=native. */
const backend = process.env.KILL_BACKEND ?? 'wasm';
const script = fileURLToPath(new URL('./train.ts', import.meta.url));
let dir: string;
const children = new Set<ChildProcess>();
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gradloom-kill-'));
});
afterAll(() => {
  for (const c of children) c.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

interface Outcome {
  /** Batches that have been run. */
  readonly batches: number;
  readonly killed: boolean;
  readonly result: unknown;
  readonly errors: string;
}

/** Trains; after so many batches, and a moment, the process is killed. */
function train(folder: string, after = Number.POSITIVE_INFINITY, wait = 0): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions', 'gradloom-source', script, join(dir, folder), backend],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    children.add(child);
    let [out, errors, batches] = ['', '', 0];
    child.stderr.on('data', (text) => {
      errors += text;
    });
    child.stdout.on('data', (chunk) => {
      const text = String(chunk);
      out += text;
      const before = batches;
      batches += text.split('\n')[0].replace(/[^.]/g, '').length;
      if (before < after && batches >= after) setTimeout(() => child.kill('SIGKILL'), wait);
    });
    child.on('close', (_, signal) => {
      children.delete(child);
      const line = out.split('\n')[1];
      const result: unknown = signal ? undefined : JSON.parse(line || 'null');
      done({ batches, killed: signal === 'SIGKILL', result, errors });
    });
  });
}

it('killed at any moment and started again, training ends with the same weights', async () => {
  const whole = train('whole');
  let batches = 0;
  const killed: string[] = [];
  for (let k = 0; k < 2; k++) {
    const [after, wait] = [5 + Math.floor(Math.random() * 60), Math.random() * 8];
    const run = await train('killed', after, wait);
    expect(run.errors).toBe('');
    expect(run.killed).toBe(true);
    batches += run.batches;
    killed.push(`after ${run.batches} batches and ${wait.toFixed(1)} ms`);
  }
  const last = await train('killed');
  const expected = await whole;
  expect([last.errors, expected.errors]).toEqual(['', '']);
  expect(expected.batches).toBe(12 * 15);
  // Little was done twice, and nothing left out: a kill costs those since the last
  // backup, and twice as many when it fell into the writing of one.
  const again = batches + last.batches - expected.batches;
  expect(again, killed.join(', ')).toBeGreaterThanOrEqual(-2);
  expect(again, killed.join(', ')).toBeLessThanOrEqual(8);
  expect(last.result, `killed ${killed.join(', ')}`).toEqual(expected.result);
  expect(readdirSync(dir)).toEqual([]);
});
