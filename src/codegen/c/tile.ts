/**
 * The product tile as a C function: rows x cols accumulators that live in vector registers for the
 * whole depth. Everything a compiler would have to discover by unrolling is written out, which
 * compiles faster and leaves the register allocation no choice.
 *
 * There is one generic function a shape, and around it one function for each set of strides, so
 * that the strides end up as displacements in the addresses. Here, and in kernels that sum floats
 * (`addsFloats`), products may be fused into sums (`FUSED`), as the order of a sum is each backend's own
 * anyway: everywhere else each operation rounds, as the loop nest says, and all backends give the
 * same bits.
 */

export interface TileShape {
  readonly dtype: 'float32' | 'float64';
  readonly rows: number;
  readonly cols: number;
  readonly accumulate: boolean;
  /** Whether the depth is gone through several times. */
  readonly rounds?: boolean;
}

/** A run of columns held in one register (`width` 1 is a plain scalar). */
interface Piece {
  readonly offset: number;
  readonly width: number;
}

export function vectorType(dtype: 'float32' | 'float64', width: number): string {
  const scalar = dtype === 'float32' ? 'f32' : 'f64';
  return width === 1 ? scalar : `${scalar}x${width}`;
}

/** The strides of a call, which are constants of the program. */
export interface TileStrides {
  readonly aRow: number;
  readonly aStep: number;
  readonly bStep: number;
  readonly outRow: number;
  /** From one round to the next. */
  readonly aOuter?: number;
  readonly bOuter?: number;
}

/** How a compiler is told that a function may fuse products into sums. */
export const fusedMacro = `#ifdef __clang__
#define FUSED
#define FUSED_BODY _Pragma("clang fp contract(fast)")
#else
#define FUSED __attribute__((optimize("fp-contract=fast")))
#define FUSED_BODY
#endif
// Keeps an operand in a register: gcc would load it again for each product it takes part in.
#if !defined(__clang__) && defined(__x86_64__)
#define IN_REGISTER(x) __asm__("" : "+v"(x))
#elif !defined(__clang__) && defined(__aarch64__)
#define IN_REGISTER(x) __asm__("" : "+w"(x))
#else
#define IN_REGISTER(x)
#endif
`;

/** The function for a shape and its strides. */
export function tileCallName(t: TileShape, s: TileStrides): string {
  const stride = (n: number): string => (n < 0 ? `m${-n}` : `${n}`);
  const rounds = t.rounds ? `_r${stride(s.aOuter ?? 0)}_${stride(s.bOuter ?? 0)}` : '';
  return `${tileName(t)}_a${stride(s.aRow)}_${stride(s.aStep)}_b${stride(s.bStep)}_o${stride(s.outRow)}${rounds}`;
}

export function tileCallSource(t: TileShape, s: TileStrides): string {
  const type = vectorType(t.dtype, 1);
  return [
    `FUSED static __attribute__((noinline)) void ${tileCallName(t, s)}(`,
    `    const ${type} *restrict a, const ${type} *restrict b, ${type} *restrict out, i64 depth${t.rounds ? ', i64 rounds' : ''}) {`,
    `  ${tileName(t)}(a, ${s.aRow}, ${s.aStep}, b, ${s.bStep}, out, ${s.outRow}, depth${t.rounds ? `, rounds, ${s.aOuter}, ${s.bOuter}` : ''});`,
    '}',
  ].join('\n');
}

export function tileName(t: TileShape): string {
  return `tile_${t.dtype === 'float32' ? 'f32' : 'f64'}_${t.rows}x${t.cols}${t.accumulate ? '_acc' : ''}${t.rounds ? '_rounds' : ''}`;
}

function piecesOf(cols: number, lanes: number): Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  let width = lanes;
  while (offset < cols) {
    while (width > cols - offset) width /= 2;
    pieces.push({ offset, width });
    offset += width;
  }
  return pieces;
}

/** The vector widths (in elements) that `tileSource` uses for a shape. */
export function tileWidths(t: TileShape, lanes32: number): number[] {
  const lanes = t.dtype === 'float32' ? lanes32 : Math.max(1, lanes32 / 2);
  return [...new Set(piecesOf(t.cols, lanes).map((p) => p.width))];
}

/** @param lanes32 float32 lanes of a vector register. */
export function tileSource(t: TileShape, lanes32: number): string {
  const lanes = t.dtype === 'float32' ? lanes32 : Math.max(1, lanes32 / 2);
  const pieces = piecesOf(t.cols, lanes);
  const scalar = vectorType(t.dtype, 1);
  const at = (pointer: string, p: Piece, row?: string): string => {
    const place = [row, p.offset ? `${p.offset}` : undefined].filter(Boolean).join(' + ');
    const address = place ? `(${pointer} + ${place})` : pointer;
    return p.width === 1 ? `*${address}` : `*(${vectorType(t.dtype, p.width)} *)${address}`;
  };
  const rows = Array.from({ length: t.rows }, (_, r) => r);
  const out: string[] = [];
  out.push(
    `FUSED static inline __attribute__((always_inline)) void ${tileName(t)}(`,
    `    const ${scalar} *a, i64 arow, i64 astep, const ${scalar} *b, i64 bstep,`,
    `    ${scalar} *out, i64 orow, i64 depth${t.rounds ? ', i64 rounds, i64 around, i64 bround' : ''}) {`,
    '  FUSED_BODY',
  );
  const rowOffset = (r: number): string | undefined =>
    r === 0 ? undefined : r === 1 ? 'orow' : `${r} * orow`;
  for (const r of rows) {
    const starts = pieces.map((p, i) => {
      const zero = p.width === 1 ? '0' : '{0}';
      const start = t.accumulate ? at('out', p, rowOffset(r)) : zero;
      return `${vectorType(t.dtype, p.width)} c${r}_${i} = ${start};`;
    });
    out.push(`  ${starts.join(' ')}`);
  }
  // With one vector a row, or vectors of several widths, a broadcast is used once.
  const same = pieces.length > 1 && pieces.every((p) => p.width === pieces[0].width);
  const wide = same ? pieces[0].width : 1;
  if (t.rounds) {
    out.push(
      `  const ${scalar} *a0 = a, *b0 = b;`,
      '  for (i64 r = 0; r < rounds; r++, a0 += around, b0 += bround) {',
      '  a = a0;',
      '  b = b0;',
    );
  }
  out.push('  for (i64 k = 0; k < depth; k++) {');
  for (const [i, p] of pieces.entries()) {
    const pin = p.width > 1 && t.rows > 1 ? ` IN_REGISTER(b${i});` : '';
    out.push(`    ${vectorType(t.dtype, p.width)} b${i} = ${at('b', p)};${pin}`);
  }
  for (const r of rows) {
    const x = `a[${r === 0 ? '0' : r === 1 ? 'arow' : `${r} * arow`}]`;
    const sums = pieces.map((_, i) => `c${r}_${i} += x${r} * b${i};`).join(' ');
    if (wide > 1) {
      const type = vectorType(t.dtype, wide);
      out.push(`    ${type} x${r} = ${x} - (${type}){0}; IN_REGISTER(x${r}); ${sums}`);
    } else {
      out.push(`    const ${scalar} x${r} = ${x}; ${sums}`);
    }
  }
  out.push('    a += astep;', '    b += bstep;', '  }');
  if (t.rounds) out.push('  }');
  for (const r of rows) {
    const ends = pieces.map((p, i) => `${at('out', p, rowOffset(r))} = c${r}_${i};`);
    out.push(`  ${ends.join(' ')}`);
  }
  out.push('}');
  return out.join('\n');
}
