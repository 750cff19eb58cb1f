/** keras.ops against Keras on JAX (scripts/goldens/make_ops.py), and what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromData, grad, Tensor, tensor } from '../../tensor/index.ts';
import type { KerasTensor } from '../functional/keras-tensor.ts';
import { camelCase } from '../identifiers.ts';
import * as keras from '../index.ts';
import * as ops from './index.ts';

interface Packed {
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool' | 'uint8' | 'uint32';
  readonly data: (number | string)[];
}
interface Case {
  readonly name: string;
  readonly args: unknown[];
  readonly options: Record<string, unknown>;
  readonly output: Packed[];
}
/** A parameter of Keras's function: its name, and what it is unless it is given. */
type Parameter = [name: string, otherwise?: unknown];
const g = JSON.parse(
  readFileSync(new URL('../../../test/goldens/ops.json', import.meta.url), 'utf8'),
) as { arrays: Record<string, Packed>; signatures: Record<string, Parameter[]>; cases: Case[] };

const holders = {
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};
const array = ({ shape, dtype, data }: Packed): Tensor =>
  fromData(holders[dtype].from(data.map(Number)), shape, dtype);

/** An argument of a row: "$x" an array, "#…" JSON, "@Infinity" a number. */
function look(a: unknown): unknown {
  if (Array.isArray(a)) return a.map(look);
  if (typeof a === 'string') {
    if (a.startsWith('$')) return array(g.arrays[a.slice(1)]);
    if (a.startsWith('#')) return JSON.parse(a.slice(1));
    if (a.startsWith('@')) return Number(a.slice(1));
    if (/^channels_/.test(a)) return camelCase(a);
  }
  return a;
}

/** Names are Keras's in camelCase. */
const named = (options: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).map(([k, v]) => [camelCase(k), look(v)]));

/** Options by name, in an object after the other arguments. */
function byName({ args, options }: Case): unknown[] {
  return Object.keys(options).length > 0 ? [...args.map(look), named(options)] : args.map(look);
}

/** All arguments in Keras's order, up to the last one given, those between being Keras's defaults. */
function byPlace({ name, args, options }: Case): unknown[] {
  const signature = g.signatures[name];
  const places = signature.slice(args.length);
  const last = places.findLastIndex(([p]) => p in options);
  const rest = places.slice(0, last + 1);
  return [...args, ...rest.map(([p, otherwise]) => (p in options ? options[p] : otherwise))].map(
    look,
  );
}

/** Every default of Keras's, given by name. */
function withDefaults({ name, args, options }: Case): unknown[] {
  const rest = g.signatures[name].slice(args.length).filter((p) => p.length === 2);
  return [...args.map(look), named({ ...Object.fromEntries(rest), ...options })];
}

function call(name: string, args: unknown[]): Tensor[] {
  let f: unknown = ops;
  for (const part of name.split('.')) f = (f as Record<string, unknown>)[camelCase(part)];
  const flat = (x: unknown): Tensor[] =>
    // Of shapes and sizes Keras gives plain numbers, too.
    Array.isArray(x)
      ? x.flatMap(flat)
      : [x instanceof Tensor ? x : tensor(x as number, { dtype: 'int32' })];
  return flat((f as (...a: unknown[]) => unknown)(...args));
}

function check(c: Case, out: Tensor[]): void {
  expect(out.map((t) => t.shape)).toEqual(c.output.map((p) => p.shape));
  out.forEach((t, k) => {
    expect(t.dtype).toBe(c.output[k].dtype);
    const data = t.dataSync();
    c.output[k].data.forEach((e, i) => {
      const v = Number(e);
      if (Object.is(data[i], v) || data[i] === v) return;
      const off = Math.abs(data[i] - v) / (1e-6 + 1e-5 * Math.abs(v));
      expect(off, `output ${k}, element ${i}: ${data[i]} for ${v}`).toBeLessThanOrEqual(1);
    });
  });
}

const rows = g.cases.map((c, i) => ({
  ...c,
  label: `${i} ${c.name}(${c.args.map((a) => (typeof a === 'string' ? a : JSON.stringify(a))).join(', ')}) ${JSON.stringify(c.options)}`,
}));
const takesAny = (c: Case): boolean => g.signatures[c.name].some(([p]) => p.startsWith('*'));

describe('keras.ops equals Keras on JAX', () => {
  it.each(rows)('$label', (c) => {
    check(c, call(c.name, byName(c)));
  });
});

