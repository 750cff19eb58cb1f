import { describe, expect, it } from 'vitest';
import { Trial } from './trial.ts';

/** The share of runs that are shared, when runs take so long. */
function share(trial: Trial, runs: number, together: () => number, alone: () => number): number {
  let n = 0;
  for (let i = 0; i < runs; i++) {
    if (trial.together) n++;
    trial.note(trial.together ? together() : alone());
  }
  return n / runs;
}

describe('Trial', () => {
  it('shares what gets faster by it', () => {
    const run = (): number => 1;
    expect(share(new Trial(), 10_000, run, () => 1.8)).toBeGreaterThan(0.98);
  });

  it('stays alone while help does harm, and notices when that is over', () => {
    const trial = new Trial();
    const alone = (): number => 1;
    let i = 0;
    const heldUp = (): number => (++i % 4 === 0 ? 5 : 0.6);
    expect(share(trial, 5000, heldUp, alone)).toBeLessThan(0.25);
    share(trial, 2000, () => 0.6, alone);
    expect(share(trial, 5000, () => 0.6, alone)).toBeGreaterThan(0.95);
  });

  it('is not misled by the first runs', () => {
    const trial = new Trial();
    let i = 0;
    const compiling = (): number => (++i < 40 ? 20 : 1);
    expect(share(trial, 5000, compiling, () => 1.8)).toBeGreaterThan(0.9);
  });
});
