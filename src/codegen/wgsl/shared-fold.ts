/**
 * Long reductions by whole workgroups: each invocation takes every n-th element, and their parts are
 * combined in a tree, or where there are subgroups by these, whose few results are then gone through. For kernels whose body is nothing but reductions and what follows from their
 * results.
 */
import { exprsOf, type Stmt, visitStmts } from '../../compiler/loopnest.ts';
import { type Expr, exprOrder } from '../../expr/expr.ts';
import { indent, Scope } from '../c/scope.ts';
import { combine } from './expr-text.ts';
import { groupNumber, type Layout, spread, type Work } from './layout.ts';
import { literal, scalarType } from './prelude.ts';
import { acrossSubgroup, smallestSubgroup, subgroupDirectives } from './subgroups.ts';

type Update = Extract<Stmt, { kind: 'update' }>;

/** A loop nest whose iterations only update accumulators. */
interface Nest {
  readonly loops: readonly { readonly index: Expr; readonly extent: number }[];
  readonly body: readonly Stmt[];
  readonly updates: readonly Update[];
}

/** Elements that a workgroup is worth, and results beyond which there is work enough without. */
const shortest = 64;
const longest = 512;
const enough = 4096;

function nestOf(s: Stmt): Nest | undefined {
  const loops: { index: Expr; extent: number }[] = [];
  let body: readonly Stmt[] = [s];
  while (body.length === 1 && body[0].kind === 'for') {
    const { index, start, extent, step, body: inner } = body[0] as Extract<Stmt, { kind: 'for' }>;
    if (extent.op !== 'const' || start.op !== 'const' || start.value !== 0 || step !== 1) return;
    loops.push({ index, extent: extent.value });
    body = inner;
  }
  if (loops.length === 0 || !body.every((t) => t.kind === 'let' || t.kind === 'update')) return;
  const updates = body.filter((t): t is Update => t.kind === 'update');
  const variables = new Set(updates.map((u) => u.variable));
  // Each is updated once, and none of them is looked at on the way.
  if (variables.size < updates.length) return;
  const seen = exprOrder(body.flatMap(exprsOf));
  return seen.some((e) => variables.has(e)) ? undefined : { loops, body, updates };
}

/** Accumulators of all the nests, each of which has its own workgroup memory. */
function parts(nests: ReadonlyMap<Stmt, Nest>): number {
  return [...nests.values()].reduce((n, { updates }) => n + updates.length, 0);
}

/** Text of the value that changes nothing. */
function identity(u: Update, need: (helper: string) => void): string {
  const t = u.variable.dtype;
  if (t === 'bool') return u.op === 'and' || u.op === 'mul' || u.op === 'min' ? 'true' : 'false';
  const least = { float32: Number.NEGATIVE_INFINITY, int32: -(2 ** 31), uint32: 0 };
  const most = { float32: Number.POSITIVE_INFINITY, int32: 2 ** 31 - 1, uint32: 2 ** 32 - 1 };
  const type = t as keyof typeof least;
  const values = {
    add: 0,
    or: 0,
    mul: 1,
    and: type === 'uint32' ? 2 ** 32 - 1 : -1,
    min: most[type],
    max: least[type],
  };
  return literal(t, values[u.op], need);
}

