/** Vector loops of every shape: strides, lengths, guards, sums, what depends on what. */
import { describe, expect, it } from 'vitest';
import { differences, loop, ProgramMaker, store } from '../../backends/wasm/testing.ts';
import type { Stmt } from '../../compiler/loopnest.ts';
import {
  type BinaryOp,
  binary,
  compare,
  constant,
  convert,
  type Expr,
  guard,
  int,
  load,
  type Scalar,
  select,
  toInt,
  unary,
  variable,
} from '../../expr/expr.ts';
import { clampIndex, iadd, idivc, imodc, imulc, isub } from '../../expr/index-math.ts';

const numbers = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 8 - 5);
const whole = (n: number): Int32Array =>
  Int32Array.from({ length: n }, (_, i) => ((i * 7919) % 61) - 20);
const f32 = (v: number): Expr => constant('float32', v);
const lengths = [1, 2, 3, 4, 5, 7, 8, 10, 12, 15, 16, 17, 31, 33, 64, 100, 130];

describe('vector loops', () => {
  it('of every length, whether it is known or not', () => {
    const p = new ProgramMaker();
    const x = p.input(numbers(200));
    const n = p.input(Int32Array.from([...lengths, 0, -3]));
    const names: string[] = [];
    for (const [k, extent] of [...lengths, 0, -3].entries()) {
      for (const start of [0, 3]) {
        const fixed = p.output('float32', 140);
        const counted = p.output('float32', 140);
        names.push(`${extent} from ${start}`, `${extent} from ${start}, counted`);
        const body = (out: number) => (i: Expr) => [
          store(out, 'float32', i, binary('mul', load(x, 'float32', iadd(i, int(2))), f32(3))),
        ];
        const clear = (out: number): Stmt =>
          loop(140, (i) => [store(out, 'float32', i, f32(0))], { vector: false });
        if (extent > 0) p.kernel([clear(fixed), loop(extent, body(fixed), { start })]);
        else p.kernel([clear(fixed)]);
        const count = load(n, 'int32', int(k));
        p.kernel([clear(counted), loop(134, body(counted), { start, extent: count })]);
      }
    }
    expect(differences(p, 0, (i) => names[i])).toEqual([]);
  });

  it('with a start that is computed', () => {
    const p = new ProgramMaker();
    const x = p.input(numbers(128));
    const out = p.output('float32', 128);
    p.kernel([
      loop(
        8,
        (r) => [
          loop(
            16,
            (i) => [
              store(out, 'float32', i, binary('add', load(x, 'float32', i), convert('float32', i))),
            ],
            { start: imulc(r, 16) },
          ),
        ],
        { vector: false },
      ),
    ]);
    expect(differences(p)).toEqual([]);
  });

  it('over elements at any stride', () => {
    const positions: [string, (i: Expr) => Expr][] = [
      ['0', () => int(5)],
      ['1', (i) => i],
      ['1 ahead', (i) => iadd(i, int(7))],
      ['1 behind', (i) => iadd(i, int(-3))],
      ['2', (i) => imulc(i, 2)],
      ['-1', (i) => isub(int(60), i)],
      ['-2', (i) => isub(int(90), imulc(i, 2))],
      ['a half', (i) => idivc(i, 2)],
      ['modulo 5', (i) => imodc(i, 5)],
      ['clamped', (i) => clampIndex(iadd(i, int(-10)), 15)],
      ['looked up', (i) => clampIndex(load(1, 'int32', i), 99)],
      ['square', (i) => binary('mul', iadd(i, int(-3)), iadd(i, int(-3)))],
    ];
    for (const dtype of ['float32', 'float64', 'int32', 'uint8', 'bool'] as const) {
      const p = new ProgramMaker();
      const data =
        dtype === 'float32'
          ? numbers(1600)
          : dtype === 'float64'
            ? Float64Array.from(numbers(1600))
            : dtype === 'int32'
              ? whole(1600)
              : Uint8Array.from(whole(1600), (v) => (dtype === 'bool' ? v & 1 : v));
      const x = p.input(data, dtype);
      p.input(whole(100));
      const names: string[] = [];
      for (const [name, at] of positions) {
        const out = p.output(dtype, 100);
        names.push(`${dtype} at stride ${name}`);
        p.kernel([loop(30, (i) => [store(out, dtype, i, load(x, dtype, at(i)))], { start: 3 })]);
        const back = p.output(dtype, 1600);
        names.push(`${dtype} stored at stride ${name}`);
        // A loop whose iterations store to one place is not a vector loop.
        const vector = !['0', 'a half', 'modulo 5', 'clamped', 'looked up', 'square'].includes(
          name,
        );
        p.kernel([
          loop(30, (i) => [store(back, dtype, at(i), load(x, dtype, i))], { start: 3, vector }),
        ]);
      }
      // The interpreter leaves NaN bits where nothing is stored, and memory here holds anything.
      p.kernels.forEach((k, j) => {
        const out = j;
        const b = p.buffers.findIndex((d) => d.place.kind === 'output' && d.place.slot === out);
        const clear = loop(p.buffers[b].length, (i) => [
          store(b, dtype, i, constant(dtype === 'uint8' ? 'int32' : (dtype as Scalar), 0)),
        ]);
        p.kernels[j] = { ...k, body: [clear, ...k.body] };
      });
      expect(differences(p, 0, (i) => names[i])).toEqual([]);
    }
  });

  it('with values that do not move, each computed before the loop', () => {
    const p = new ProgramMaker();
    const x = p.input(numbers(64));
    const out = p.output('float32', 64);
    p.kernel([
      loop(
        4,
        (r) => [
          loop(16, (i) => {
            const still = binary('div', load(x, 'float32', r), f32(3));
            const flag = compare('lt', load(x, 'float32', iadd(r, int(1))), f32(0));
            const v = binary('mul', load(x, 'float32', i), still);
            return [store(out, 'float32', iadd(imulc(r, 16), i), select(flag, unary('neg', v), v))];
          }),
        ],
        { vector: false },
      ),
    ]);
    expect(differences(p)).toEqual([]);
  });

  it('that count', () => {
    const p = new ProgramMaker();
    const out = p.output('float32', 50);
    const ints = p.output('int32', 50);
    const doubles = p.output('float64', 50);
    p.kernel([
      loop(
        45,
        (i) => [
          store(out, 'float32', i, convert('float32', iadd(imulc(i, 3), int(1)))),
          store(ints, 'int32', i, binary('xor', binary('mul', i, i), int(12345))),
          store(
            doubles,
            'float64',
            i,
            binary('div', convert('float64', i), constant('float64', 7)),
          ),
        ],
        { start: 2 },
      ),
      ...[out, ints, doubles].map((b, k): Stmt => {
        const t = (['float32', 'int32', 'float64'] as const)[k];
        return loop(5, (i) => [
          store(b, t, select(compare('lt', i, int(2)), i, iadd(i, int(45))), constant(t, 0)),
        ]);
      }),
    ]);
    expect(differences(p)).toEqual([]);
  });
});

