/** Programs made by hand, compiled and run, against the interpreter. Many cases share a compilation. */
import { describe, expect, it } from 'vitest';
import type { Stmt } from '../../compiler/loopnest.ts';
import type { DType, TypedArray } from '../../dtype.ts';
import {
  binary,
  bitcast,
  bool,
  compare,
  constant,
  convert,
  type Expr,
  guard,
  int,
  load,
  type Scalar,
  scalarOf,
  select,
  toInt,
  unary,
  variable,
} from '../../expr/expr.ts';
import { iadd, imulc } from '../../expr/index-math.ts';
import { NativeBackend } from './backend.ts';
import { loadRuntime } from './runtime.ts';
import {
  compilers,
  differences,
  loop,
  ProgramBuilder,
  runProgram,
  store,
  upload,
} from './testing.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const specials = [0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, 3.7, -3.7, inf, -inf, nan, 1e-40, 1e38, -1e38];
const floats = [...specials, 2147483648, -2147483648, 4294967296, -5e9, 2147483520, 1e10, 7, 255.9];
const ints = [
  0, 1, -1, 2, -2, 7, -13, 31, 2147483647, -2147483648, 65536, -65536, 1000003, 255, 256,
];

/** Every pair of the values, so that lengths are odd and each meets each. */
function pairs(values: readonly number[]): [number[], number[]] {
  const a: number[] = [];
  const b: number[] = [];
  for (const x of values) {
    for (const y of values) {
      a.push(x);
      b.push(y);
    }
  }
  return [a, b];
}

const floatPairs = pairs(floats);
const intPairs = pairs(ints);
const data: Record<DType, [TypedArray, TypedArray]> = {
  float32: [Float32Array.from(floatPairs[0]), Float32Array.from(floatPairs[1])],
  float64: [Float64Array.from(floatPairs[0]), Float64Array.from(floatPairs[1])],
  int32: [Int32Array.from(intPairs[0]), Int32Array.from(intPairs[1])],
  uint32: [Uint32Array.from(intPairs[0]), Uint32Array.from(intPairs[1])],
  uint8: [Uint8Array.from(intPairs[0]), Uint8Array.from(intPairs[1])],
  bool: [Uint8Array.from([0, 0, 1, 1, 0]), Uint8Array.from([0, 1, 0, 1, 1])],
};
const storages = Object.keys(data) as DType[];

const isFloat = (t: Scalar): boolean => t === 'float32' || t === 'float64';

/** Each operation that a dtype has, as a function of two elements. */
function operations(t: Scalar): [string, (a: Expr, b: Expr) => Expr][] {
  const ops: [string, (a: Expr, b: Expr) => Expr][] = [];
  const two = (names: readonly Parameters<typeof binary>[0][]): void => {
    for (const n of names) ops.push([n, (a, b) => binary(n, a, b)]);
  };
  const one = (names: readonly Parameters<typeof unary>[0][]): void => {
    for (const n of names) ops.push([n, (a) => unary(n, a)]);
  };
  if (isFloat(t)) {
    two(['add', 'sub', 'mul', 'div', 'rem', 'min', 'max']);
    one(['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest']);
    for (const k of [0, -0, 2.5, nan]) {
      ops.push([`max with ${k}`, (a) => binary('max', a, constant(t, k))]);
      ops.push([`min with ${k}`, (a) => binary('min', constant(t, k), a)]);
    }
  } else if (t === 'bool') {
    two(['and', 'or', 'xor']);
    one(['not']);
  } else {
    two(['add', 'sub', 'mul', 'min', 'max', 'and', 'or', 'xor']);
    one(['neg', 'abs', 'not']);
    const count = (b: Expr): Expr => binary('and', b, constant(t, 31));
    ops.push(['shl', (a, b) => binary('shl', a, count(b))]);
    ops.push(['shr', (a, b) => binary('shr', a, count(b))]);
    // The divisor is kept from 0, and from -1 where that would overflow.
    const divisor = (b: Expr): Expr => binary('or', count(b), constant(t, 2));
    for (const op of ['div', 'rem'] as const) {
      ops.push([op, (a, b) => binary(op, a, divisor(b))]);
      ops.push([`${op} by a constant`, (a) => binary(op, a, constant(t, 7))]);
    }
  }
  for (const op of ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const)
    ops.push([op, (a, b) => convert('int32', compare(op, a, b))]);
  ops.push(['select', (a, b) => select(compare('lt', a, b), b, a)]);
  for (const to of ['float32', 'float64', 'int32', 'uint32', 'bool'] as const)
    if (to !== t) ops.push([`convert to ${to}`, (a) => convert(to, a)]);
  if (t === 'float32') {
    ops.push([
      'bitcast to int32',
      (a) => bitcast('int32', select(compare('eq', a, a), a, constant(t, 1))),
    ]);
    ops.push([
      'toInt',
      (a) => toInt(select(compare('lt', unary('abs', a), constant(t, 1e9)), a, constant(t, 5))),
    ]);
  }
  if (t === 'int32' || t === 'uint32') ops.push(['bitcast', (a) => bitcast('float32', a)]);
  return ops;
}

