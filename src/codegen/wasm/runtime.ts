/** Functions that printed programs call: C's fmod, and how threads share work. */
import type { FunctionBuilder, ModuleBuilder } from './assembler.ts';
import { layout } from './layout.ts';

/**
 * C's fmod by doubling and halving the divisor, every step of which is exact. The number of steps is
 * the number of bits between dividend and divisor.
 */
export function makeFmod(m: ModuleBuilder): FunctionBuilder {
  const f = m.function('fmod', ['f64', 'f64'], ['f64']);
  const { code } = f;
  const [x, y] = [0, 1];
  const r = f.local('f64');
  const d = f.local('f64');
  const t = f.local('f64');
  // NaN for a NaN, an infinite x, or y = 0.
  code.get(x);
  code.op('f64.abs');
  code.tee(r);
  code.f64(Infinity);
  code.op('f64.lt');
  code.get(y);
  code.op('f64.abs');
  code.tee(d);
  code.f64(0);
  code.op('f64.gt');
  code.op('i32.and');
  code.op('i32.eqz');
  code.if();
  code.f64(NaN);
  code.op('return');
  code.op('end');
  // Halving never ends at an infinite divisor, which leaves x as it is.
  code.get(d);
  code.f64(Infinity);
  code.op('f64.eq');
  code.if();
  code.get(x);
  code.op('return');
  code.op('end');
  // t = d * 2^k, the largest not above r (or just above, when r/2 rounds up: harmless).
  code.get(d);
  code.set(t);
  code.block();
  code.loop();
  code.get(t);
  code.get(r);
  code.f64(0.5);
  code.op('f64.mul');
  code.op('f64.le');
  code.op('i32.eqz');
  code.brIf(1);
  code.get(t);
  code.get(t);
  code.op('f64.add');
  code.set(t);
  code.br(0);
  code.op('end');
  code.op('end');
  code.block();
  code.loop();
  code.get(t);
  code.get(d);
  code.op('f64.ge');
  code.op('i32.eqz');
  code.brIf(1);
  code.get(r);
  code.get(t);
  code.op('f64.ge');
  code.if();
  code.get(r);
  code.get(t);
  code.op('f64.sub');
  code.set(r);
  code.op('end');
  code.get(t);
  code.f64(0.5);
  code.op('f64.mul');
  code.set(t);
  code.br(0);
  code.op('end');
  code.op('end');
  code.get(r);
  code.get(x);
  code.op('f64.copysign');
  return f;
}

/** Looks at the count before going to sleep; about 30 microseconds. */
const spins = 30_000;
/** Nanoseconds after which a sleeper looks whether all is well. */
const nap = 100_000_000;

/** finish(n): n more pieces are done. */
export function makeFinish(m: ModuleBuilder): FunctionBuilder {
  const f = m.function('finish', ['i32']);
  const { code } = f;
  code.i32(layout.finished);
  code.get(0);
  code.memory('i32.atomic.rmw.add', 0, 2);
  code.op('drop');
  code.i32(layout.sleepers);
  code.memory('i32.atomic.load', 0, 2);
  code.if();
  code.i32(layout.finished);
  code.i32(-1);
  code.memory('memory.atomic.notify', 0, 2);
  code.op('drop');
  code.op('end');
  return f;
}

/**
 * await(target, run, mayWait): returns 0 once `target` pieces are done, or 1 when another run has
 * begun in the meantime. Spins first, then sleeps where it may; `stall` is called now and then and
 * throws when waiting has become pointless.
 */
export function makeAwait(m: ModuleBuilder, stall: number): FunctionBuilder {
  const f = m.function('await', ['i32', 'i32', 'i32'], ['i32']);
  const { code } = f;
  const [target, run, mayWait] = [0, 1, 2];
  const seen = f.local('i32');
  const left = f.local('i32');
  const look = (): void => {
    code.i32(layout.finished);
    code.memory('i32.atomic.load', 0, 2);
    code.tee(seen);
    code.get(target);
    code.op('i32.ge_s');
    code.if();
    code.i32(0);
    code.op('return');
    code.op('end');
  };
  code.loop();
  code.i32(spins);
  code.set(left);
  code.loop();
  look();
  code.get(left);
  code.i32(1);
  code.op('i32.sub');
  code.tee(left);
  code.brIf(0);
  code.op('end');
  code.i32(layout.current);
  code.memory('i32.atomic.load', 0, 2);
  code.get(run);
  code.op('i32.ne');
  code.if();
  code.i32(1);
  code.op('return');
  code.op('end');
  code.get(mayWait);
  code.if();
  code.i32(layout.sleepers);
  code.i32(1);
  code.memory('i32.atomic.rmw.add', 0, 2);
  code.op('drop');
  code.i32(layout.finished);
  code.get(seen);
  code.i64(nap);
  code.memory('memory.atomic.wait32', 0, 2);
  code.op('drop');
  code.i32(layout.sleepers);
  code.i32(-1);
  code.memory('i32.atomic.rmw.add', 0, 2);
  code.op('drop');
  code.op('end');
  code.call(stall);
  code.br(0);
  code.op('end');
  code.op('unreachable');
  return f;
}

/** begin(run): nothing of the first `steps` shared steps has been taken, and nothing is finished. */
export function makeBegin(m: ModuleBuilder, steps: number): FunctionBuilder {
  const f = m.function('begin', ['i32']);
  const { code } = f;
  const word = f.local('i64');
  code.get(0);
  code.op('i64.extend_i32_u');
  code.i64(32);
  code.op('i64.shl');
  code.set(word);
  for (let s = 0; s < steps; s++) {
    code.i32(layout.claims + 8 * s);
    code.get(word);
    code.memory('i64.atomic.store', 0, 3);
  }
  code.i32(layout.finished);
  code.i32(0);
  code.memory('i32.atomic.store', 0, 2);
  return f;
}
