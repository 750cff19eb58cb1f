/** Sequences of different lengths in one array. */
import { checkDType, type DType, makeArray, type TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sameShape, showShape, sizeOf } from '../../shape.ts';
import { asTensor, fromData, Tensor, type TensorLike } from '../../tensor/index.ts';
import { checkOptions, lookup } from '../identifiers.ts';

export type PadSide = 'pre' | 'post';

export interface PadSequencesOptions {
  /** Steps of the result: those of the longest sequence. */
  readonly maxlen?: number | null;
  /** 'int32', to which fractions are cut. */
  readonly dtype?: DType | (string & {});
  /** Where short sequences are filled up: 'pre'. */
  readonly padding?: PadSide | (string & {});
  /** Where long sequences are cut: 'pre'. */
  readonly truncating?: PadSide | (string & {});
  /** What they are filled up with: 0. */
  readonly value?: number;
}

const sides: Record<string, PadSide> = { pre: 'pre', post: 'post' };
const optionNames = ['maxlen', 'dtype', 'padding', 'truncating', 'value'];

interface Sequence {
  readonly data: ArrayLike<number>;
  readonly length: number;
  /** Of one step. */
  readonly shape: readonly number[];
}

/**
 * Lists of steps, of different lengths, as one tensor (sequences, maxlen, …): cut where they are too
 * long, filled up where they are too short. A step is a number, or an array that is as long in all.
 * Throws `data` for what is no such list, `shape` for steps that differ, `unknown-id`, `dtype`.
 */
export function padSequences(
  sequences: readonly TensorLike[],
  o: PadSequencesOptions = {},
): Tensor {
  checkOptions('padSequences', o, optionNames);
  const dtype = checkDType(o.dtype ?? 'int32');
  const padding = lookup('padding of padSequences:', o.padding ?? 'pre', sides);
  const truncating = lookup('truncating of padSequences:', o.truncating ?? 'pre', sides);
  if (!Array.isArray(sequences))
    throw new GradloomError('data', 'padSequences takes a list of sequences.');
  const list = sequences.map(sequenceOf);
  const maxlen = o.maxlen ?? Math.max(0, ...list.map((s) => s.length));
  if (!Number.isInteger(maxlen) || maxlen < 0)
    throw new GradloomError(
      'range',
      `padSequences: maxlen must be a whole number of 0 or more; received ${maxlen}.`,
      { maxlen },
    );
  const shape = list.find((s) => s.length > 0)?.shape ?? [];
  const step = sizeOf(shape);
  const out = makeArray(dtype, list.length * maxlen * step).fill(o.value ?? 0);
  list.forEach((s, i) => {
    if (s.length === 0) return;
    if (!sameShape(s.shape, shape))
      throw new GradloomError(
        'shape',
        `padSequences: the steps of sequence ${i} have shape ${showShape(s.shape)}, those before it ${showShape(shape)}.`,
        { sequence: i, expected: [...shape], received: [...s.shape] },
      );
    const kept = Math.min(s.length, maxlen);
    const from = truncating === 'pre' ? s.length - kept : 0;
    const to = i * maxlen + (padding === 'pre' ? maxlen - kept : 0);
    for (let k = 0; k < kept * step; k++) out[to * step + k] = s.data[from * step + k];
  });
  return fromData(out, [list.length, maxlen, ...shape], dtype);
}

function sequenceOf(s: TensorLike, i: number): Sequence {
  if (Array.isArray(s) && s.length === 0) return { data: [], length: 0, shape: [] };
  const listed = Array.isArray(s) || s instanceof Tensor || ArrayBuffer.isView(s);
  const numbers = listed && !(Array.isArray(s) && typeof s[0] === 'string');
  const t = numbers ? asTensor(s) : undefined;
  if (!t || t.ndim === 0)
    throw new GradloomError(
      'data',
      `padSequences: sequence ${i} is no list of numbers, or of arrays of them; received ${t ? 'a scalar' : JSON.stringify(s)}.`,
      { sequence: i },
    );
  const data: TypedArray = t.dataSync();
  return { data, length: t.shape[0], shape: t.shape.slice(1) };
}
