/**
 * Arrays as text, as NumPy (2.4) prints them: `str` and `repr`, line breaks and all. The structure
 * is that of NumPy's arrayprint, so that corner cases come out the same.
 */
import { type DType, isFloat } from '../dtype.ts';
import { type Shape, sizeOf } from '../shape.ts';
import {
  exponentText,
  fixedDigits,
  positional,
  roundedDigits,
  scientificDigits,
  uniqueDigits,
} from './digits.ts';

export interface PrintOptions {
  /** Digits after the point, at most. */
  precision: number;
  /** Above this many elements only the edges are shown. */
  threshold: number;
  edgeitems: number;
  linewidth: number;
  /** Small numbers never bring on scientific notation. */
  suppress: boolean;
}

export const printOptions: PrintOptions = {
  precision: 8,
  threshold: 1000,
  edgeitems: 3,
  linewidth: 75,
  suppress: false,
};

type Data = ArrayLike<number>;
type Format = (v: number) => string;

function special(v: number): string {
  if (Number.isNaN(v)) return 'nan';
  return v > 0 ? 'inf' : '-inf';
}

/** Whether numbers of these magnitudes are shown in scientific notation. */
function wantsExponent(finite: readonly number[], dtype: DType, o: PrintOptions): boolean {
  let most = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const v of finite) {
    const a = Math.abs(v);
    if (a > most) most = a;
    if (a !== 0 && a < least) least = a;
  }
  if (most === 0) return false;
  // float32 has 6 digits that can be relied on.
  if (most >= (dtype === 'float32' ? 1e6 : 1e8)) return true;
  // NumPy compares in the dtype of the array: float32's 1e-4 is not less than 1e-4.
  const inType = dtype === 'float32' ? Math.fround : (v: number): number => v;
  return !o.suppress && (least < inType(1e-4) || inType(most / least) > 1000);
}

function floatFormat(values: readonly number[], dtype: DType, o: PrintOptions): Format {
  const finite = values.filter(Number.isFinite);
  const exponent = finite.length > 0 && wantsExponent(finite, dtype, o);
  let left = 0;
  let right = 0;
  let places = 0;
  let expWidth = 2;
  if (exponent) {
    for (const v of finite) {
      const d = scientificDigits(v, dtype, o.precision);
      places = Math.max(places, d.digits.length - 1);
      expWidth = Math.max(expWidth, exponentText(d).length - 2);
      left = Math.max(left, d.negative ? 2 : 1);
    }
    right = expWidth + 2 + places;
  } else {
    for (const v of finite) {
      const [whole, part] = positional(fixedDigits(v, dtype, o.precision));
      left = Math.max(left, whole.length);
      right = Math.max(right, part.length);
    }
  }
  if (finite.length < values.length) {
    const longest = values.some((v) => v === Number.NEGATIVE_INFINITY) ? 4 : 3;
    left = Math.max(left, longest - (right + 1));
  }
  return (v) => {
    if (!Number.isFinite(v)) return special(v).padStart(left + right + 1);
    if (exponent) {
      // Digits beyond the shortest are those of the exact value.
      const d = roundedDigits(v, places);
      const first = `${d.negative ? '-' : ''}${d.digits[0]}`.padStart(left);
      return `${first}.${d.digits.slice(1).padEnd(places, '0')}${exponentText(d, expWidth)}`;
    }
    const [whole, part] = positional(fixedDigits(v, dtype, o.precision));
    return `${whole.padStart(left)}.${part.padEnd(right)}`;
  };
}

function formatOf(values: readonly number[], shape: Shape, dtype: DType, o: PrintOptions): Format {
  if (isFloat(dtype)) return floatFormat(values, dtype, o);
  if (dtype === 'bool') {
    const yes = shape.length > 0 ? ' True' : 'True';
    return (v) => (v ? yes : 'False');
  }
  let width = 0;
  for (const v of values) width = Math.max(width, String(v).length);
  return (v) => String(v).padStart(width);
}

