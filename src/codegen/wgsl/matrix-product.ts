/**
 * Products by subgroup matrices, the matrix units of GPUs: a subgroup loads small matrices from the
 * tiles in workgroup memory, multiplies them and adds up, and holds what it adds up as matrices too.
 *
 * WGSL has them as an experiment so far, under `chromium_experimental_subgroup_matrix`. A block of C
 * is 64 by 64 in quarters, one for each of the four subgroups that 128 invocations usually are. Where
 * they are fewer, they take several rounds; where they are more, some are idle.
 */
import type { Product } from '../../compiler/loopnest.ts';
import { indent } from '../c/scope.ts';
import type { Layout, Work } from './layout.ts';
import { type Parts, type Sizes, tileBytes, tilingOf } from './product-parts.ts';
import { subgroupDirectives } from './subgroups.ts';

/** The product of matrices that a device offers: M x K by K x N, added up in f32. */
export interface MatrixShape {
  readonly type: 'f32' | 'f16';
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

const side = 64;
const quarter = side / 2;
const quarters = 4;
const threads = 128;
/** Smaller products waste more of a block than matrix units gain. */
const narrowest = 32;

/** Whether quarters of a block are made of whole matrices of this shape. */
export function fits({ m, n, k }: MatrixShape): boolean {
  return quarter % m === 0 && quarter % n === 0 && k >= 1 && 32 % k === 0;
}

export function matrixLayout(work: Work, product: Product, parts: Parts): Layout | undefined {
  const { limits } = work;
  const { matrix } = limits;
  const [m, n] = [product.m.extent, product.n.extent];
  if (!matrix || !limits.subgroups || m < narrowest || n < narrowest) return undefined;
  const { type, k } = matrix;
  const stretch = Math.max(16, k);
  if (parts.depth < stretch || limits.invocations < threads) return undefined;
  const sizes: Sizes = { rows: side, cols: side, stretch, threads, type };
  // Results on their way to the epilogue: a row of matrices of each quarter.
  const strip = matrix.m * quarter;
  if (tileBytes(sizes) + quarters * strip * 4 > limits.workgroupBytes) return undefined;

  const { groups, place, before, bring } = tilingOf(work, product, parts, sizes);
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const [down, across] = [range(quarter / matrix.m), range(quarter / matrix.n)];
  const [left, right, result] = [
    `subgroup_matrix_left<${type}, ${k}, ${matrix.m}>`,
    `subgroup_matrix_right<${type}, ${matrix.n}, ${k}>`,
    `subgroup_matrix_result<f32, ${matrix.n}, ${matrix.m}>`,
  ];
  const load = (tile: string, kind: string, order: string, at: string): string =>
    `subgroupMatrixLoad<${kind}, ${order}>(&${tile}, ${at}, ${side})`;
  const multiply = range(stretch / k).flatMap((step) => {
    const line = step * k * side;
    return [
      ...down.map((i) => {
        const at = `${line + i * matrix.m} + down`;
        return `let a${step}_${i} = ${load('tile_a', left, 'col_major', at)};`;
      }),
      ...across.flatMap((j) => {
        const at = `${line + j * matrix.n} + right`;
        return [
          `let b${step}_${j} = ${load('tile_b', right, 'row_major', at)};`,
          ...down.map(
            (i) =>
              `c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${step}_${i}, b${step}_${j}, c${i}_${j});`,
          ),
        ];
      }),
    ];
  });
  const guards = [
    ...(m % side === 0 ? [] : [`row < ${m}`]),
    ...(n % side === 0 ? [] : [`column < ${n}`]),
  ];
  const finish = (i: number): string[] => [
    'if (block < 4) {',
    ...across.map(
      (j) =>
        `  subgroupMatrixStore<row_major>(&strips, block * ${strip} + ${j * matrix.n}, c${i}_${j}, ${quarter});`,
    ),
    '}',
    'workgroupBarrier();',
    `for (var e = local; e < ${quarters * strip}; e += ${threads}) {`,
    ...indent([
      `let owner = e / ${strip};`,
      // Quarters of other rounds have their strips at other places.
      'if (owner < round || owner >= round + subgroups) { continue; }',
      `let row = row0 + i32(owner / 2 * ${quarter} + ${i * matrix.m} + e % ${strip} / ${quarter});`,
      `let column = column0 + i32(owner % 2 * ${quarter} + e % ${quarter});`,
      guards.length === 0
        ? 'finish(batch, row, column, strips[e]);'
        : `if (${guards.join(' && ')}) { finish(batch, row, column, strips[e]); }`,
    ]),
    '}',
    'workgroupBarrier();',
  ];
  return {
    size: threads,
    groups,
    directives: [
      ...subgroupDirectives,
      'enable chromium_experimental_subgroup_matrix;',
      ...(type === 'f16' ? ['enable f16;'] : []),
    ],
    subgroups: true,
    before: [`var<workgroup> strips: array<f32, ${quarters * strip}>;`, ...before],
    body: [
      ...place,
      `for (var round = 0u; round < ${quarters}; round += subgroups) {`,
      ...indent([
        'let block = round + subgroup;',
        `let down = block / 2 * ${quarter};`,
        `let right = block % 2 * ${quarter};`,
        ...down.flatMap((i) => across.map((j) => `var c${i}_${j} = ${result}();`)),
        `for (var k0 = 0; k0 < ${parts.depth}; k0 += ${stretch}) {`,
        ...indent([
          ...bring,
          'workgroupBarrier();',
          'if (block < 4) {',
          ...indent(multiply),
          '}',
          'workgroupBarrier();',
        ]),
        '}',
        ...down.flatMap(finish),
      ]),
      '}',
    ],
  };
}
