/** What the compiler of graphs must know of the processor. */
import type { CpuTarget } from '../../compiler/program.ts';
import type { Isa } from './runtime.ts';

/**
 * The best product tile per instruction set (bench/native-tile.ts shows the rates). A tile wants as
 * many accumulators as there are registers left after its operands: 32 registers on AVX-512 and
 * NEON, 16 on AVX2.
 */
const shapes: Record<Isa, { lanes: number; tileRows: number; tileCols: number }> = {
  avx512: { lanes: 16, tileRows: 12, tileCols: 32 },
  avx2: { lanes: 8, tileRows: 6, tileCols: 16 },
  neon: { lanes: 4, tileRows: 8, tileCols: 12 },
  generic: { lanes: 4, tileRows: 4, tileCols: 8 },
};

/**
 * Sharing a kernel costs one barrier, about half a microsecond, in which one core does some ten
 * thousand simple operations.
 */
const parallelThreshold = 16384;

export function nativeTarget(isa: Isa): CpuTarget {
  return { name: 'native', ...shapes[isa], flush: 'mode', parallelThreshold };
}