describe('guards in vector loops', () => {
  /** Whether 0 <= i - 10 < n. */
  const shifted = (i: Expr, n: number): [at: Expr, inside: Expr] => {
    const at = iadd(i, int(-10));
    return [at, binary('and', compare('ge', at, int(0)), compare('lt', at, int(n)))];
  };
  const cases: [string, (i: Expr, x: number) => Expr][] = [
    [
      'over loads that would trap elsewhere',
      (i, x) => {
        const [at, inside] = shifted(i, 1);
        return guard(inside, load(x, 'float32', imulc(at, 1 << 28)), f32(-1));
      },
    ],
    [
      'over something that does not move and would trap elsewhere',
      (i, x) => {
        const still = load(x, 'float32', int(3));
        const far = load(x, 'float32', binary('mul', toInt(still), int(1 << 27)));
        return guard(compare('gt', load(x, 'float32', i), f32(1e9)), far, still);
      },
    ],
    [
      'over a stretch of the lanes',
      (i, x) => {
        const [at, inside] = shifted(i, 20);
        return guard(inside, binary('add', load(x, 'float32', at), f32(1)), f32(0));
      },
    ],
    [
      'in one another',
      (i, x) => {
        const first = iadd(i, int(-10));
        const second = iadd(i, int(-25));
        const a = guard(compare('ge', first, int(0)), load(x, 'float32', first), f32(2));
        const b = guard(compare('ge', second, int(0)), load(x, 'float32', second), f32(9));
        return guard(compare('lt', i, int(23)), a, b);
      },
    ],
    [
      'without loads',
      (i) => guard(compare('lt', imodc(i, 3), int(1)), f32(4), convert('float32', i)),
    ],
    [
      'on data',
      (i, x) => {
        const v = load(x, 'float32', i);
        const far = binary('mul', i, int(1 << 24));
        return guard(compare('gt', v, f32(1e9)), load(x, 'float32', far), unary('sqrt', v));
      },
    ],
  ];
  it.each(cases)('%s', (_, value) => {
    const p = new ProgramMaker();
    const x = p.input(numbers(64));
    const out = p.output('float32', 43);
    p.kernel([loop(43, (i) => [store(out, 'float32', i, value(i, x))])]);
    expect(differences(p)).toEqual([]);
  });

  it('on a condition that all lanes share', () => {
    const p = new ProgramMaker();
    const x = p.input(numbers(64));
    const out = p.output('float32', 80);
    p.kernel([
      loop(
        4,
        (r) => [
          loop(20, (i) => {
            const inside = compare('lt', r, int(2));
            const far = iadd(imulc(r, 30), i);
            return [
              store(
                out,
                'float32',
                iadd(imulc(r, 20), i),
                guard(inside, load(x, 'float32', far), load(x, 'float32', i)),
              ),
            ];
          }),
        ],
        { vector: false },
      ),
    ]);
    expect(differences(p)).toEqual([]);
  });
});

