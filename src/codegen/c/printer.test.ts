/** The text of generated C: what a reader sees, and what must not change from run to run. */
import { describe, expect, it } from 'vitest';
import { loop, ProgramBuilder, store } from '../../backends/native/testing.ts';
import type { CpuTarget } from '../../compiler/program.ts';
import {
  binary,
  compare,
  constant,
  convert,
  type Expr,
  guard,
  int,
  load,
  select,
  unary,
  variable,
} from '../../expr/expr.ts';
import { iadd, imulc } from '../../expr/index-math.ts';
import { literal } from './prelude.ts';
import { printC } from './printer.ts';

const target: CpuTarget = {
  name: 'native',
  lanes: 16,
  tileRows: 12,
  tileCols: 32,
  parallelThreshold: 1000,
};
const f = (v: number): Expr => constant('float32', v);
const print = (p: ProgramBuilder): string => printC(p.program(), target).text;
/** The lines of the first kernel's body, without indentation. */
const body = (p: ProgramBuilder): string[] => {
  const lines = print(p).split('\n');
  const start = lines.findIndex((l) => l.startsWith('static __attribute__((noinline)) void k0('));
  return lines.slice(start + 1, lines.indexOf('}', start)).map((l) => l.trim());
};

function rows(): ProgramBuilder {
  const p = new ProgramBuilder();
  const a = p.input(new Float32Array(60));
  const out = p.output('float32', 60);
  p.kernel([
    loop(
      6,
      (r) => [
        loop(10, (c) => {
          const at = iadd(imulc(r, 10), c);
          const scale = unary('sqrt', load(a, 'float32', r));
          const x = binary('mul', load(a, 'float32', at), scale);
          return [store(out, 'float32', at, binary('add', binary('mul', x, x), scale))];
        }),
      ],
      false,
    ),
  ]);
  return p;
}

