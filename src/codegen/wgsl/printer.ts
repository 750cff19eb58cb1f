/**
 * Kernel -> WGSL: a module with one entry point. A kernel's parallel index is the number of the
 * invocation, and loops inside it are loops of that invocation; but products are made in tiles
 * (product.ts) and long reductions by whole workgroups (shared-fold.ts).
 *
 * The text depends on nothing but the kernel and its buffers' types, so that equal kernels share a
 * pipeline.
 */
import type { Kernel } from '../../compiler/loopnest.ts';
import type { BufferDecl, CpuTarget } from '../../compiler/program.ts';
import { KernelFacts } from '../c/facts.ts';
import { indent, Scope } from '../c/scope.ts';
import { groupNumber, type Layout, spread, type WgslLimits, type Work } from './layout.ts';
import { type Binding, Memory, type Staged } from './memory.ts';
import { helperSource } from './prelude.ts';
import { productLayout } from './product.ts';
import { sharedFoldLayout } from './shared-fold.ts';
import { Statements } from './statements.ts';
import { Values } from './values.ts';

export const webgpuTarget: CpuTarget = {
  name: 'webgpu',
  gpu: true,
  arenaAlign: 256,
  lanes: 1,
  tileRows: 1,
  tileCols: 1,
  parallelThreshold: 0,
};

export interface PrintedKernel {
  readonly name: string;
  readonly text: string;
  readonly bindings: readonly Binding[];
  /** Buffers to copy into the arena before a run, and back after it. */
  readonly staged: readonly Staged[];
  /** Workgroups along each dimension. */
  readonly groups: readonly [x: number, y: number, z: number];
}

/** Invocations of a workgroup where nothing is shared. */
const plainGroup = 64;

export function printKernel(
  kernel: Kernel,
  buffers: readonly BufferDecl[],
  limits: WgslLimits,
  arenaBytes: number,
): PrintedKernel {
  const memory = new Memory(kernel, buffers, limits.storageBuffers, arenaBytes);
  const helpers = new Set<string>();
  const need = (name: string): void => void helpers.add(name);
  const facts = new KernelFacts(
    kernel.body,
    (n) => (n < 0 ? `scratch ${n}` : `buffer ${n}`),
    (n) => (n < 0 ? kernel.scratch[-n - 1].length : buffers[n].length),
  );
  const statements = new Statements(memory, facts, new Values(memory, facts, need), need);
  const root = new Scope(undefined, 'block');
  (kernel.outer ?? []).forEach((v, level) => {
    statements.values.bind(root, v, `step${level}.x`);
  });
  const work = { kernel, limits, statements, root };
  const layout = productLayout(work) ?? sharedFoldLayout(work, need) ?? plainLayout(work);
  const builtins = [
    '@builtin(workgroup_id) group: vec3<u32>',
    '@builtin(local_invocation_index) local: u32',
    ...(layout.subgroups
      ? ['@builtin(subgroup_id) subgroup: u32', '@builtin(num_subgroups) subgroups: u32']
      : []),
  ];
  const text = [
    ...(layout.directives ?? []),
    ...memory.lines,
    ...helperSource(helpers),
    ...layout.before,
    `@compute @workgroup_size(${layout.size})`,
    `fn main(${builtins.join(', ')}) {`,
    ...indent([...memory.locals, ...root.lines, ...layout.body]),
    '}',
    '',
  ].join('\n');
  const { bindings, staged } = memory;
  return { name: kernel.name, text, bindings, staged, groups: layout.groups };
}

/** An invocation for each value of the parallel index. */
function plainLayout({ kernel, limits, statements, root }: Work): Layout {
  const total = kernel.parallel?.extent ?? 1;
  const size = total === 1 ? 1 : plainGroup;
  const groups = spread(Math.ceil(total / size), limits.workgroupsPerDimension);
  const body = new Scope(root, 'block');
  if (kernel.parallel) {
    const p = statements.values.define(body, kernel.parallel.index);
    body.lines.push(`let ${p}: i32 = i32(${groupNumber(groups)} * ${size}u + local);`);
    if (groups[0] * groups[1] * size !== total)
      body.lines.push(`if (${p} >= ${total}) { return; }`);
  }
  statements.print(kernel.body, body);
  return { size, groups, before: [], body: body.lines };
}
