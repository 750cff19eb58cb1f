/**
 * Subnormal numbers kept out of state, for targets without a mode that keeps them out of arithmetic.
 *
 * What is written over a donated input comes back in the next run: the averages of an optimizer,
 * which shrink by a constant factor when their gradients are zero, and once below 2^-126 stay there.
 * Such values are stored as zero. Values that live within one run are left as they are.
 */
import type { DType } from '../dtype.ts';
import { compare, constant, select, unary } from '../expr/expr.ts';
import { mapBody } from './loopnest.ts';
import { isRegion, region, type Unit } from './plan.ts';
import type { BufferPlace } from './program.ts';

/** The smallest normal float32. */
const smallest = 2 ** -126;

/** A buffer as far as it is known while kernels are put in order: temporaries have no place yet. */
interface Placed {
  readonly dtype: DType;
  readonly place?: BufferPlace | undefined;
}

export function flushState(u: Unit, buffers: readonly Placed[]): Unit {
  const isState = (b: number): boolean => {
    const { dtype, place } = buffers[b];
    return dtype === 'float32' && place?.kind === 'output' && place.donatedFrom !== undefined;
  };
  if (!u.writes.some(isState)) return u;
  if (isRegion(u)) {
    return region(
      u.control,
      u.bodies.map((body) => body.map((k) => flushState(k, buffers))),
    );
  }
  const body = mapBody(
    u.body,
    (e) => e,
    (s) => {
      // What is only moved has been flushed where it was computed.
      if (s.buffer < 0 || !isState(s.buffer) || s.value.op === 'load' || s.value.op === 'const')
        return s;
      const zero = constant('float32', 0);
      const small = compare('lt', unary('abs', s.value), constant('float32', smallest));
      return { ...s, value: select(small, zero, s.value) };
    },
  );
  return { ...u, body };
}
