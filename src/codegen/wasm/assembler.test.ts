import { describe, expect, it } from 'vitest';
import { Code, ModuleBuilder } from './assembler.ts';
import { listing } from './listing.ts';
import { makeFmod } from './runtime.ts';

function compiled(build: (m: ModuleBuilder) => void): Record<string, (...a: number[]) => number> {
  const m = new ModuleBuilder({ shared: false });
  build(m);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(m.finish()), {
    env: { memory },
  });
  return instance.exports as Record<string, (...a: number[]) => number>;
}

describe('Code', () => {
  it('writes integers of any size', () => {
    const values = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, -8192, 2 ** 31 - 1, -(2 ** 31)];
    const f = compiled((m) => {
      values.forEach((v, i) => {
        const g = m.function(`f${i}`, [], ['i32']);
        g.code.i32(v);
        m.export(`f${i}`, g);
      });
    });
    expect(values.map((_, i) => f[`f${i}`]())).toEqual(values);
  });

  it('takes offsets beyond 2 GiB', () => {
    const c = new Code();
    c.unsigned(2 ** 32 - 1);
    expect([...c.view()]).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  });

  it('writes floats exactly', () => {
    const values = [0, -0, 1.5, 1e-45, Number.POSITIVE_INFINITY, Number.NaN];
    const f = compiled((m) => {
      values.forEach((v, i) => {
        const g = m.function(`f${i}`, [], ['f32']);
        g.code.f32(v);
        m.export(`f${i}`, g);
        const h = m.function(`d${i}`, [], ['f64']);
        h.code.f64(v);
        m.export(`d${i}`, h);
      });
    });
    expect(values.map((_, i) => f[`f${i}`]())).toEqual(values.map(Math.fround));
    expect(values.map((_, i) => f[`d${i}`]())).toEqual(values);
  });
});

describe('listing', () => {
  it('shows instructions with their operands', () => {
    const m = new ModuleBuilder({ shared: false });
    const f = m.function('twice', ['i32'], ['i32']);
    f.code.get(0);
    f.code.if('i32');
    f.code.get(0);
    f.code.memory('i32.load', 16, 2);
    f.code.op('else');
    f.code.i32(-7);
    f.code.op('end');
    expect(listing(m)).toBe(
      [
        'func 0 $twice (i32) -> (i32) locals 0',
        '  local.get 0',
        '  if (result)',
        '    local.get 0',
        '    i32.load offset=16',
        '  else',
        '    i32.const -7',
        '  end',
      ].join('\n'),
    );
  });
});

describe('fmod', () => {
  it('is exact', () => {
    const { fmod } = compiled((m) => m.export('fmod', makeFmod(m)));
    const values = [
      0,
      -0,
      1,
      -1,
      0.1,
      -0.3,
      7,
      1e300,
      -1e300,
      1.7976931348623157e308,
      5e-324,
      -5e-324,
      1e-308,
      2.2250738585072014e-308,
      3,
      1 / 3,
      123456789.123,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ];
    for (const x of values)
      for (const y of values) expect([x, y, fmod(x, y)]).toEqual([x, y, x % y]);
  });
});
