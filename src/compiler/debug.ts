/**
 * A look at each stage. `GRADLOOM_DEBUG` holds a comma-separated list of stages (graph, simplified,
 * program, and the printers' own, such as c); `all` means every stage. Output goes to standard error.
 */
import type { Expr } from '../expr/expr.ts';
import type { Graph, Value } from '../graph/graph.ts';
import type { Stmt } from './loopnest.ts';
import { type Program, type Step, stepsOf } from './program.ts';

function setting(): string | undefined {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env
    ?.GRADLOOM_DEBUG;
}

/** Whether any stage is looked at. */
export function debugging(): boolean {
  return Boolean(setting());
}

export function wants(stage: string): boolean {
  const wanted = setting();
  if (!wanted) return false;
  const stages = wanted.split(',').map((s) => s.trim());
  return stages.includes(stage) || stages.includes('all');
}

export function dump(stage: string, text: () => string): void {
  if (wants(stage)) console.error(text());
}

export function showStage(title: string, graph: Graph): string {
  const ids = new Map<Value, number>();
  const name = (v: Value): string => `%${ids.get(v)}`;
  const lines = [`--- ${title}`];
  for (const v of graph.inputs) {
    if (ids.has(v)) continue;
    ids.set(v, ids.size);
    lines.push(`${name(v)}: ${v.describe()} = input`);
  }
  for (const node of graph.computed) {
    const args = node.inputs.map(name).join(', ');
    for (const o of node.outputs) if (!ids.has(o)) ids.set(o, ids.size);
    const outs = node.outputs.map((o) => `${name(o)}: ${o.describe()}`).join(', ');
    lines.push(`${outs} = ${node.key}(${args})`);
  }
  lines.push(`return ${graph.outputs.map(name).join(', ')}`);
  return lines.join('\n');
}

const infix: Record<string, string> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  rem: '%',
  and: '&',
  or: '|',
  xor: '^',
  shl: '<<',
  shr: '>>',
  eq: '==',
  ne: '!=',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

/** Shared parts are spelled out each time, so what lies deep is left out. */
export function showExpr(e: Expr, depth = 12): string {
  if (e.op === 'const')
    return e.dtype === 'float32' && Number.isInteger(e.value) ? `${e.value}.0` : String(e.value);
  if (e.op === 'var') return e.name;
  if (depth === 0) return '…';
  const args = e.args.map((a) => showExpr(a, depth - 1));
  if (e.op === 'load') return `${e.buffer < 0 ? `s${-e.buffer - 1}` : `b${e.buffer}`}[${args[0]}]`;
  if (infix[e.op]) return `(${args[0]} ${infix[e.op]} ${args[1]})`;
  return `${e.op === 'convert' || e.op === 'bitcast' ? `${e.op}_${e.dtype}` : e.op}(${args.join(', ')})`;
}

export function showStmts(body: readonly Stmt[], indent = '  '): string {
  return body.map((s) => showStmt(s, indent)).join('\n');
}

function showStmt(s: Stmt, indent: string): string {
  const inner = (b: readonly Stmt[]): string => showStmts(b, `${indent}  `);
  switch (s.kind) {
    case 'for':
      return `${indent}${s.vector ? 'vector ' : ''}for ${s.index.name} = ${showExpr(s.start)} .. +${showExpr(s.extent)}${s.step > 1 ? ` by ${s.step}` : ''}:\n${inner(s.body)}`;
    case 'let':
      return `${indent}let ${s.variable.name} = ${showExpr(s.value)}`;
    case 'accum':
      return `${indent}var ${s.variable.name} = ${showExpr(s.init)}`;
    case 'update':
      return `${indent}${s.variable.name} ${s.op}= ${showExpr(s.value)}`;
    case 'set':
      return `${indent}${s.variable.name} = ${showExpr(s.value)}`;
    case 'store':
      return `${indent}${s.buffer < 0 ? `s${-s.buffer - 1}` : `b${s.buffer}`}[${showExpr(s.index)}] = ${showExpr(s.value)}`;
    case 'if':
      return `${indent}if ${showExpr(s.cond)}:\n${inner(s.then)}${s.otherwise ? `\n${indent}else:\n${inner(s.otherwise)}` : ''}`;
    case 'while':
      return `${indent}while ${showExpr(s.cond)}:\n${inner(s.body)}`;
    case 'tile':
      return `${indent}tile ${s.rows}x${s.cols} depth ${s.outer ? `${showExpr(s.outer.extent)} x ` : ''}${showExpr(s.depth)}: a = b${s.a.buffer}[${showExpr(s.a.base)} + m*${s.a.row} + k*${s.a.step}], b = b${s.b.buffer}[${showExpr(s.b.base)} + k*${s.b.step} + n]`;
  }
}

export function showProgram(p: Program): string {
  const lines = [
    `--- ${p.name}: program, ${p.steps.length} kernels, arena ${p.arenaBytes} bytes, cost ${p.cost}`,
  ];
  p.buffers.forEach((b, i) => {
    lines.push(
      `b${i}: ${b.dtype}[${b.length}] ${JSON.stringify(b.place.kind === 'constant' ? { kind: 'constant' } : b.place)}`,
    );
  });
  const show = (steps: readonly Step[], indent: string): void => {
    for (const { kernel, control, barrier } of steps) {
      if (barrier) lines.push(`${indent}barrier`);
      if (control) {
        const inner = `${indent}  `;
        if (control.kind === 'loop')
          lines.push(`${indent}loop ${control.index.name} < ${control.extent}:`);
        else lines.push(`${indent}${control.kind} b${control.predicate}:`);
        for (const [i, s] of stepsOf(control).entries()) {
          if (i > 0) lines.push(`${indent}otherwise:`);
          show(s, inner);
        }
        continue;
      }
      const par = kernel.parallel
        ? ` parallel ${kernel.parallel.index.name} < ${kernel.parallel.extent}`
        : '';
      lines.push(
        `${indent}kernel ${kernel.name}${par} (cost ${kernel.cost}):\n${showStmts(kernel.body, `${indent}  `)}`,
      );
    }
  };
  show(p.steps, '');
  return lines.join('\n');
}
