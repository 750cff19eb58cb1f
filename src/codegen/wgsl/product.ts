/**
 * Matrix products and convolutions in tiles. A workgroup computes a block of C: it brings stretches of
 * A and B into workgroup memory, evaluating whatever computes them on the way, and each invocation
 * keeps a square of four by four results in registers. Where subgroups multiply matrices themselves,
 * these do (matrix-product.ts).
 */
import { indent } from '../c/scope.ts';
import type { Layout, WgslLimits, Work } from './layout.ts';
import { matrixLayout } from './matrix-product.ts';
import { partsOf, type Sizes, tileBytes, tilingOf } from './product-parts.ts';

/** Rows and columns of results that an invocation holds. */
const square = 4;
const stretch = 16;
/** Products of fewer rows or columns are done an element an invocation. */
const narrowest = 12;

function sideOf(extent: number, limits: WgslLimits): number {
  if (extent >= 48 && limits.invocations >= 256) return 64;
  return extent >= 24 ? 32 : 16;
}

/** The layout of a product, or undefined where tiles do not pay. */
export function productLayout(work: Work): Layout | undefined {
  const { kernel, limits } = work;
  const { product } = kernel;
  const parts = product && partsOf(kernel.body);
  if (!product || !parts) return undefined;
  const [m, n] = [product.m.extent, product.n.extent];
  if (m < narrowest || n < narrowest || parts.depth < 4) return undefined;
  const byMatrices = matrixLayout(work, product, parts);
  if (byMatrices) return byMatrices;

  const [rows, cols] = [sideOf(m, limits), sideOf(n, limits)];
  const threads = (rows / square) * (cols / square);
  const type = limits.half ? 'f16' : 'f32';
  const sizes: Sizes = { rows, cols, stretch, threads, type };
  if (tileBytes(sizes) > limits.workgroupBytes) return undefined;
  const { groups, place, before, bring } = tilingOf(work, product, parts, sizes);
  const perRow = cols / square;
  const wide = (text: string): string => (type === 'f16' ? `f32(${text})` : text);
  const four = [0, 1, 2, 3];
  const finish = four.flatMap((i) => {
    const row = `row + ${i}`;
    const calls = four.map((j) => {
      const call = `finish(batch, ${row}, column + ${j}, c${i}[${j}]);`;
      return n % cols === 0 ? call : `if (column + ${j} < ${n}) { ${call} }`;
    });
    return m % rows === 0 ? calls : [`if (${row} < ${m}) {`, ...indent(calls), '}'];
  });
  return {
    size: threads,
    groups,
    directives: type === 'f16' ? ['enable f16;'] : [],
    before,
    body: [
      ...place,
      `let down = i32(local) / ${perRow} * ${square};`,
      `let right = i32(local) % ${perRow} * ${square};`,
      ...four.map((i) => `var c${i} = vec4<f32>();`),
      `for (var k0 = 0; k0 < ${parts.depth}; k0 += ${stretch}) {`,
      ...indent([
        ...bring,
        'workgroupBarrier();',
        `for (var k = 0; k < ${stretch}; k++) {`,
        `  let at = k * ${cols} + right;`,
        `  let b = vec4<f32>(${four.map((j) => wide(`tile_b[at${j === 0 ? '' : ` + ${j}`}]`)).join(', ')});`,
        `  let begin = k * ${rows} + down;`,
        ...four.map((i) => `  c${i} += ${wide(`tile_a[begin + ${i}]`)} * b;`),
        '}',
        'workgroupBarrier();',
      ]),
      '}',
      'let row = row0 + down;',
      'let column = column0 + right;',
      ...finish,
    ],
  };
}
