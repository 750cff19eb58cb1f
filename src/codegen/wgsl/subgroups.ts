/**
 * Values of a subgroup's invocations combined into one that all of them get. In which order floats are
 * added is the device's choice, the same at every run.
 */
import type { Expr } from '../../expr/expr.ts';

/** What a module that uses them begins with; `subgroup_id` comes with `num_subgroups`. */
export const subgroupDirectives: readonly string[] = ['enable subgroups;', 'requires subgroup_id;'];

/** The fewest invocations that a subgroup has. */
export const smallestSubgroup = 4;

const numbers: Partial<Record<Expr['op'], string>> = {
  add: 'subgroupAdd',
  mul: 'subgroupMul',
  min: 'subgroupMin',
  max: 'subgroupMax',
  and: 'subgroupAnd',
  or: 'subgroupOr',
};

/** Arithmetic on bools as in expr-text.ts: sums and maxima are `or`, products and minima are `and`. */
const bools: Partial<Record<Expr['op'], string>> = {
  add: 'subgroupAny',
  max: 'subgroupAny',
  or: 'subgroupAny',
  mul: 'subgroupAll',
  min: 'subgroupAll',
  and: 'subgroupAll',
};

/** Text of op over the subgroup; `need` is told of the helper it uses, if any. */
export function acrossSubgroup(
  op: Expr['op'],
  t: Expr['dtype'],
  value: string,
  need: (helper: string) => void,
): string {
  if (t === 'bool') return `${bools[op]}(${value})`;
  if (t === 'float32' && (op === 'min' || op === 'max')) {
    need(`subgroup_${op}_f32`);
    return `subgroup_${op}_f32(${value})`;
  }
  return `${numbers[op]}(${value})`;
}
