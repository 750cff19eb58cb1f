/** What the ways of running a kernel have in common. */
import type { Kernel } from '../../compiler/loopnest.ts';
import type { Scope } from '../c/scope.ts';
import type { MatrixShape } from './matrix-product.ts';
import type { Statements } from './statements.ts';

/** What the printer must know of a device. */
export interface WgslLimits {
  /** Storage buffers a kernel may have. */
  readonly storageBuffers: number;
  /** Workgroups along one dimension of a dispatch. */
  readonly workgroupsPerDimension: number;
  /** Invocations of one workgroup. */
  readonly invocations: number;
  /** Bytes of workgroup memory. Zero: invocations share nothing. */
  readonly workgroupBytes: number;
  /** Whether invocations of a subgroup combine their values without memory, and know its number. */
  readonly subgroups?: boolean;
  /** Whether factors of products are rounded to half precision, which the device must have. */
  readonly half?: boolean;
  /** The product of matrices that a subgroup computes at once. */
  readonly matrix?: MatrixShape;
}

/** A kernel on its way to text. */
export interface Work {
  readonly kernel: Kernel;
  readonly limits: WgslLimits;
  readonly statements: Statements;
  /** The scope around everything: constants and indices of the program's loops. */
  readonly root: Scope;
}

/** How a kernel is laid out over workgroups, as text. */
export interface Layout {
  /** Invocations of a workgroup. */
  readonly size: number;
  readonly groups: readonly [x: number, y: number, z: number];
  /** What the module must begin with. */
  readonly directives?: readonly string[];
  /** Whether `main` is told its subgroup's number, `subgroup`, and how many there are, `subgroups`. */
  readonly subgroups?: boolean;
  /** Declarations and functions of its own. */
  readonly before: readonly string[];
  /** The body of `main`. */
  readonly body: readonly string[];
}

/** So many workgroups over two dimensions, at least as many as asked for. */
export function spread(count: number, most: number): [number, number, number] {
  if (count <= most) return [Math.max(1, count), 1, 1];
  const rows = Math.ceil(count / most);
  return [Math.ceil(count / rows), rows, 1];
}

/** The number of the workgroup, as an expression of type u32. */
export function groupNumber(groups: readonly number[]): string {
  return groups[1] === 1 ? 'group.x' : `(group.x + group.y * ${groups[0]}u)`;
}