describe('keras.ops with every argument by place, as in Keras', () => {
  it.each(rows.filter((c) => Object.keys(c.options).length > 0 && !takesAny(c)))('$label', (c) => {
    check(c, call(c.name, byPlace(c)));
  });
});

const first = new Map(rows.map((c) => [c.name, c]).reverse() as [string, (typeof rows)[0]][]);
describe("keras.ops with Keras's defaults given by name", () => {
  it.each(
    [...first.values()].filter(
      (c) => !takesAny(c) && g.signatures[c.name].some((p) => p.length === 2),
    ),
  )('$label', (c) => {
    check(c, call(c.name, withDefaults(c)));
  });
});

describe('gradients', () => {
  it('flow through topK, logsumexp, scatterUpdate and slices', () => {
    const x = tensor([[3, 1, 2]]);
    const best = grad((t: Tensor) => ops.topK(t, 2)[0].sum());
    expect(best(x).arraySync()).toEqual([[1, 0, 1]]);
    const soft = grad((t: Tensor) => ops.logsumexp(t));
    expect(ops.sum(soft(x)).item()).toBeCloseTo(1, 6);
    const put = grad((t: Tensor) =>
      ops
        .scatterUpdate(t, [[0, 1]], [9])
        .square()
        .sum(),
    );
    expect(put(x).arraySync()).toEqual([[6, 0, 4]]);
    const cut = grad((t: Tensor) => ops.slice(t, [0, 1], [1, 2]).sum());
    expect(cut(x).arraySync()).toEqual([[0, 1, 1]]);
    const none = grad((t: Tensor) => ops.stopGradient(t).mul(t).sum());
    expect(none(x).arraySync()).toEqual([[3, 1, 2]]);
  });
});

describe('what is refused', () => {
  it('an option that there is not, with the nearest one', () => {
    const img = tensor([[[1], [2], [3]]]);
    const kernel = tensor([[[1]], [[1]]]);
    expect(() => ops.conv(img, kernel, { stride: 2 } as object)).toThrow(
      /conv has no option "stride". Did you mean "strides"/,
    );
    expect(() => ops.softmax(img, { axes: 1 } as never)).toThrow(/softmax has no option "axes"/);
    expect(() => ops.oneHot([1], 3, { sparse: true } as never)).toThrow(/only .*sparse false/);
  });
  const x = tensor([[1, 2, 3]]);
  it.each([
    [() => ops.topK(x, 4), /k must be .* 3 .*received 4/],
    [() => ops.inTopK([1, 2], x, 1), /targets \(n,\)/],
    [() => ops.segmentSum(x, [0]), /numSegments must be given/],
    [() => ops.segmentSum(x, [0, 1], { numSegments: 2 }), /segment numbers/],
    [() => ops.extractSequences(x, 5, 1), /do not fit/],
    [() => ops.scatter([[0, 1]], [1, 2], [2, 2]), /want values of shape \(1,\)/],
    [() => ops.slice(x, [0], [1, 1]), /a start for each of 2 dimensions/],
    [() => ops.binaryCrossentropy([1, 2], [1]), /one shape/],
    [() => ops.dotProductAttention(x, x, x), /query \(batch, length, heads, depth\)/],
  ])('%#', (f, message) => {
    expect(f).toThrow(message);
  });
});

describe('on KerasTensors', () => {
  it('calls become parts of a model, which its config makes anew', async () => {
    const a = keras.input({ shape: [3] });
    const b = keras.input({ shape: [3] });
    const best = ops.topK<KerasTensor[]>(ops.add(a, ops.exp(b)), 2);
    const outputs = ops.concatenate([best[0], ops.where(ops.greater(a, 0), a, 0)], 1);
    expect(outputs.shape).toEqual([null, 5]);
    const model = keras.model({ inputs: [a, b], outputs });
    const x = [tensor([[1, -2, 3]]), tensor([[0, 1, -1]])];
    const y = await model.predict(x);
    const e = [2, Math.E - 2, 3 + Math.exp(-1)].sort((p, q) => q - p);
    (await y.data()).forEach((v, i) => {
      expect(v).toBeCloseTo([e[0], e[1], 1, 0, 3][i], 5);
    });
    const again = keras.Model.fromConfig(
      JSON.parse(JSON.stringify(model.getConfig())),
    ) as typeof model;
    expect(await (await again.predict(x)).data()).toEqual(await y.data());
  });
});
