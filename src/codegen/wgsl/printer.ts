/**
 * Kernel -> WGSL: a module with one entry point. A kernel's parallel index is the number of the
 * invocation; loops inside it are loops of that invocation.
 *
 * The text depends on nothing but the kernel and its buffers' types, so that equal kernels share a
 * pipeline.
 */
import type { Kernel } from '../../compiler/loopnest.ts';
import type { BufferDecl, CpuTarget } from '../../compiler/program.ts';
import { KernelFacts } from '../c/facts.ts';
import { indent, Scope } from '../c/scope.ts';
import { type Binding, Memory, type Staged } from './memory.ts';
import { helperSource } from './prelude.ts';
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

/** What the printer must know of a device. */
export interface WgslLimits {
  /** Storage buffers a kernel may have. */
  readonly storageBuffers: number;
  /** Workgroups along one dimension of a dispatch. */
  readonly workgroupsPerDimension: number;
  /** Invocations of one workgroup. */
  readonly invocations: number;
  /** Bytes of workgroup memory. */
  readonly workgroupBytes: number;
}

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
  const values = new Values(memory, facts, need);
  const statements = new Statements(memory, facts, values, need);
  const root = new Scope(undefined, 'block');
  (kernel.outer ?? []).forEach((v, level) => {
    values.bind(root, v, `step${level}.x`);
  });

  const total = kernel.parallel?.extent ?? 1;
  const size = total === 1 ? 1 : plainGroup;
  const groups = spread(Math.ceil(total / size), limits.workgroupsPerDimension);
  const lines: string[] = [...memory.locals];
  const body = new Scope(root, 'block');
  if (kernel.parallel) {
    const p = values.define(body, kernel.parallel.index);
    const group = groups[1] === 1 ? 'group.x' : `(group.x + group.y * ${groups[0]}u)`;
    lines.push(`let ${p}: i32 = i32(${group} * ${size}u + local);`);
    if (total % size !== 0 || groups[0] * groups[1] * size !== total)
      lines.push(`if (${p} >= ${total}) { return; }`);
  }
  statements.print(kernel.body, body);
  const text = [
    ...memory.lines,
    ...helperSource(helpers),
    `@compute @workgroup_size(${size})`,
    'fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {',
    ...indent([...lines, ...root.lines, ...body.lines]),
    '}',
    '',
  ].join('\n');
  return { name: kernel.name, text, bindings: memory.bindings, staged: memory.staged, groups };
}

/** So many workgroups over two dimensions, at least as many as asked for. */
export function spread(count: number, most: number): [number, number, number] {
  if (count <= most) return [Math.max(1, count), 1, 1];
  const rows = Math.ceil(count / most);
  return [Math.ceil(count / rows), rows, 1];
}