function everyOperation(): [ProgramBuilder, string[]] {
  const p = new ProgramBuilder();
  const names: string[] = [];
  for (const storage of storages) {
    const [x, y] = data[storage];
    const [a, b] = [p.input(x, storage), p.input(y, storage)];
    for (const [name, op] of operations(scalarOf(storage))) {
      const sample = op(load(a, storage, int(0)), load(b, storage, int(0)));
      const out = p.output(sample.dtype, x.length);
      names.push(`${name} of ${storage}`);
      p.kernel([
        loop(x.length, (i) => [
          store(out, sample.dtype, i, op(load(a, storage, i), load(b, storage, i))),
        ]),
      ]);
    }
    // Stores narrow: uint8 keeps the low byte.
    const out = p.output(storage, x.length);
    names.push(`copy of ${storage}`);
    p.kernel([
      loop(x.length, (i) => {
        const v = load(a, storage, i);
        return [store(out, storage, i, storage === 'uint8' ? binary('mul', v, int(3)) : v)];
      }),
    ]);
  }
  return [p, names];
}

function reductions(): [ProgramBuilder, string[]] {
  const p = new ProgramBuilder();
  const names: string[] = [];
  const starts = { add: 0, mul: 1, min: inf, max: -inf, and: -1, or: 0 };
  for (const t of ['float32', 'float64', 'int32', 'uint32', 'bool'] as const) {
    const ops = isFloat(t)
      ? (['add', 'mul', 'min', 'max'] as const)
      : t === 'bool'
        ? (['and', 'or'] as const)
        : (['add', 'mul', 'min', 'max', 'and', 'or'] as const);
    // Products and sums of small whole numbers are exact in any order.
    for (const length of [1, 5, 37, 100]) {
      const values = Array.from({ length }, (_, i) => (i % 9 === 3 ? -2 : i % 7 === 5 ? 2 : 1));
      const made = {
        float32: Float32Array.from(values),
        float64: Float64Array.from(values),
        int32: Int32Array.from(values, (v) => v * 0x12345679),
        uint32: Uint32Array.from(values, (v) => v * 0x12345679),
        bool: Uint8Array.from(values, (v) => (v > 1 ? 1 : 0)),
      }[t];
      const a = p.input(made, t);
      const bad = made.slice();
      bad[length >> 1] = nan;
      const withNaN = p.input(bad, t);
      for (const op of ops) {
        for (const source of isFloat(t) ? [a, withNaN] : [a]) {
          const out = p.output(t, 1);
          names.push(`${op} of ${length} ${t}${source === a ? '' : ' with a NaN'}`);
          const acc = variable('acc', t);
          const limit = isFloat(t)
            ? starts[op]
            : op === 'min'
              ? 2147483647
              : op === 'max'
                ? 0
                : starts[op];
          p.kernel([
            { kind: 'accum', variable: acc, init: constant(t, limit) },
            loop(length, (i) => [{ kind: 'update', variable: acc, op, value: load(source, t, i) }]),
            store(out, t, int(0), acc),
          ]);
        }
      }
    }
  }
  return [p, names];
}