describe('sums in vector loops', () => {
  const ops: BinaryOp[] = ['add', 'mul', 'min', 'max'];
  it.each(lengths)('of %i elements', (n) => {
    for (const t of ['float32', 'float64', 'int32', 'uint32'] as const) {
      const p = new ProgramMaker();
      const data =
        t === 'float32'
          ? numbers(n)
          : t === 'float64'
            ? Float64Array.from(numbers(n))
            : t === 'int32'
              ? whole(n)
              : Uint32Array.from(whole(n));
      const x = p.input(data);
      const all: BinaryOp[] = t === 'int32' || t === 'uint32' ? [...ops, 'and', 'or'] : ops;
      for (const op of all) {
        const out = p.output(t, 1);
        const sum = variable('sum', t);
        const scale = constant(t, op === 'mul' && (t === 'float32' || t === 'float64') ? 0.25 : 1);
        p.kernel([
          { kind: 'accum', variable: sum, init: constant(t, 2) },
          loop(n, (i) => [
            {
              kind: 'update',
              variable: sum,
              op: op as 'add',
              value: binary('mul', load(x, t, i), scale),
            },
          ]),
          store(out, t, int(0), sum),
        ]);
      }
      expect(differences(p, 1e-5, (i) => `${t} ${all[i]}`)).toEqual([]);
    }
  });

  it('of bools', () => {
    const p = new ProgramMaker();
    const x = p.input(
      Uint8Array.from({ length: 40 }, (_, i) => (i % 20 === 7 ? 0 : 1)),
      'bool',
    );
    for (const from of [0, 8, 21])
      for (const op of ['and', 'or'] as const)
        for (const flip of [true, false]) {
          const out = p.output('bool', 1);
          const sum = variable('all', 'bool');
          const v = (i: Expr): Expr => load(x, 'bool', iadd(i, int(from)));
          p.kernel([
            { kind: 'accum', variable: sum, init: constant('bool', op === 'and' ? 1 : 0) },
            loop(18, (i) => [
              { kind: 'update', variable: sum, op, value: flip ? unary('not', v(i)) : v(i) },
            ]),
            store(out, 'bool', int(0), sum),
          ]);
        }
    expect(differences(p)).toEqual([]);
  });

  it('of another width than the loop', () => {
    const p = new ProgramMaker();
    const x = p.input(whole(37));
    const out = p.output('float64', 37);
    const total = p.output('int32', 1);
    const sum = variable('sum', 'int32');
    p.kernel([
      { kind: 'accum', variable: sum, init: int(0) },
      loop(37, (i) => [
        { kind: 'update', variable: sum, op: 'add', value: load(x, 'int32', i) },
        store(
          out,
          'float64',
          i,
          unary('sqrt', unary('abs', convert('float64', load(x, 'int32', i)))),
        ),
      ]),
      store(total, 'int32', int(0), sum),
    ]);
    expect(differences(p)).toEqual([]);
  });

  it('keep NaN and infinities', () => {
    const p = new ProgramMaker();
    const data = numbers(50);
    data[13] = Number.NaN;
    data[37] = Number.NEGATIVE_INFINITY;
    const x = p.input(data);
    for (const from of [0, 20])
      for (const op of ops) {
        const out = p.output('float32', 1);
        const sum = variable('sum', 'float32');
        p.kernel([
          { kind: 'accum', variable: sum, init: f32(1) },
          loop(29, (i) => [
            {
              kind: 'update',
              variable: sum,
              op: op as 'add',
              value: load(x, 'float32', iadd(i, int(from))),
            },
          ]),
          store(out, 'float32', int(0), sum),
        ]);
      }
    expect(differences(p)).toEqual([]);
  });

  it('of rows and of columns, with scratch', () => {
    const p = new ProgramMaker();
    const x = p.input(Float32Array.from(whole(11 * 23)));
    const rows = p.output('float32', 11);
    const columns = p.output('float32', 23);
    const at = (r: Expr, c: Expr): Expr => load(x, 'float32', iadd(imulc(r, 23), c));
    p.kernel([
      loop(
        11,
        (r) => {
          const sum = variable('sum', 'float32');
          return [
            { kind: 'accum', variable: sum, init: f32(0) },
            loop(23, (c) => [{ kind: 'update', variable: sum, op: 'add', value: at(r, c) }]),
            store(rows, 'float32', r, sum),
          ];
        },
        { vector: false },
      ),
    ]);
    p.kernel(
      [
        loop(23, (c) => [store(-1, 'float32', c, f32(0))]),
        loop(
          11,
          (r) => [
            loop(23, (c) => {
              const old = variable('old', 'float32');
              return [
                { kind: 'let', variable: old, value: load(-1, 'float32', c) },
                store(-1, 'float32', c, binary('add', old, at(r, c))),
              ];
            }),
          ],
          { vector: false },
        ),
        loop(23, (c) => [store(columns, 'float32', c, load(-1, 'float32', c))]),
      ],
      { scratch: [{ dtype: 'float32', length: 23 }] },
    );
    expect(differences(p)).toEqual([]);
  });
});

