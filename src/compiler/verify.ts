/** Checks between the stages: a fault is found where it was made, not where it hurts. */
import { bytesOf } from '../dtype.ts';
import { type Expr, exprOrder, scalarOf } from '../expr/expr.ts';
import { graphsOf } from '../graph/describe.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { exprsOf, type Kernel, type Stmt } from './loopnest.ts';
import { kernelsOf, type Program, type Step, stepsOf } from './program.ts';

function fail(where: string, what: string): never {
  throw new Error(`internal compiler error in ${where}: ${what}. Please report this.`);
}

/** Every operand is made before it is used, and every shape is what its primitive's rule says. */
export function verifyGraph(graph: Graph): void {
  const made = new Set<Value>(graph.inputs);
  for (const node of graph.computed) {
    for (const v of node.inputs) {
      if (!made.has(v))
        fail(
          `graph ${graph.name}`,
          `${node.primitive.name} uses ${v.describe()} before it is made`,
        );
    }
    for (const o of node.outputs) made.add(o);
    for (const [, inner] of graphsOf(node)) verifyGraph(inner);
  }
  for (const o of graph.outputs)
    if (!made.has(o)) fail(`graph ${graph.name}`, `the output ${o.describe()} is never made`);
}

export function verifyProgram(program: Program): void {
  const written = new Set<number>();
  program.buffers.forEach((b, i) => {
    if (!b.place) fail(program.name, `buffer ${i} has no place`);
    if (
      b.place.kind === 'input' ||
      b.place.kind === 'constant' ||
      (b.place.kind === 'output' && b.place.donatedFrom !== undefined)
    )
      written.add(i);
    if (
      b.place.kind === 'arena' &&
      b.place.offset + b.length * bytesOf(b.dtype) > program.arenaBytes &&
      b.length > 0 &&
      used(program, i)
    ) {
      fail(program.name, `buffer ${i} lies outside the arena`);
    }
  });
  const steps = (list: readonly Step[], loops: ReadonlySet<Expr>): void => {
    for (const { kernel, control } of list) {
      if (kernel) {
        const where = `${program.name}.${kernel.name}`;
        for (const b of kernel.reads)
          if (!written.has(b) && !kernel.writes.includes(b))
            fail(where, `buffer ${b} is read before it is written`);
        for (const b of kernel.writes) {
          if (program.buffers[b].place.kind === 'input')
            fail(where, `input buffer ${b} is written`);
          written.add(b);
        }
        for (const v of kernel.outer ?? [])
          if (!loops.has(v)) fail(where, `${v.name} is the index of no loop around it`);
        verifyKernel(program, kernel);
        continue;
      }
      if (control.kind !== 'loop' && !written.has(control.predicate))
        fail(program.name, `the predicate ${control.predicate} is read before it is written`);
      const inner = control.kind === 'loop' ? new Set([...loops, control.index]) : loops;
      for (const s of stepsOf(control)) steps(s, inner);
    }
  };
  steps(program.steps, new Set());
}

function used(program: Program, buffer: number): boolean {
  return kernelsOf(program.steps).some(
    (k) => k.reads.includes(buffer) || k.writes.includes(buffer),
  );
}

function verifyKernel(program: Program, kernel: Kernel): void {
  const where = `${program.name}.${kernel.name}`;
  const dtypeOf = (ref: number): string => {
    const b = ref >= 0 ? program.buffers[ref] : kernel.scratch[-ref - 1];
    if (!b) fail(where, `there is no buffer ${ref}`);
    return b.dtype;
  };
  const checkExpr = (e: Expr, scope: ReadonlySet<Expr>): void => {
    for (const x of exprOrder([e])) {
      if (x.op === 'var' && !scope.has(x)) fail(where, `${x.name} is used outside its scope`);
      if (x.op === 'load') {
        if (dtypeOf(x.buffer) !== x.storage)
          fail(where, `buffer ${x.buffer} is ${dtypeOf(x.buffer)}, loaded as ${x.storage}`);
        if (x.args[0].dtype !== 'int32') fail(where, 'an index is not int32');
      }
    }
  };
  const check = (body: readonly Stmt[], outer: ReadonlySet<Expr>): void => {
    const scope = new Set(outer);
    for (const s of body) {
      if (s.kind === 'for') {
        checkExpr(s.start, scope);
        checkExpr(s.extent, scope);
        if (
          s.vector &&
          s.body.some(
            (t) => t.kind === 'for' || t.kind === 'while' || t.kind === 'tile' || t.kind === 'set',
          )
        ) {
          fail(where, 'a vector loop holds more than straight-line code');
        }
        check(s.body, new Set([...scope, s.index]));
        continue;
      }
      for (const e of exprsOf(s)) checkExpr(e, scope);
      switch (s.kind) {
        case 'let':
        case 'accum':
          scope.add(s.variable);
          break;
        case 'update':
        case 'set':
          if (!scope.has(s.variable)) fail(where, `${s.variable.name} is set outside its scope`);
          if (s.variable.dtype !== s.value.dtype)
            fail(where, `${s.variable.name} is ${s.variable.dtype}, set to ${s.value.dtype}`);
          break;
        case 'store':
          if (dtypeOf(s.buffer) !== s.storage)
            fail(where, `buffer ${s.buffer} is ${dtypeOf(s.buffer)}, stored as ${s.storage}`);
          if (scalarOf(s.storage) !== s.value.dtype)
            fail(where, `${s.value.dtype} stored as ${s.storage}`);
          break;
        case 'if':
          check(s.then, scope);
          if (s.otherwise) check(s.otherwise, scope);
          break;
        case 'while':
          check(s.body, scope);
          break;
        case 'tile':
          if (
            dtypeOf(s.a.buffer) !== s.dtype ||
            dtypeOf(s.b.buffer) !== s.dtype ||
            dtypeOf(s.out.buffer) !== s.dtype
          )
            fail(where, 'a tile mixes dtypes');
          break;
      }
    }
  };
  const given = kernel.outer ?? [];
  check(kernel.body, new Set(kernel.parallel ? [...given, kernel.parallel.index] : given));
}