/** Control flow, scratch, strides, guards, invariants, values read again after they changed. */
function shapesOfCode(): [ProgramBuilder, string[]] {
  const p = new ProgramBuilder();
  const names: string[] = [];
  const out = (name: string, dtype: DType, length: number): number => {
    names.push(name);
    return p.output(dtype, length);
  };
  const n = 61;
  const x = p.input(Float32Array.from({ length: n }, (_, i) => (i * 37) % 23));
  const at = (i: Expr): Expr => load(x, 'float32', i);
  const f = (v: number): Expr => constant('float32', v);

  const reversed = out('reversed, every second', 'float32', 31);
  p.kernel([loop(31, (i) => [store(reversed, 'float32', i, at(iadd(int(60), imulc(i, -2))))])]);

  const padded = out('padded by a guard', 'float32', n + 20);
  p.kernel([
    loop(n + 20, (i) => {
      const j = iadd(i, int(-10));
      const inside = binary('and', compare('ge', j, int(0)), compare('lt', j, int(n)));
      const v = at(j);
      // The load is shared inside the guarded side, and must not leave it.
      return [store(padded, 'float32', i, guard(inside, binary('mul', v, v), f(-1)))];
    }),
  ]);

  const nested = out('a guard within a guard', 'float32', n);
  p.kernel([
    loop(n, (i) => {
      const near = compare('lt', iadd(i, int(5)), int(n));
      const v = at(iadd(i, int(5)));
      const deep = guard(compare('gt', v, f(10)), at(toInt(v)), binary('sub', v, v));
      return [store(nested, 'float32', i, guard(near, binary('add', deep, v), f(7)))];
    }),
  ]);

  const gathered = out('gather by loaded indices', 'float32', 29);
  const where = p.input(Int32Array.from({ length: 29 }, (_, i) => (i * 17) % n));
  p.kernel([loop(29, (i) => [store(gathered, 'float32', i, at(load(where, 'int32', i)))])]);

  const prefix = out('running sums through scratch', 'float32', n);
  p.kernel(
    [
      store(-1, 'float32', int(0), f(0)),
      loop(
        n,
        (i) => [
          store(-1, 'float32', int(0), binary('add', load(-1, 'float32', int(0)), at(i))),
          store(prefix, 'float32', i, load(-1, 'float32', int(0))),
        ],
        false,
      ),
    ],
    { scratch: [{ dtype: 'float32', length: 1 }] },
  );

  const again = out('the same load before and after a store', 'float32', 3);
  const same = load(-1, 'float32', int(4));
  p.kernel(
    [
      store(-1, 'float32', int(4), f(1)),
      store(again, 'float32', int(0), binary('add', same, same)),
      store(-1, 'float32', int(4), f(10)),
      store(again, 'float32', int(1), binary('add', same, same)),
      {
        kind: 'if',
        cond: compare('gt', at(int(1)), f(0)),
        then: [store(-1, 'float32', int(4), f(100))],
      },
      store(again, 'float32', int(2), binary('add', same, same)),
    ],
    { scratch: [{ dtype: 'float32', length: 9 }] },
  );

  const big = out('scratch too large for the stack', 'float64', 10);
  p.kernel(
    [
      loop(30000, (i) => [store(-1, 'float64', i, convert('float64', i))]),
      loop(10, (i) => [store(big, 'float64', i, load(-1, 'float64', imulc(i, 3333)))]),
    ],
    { scratch: [{ dtype: 'float64', length: 30000 }] },
  );

  const collatz = out('while, set and if', 'int32', 20);
  const at7 = variable('m', 'int32');
  const steps = variable('steps', 'int32');
  p.kernel([
    loop(
      20,
      (i) => [
        { kind: 'accum', variable: at7, init: iadd(i, int(1)) },
        { kind: 'accum', variable: steps, init: int(0) },
        {
          kind: 'while',
          cond: compare('gt', at7, int(1)),
          body: [
            {
              kind: 'if',
              cond: compare('eq', binary('and', at7, int(1)), int(0)),
              then: [{ kind: 'set', variable: at7, value: binary('shr', at7, int(1)) }],
              otherwise: [
                {
                  kind: 'set',
                  variable: at7,
                  value: binary('add', binary('mul', at7, int(3)), int(1)),
                },
              ],
            },
            { kind: 'update', variable: steps, op: 'add', value: int(1) },
          ],
        },
        store(collatz, 'int32', i, steps),
      ],
      false,
    ),
  ]);

  const matrix = out('sums of rows, with what does not move', 'float32', 6);
  const scale = variable('scale', 'float32');
  p.kernel([
    { kind: 'let', variable: scale, value: unary('sqrt', at(int(3))) },
    loop(
      6,
      (r) => {
        const acc = variable('acc', 'float32');
        const row = binary('div', at(r), binary('add', scale, f(1)));
        return [
          { kind: 'accum', variable: acc, init: row },
          loop(10, (c) => [
            {
              kind: 'update',
              variable: acc,
              op: 'add',
              value: binary('mul', binary('add', row, row), at(iadd(imulc(r, 10), c))),
            },
          ]),
          store(matrix, 'float32', r, acc),
        ];
      },
      false,
    ),
  ]);

  const empty = out('a loop that does not run must not load', 'float32', 2);
  const count = variable('count', 'int32');
  p.kernel([
    { kind: 'let', variable: count, value: load(where, 'int32', int(0)) },
    store(empty, 'float32', int(0), f(3)),
    store(empty, 'float32', int(1), f(4)),
    {
      kind: 'for',
      index: variable('i', 'int32', 0, 10),
      start: int(0),
      extent: count,
      step: 1,
      vector: false,
      body: [store(empty, 'float32', int(0), at(iadd(imulc(count, 1000), int(2 ** 30))))],
    },
  ]);

  const steppy = out('steps of four', 'float32', 24);
  const s = variable('i', 'int32', 0, 23);
  const inner = variable('j', 'int32', 0, 23);
  p.kernel([
    {
      kind: 'for',
      index: s,
      start: int(4),
      extent: int(20),
      step: 4,
      vector: false,
      body: [
        {
          kind: 'for',
          index: inner,
          start: s,
          extent: int(4),
          step: 1,
          vector: true,
          body: [store(steppy, 'float32', inner, binary('add', at(inner), at(s)))],
        },
      ],
    },
    loop(4, (i) => [store(steppy, 'float32', i, f(0))]),
  ]);

  const bytes = out('bools and bytes in lanes', 'bool', 33);
  const flags = p.input(
    Uint8Array.from({ length: 33 }, (_, i) => (i * 7) & 1),
    'bool',
  );
  const small = p.input(
    Uint8Array.from({ length: 33 }, (_, i) => i * 31),
    'uint8',
  );
  p.kernel([
    loop(33, (i) => {
      const flag = load(flags, 'bool', i);
      const large = compare('gt', load(small, 'uint8', i), int(100));
      return [
        store(bytes, 'bool', i, binary('xor', unary('not', flag), binary('or', large, flag))),
      ];
    }),
  ]);

  const table = out('a constant of the program', 'int32', 17);
  const c = p.constant(Int32Array.from({ length: 17 }, (_, i) => i * i - 40));
  const c2 = p.constant(Int32Array.from([5, 6, 7]));
  p.kernel([
    loop(17, (i) => [
      store(table, 'int32', i, binary('add', load(c, 'int32', i), load(c2, 'int32', int(2)))),
    ]),
  ]);

  const overlap = p.arena('float32', n);
  const twice = out('through the arena', 'float32', n);
  p.kernel([loop(n, (i) => [store(overlap, 'float32', i, binary('mul', at(i), f(2)))])]);
  p.kernel([loop(n, (i) => [store(twice, 'float32', i, load(overlap, 'float32', i))])]);

  const literals = out('awkward constants', 'float32', 8);
  for (const [k, v] of [0.1, 1e-45, 3.4028234663852886e38, -0, inf, -inf, nan, 16777216].entries())
    p.kernel([
      store(literals, 'float32', int(k), select(compare('gt', at(int(1)), f(-1)), f(v), f(0))),
    ]);
  const doubles = out('awkward doubles', 'float64', 4);
  for (const [k, v] of [0.1, 5e-324, 1.7976931348623157e308, 1e21].entries()) {
    const d = constant('float64', v);
    p.kernel([
      store(
        doubles,
        'float64',
        int(k),
        select(compare('gt', at(int(1)), f(-1)), d, constant('float64', 0)),
      ),
    ]);
  }
  const wholes = out('awkward integers', 'int32', 2);
  p.kernel([
    store(
      wholes,
      'int32',
      int(0),
      binary('sub', constant('int32', -(2 ** 31)), load(where, 'int32', int(1))),
    ),
    store(
      wholes,
      'int32',
      int(1),
      convert(
        'int32',
        binary(
          'add',
          constant('uint32', 2 ** 32 - 1),
          convert('uint32', load(where, 'int32', int(1))),
        ),
      ),
    ),
  ]);
  const never = out('a constant condition', 'int32', 1);
  p.kernel([{ kind: 'if', cond: bool(true), then: [store(never, 'int32', int(0), int(1))] }]);
  return [p, names];
}