describe('what is stored', () => {
  it('after all values have been computed may lie over them', () => {
    const p = new ProgramMaker();
    p.input(numbers(40));
    const out = p.output('float32', 40, 0);
    const second = p.output('float32', 40);
    const a = variable('a', 'float32');
    const b = variable('b', 'float32');
    p.kernel([
      loop(40, (i) => {
        const v = load(out, 'float32', i);
        return [
          { kind: 'let', variable: a, value: binary('mul', v, f32(2)) },
          { kind: 'let', variable: b, value: binary('add', v, f32(1)) },
          store(out, 'float32', i, a),
          store(second, 'float32', i, b),
        ];
      }),
    ]);
    expect(differences(p)).toEqual([]);
  });

  it('is seen by later loads of the same place', () => {
    for (const vector of [true, false]) {
      const p = new ProgramMaker();
      const out = p.output('float32', 20);
      const copy = p.output('float32', 20);
      p.kernel([
        loop(20, (i) => [store(out, 'float32', i, convert('float32', i))], { vector }),
        loop(
          20,
          (i) => {
            const v = load(out, 'float32', i);
            return [
              store(out, 'float32', i, binary('add', v, f32(10))),
              store(copy, 'float32', i, binary('mul', v, f32(2))),
            ];
          },
          { vector },
        ),
      ]);
      expect(differences(p)).toEqual([]);
    }
  });

  it('by one thread in a scratch array does not reach another', () => {
    const p = new ProgramMaker();
    const x = p.input(numbers(64));
    const out = p.output('float32', 64);
    const index = variable('p', 'int32', 0, 7);
    p.kernel(
      [
        loop(8, (i) => [
          store(-1, 'float32', i, load(x, 'float32', iadd(imulc(index, 8), i))),
          store(-2, 'float64', i, convert('float64', i)),
        ]),
        loop(8, (i) => [
          store(
            out,
            'float32',
            iadd(imulc(index, 8), i),
            binary(
              'mul',
              load(-1, 'float32', isub(int(7), i)),
              convert('float32', load(-2, 'float64', i)),
            ),
          ),
        ]),
      ],
      {
        parallel: { index, extent: 8 },
        scratch: [
          { dtype: 'float32', length: 8 },
          { dtype: 'float64', length: 8 },
        ],
      },
    );
    expect(differences(p)).toEqual([]);
  });
});

