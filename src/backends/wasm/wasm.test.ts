import { afterAll, describe, expect, it } from 'vitest';
import type { Program } from '../../compiler/program.ts';
import { GradloomError } from '../../errors.ts';
import {
  binary,
  compare,
  constant,
  convert,
  type Expr,
  int,
  load,
  select,
  unary,
  variable,
} from '../../expr/expr.ts';
import { iadd, idivc, imulc } from '../../expr/index-math.ts';
import { Graph, lax } from '../../graph/index.ts';
import type { DeviceBuffer } from '../backend.ts';
import { loop, ProgramMaker, runProgram, store, upload } from './testing.ts';
import { createWasmBackend, type WasmBackend } from './wasm.ts';

const numbers = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 8 - 5);
const floatsOf = (b: DeviceBuffer): number[] => [...new Float32Array(b.readSync().buffer)];

function codeOf(fn: () => unknown): string {
  try {
    fn();
  } catch (e) {
    return e instanceof GradloomError ? e.code : String(e);
  }
  return 'no error';
}

/** x + y over n elements, perhaps over the first input's memory. */
function addition(n: number, donated = false): Program {
  const p = new ProgramMaker();
  const x = p.input(new Float32Array(n));
  const y = p.input(new Float32Array(n));
  const out = p.output('float32', n, donated ? 0 : undefined);
  const from = donated ? out : x;
  p.kernel([
    loop(n, (i) => [
      store(out, 'float32', i, binary('add', load(from, 'float32', i), load(y, 'float32', i))),
    ]),
  ]);
  return p.program();
}