function tiles(): [ProgramBuilder, string[]] {
  const p = new ProgramBuilder();
  const names: string[] = [];
  const random = (n: number): number[] =>
    Array.from({ length: n }, (_, i) => ((i * 7919) % 31) - 15);
  for (const dtype of ['float32', 'float64'] as const) {
    const from = dtype === 'float32' ? Float32Array : Float64Array;
    const [a, b] = [p.input(from.from(random(4000))), p.input(from.from(random(9000)))];
    for (const [rows, cols] of [
      [12, 32],
      [1, 16],
      [4, 64],
      [7, 48],
      [3, 12],
      [2, 7],
      [14, 32],
    ]) {
      for (const [row, step, bStep] of [
        [50, 1, cols],
        [1, rows, 100],
      ]) {
        const depth = row === 50 ? 33 : 8;
        const accumulate = row === 1;
        const out = p.output(dtype, rows * (cols + 1));
        names.push(`${dtype} tile ${rows}x${cols} rows ${row} steps ${step}`);
        const base = variable('base', 'int32', 0, 100);
        p.kernel(
          [
            { kind: 'let', variable: base, value: convert('int32', load(a, dtype, int(15))) },
            loop(rows * (cols + 1), (i) => [store(-1, dtype, i, convert(dtype, i))]),
            {
              kind: 'tile',
              dtype,
              rows,
              cols,
              depth: int(depth),
              a: { buffer: a, base: int(3), row, step },
              b: { buffer: b, base: iadd(int(40), base), step: bStep },
              out: { buffer: -1, base: int(0), row: cols + 1 },
              accumulate,
            },
            loop(rows * (cols + 1), (i) => [store(out, dtype, i, load(-1, dtype, i))]),
          ],
          { scratch: [{ dtype, length: rows * (cols + 1) }] },
        );
      }
    }
  }
  return [p, names];
}

