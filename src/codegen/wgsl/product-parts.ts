/** What products in tiles have in common, whoever multiplies: their parts, and how tiles are filled. */
import type { Product, Stmt } from '../../compiler/loopnest.ts';
import type { Expr } from '../../expr/expr.ts';
import { strideOf } from '../../expr/index-math.ts';
import { indent, Scope } from '../c/scope.ts';
import { groupNumber, spread, type Work } from './layout.ts';

/** The parts of a kernel's body that `Product` promises. */
export interface Parts {
  readonly acc: Expr;
  readonly k: Expr | undefined;
  readonly depth: number;
  readonly a: Expr;
  readonly b: Expr;
  readonly epilogue: readonly Stmt[];
}

export function partsOf(body: readonly Stmt[]): Parts | undefined {
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

/** How the blocks of C lie over workgroups, and how a block's stretches of A and B are brought. */
export interface Tiling {
  readonly groups: readonly [number, number, number];
  /** Text that says which block it is: `batch`, `row0`, `column0`. */
  readonly place: readonly string[];
  /** Declarations of the tiles in workgroup memory, and functions for the elements. */
  readonly before: readonly string[];
  /** Text that fills both tiles, `tile_a[k][row]` and `tile_b[k][column]`, from `k0` on. */
  readonly bring: readonly string[];
}

export interface Sizes {
  /** Of a block of C. */
  readonly rows: number;
  readonly cols: number;
  /** Elements along the sum that are in workgroup memory at a time. */
  readonly stretch: number;
  /** Invocations of a workgroup. */
  readonly threads: number;
  readonly type: 'f32' | 'f16';
}

/** Bytes of workgroup memory that both tiles take. */
export function tileBytes({ rows, cols, stretch, type }: Sizes): number {
  return (rows + cols) * stretch * (type === 'f16' ? 2 : 4);
}

export function tilingOf(work: Work, product: Product, parts: Parts, sizes: Sizes): Tiling {
  const { rows, cols, stretch, threads, type } = sizes;
  const { depth } = parts;
  const [m, n] = [product.m.extent, product.n.extent];
  const [down, across] = [Math.ceil(m / rows), Math.ceil(n / cols)];
  const count = product.batch.extent * down * across;
  const groups = spread(count, work.limits.workgroupsPerDimension);
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
    const put = (v: string): string =>
      `${tile}[k * ${side} + r] = ${type === 'f16' ? `f16(${v})` : v};`;
    return [
      `for (var e = i32(local); e < ${side * stretch}; e += ${threads}) {`,
      // Neighbouring invocations read neighbouring elements.
      alongSum
        ? `  let k = e % ${stretch}; let r = e / ${stretch};`
        : `  let r = e % ${side}; let k = e / ${side};`,
      ...(guards.length === 0
        ? [`  ${put(value)}`]
        : [
            '  var value = 0.0f;',
            `  if (${guards.join(' && ')}) { value = ${value}; }`,
            `  ${put('value')}`,
          ]),
      '}',
    ];
  };
  const along = (e: Expr, side: Expr): boolean => runsAlong(e, parts.k, side);
  return {
    groups,
    place: [
      `let number = i32(${groupNumber(groups)});`,
      ...(groups[0] * groups[1] === count ? [] : [`if (number >= ${count}) { return; }`]),
      `let batch = number / ${down * across};`,
      `let row0 = (number / ${across}) % ${down} * ${rows};`,
      `let column0 = number % ${across} * ${cols};`,
    ],
    before: [
      `var<workgroup> tile_a: array<${type}, ${rows * stretch}>;`,
      `var<workgroup> tile_b: array<${type}, ${cols * stretch}>;`,
      ...elementFunctions(work, product, parts),
    ],
    bring: [
      ...bring(
        'tile_a',
        rows,
        'row0',
        m,
        along(parts.a, product.m.index),
        (r, k) => `element_a(batch, ${r}, ${k})`,
      ),
      ...bring(
        'tile_b',
        cols,
        'column0',
        n,
        along(parts.b, product.n.index),
        (r, k) => `element_b(batch, ${k}, ${r})`,
      ),
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
