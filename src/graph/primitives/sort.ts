/** Sorting along a dimension: a stable merge sort, carrying any number of companions along. */
import type { Stmt } from '../../compiler/loopnest.ts';
import { isFloat } from '../../dtype.ts';
import { binary, compare, type Expr, int, select, variable } from '../../expr/expr.ts';
import { sameShape, showShape, sizeOf } from '../../shape.ts';
import * as lax from '../lax.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';

type SortAttrs = { axis: number; descending: boolean } & Attrs;

/** a comes strictly before b; NaN after every number (before, when descending). */
function before(a: Expr, b: Expr, descending: boolean): Expr {
  const [x, y] = descending ? [b, a] : [a, b];
  const less = compare('lt', x, y);
  if (x.dtype !== 'float32' && x.dtype !== 'float64') return less;
  return binary('or', less, binary('and', compare('eq', x, x), compare('ne', y, y)));
}

/**
 * sort(keys, ...companions): every operand rearranged along `axis` so that keys ascend. Stable.
 * NaN sorts last, as in NumPy.
 */
export const sort: Primitive<SortAttrs> = definePrimitive<SortAttrs>({
  name: 'sort',
  infer(inputs, { axis }) {
    if (inputs.length === 0 || inputs.some((v) => !sameShape(v.shape, inputs[0].shape))) {
      throw operandError(
        'sort',
        `operands must have one shape; received ${inputs.map((v) => showShape(v.shape)).join(', ')}.`,
        inputs,
      );
    }
    if (axis < 0 || axis >= inputs[0].shape.length)
      throw operandError('sort', `has no axis ${axis}.`, inputs);
    if (inputs[0].dtype === 'bool')
      throw operandError('sort', 'keys cannot be bool; convert first.', inputs);
    return inputs.map((v) => ({ shape: v.shape, dtype: v.dtype }));
  },
  vjp(node, cotangents) {
    const [keys] = node.inputs;
    const { axis, descending } = node.attrs;
    const position = lax.iota(keys.shape, axis, 'int32');
    const [, order] = lax.sort([keys, position], axis, descending);
    // Sorting the order gives, for each input position, where it went.
    const [, rank] = lax.sort([order, position], axis, false);
    return node.inputs.map((v, i) => {
      const g = cotangents[i];
      return g && isFloat(v.dtype) ? lax.takeAlongAxis(g, rank, axis) : undefined;
    });
  },
  lowering: {
    kind: 'loops',
    build(node, io) {
      const { axis, descending } = node.attrs;
      const { shape } = node.inputs[0];
      const n = shape[axis];
      const inner = sizeOf(shape.slice(axis + 1));
      const rows = sizeOf(shape) / Math.max(1, n);
      const row = variable('row', 'int32', 0, Math.max(0, rows - 1));
      const count = node.inputs.length;

      const base = variable('base');
      const at = (i: Expr): Expr => binary('add', base, binary('mul', i, int(inner)));
      const spare = node.inputs.map((v) => io.scratch(v.dtype, Math.max(1, n)));

      // Bottom-up merging: runs of `width` are merged pairwise into scratch and copied back.
      const width = variable('width');
      const left = variable('left');
      const mid = variable('mid');
      const right = variable('right');
      const i = variable('i');
      const j = variable('j');
      const k = variable('k');
      const t = variable('t', 'int32', 0, Math.max(0, n - 1));
      const key = (p: Expr): Expr => io.loadOutput(0, at(p));
      const lastIndex = int(Math.max(0, n - 1));
      const safe = (p: Expr): Expr => binary('min', p, lastIndex);
      const takeRight = variable('takeRight', 'bool');
      // Right only when it comes strictly before left, or left has run out: that keeps equals in order.
      const chooses = binary(
        'and',
        compare('lt', j, right),
        binary('or', compare('ge', i, mid), before(key(safe(j)), key(safe(i)), descending)),
      );
      const from = select(takeRight, safe(j), safe(i));
      const merge: Stmt[] = [
        { kind: 'set', variable: mid, value: binary('min', binary('add', left, width), int(n)) },
        { kind: 'set', variable: right, value: binary('min', binary('add', mid, width), int(n)) },
        { kind: 'set', variable: i, value: left },
        { kind: 'set', variable: j, value: mid },
        { kind: 'set', variable: k, value: left },
        {
          kind: 'while',
          cond: compare('lt', k, right),
          body: [
            { kind: 'set', variable: takeRight, value: chooses },
            ...Array.from({ length: count }, (_, c) =>
              spare[c].store(k, io.loadOutput(c, at(from))),
            ),
            { kind: 'set', variable: j, value: select(takeRight, binary('add', j, int(1)), j) },
            { kind: 'set', variable: i, value: select(takeRight, i, binary('add', i, int(1))) },
            { kind: 'set', variable: k, value: binary('add', k, int(1)) },
          ],
        },
        { kind: 'set', variable: left, value: right },
      ];
      const copyIn = variable('t', 'int32', 0, Math.max(0, n - 1));
      const body: Stmt[] = [
        // row = (outer) * inner + (inner index): its first element.
        {
          kind: 'let',
          variable: base,
          value:
            inner === 1
              ? binary('mul', row, int(n))
              : binary(
                  'add',
                  binary('mul', binary('div', row, int(inner)), int(n * inner)),
                  binary('rem', row, int(inner)),
                ),
        },
        {
          kind: 'for',
          index: copyIn,
          start: int(0),
          extent: int(n),
          step: 1,
          vector: false,
          body: node.inputs.map((_, c) => io.store(c, at(copyIn), io.load(c, at(copyIn)))),
        },
        ...[width, left, mid, right, i, j, k].map(
          (v): Stmt => ({ kind: 'accum', variable: v, init: int(v === width ? 1 : 0) }),
        ),
        { kind: 'accum', variable: takeRight, init: compare('lt', int(1), int(0)) },
        {
          kind: 'while',
          cond: compare('lt', width, int(n)),
          body: [
            { kind: 'set', variable: left, value: int(0) },
            { kind: 'while', cond: compare('lt', left, int(n)), body: merge },
            {
              kind: 'for',
              index: t,
              start: int(0),
              extent: int(n),
              step: 1,
              vector: false,
              body: node.inputs.map((_, c) => io.store(c, at(t), spare[c].load(t))),
            },
            { kind: 'set', variable: width, value: binary('mul', width, int(2)) },
          ],
        },
      ];
      const cost = sizeOf(shape) * count * 8 * Math.max(1, Math.ceil(Math.log2(Math.max(2, n))));
      return { body, parallel: { index: row, extent: rows }, cost };
    },
  },
});