/** One number as Python prints a NumPy scalar of that dtype. */
export function formatScalar(v: number, dtype: DType): string {
  if (dtype === 'bool') return v ? 'True' : 'False';
  if (!isFloat(dtype)) return String(v);
  if (!Number.isFinite(v)) return special(v);
  const d = uniqueDigits(v, dtype);
  const a = Math.abs(v);
  if (a !== 0 && (a < 1e-4 || a >= (dtype === 'float32' ? 1e6 : 1e16))) {
    const tail = d.digits.length > 1 ? `.${d.digits.slice(1)}` : '';
    return `${d.negative ? '-' : ''}${d.digits[0]}${tail}${exponentText(d)}`;
  }
  const [whole, part] = positional(d);
  return `${whole}.${part || '0'}`;
}

/** The text of `str(array)`; of `repr(array)`, with `array(…)`, commas and the dtype. */
export function formatArray(
  data: Data,
  shape: Shape,
  dtype: DType,
  style: 'str' | 'repr' = 'str',
  options: Partial<PrintOptions> = {},
): string {
  const o = { ...printOptions, ...options };
  if (style === 'str') {
    return shape.length === 0 ? formatScalar(data[0], dtype) : layOut(data, shape, dtype, o, '', 0);
  }
  const prefix = 'array(';
  const text = layOut(data, shape, dtype, { ...o, linewidth: o.linewidth - 1 }, ',', prefix.length);
  const size = sizeOf(shape);
  const extras: string[] = [];
  if ((size === 0 && shape.length !== 1) || size > o.threshold)
    extras.push(`shape=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`);
  if ((dtype !== 'float64' && dtype !== 'bool') || size === 0) extras.push(`dtype=${dtype}`);
  if (extras.length === 0) return `${prefix}${text})`;
  const body = `${prefix}${text},`;
  const tail = `${extras.join(', ')})`;
  const lastLine = body.length - (body.lastIndexOf('\n') + 1);
  const space = lastLine + tail.length + 1 > o.linewidth ? `\n${' '.repeat(prefix.length)}` : ' ';
  return body + space + tail;
}

function layOut(
  data: Data,
  shape: Shape,
  dtype: DType,
  o: PrintOptions,
  comma: string,
  indent: number,
): string {
  if (sizeOf(shape) === 0) return '[]';
  const summary = sizeOf(shape) > o.threshold;
  const picks = shape.map((n) => shownIndices(n, summary, o.edgeitems));
  const strides = shape.map((_, d) => sizeOf(shape.slice(d + 1)));

  const shown: number[] = [];
  const gather = (d: number, at: number): void => {
    if (d === shape.length) shown.push(data[at]);
    else for (const i of picks[d]) if (i >= 0) gather(d + 1, at + i * strides[d]);
  };
  gather(0, 0);
  const format = formatOf(shown, shape, dtype, o);
  if (shape.length === 0) return format(data[0]);

  /** The rows below `at`, without the hanging indent of the first line. */
  const level = (d: number, at: number, hang: string, width: number): string => {
    const items = picks[d];
    if (d < shape.length - 1) {
      const gap = `${comma}${'\n'.repeat(shape.length - 1 - d)}`;
      const inner = items.map((i) =>
        i < 0 ? `${hang}...` : hang + level(d + 1, at + i * strides[d], `${hang} `, width - 1),
      );
      return `[${inner.join(gap).slice(hang.length)}]`;
    }
    // The last axis: words, wrapped where the next would not leave room for a bracket.
    const room = width - Math.max(comma.length, 1);
    let text = '';
    let line = hang;
    items.forEach((i, k) => {
      const word = i < 0 ? '...' : format(data[at + i]);
      if (line.length + word.length > room && line.length > hang.length) {
        text += `${line.trimEnd()}\n`;
        line = hang;
      }
      line += word + (k < items.length - 1 ? `${comma} ` : '');
    });
    return `[${(text + line).slice(hang.length)}]`;
  };
  return level(0, 0, ' '.repeat(indent + 1), o.linewidth);
}

/** Which indices of an axis are shown; -1 stands for the dots. */
function shownIndices(n: number, summary: boolean, edge: number): number[] {
  const all = Array.from({ length: n }, (_, i) => i);
  return summary && n > 2 * edge ? [...all.slice(0, edge), -1, ...all.slice(n - edge)] : all;
}
