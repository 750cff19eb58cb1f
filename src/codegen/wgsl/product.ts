/**
 * Matrix products and convolutions in tiles. A workgroup computes a block of C: it brings stretches of
 * A and B into workgroup memory, evaluating whatever computes them on the way, and each invocation
 * keeps a square of four by four results in registers.
 */
import type { Product, Stmt } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';
import { strideOf } from '../../expr/index-math.ts';
import { indent, Scope } from '../c/scope.ts';
import { groupNumber, type Layout, spread, type WgslLimits, type Work } from './layout.ts';

/** Rows and columns of results that an invocation holds. */
const square = 4;
/** Elements along the sum that are in workgroup memory at a time. */
const stretch = 16;
/** Products of fewer rows or columns are done an element an invocation. */
const narrowest = 12;

/** The parts of a kernel's body that `Product` promises. */
interface Parts {
  readonly acc: Expr;
  readonly k: Expr | undefined;
  readonly depth: number;
  readonly a: Expr;
  readonly b: Expr;
  readonly epilogue: readonly Stmt[];
}

function partsOf(body: readonly Stmt[]): Parts | undefined {
  const at = body.findIndex((s) => s.kind === 'accum');
  const [accum, sum, ...epilogue] = body.slice(at);
  if (at < 0 || accum.kind !== 'accum' || accum.variable.dtype !== 'float32') return undefined;
  const loop = sum?.kind === 'for' ? sum : undefined;
  const update = loop ? loop.body[0] : sum;
  if (update?.kind !== 'update' || update.value.op !== 'mul') return undefined;
  if (loop && (loop.body.length !== 1 || loop.extent.op !== 'const')) return undefined;
  const [a, b] = update.value.args;
  const depth = loop ? loop.extent.value : 1;
  return { acc: accum.variable, k: loop?.index, depth, a, b, epilogue };
}

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
  const [rows, cols] = [sideOf(m, limits), sideOf(n, limits)];
  if ((rows + cols) * stretch * 4 > limits.workgroupBytes) return undefined;

  const { depth } = parts;
  const [down, across] = [Math.ceil(m / rows), Math.ceil(n / cols)];
  const count = product.batch.extent * down * across;
  const groups = spread(count, limits.workgroupsPerDimension);
  const threads = (rows / square) * (cols / square);
  const perRow = cols / square;
  const bring = (
    tile: string,
    side: number,
    origin: string,
    edge: number,
    alongSum: boolean,
    call: (at: string, k: string) => string,
  ): string[] => {
    const guards = [
      ...(edge % side === 0 ? [] : [`${origin} + r < ${edge}`]),
      ...(depth % stretch === 0 ? [] : [`k0 + k < ${depth}`]),
    ];
    const value = call(`${origin} + r`, 'k0 + k');
    const put = `${tile}[k * ${side} + r] = `;
    return [
      `for (var e = i32(local); e < ${side * stretch}; e += ${threads}) {`,
      // Neighbouring invocations read neighbouring elements.
      alongSum
        ? `  let k = e % ${stretch}; let r = e / ${stretch};`
        : `  let r = e % ${side}; let k = e / ${side};`,
      ...(guards.length === 0
        ? [`  ${put}${value};`]
        : [
            '  var value = 0.0f;',
            `  if (${guards.join(' && ')}) { value = ${value}; }`,
            `  ${put}value;`,
          ]),
      '}',
    ];
  };
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
    before: [
      `var<workgroup> tile_a: array<f32, ${rows * stretch}>;`,
      `var<workgroup> tile_b: array<f32, ${cols * stretch}>;`,
      ...elementFunctions(work, product, parts),
    ],
    body: [
      `let number = i32(${groupNumber(groups)});`,
      ...(groups[0] * groups[1] === count ? [] : [`if (number >= ${count}) { return; }`]),
      `let batch = number / ${down * across};`,
      `let row0 = (number / ${across}) % ${down} * ${rows};`,
      `let column0 = number % ${across} * ${cols};`,
      `let down = i32(local) / ${perRow} * ${square};`,
      `let right = i32(local) % ${perRow} * ${square};`,
      ...four.map((i) => `var c${i} = vec4<f32>();`),
      `for (var k0 = 0; k0 < ${depth}; k0 += ${stretch}) {`,
      ...indent([
        ...bring(
          'tile_a',
          rows,
          'row0',
          m,
          runsAlong(parts.a, parts.k, product.m.index),
          (r, k) => `element_a(batch, ${r}, ${k})`,
        ),
        ...bring(
          'tile_b',
          cols,
          'column0',
          n,
          runsAlong(parts.b, parts.k, product.n.index),
          (r, k) => `element_b(batch, ${k}, ${r})`,
        ),
        'workgroupBarrier();',
        `for (var k = 0; k < ${stretch}; k++) {`,
        `  let at = k * ${cols} + right;`,
        '  let b = vec4<f32>(tile_b[at], tile_b[at + 1], tile_b[at + 2], tile_b[at + 3]);',
        `  let begin = k * ${rows} + down;`,
        ...four.map((i) => `  c${i} += tile_a[begin + ${i}] * b;`),
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

/** Whether an operand's elements lie side by side along the sum rather than along the results. */
function runsAlong(e: Expr, k: Expr | undefined, side: Expr): boolean {
  if (e.op !== 'load' || !k) return false;
  return strideOf(e.args[0], k) === 1 && strideOf(e.args[0], side) !== 1;
}

/** Functions for an element of A, one of B, and what follows from one of C. */
function elementFunctions(work: Work, product: Product, parts: Parts): string[] {
  const { statements, root } = work;
  const { values } = statements;
  const make = (head: string, print: (scope: Scope) => void): string[] => {
    const scope = new Scope(root, 'block');
    const bind = (v: Expr | undefined, name: string): void => {
      if (v?.op === 'var') values.bind(scope, v, name);
    };
    bind(product.batch.index, 'b');
    bind(product.m.index, 'm');
    bind(product.n.index, 'n');
    bind(parts.k, 'k');
    bind(parts.acc, 'acc');
    print(scope);
    return [`fn ${head} {`, ...indent(scope.lines), '}'];
  };
  const element = (head: string, e: Expr): string[] =>
    make(head, (scope) => {
      const text = values.text(e, scope);
      scope.lines.push(`return ${text};`);
    });
  return [
    ...element('element_a(b: i32, m: i32, k: i32) -> f32', parts.a),
    ...element('element_b(b: i32, k: i32, n: i32) -> f32', parts.b),
    ...make('finish(b: i32, m: i32, n: i32, acc: f32)', (scope) =>
      statements.print(parts.epilogue, scope),
    ),
  ];
}
