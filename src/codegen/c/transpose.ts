/**
 * Copies that turn rows into columns, as packing does where an operand lies across its panels:
 *
 *     for k { for r { to[k*step + r] = from[r*row + k] } }
 *
 * Compilers gather the elements one by one. Four by four they are turned in registers, and a line of
 * each row is used up before the next is touched.
 */
import type { Stmt } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';
import { strideOf, without } from '../../expr/index-math.ts';

/** from[fromBase + r*row + k] goes to to[toBase + k*step + r], for r < width and k < depth. */
export interface TransposingCopy {
  readonly from: number;
  readonly fromBase: Expr;
  readonly row: number;
  readonly to: number;
  readonly toBase: Expr;
  readonly step: number;
  readonly width: number;
  readonly depth: number;
}

/** What a loop copies, if it is such a copy of float32. */
export function transposingCopy(s: Extract<Stmt, { kind: 'for' }>): TransposingCopy | undefined {
  const [inner, ...more] = s.body;
  if (inner?.kind !== 'for' || more.length > 0 || inner.body.length !== 1) return undefined;
  const [store] = inner.body;
  const whole = [s, inner].every(
    (l) => l.step === 1 && l.start.op === 'const' && l.start.value === 0 && l.extent.op === 'const',
  );
  if (!whole || store.kind !== 'store' || store.storage !== 'float32') return undefined;
  const { value } = store;
  if (value.op !== 'load' || value.storage !== 'float32') return undefined;
  const [k, r] = [s.index, inner.index];
  const [width, depth] = [inner.extent.value, s.extent.value];
  const [step, row] = [strideOf(store.index, k), strideOf(value.args[0], r)];
  const across = strideOf(store.index, r) === 1 && strideOf(value.args[0], k) === 1;
  if (!across || step === undefined || row === undefined || row <= 1) return undefined;
  if (width % 4 !== 0 || width === 0 || step < width || depth < 4) return undefined;
  const [fromBase, toBase] = [without(value.args[0], k, r), without(store.index, k, r)];
  return { from: value.buffer, fromBase, row, to: store.buffer, toBase, step, width, depth };
}

/** The C function behind it. Both compilers have vectors of four, whatever the processor has. */
export const transposingCopySource: string = `typedef f32 quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef i32 lanes4 __attribute__((vector_size(16)));
#ifdef __clang__
#define QUAD(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d)
#else
#define QUAD(x, y, a, b, c, d) __builtin_shuffle(x, y, (lanes4){a, b, c, d})
#endif
static __attribute__((noinline)) void transpose_f32(
    const f32 *restrict from, i64 row, f32 *restrict to, i64 step, i64 width, i64 depth) {
  i64 line = 0;
  for (; line < depth; line += 16) {
    const i64 end = line + 16 < depth ? line + 16 : depth;
    for (i64 r = 0; r < width; r += 4) {
      const f32 *a = from + r * row;
      i64 k = line;
      for (; k + 4 <= end; k += 4) {
        const quad r0 = *(const quad *)(a + k), r1 = *(const quad *)(a + row + k);
        const quad r2 = *(const quad *)(a + 2 * row + k), r3 = *(const quad *)(a + 3 * row + k);
        const quad t0 = QUAD(r0, r1, 0, 4, 1, 5), t1 = QUAD(r0, r1, 2, 6, 3, 7);
        const quad t2 = QUAD(r2, r3, 0, 4, 1, 5), t3 = QUAD(r2, r3, 2, 6, 3, 7);
        f32 *o = to + k * step + r;
        *(quad *)o = QUAD(t0, t2, 0, 1, 4, 5);
        *(quad *)(o + step) = QUAD(t0, t2, 2, 3, 6, 7);
        *(quad *)(o + 2 * step) = QUAD(t1, t3, 0, 1, 4, 5);
        *(quad *)(o + 3 * step) = QUAD(t1, t3, 2, 3, 6, 7);
      }
      for (; k < end; k++)
        for (i64 i = 0; i < 4; i++) to[k * step + r + i] = a[i * row + k];
    }
  }
}`;