describe('other statements', () => {
  it('while, if and set', () => {
    const p = new ProgramMaker();
    const x = p.input(whole(30));
    const out = p.output('int32', 30);
    p.kernel([
      loop(
        30,
        (i) => {
          // Steps of the Collatz sequence, at most 50.
          const n = variable('n', 'int32');
          const steps = variable('steps', 'int32');
          const even = compare('eq', binary('and', n, int(1)), int(0));
          const going = binary('and', compare('gt', n, int(1)), compare('lt', steps, int(50)));
          return [
            { kind: 'accum', variable: n, init: unary('abs', load(x, 'int32', i)) },
            { kind: 'accum', variable: steps, init: int(0) },
            {
              kind: 'while',
              cond: going,
              body: [
                {
                  kind: 'if',
                  cond: even,
                  then: [{ kind: 'set', variable: n, value: binary('shr', n, int(1)) }],
                  otherwise: [
                    {
                      kind: 'set',
                      variable: n,
                      value: binary('add', binary('mul', n, int(3)), int(1)),
                    },
                  ],
                },
                { kind: 'update', variable: steps, op: 'add', value: int(1) },
              ],
            },
            store(out, 'int32', i, steps),
          ];
        },
        { vector: false },
      ),
    ]);
    expect(differences(p)).toEqual([]);
  });

  it('loops by more than one', () => {
    const p = new ProgramMaker();
    const out = p.output('int32', 48);
    p.kernel([
      loop(48, (i) => [store(out, 'int32', i, int(-1))]),
      loop(48, (i) => [store(out, 'int32', i, i)], { vector: false, step: 6 }),
      loop(9, (i) => [store(out, 'int32', i, imulc(i, 2))], { vector: false, step: 3, start: 30 }),
    ]);
    expect(differences(p)).toEqual([]);
  });

  it('constants and the arena', () => {
    const p = new ProgramMaker();
    const c = p.constant(numbers(25));
    const t = p.arena('float32', 25);
    const u = p.arena('float64', 25);
    const out = p.output('float64', 25);
    p.kernel([loop(25, (i) => [store(t, 'float32', i, unary('neg', load(c, 'float32', i)))])]);
    p.kernel([
      loop(25, (i) => [store(u, 'float64', i, convert('float64', load(t, 'float32', i)))]),
    ]);
    p.kernel([
      loop(25, (i) => [
        store(
          out,
          'float64',
          i,
          binary('mul', load(u, 'float64', isub(int(24), i)), constant('float64', 3)),
        ),
      ]),
    ]);
    expect(differences(p)).toEqual([]);
  });
});