/** The layout of a reduction by workgroups, or undefined where the body is something else. */
export function sharedFoldLayout(work: Work, need: (helper: string) => void): Layout | undefined {
  const { kernel, limits, statements, root } = work;
  const results = kernel.parallel?.extent ?? 1;
  if (kernel.scratch.length > 0) return undefined;
  const nests = new Map<Stmt, Nest>();
  let most = 0;
  const written = new Set(kernel.writes);
  for (const s of kernel.body) {
    const nest = s.kind === 'for' ? nestOf(s) : undefined;
    if (nest) {
      nests.set(s, nest);
      most = Math.max(
        most,
        nest.loops.reduce((n, l) => n * l.extent, 1),
      );
    } else if (s.kind !== 'let' && s.kind !== 'accum' && s.kind !== 'store') return undefined;
  }
  if (most < shortest || (most < longest && results > enough)) return undefined;
  // What the first invocation stores, the others might read too early.
  const last = kernel.body.findLastIndex((s) => nests.has(s));
  const early = kernel.body.slice(0, last).some((s) => s.kind === 'store');
  let reads = false;
  visitStmts(kernel.body, (s) => {
    reads ||= exprOrder(exprsOf(s)).some((e) => e.op === 'load' && written.has(e.buffer));
  });
  if (early && reads) return undefined;

  const size = most >= 1024 && limits.invocations >= 256 ? 256 : 64;
  if (limits.invocations < size || limits.workgroupBytes < 4 * size * parts(nests))
    return undefined;
  const groups = spread(results, limits.workgroupsPerDimension);
  const { values } = statements;
  const before: string[] = [];
  const scope = new Scope(root, 'block');
  const lines = scope.lines;
  if (kernel.parallel) {
    const p = values.define(scope, kernel.parallel.index);
    lines.push(`let ${p}: i32 = i32(${groupNumber(groups)});`);
    if (groups[0] * groups[1] !== results) lines.push(`if (${p} >= ${results}) { return; }`);
  }

  let count = 0;
  const share = ({ loops, body, updates }: Nest, whole: Stmt): void => {
    const total = loops.reduce((n, l) => n * l.extent, 1);
    const writes = statements.writesOf([whole]);
    statements.forget(scope, writes);
    const names = updates.map((u) => ({
      u,
      acc: values.nameOf(u.variable),
      part: `part${count++}`,
    }));
    for (const { u, part } of names)
      lines.push(`var ${part}: ${scalarType(u.variable.dtype)} = ${identity(u, need)};`);
    const inner = new Scope(scope, 'loop', writes, false);
    let position = 't';
    let left = total;
    for (let d = loops.length - 1; d >= 0; d--) {
      const { index, extent } = loops[d];
      left /= extent;
      const name = values.define(inner, index);
      inner.lines.push(`let ${name}: i32 = ${left === 1 ? position : `${position} % ${extent}`};`);
      position = `(${position} / ${extent})`;
    }
    for (const { u, part } of names) values.bind(inner, u.variable, part, true);
    statements.print(body, inner);
    for (const { u, acc } of names) values.bind(scope, u.variable, acc, true);
    lines.push(
      `for (var t: i32 = i32(local); t < ${total}; t += ${size}) {`,
      ...indent(inner.lines),
      '}',
    );
    for (const { u, acc, part } of names) {
      const t = u.variable.dtype;
      const shared = `shared_${part}`;
      const room = limits.subgroups ? size / smallestSubgroup : size;
      before.push(`var<workgroup> ${shared}: array<${scalarType(t)}, ${room}>;`);
      if (limits.subgroups) {
        const one = values.fresh('one');
        lines.push(
          `let ${one} = ${acrossSubgroup(u.op, t, part, need)};`,
          `if (subgroupElect()) { ${shared}[subgroup] = ${one}; }`,
          'workgroupBarrier();',
          'for (var s = 0u; s < subgroups; s++) {',
          `  ${acc} = ${combine(u.op, t, acc, `${shared}[s]`, need)};`,
          '}',
        );
        continue;
      }
      const pair = combine(u.op, t, `${shared}[local]`, `${shared}[local + half]`, need);
      lines.push(
        `${shared}[local] = ${part};`,
        'workgroupBarrier();',
        `for (var half = ${size / 2}u; half > 0u; half = half >> 1u) {`,
        `  if (local < half) { ${shared}[local] = ${pair}; }`,
        '  workgroupBarrier();',
        '}',
        `${acc} = ${combine(u.op, t, acc, `${shared}[0]`, need)};`,
      );
    }
    statements.forget(scope, writes);
  };

  let stores: Stmt[] = [];
  const flush = (): void => {
    if (stores.length === 0) return;
    const first = new Scope(scope, 'branch');
    statements.print(stores, first);
    lines.push('if (local == 0u) {', ...indent(first.lines), '}');
    stores = [];
  };
  // After the last reduction everything is the first invocation's.
  kernel.body.forEach((s, i) => {
    const nest = nests.get(s);
    if (i > last || s.kind === 'store') stores.push(s);
    else {
      flush();
      if (nest) share(nest, s);
      else statements.print([s], scope);
    }
  });
  flush();
  return {
    size,
    groups,
    ...(limits.subgroups ? { directives: subgroupDirectives, subgroups: true } : {}),
    before,
    body: lines,
  };
}
