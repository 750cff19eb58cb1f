import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Progbar, type ProgbarOptions } from './progbar.ts';

type Update = [dt: number, current: number, values: [string, number | string][], finalize: boolean];
interface Bar {
  target: number | null;
  verbose: 1 | 2;
  unit: string;
  stateful: string[] | null;
  updates: Update[];
  text: string;
}
// Real Keras, written to a terminal: see scripts/goldens/keras_engine.py.
const goldens = JSON.parse(
  readFileSync(new URL('../../../test/goldens/console.json', import.meta.url), 'utf8'),
) as { bars: Bar[] };

function draw(b: Bar, o: ProgbarOptions & { live?: boolean; color?: boolean } = {}): string {
  const { live = true, color = true, ...rest } = o;
  let written = '';
  let now = 100;
  const bar = new Progbar(b.target, {
    verbose: b.verbose,
    unitName: b.unit,
    ...(b.stateful && { statefulMetrics: b.stateful }),
    output: {
      live,
      color,
      write: (s) => {
        written += s;
      },
    },
    now: () => now,
    ...rest,
  });
  for (const [dt, current, values, finalize] of b.updates) {
    now += dt;
    bar.update(
      current,
      values.map(([k, v]): [string, number] => [k, Number(v)]),
      finalize,
    );
  }
  return written;
}

describe('Progbar writes what Keras writes', () => {
  for (const b of goldens.bars) {
    // Where the number of steps never becomes known, Keras's verbose 2 prints nothing.
    if (b.target === null && b.verbose === 2) continue;
    it(`${b.target} steps, verbose ${b.verbose}: ${b.updates.length} updates`, () => {
      // Backspaces before the carriage return move the cursor no further.
      expect(draw(b)).toBe(b.text.replaceAll('\b', ''));
    });
  }
});

describe('Progbar', () => {
  const [bar] = goldens.bars;
  it('prints finished lines only where lines cannot be redrawn', () => {
    expect(draw(bar, { live: false, color: false })).toBe(
      '938/938 ━━━━━━━━━━━━━━━━━━━━ 4s 2ms/step - accuracy: 0.9123 - loss: 3.1000e-04\n',
    );
  });
  it('leaves out colours when asked to', () => {
    expect(draw(bar, { color: false })).not.toContain('\x1b');
  });
  it('says nothing at verbose 0', () => {
    expect(draw(bar, { verbose: 0 })).toBe('');
  });
  it('ends by itself when add reaches the target', () => {
    let written = '';
    const write = (s: string): void => {
      written += s;
    };
    const p = new Progbar(2, {
      output: { live: false, color: false, write },
      now: () => 0,
    });
    p.add(1, [['loss', 1]]);
    expect(written).toBe('');
    p.add(1, [['loss', 3]]);
    expect(written).toMatch(/^2\/2 ━+ 0s 0s\/step - loss: 3.0000\n$/);
  });
  it('refuses options it does not know', () => {
    expect(() => new Progbar(1, { unitname: 'x' } as object)).toThrow(
      /unitname.*Did you mean "unitName"/,
    );
    expect(() => new Progbar(1, { statefulMetrics: [], statelessMetrics: [] })).toThrow(/only one/);
  });
});