describe.each(compilers())('programs compiled by %s', (cc) => {
  const backend = new NativeBackend(loadRuntime({ cc }), { threads: 2 });

  it('computes every operation on every dtype', () => {
    const [p, names] = everyOperation();
    expect(differences(backend, p, 0, names)).toEqual([]);
  });

  it('reduces in lanes, odd lengths and NaN included', () => {
    const [p, names] = reductions();
    expect(differences(backend, p, 0, names)).toEqual([]);
  });

  it('keeps control flow, scratch, guards and the order of reads and writes', () => {
    const [p, names] = shapesOfCode();
    expect(differences(backend, p, 1e-6, names)).toEqual([]);
  });

  it('takes any nonzero byte for true', () => {
    const p = new ProgramBuilder();
    const a = p.input(Uint8Array.from([0, 1, 2, 128, 255]), 'bool');
    const out = p.output('int32', 5);
    p.kernel([loop(5, (i) => [store(out, 'int32', i, convert('int32', load(a, 'bool', i)))])]);
    const [bytes] = runProgram(backend, p.program(), p.inputs);
    expect([...new Int32Array(bytes.buffer)]).toEqual([0, 1, 1, 1, 1]);
  });

  it('multiplies tiles of any shape', () => {
    const [p, names] = tiles();
    expect(differences(backend, p, 1e-6, names)).toEqual([]);
  });

  it('gives the same bits for any number of threads', () => {
    const p = new ProgramBuilder();
    const n = 4999;
    const a = p.input(Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 1e3));
    const b = p.input(Float32Array.from({ length: n }, (_, i) => Math.cos(i * 3)));
    const parallel = (extent: number, body: (i: Expr) => Stmt[], rest = {}): void => {
      const index = variable('p', 'int32', 0, extent - 1);
      p.kernel(body(index), { parallel: { index, extent }, cost: 3e6, ...rest });
    };
    const x = (i: Expr): Expr => load(a, 'float32', i);
    const y = (i: Expr): Expr => load(b, 'float32', i);
    const one = p.output('float32', n);
    parallel(n, (i) => [
      store(one, 'float32', i, binary('add', binary('mul', x(i), y(i)), binary('mul', y(i), y(i)))),
    ]);
    const two = p.output('float32', 49);
    parallel(49, (r) => {
      const acc = variable('acc', 'float32');
      return [
        { kind: 'accum', variable: acc, init: constant('float32', 0) },
        loop(102, (c) => [
          {
            kind: 'update',
            variable: acc,
            op: 'add',
            value: binary('mul', x(iadd(imulc(r, 102), c)), load(one, 'float32', c)),
          },
        ]),
        store(two, 'float32', r, acc),
      ];
    });
    // Scratch of each thread's own, too large for the stack.
    const three = p.output('float32', 37);
    parallel(
      37,
      (r) => [
        loop(10000, (c) => [store(-1, 'float32', c, convert('float32', iadd(c, r)))]),
        store(three, 'float32', r, load(-1, 'float32', int(9999))),
      ],
      { scratch: [{ dtype: 'float32', length: 10000 }] },
    );
    const program = p.program();
    const results = [1, 2, 3, 5].map((threads) => {
      const own = new NativeBackend(backend.runtime, { threads });
      const bytes = runProgram(own, program, p.inputs);
      own.dispose();
      return bytes;
    });
    for (const r of results.slice(1)) expect(r).toEqual(results[0]);
    // The team changes between runs as the machine is busy or not; the bits must not.
    const executable = backend.loadProgram(program);
    const given = p.inputs.map((x) => upload(backend, x));
    for (let run = 0; run < 300; run++) {
      for (const [i, out] of executable.run(given).entries()) {
        if (Buffer.compare(out.readSync(), results[0][i]) !== 0) throw new Error(`run ${run}`);
        out.dispose();
      }
    }
    executable.dispose();
    expect(differences(backend, p, 1e-5)).toEqual([]);
  });
});