describe('buffers', () => {
  const b = createWasmBackend({ threads: 1 });

  it('are written, read and freed', async () => {
    const before = b.memory();
    const buffer = b.allocate(12);
    buffer.write(Uint8Array.from({ length: 12 }, (_, i) => i));
    expect([...buffer.readSync()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await buffer.read()).toEqual(buffer.readSync());
    expect(b.memory()).toEqual({ buffers: before.buffers + 1, bytes: before.bytes + 12 });
    buffer.dispose();
    buffer.dispose();
    expect(buffer.disposed).toBe(true);
    expect(b.memory()).toEqual(before);
    expect(codeOf(() => buffer.readSync())).toBe('disposed');
    expect(codeOf(() => buffer.write(new Uint8Array(12)))).toBe('disposed');
  });

  it('are copies: what is read does not change later', () => {
    const buffer = b.allocate(4);
    buffer.write(Uint8Array.of(1, 2, 3, 4));
    const seen = buffer.readSync();
    buffer.write(Uint8Array.of(5, 6, 7, 8));
    expect([...seen]).toEqual([1, 2, 3, 4]);
    expect(seen.buffer).toBeInstanceOf(ArrayBuffer);
    buffer.dispose();
  });

  it('may be empty', () => {
    const buffer = b.allocate(0);
    buffer.write(new Uint8Array(0));
    expect(buffer.readSync().length).toBe(0);
    buffer.dispose();
  });

  it('refuse another number of bytes', () => {
    const buffer = b.allocate(8);
    expect(codeOf(() => buffer.write(new Uint8Array(4)))).toBe('buffer');
    buffer.dispose();
  });

  it('stop at the memory limit with a clear error', () => {
    const small = createWasmBackend({ threads: 1, maxMemory: 2 ** 20 });
    expect(codeOf(() => small.allocate(2 ** 21))).toBe('memory');
    small.allocate(1000).dispose();
  });
});

describe('executables', () => {
  const b = createWasmBackend({ threads: 1 });

  it('refuse inputs that do not fit', () => {
    const e = b.loadProgram(addition(5));
    const x = b.allocate(20);
    const gone = b.allocate(20);
    gone.dispose();
    const foreign = createWasmBackend({ threads: 1 }).allocate(20);
    expect(codeOf(() => e.run([x]))).toBe('inputs');
    expect(codeOf(() => e.run([x, b.allocate(24)]))).toBe('inputs');
    expect(codeOf(() => e.run([x, foreign]))).toBe('inputs');
    expect(codeOf(() => e.run([x, gone]))).toBe('disposed');
    e.dispose();
    e.dispose();
    expect(codeOf(() => e.run([x, x]))).toBe('disposed');
  });

  it('give donated memory to the output', () => {
    const e = b.loadProgram(addition(5, true), [true, false]);
    const x = upload(b, numbers(5));
    const y = upload(b, new Float32Array(5).fill(1));
    const before = b.memory();
    const [sum] = e.run([x, y]);
    expect(x.disposed).toBe(true);
    expect(y.disposed).toBe(false);
    expect(floatsOf(sum)).toEqual([...numbers(5).map((v) => v + 1)]);
    expect(b.memory()).toEqual(before);
  });

  it('run several times, each on what the last has left', () => {
    const e = b.loadProgram(addition(5, true), [true, false]);
    expect(e.inPlace).toEqual([0]);
    const [x, y] = [upload(b, numbers(5)), upload(b, Float32Array.of(1, 2, 3, 4, 5))];
    const [out] = e.run([x, y], 4);
    expect(floatsOf(out)).toEqual([...numbers(5)].map((v, i) => v + 4 * (i + 1)));
    for (const r of [out, y]) r.dispose();
  });

  it('dispose of what was donated and found no use', () => {
    const e = b.loadProgram(addition(5), [true, true]);
    const [x, y] = [b.allocate(20), b.allocate(20)];
    e.run([x, y])[0].dispose();
    expect([x.disposed, y.disposed]).toEqual([true, true]);
  });

  it('take one buffer for two inputs, donated or not', () => {
    for (const donate of [
      [true, false],
      [true, true],
    ]) {
      const e = b.loadProgram(addition(5, true), donate);
      const before = b.memory().buffers;
      const x = upload(b, numbers(5));
      const [sum] = e.run([x, x]);
      expect(floatsOf(sum)).toEqual([...numbers(5).map((v) => v + v)]);
      expect(x.disposed).toBe(true);
      sum.dispose();
      expect(b.memory().buffers).toBe(before);
    }
    const plain = b.loadProgram(addition(5));
    const x = upload(b, numbers(5));
    expect(floatsOf(plain.run([x, x])[0])).toEqual([...numbers(5).map((v) => v + v)]);
    expect(x.disposed).toBe(false);
  });

  it('survive the growth of memory between runs and within one', () => {
    const b2 = createWasmBackend({ threads: 1 });
    const n = 300_000;
    const e = b2.loadProgram(addition(n));
    const x = upload(b2, numbers(n));
    const kept: DeviceBuffer[] = [];
    for (let i = 0; i < 5; i++) {
      kept.push(b2.allocate(2_000_000));
      kept.push(...e.run([x, x]));
    }
    for (const k of kept.filter((_, i) => i % 2 === 1))
      expect(floatsOf(k)[n - 1]).toBe(2 * numbers(n)[n - 1]);
  });

  it('leave nothing behind', () => {
    const b2 = createWasmBackend({ threads: 1, maxMemory: 2 ** 20 });
    for (let i = 0; i < 200; i++) {
      const e = b2.loadProgram(addition(5000));
      const x = b2.allocate(20000);
      e.run([x, x])[0].dispose();
      x.dispose();
      e.dispose();
    }
    expect(b2.memory()).toEqual({ buffers: 0, bytes: 0 });
  });

  it('free their outputs when memory runs out', () => {
    const b2 = createWasmBackend({ threads: 1, maxMemory: 2 ** 20 });
    const p = new ProgramMaker();
    const x = p.input(new Float32Array(4));
    for (let i = 0; i < 3; i++) {
      const out = p.output('float32', 100_000);
      p.kernel([store(out, 'float32', int(0), load(x, 'float32', int(0)))]);
    }
    const e = b2.loadProgram(p.program());
    const given = b2.allocate(16);
    expect(codeOf(() => e.run([given]))).toBe('memory');
    expect(b2.memory().buffers).toBe(1);
    expect(given.disposed).toBe(false);
  });

  it('are refused after the backend is disposed of', () => {
    const b2 = createWasmBackend({ threads: 1 });
    b2.dispose();
    expect(codeOf(() => b2.loadProgram(addition(4)))).toBe('disposed');
  });
});

/** Several steps that all threads share, with barriers between them, and steps of one thread. */
function sharedWork(): ProgramMaker {
  const p = new ProgramMaker();
  const n = 4096;
  const x = p.input(numbers(n));
  const squares = p.arena('float32', n);
  const sums = p.arena('float32', 64);
  const out = p.output('float32', n);
  const total = p.output('float32', 1);
  const parallel = (extent: number): { index: Expr; extent: number } => ({
    index: variable('p', 'int32', 0, extent - 1),
    extent,
  });
  const heavy = { cost: 1e6 };
  for (let round = 0; round < 3; round++) {
    const from = round === 0 ? x : out;
    const a = parallel(64);
    p.kernel(
      [
        loop(64, (i) => {
          const at = iadd(imulc(a.index, 64), i);
          const v = load(from, 'float32', at);
          return [store(squares, 'float32', at, unary('sqrt', unary('abs', v)))];
        }),
      ],
      { parallel: a, ...heavy },
    );
    const b = parallel(61);
    const sum = variable('sum', 'float32');
    p.kernel(
      [
        { kind: 'accum', variable: sum, init: constant('float32', 0) },
        loop(67, (i) => [
          {
            kind: 'update',
            variable: sum,
            op: 'add',
            value: load(squares, 'float32', iadd(imulc(b.index, 67), i)),
          },
        ]),
        store(sums, 'float32', b.index, sum),
      ],
      { parallel: b, ...heavy },
    );
    const all = variable('all', 'float32');
    p.kernel([
      { kind: 'accum', variable: all, init: constant('float32', 1) },
      loop(61, (i) => [
        { kind: 'update', variable: all, op: 'add', value: load(sums, 'float32', i) },
      ]),
      store(total, 'float32', int(0), all),
    ]);
    const c = parallel(64);
    p.kernel(
      [
        loop(64, (i) => [store(-1, 'float32', i, convert('float32', i))]),
        loop(64, (i) => {
          const at = iadd(imulc(c.index, 64), i);
          const share = binary(
            'div',
            binary('mul', load(squares, 'float32', at), load(-1, 'float32', i)),
            load(total, 'float32', int(0)),
          );
          const other = load(sums, 'float32', idivc(at, 68));
          return [store(out, 'float32', at, binary('add', share, other))];
        }),
      ],
      { parallel: c, scratch: [{ dtype: 'float32', length: 64 }], ...heavy },
    );
  }
  return p;
}

/** Whether all bytes are the same; toEqual takes milliseconds for so many. */
function same(got: readonly DeviceBuffer[], want: readonly Uint8Array[]): boolean {
  return got.every((g, i) => Buffer.from(g.readSync()).equals(want[i]));
}

async function ready(b: WasmBackend, threads: number): Promise<void> {
  for (let i = 0; i < 1000 && b.threads < threads; i++)
    await new Promise((done) => setTimeout(done, 5));
}

describe('threads', () => {
  const backends: WasmBackend[] = [];
  const make = (threads: number): WasmBackend => {
    const b = createWasmBackend({ threads });
    backends.push(b);
    return b;
  };
  afterAll(() => {
    for (const b of backends) b.dispose();
  });

  it('do not change results by a bit', async () => {
    const p = sharedWork();
    const want = runProgram(make(1), p.program(), p.inputs);
    for (const threads of [2, 3, 5]) {
      const b = make(threads);
      const e = b.loadProgram(p.program());
      const x = upload(b, p.inputs[0]);
      for (let round = 0; round < 120; round++) {
        if (round === 3) {
          await ready(b, threads);
          expect(b.threads).toBe(threads);
        }
        const got = e.run([x]);
        if (round < 5 || round % 50 === 0) expect(same(got, want)).toBe(true);
        for (const g of got) g.dispose();
        // Long enough for the others to fall asleep.
        if (round % 100 === 50) await new Promise((done) => setTimeout(done, 20));
      }
    }
  });

  it('learn of new programs while they work on old ones', async () => {
    const b = make(2);
    const p = sharedWork();
    const first = b.loadProgram(p.program());
    const x = upload(b, p.inputs[0]);
    const want = first.run([x]).map((r) => r.readSync());
    await ready(b, 2);
    for (let i = 0; i < 30; i++) {
      const e = b.loadProgram(p.program());
      for (const f of [e, first]) {
        const got = f.run([x]);
        expect(same(got, want)).toBe(true);
        for (const g of got) g.dispose();
      }
      if (i % 3 === 0) await ready(b, 2);
      e.dispose();
    }
  });

  it('that end are done without', async () => {
    const b = make(2);
    const p = sharedWork();
    const e = b.loadProgram(p.program());
    const x = upload(b, p.inputs[0]);
    const want = e.run([x]).map((r) => r.readSync());
    await ready(b, 2);
    expect(b.threads).toBe(2);
    await b.endWorkers();
    expect(b.threads).toBe(1);
    // The next run goes on alone, and has new ones started.
    expect(same(e.run([x]), want)).toBe(true);
    await ready(b, 2);
    expect(b.threads).toBe(2);
    expect(same(e.run([x]), want)).toBe(true);
  });

  it('that fail stop the run, and the next runs go on without them', async () => {
    const p = sharedWork();
    // A second program: the first quarter, which the calling thread takes, is long, and what comes
    // then, which the other one takes, traps.
    const q = new ProgramMaker();
    const x = q.input(new Float32Array(64));
    const out = q.output('float32', 64);
    const index = variable('p', 'int32', 0, 63);
    const left = variable('left', 'int32');
    const second = binary('and', compare('ge', index, int(16)), compare('lt', index, int(28)));
    const far = select(second, int(1 << 28), int(0));
    q.kernel(
      [
        { kind: 'accum', variable: left, init: int(20_000_000) },
        {
          kind: 'while',
          cond: binary('and', compare('gt', left, int(0)), compare('lt', index, int(16))),
          body: [{ kind: 'set', variable: left, value: binary('sub', left, int(1)) }],
        },
        store(out, 'float32', index, load(x, 'float32', far)),
      ],
      { parallel: { index, extent: 64 }, cost: 1e6 },
    );
    const b = make(2);
    const good = b.loadProgram(p.program());
    const bad = b.loadProgram(q.program());
    await ready(b, 2);
    const given = upload(b, p.inputs[0]);
    const want = good.run([given]).map((r) => r.readSync());
    const small = upload(b, new Float32Array(64));
    const buffers = b.memory().buffers;
    // Mostly it is the other thread that fails; it may also have been quicker than this one.
    expect(codeOf(() => bad.run([small]))).toMatch(/^worker$|out of bounds/);
    expect(b.memory().buffers).toBe(buffers);
    expect(same(good.run([given]), want)).toBe(true);
    await new Promise((done) => setTimeout(done, 300));
    good.run([given]);
    await ready(b, 2);
    expect(b.threads).toBe(2);
    expect(same(good.run([given]), want)).toBe(true);
  });

  it('are none where memory may not be shared', () => {
    const b = createWasmBackend({ threads: 4, shared: false });
    const p = sharedWork();
    expect(runProgram(b, p.program(), p.inputs)).toEqual(
      runProgram(make(1), p.program(), p.inputs),
    );
    expect(b.threads).toBe(1);
  });
});

describe('graphs', () => {
  it('run, with donation', () => {
    const b = createWasmBackend({ threads: 1 });
    const x = lax.parameter([3, 4], 'float32');
    const y = lax.parameter([4, 2], 'float32');
    const graph = new Graph([x, y], [lax.dot(x, y), lax.add(x, x)], 'g');
    const e = b.compile(graph, { donate: [true, false] });
    const a = upload(
      b,
      Float32Array.from({ length: 12 }, (_, i) => i),
    );
    const c = upload(
      b,
      Float32Array.from({ length: 8 }, (_, i) => i % 3),
    );
    const [product, twice] = e.run([a, c]);
    expect(floatsOf(product)).toEqual([4, 7, 16, 23, 28, 39]);
    expect(floatsOf(twice)).toEqual(Array.from({ length: 12 }, (_, i) => 2 * i));
    expect(a.disposed).toBe(true);
  });

  it('check an input the program never reads', () => {
    const b = createWasmBackend({ threads: 1 });
    const x = lax.parameter([3], 'float32');
    const unused = lax.parameter([5], 'float32');
    const e = b.compile(new Graph([x, unused], [lax.neg(x)], 'g'));
    expect(codeOf(() => e.run([b.allocate(12), b.allocate(8)]))).toBe('inputs');
    expect(e.run([b.allocate(12), b.allocate(20)]).length).toBe(1);
  });
});
