/** Copies that turn rows into columns, compiled and run, against the interpreter. */
import { describe, expect, it } from 'vitest';
import { printC } from '../../codegen/c/printer.ts';
import { binary, constant, int, load } from '../../expr/expr.ts';
import { iadd, imulc } from '../../expr/index-math.ts';
import { NativeBackend } from './backend.ts';
import { loadRuntime } from './runtime.ts';
import { compilers, differences, loop, ProgramBuilder, store } from './testing.ts';

interface Shape {
  readonly width: number;
  readonly depth: number;
  readonly row: number;
  readonly step: number;
}

function copy(p: ProgramBuilder, input: number, s: Shape): void {
  const length = 7 + s.depth * s.step;
  const out = p.output('float32', length);
  p.kernel([
    loop(length, (i) => [store(out, 'float32', i, constant('float32', -1))]),
    loop(
      s.depth,
      (k) => [
        loop(s.width, (r) => {
          const from = iadd(iadd(imulc(r, s.row), k), int(11));
          const to = iadd(iadd(imulc(k, s.step), r), int(5));
          return [store(out, 'float32', to, load(input, 'float32', from))];
        }),
      ],
      false,
    ),
  ]);
}

const data = Float32Array.from({ length: 4000 }, (_, i) => ((i * 7919) % 4001) - 2000);
const turned: Shape[] = [4, 8, 12, 32].flatMap((width) =>
  [4, 7, 16, 37, 64].flatMap((depth) => [
    { width, depth, row: depth, step: width },
    { width, depth, row: 100, step: width + 3 },
  ]),
);

describe.each(compilers())('transposing copies compiled by %s', (cc) => {
  const backend = new NativeBackend(loadRuntime({ cc }), { threads: 1 });

  it('move every element to its place and touch no other', () => {
    const p = new ProgramBuilder();
    const input = p.input(data);
    for (const s of turned) copy(p, input, s);
    const calls = printC(p.program(), backend.target).text.match(/^ *transpose_f32\(b/gm);
    expect(calls).toHaveLength(turned.length);
    const names = turned.map((s) => JSON.stringify(s));
    expect(differences(backend, p, 0, names)).toEqual([]);
  });

  it('are loops where they are something else', () => {
    const p = new ProgramBuilder();
    const input = p.input(data);
    const others: Shape[] = [
      { width: 6, depth: 16, row: 100, step: 6 },
      { width: 8, depth: 16, row: 1, step: 8 },
      { width: 8, depth: 3, row: 100, step: 8 },
    ];
    for (const s of others) copy(p, input, s);
    const out = p.output('float32', 128);
    const value = load(input, 'float32', int(0));
    p.kernel([
      loop(
        16,
        (k) => [
          loop(8, (r) => {
            const x = load(input, 'float32', iadd(imulc(r, 100), k));
            return [store(out, 'float32', iadd(imulc(k, 8), r), binary('mul', x, value))];
          }),
        ],
        false,
      ),
    ]);
    expect(printC(p.program(), backend.target).text).not.toContain('transpose_f32');
    expect(differences(backend, p)).toEqual([]);
  });
});