describe('printed C', () => {
  it('names a shared value once, where its operands live', () => {
    expect(body(rows())).toEqual([
      'const f32 *restrict const b0 = t[0]; // input 0, float32[60]',
      'f32 *restrict const b1 = t[1]; // output 0, float32[60]',
      'for (i32 i0 = 0; i0 < 6; i0++) {',
      'const f32 x3 = __builtin_sqrtf(b0[i0]);',
      '#pragma omp simd',
      'for (i32 i1 = 0; i1 < 10; i1++) {',
      'const i32 n2 = i0 * 10 + i1;',
      'const f32 x4 = b0[n2] * x3;',
      'b1[n2] = x4 * x4 + x3;',
      '}',
      '}',
    ]);
  });

  it('does not depend on what was made before it', () => {
    const first = print(rows());
    for (let i = 0; i < 7; i++) variable('other');
    expect(print(rows())).toBe(first);
    expect(printC({ ...rows().program(), name: 'another' }, target).text).toBe(first);
  });

  it('reads both sides of a select, so that no branch is left', () => {
    const p = new ProgramBuilder();
    const a = p.input(new Float32Array(12));
    const b = p.input(new Float32Array(12));
    const out = p.output('float32', 12);
    p.kernel([
      loop(12, (i) => {
        const positive = compare('gt', load(a, 'float32', i), f(0));
        return [store(out, 'float32', i, select(positive, load(b, 'float32', i), f(0)))];
      }),
    ]);
    expect(body(p).slice(5)).toEqual([
      'const f32 x1 = b1[i0];',
      'b2[i0] = b0[i0] > 0.0f ? x1 : 0.0f;',
      '}',
    ]);
  });

  it('tells the processor to flush subnormal numbers, and to stop', () => {
    const flush = { ...rows().program(), flush: true };
    const text = printC(flush, target).text;
    expect(text.match(/ldmxcsr\(mode \| 0x8040\)/g)?.length).toBe(1);
    expect(text.match(/ldmxcsr\(mode\)/g)?.length).toBe(1);
    expect(print(rows())).not.toContain('mxcsr');
  });

  it('keeps a load under its guard, but not its index', () => {
    const p = new ProgramBuilder();
    const a = p.input(new Float32Array(10));
    const out = p.output('float32', 12);
    p.kernel([
      loop(12, (i) => {
        const j = iadd(i, int(-1));
        const inside = compare('lt', convert('uint32', j), constant('uint32', 10));
        return [store(out, 'float32', i, guard(inside, load(a, 'float32', j), f(0)))];
      }),
    ]);
    expect(body(p).slice(4)).toEqual([
      'const i32 n1 = i0 - 1;',
      'b1[i0] = (u32)n1 < 10u ? b0[n1] : 0.0f;',
      '}',
    ]);
  });

  it('does not take a load out of a loop that may not run, nor past a write to its memory', () => {
    const p = new ProgramBuilder();
    const a = p.input(new Int32Array(10));
    const out = p.output('float32', 10, undefined);
    const n = variable('n', 'int32');
    const outer = load(a, 'int32', load(a, 'int32', int(0)));
    const own = load(out, 'float32', int(0));
    p.kernel([
      { kind: 'let', variable: n, value: load(a, 'int32', int(1)) },
      {
        kind: 'for',
        index: variable('i', 'int32', 0, 9),
        start: int(0),
        extent: n,
        step: 1,
        vector: false,
        body: [store(out, 'float32', int(0), binary('add', own, convert('float32', outer)))],
      },
    ]);
    const lines = body(p);
    const start = lines.findIndex((l) => l.startsWith('for'));
    expect(lines.slice(start + 1, -1).join(' ')).toMatch(/b0\[b0\[0\]\]|b0\[n\d+\]/);
    expect(lines.slice(start + 1, -1).join(' ')).toMatch(/b1\[0\] = b1\[0\] \+/);
  });

  it('gives buffers over the same memory one pointer', () => {
    const p = new ProgramBuilder();
    const a = p.input(new Float32Array(4));
    const out = p.output('float32', 4, 0);
    p.kernel([
      loop(4, (i) => [store(out, 'float32', i, binary('mul', load(a, 'float32', i), f(2)))]),
    ]);
    const lines = body(p);
    expect(lines.filter((l) => l.includes('restrict')).length).toBe(1);
    expect(lines.at(-2)).toMatch(/^b0\[i0\] = b0\[i0\] \* 2\.0f;$/);
  });

  it('places barriers only where another thread may be concerned', () => {
    const p = new ProgramBuilder();
    const a = p.input(new Float32Array(100));
    const out = p.output('float32', 100);
    const copy = (i: Expr) => [store(out, 'float32', i, load(a, 'float32', i))];
    const shared = (): void => {
      const index = variable('p', 'int32', 0, 99);
      p.kernel(copy(index), { parallel: { index, extent: 100 }, cost: 5000 });
    };
    const alone = (): void => p.kernel([loop(100, copy)]);
    alone();
    alone();
    shared();
    shared();
    alone();
    alone();
    const { text, threaded } = printC(p.program(), target);
    const run = text.slice(text.indexOf('gradloom_run('));
    expect(threaded).toBe(true);
    expect(run.match(/sync\(team, thread\);|k\d(?=\()/g)).toEqual([
      'k0',
      'k1',
      'sync(team, thread);',
      'k2',
      'sync(team, thread);',
      'k3',
      'sync(team, thread);',
      'k4',
      'k5',
    ]);
    const single = new ProgramBuilder();
    single.kernel([]);
    expect(printC(single.program(), target).threaded).toBe(false);
  });

  it('writes constants that read back the same', () => {
    expect(literal('float32', Math.fround(0.1))).toBe('0.1f');
    expect(literal('float32', 16777216)).toBe('16777216.0f');
    expect(literal('float32', -0)).toBe('-0.0f');
    expect(literal('float32', Number.NEGATIVE_INFINITY)).toBe('-__builtin_inff()');
    expect(literal('float64', 1e21)).toBe('1e+21');
    expect(literal('float64', 0.1)).toBe('0.1');
    expect(literal('int32', -2147483648)).toBe('(-2147483647 - 1)');
    expect(literal('uint32', 4294967295)).toBe('4294967295u');
    expect(literal('bool', 1)).toBe('1');
    for (const v of [1e-45, 3.4028234663852886e38, 1 / 3, 123456.789]) {
      const text = literal('float32', Math.fround(v));
      expect(Math.fround(Number.parseFloat(text))).toBe(Math.fround(v));
    }
  });
});
