/**
 * Arrays as text, as NumPy (2.4) prints them: `str` and `repr`, line breaks and all. The structure
 * is that of NumPy's arrayprint, so that corner cases come out the same.
 */
import { type DType, isFloat } from '../dtype.ts';
import { type Shape, sizeOf } from '../shape.ts';
import {
  type Digits,
  exponentText,
  fixedDigits,
  positional,
  roundedDigits,
  roundedFixed,
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
  /**
   * How many digits: 'maxprec' at most `precision` and no more than tell the numbers apart (default);
   * 'maxprec_equal' likewise, as many for each; 'fixed' exactly `precision`; 'unique' as many as
   * tell the numbers apart.
   */
  floatmode: 'maxprec' | 'maxprec_equal' | 'fixed' | 'unique';
  /** Before positive numbers: nothing ('-'), a plus, or a space where no number is negative. */
  sign: '-' | '+' | ' ';
}

export const printOptions: PrintOptions = {
  precision: 8,
  threshold: 1000,
  edgeitems: 3,
  linewidth: 75,
  suppress: false,
  floatmode: 'maxprec',
  sign: '-',
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

interface Columns {
  /** Room before the decimal point, sign and all. */
  readonly left: number;
  /** Room after it. */
  readonly right: number;
  /** The text of a finite number, padded. */
  readonly format: Format;
}

function scientificColumns(finite: readonly number[], dtype: DType, o: PrintOptions): Columns {
  const limit = o.floatmode === 'unique' ? 17 : o.precision;
  let places = o.floatmode === 'fixed' ? limit : 0;
  let left = 0;
  let expWidth = 2;
  for (const v of finite) {
    const d = o.floatmode === 'fixed' ? roundedDigits(v, limit) : scientificDigits(v, dtype, limit);
    places = Math.max(places, d.digits.length - 1);
    expWidth = Math.max(expWidth, exponentText(d).length - 2);
    left = Math.max(left, d.negative || o.sign === '+' ? 2 : 1);
  }
  const format = (v: number): string => {
    // Digits beyond the shortest are those of the exact value.
    const d = roundedDigits(v, places);
    const first = `${signOf(d, o)}${d.digits[0]}`.padStart(left);
    return `${first}.${d.digits.slice(1).padEnd(places, '0')}${exponentText(d, expWidth)}`;
  };
  return { left, right: expWidth + 2 + places, format };
}

function positionalColumns(finite: readonly number[], dtype: DType, o: PrintOptions): Columns {
  const limit = o.floatmode === 'unique' ? 100 : o.precision;
  const parts = (v: number): [string, string] => {
    const d = o.floatmode === 'fixed' ? roundedFixed(v, limit) : fixedDigits(v, dtype, limit);
    const [whole, part] = positional(d);
    const signed = o.sign === '+' && !d.negative ? `+${whole}` : whole;
    return [signed, o.floatmode === 'fixed' ? part.padEnd(limit, '0') : part];
  };
  let left = 0;
  let right = 0;
  for (const v of finite) {
    const [whole, part] = parts(v);
    left = Math.max(left, whole.length);
    right = Math.max(right, part.length);
  }
  const format = (v: number): string => {
    const [whole, part] = parts(v);
    if (o.floatmode !== 'maxprec_equal') return `${whole.padStart(left)}.${part.padEnd(right)}`;
    const [, all] = positional(roundedFixed(v, right));
    return `${whole.padStart(left)}.${all.padEnd(right, '0')}`;
  };
  return { left, right, format };
}

const signOf = (d: Digits, o: PrintOptions): string =>
  d.negative ? '-' : o.sign === '+' ? '+' : '';

const isNegative = (v: number): boolean => v < 0 || Object.is(v, -0);

function floatFormat(values: readonly number[], dtype: DType, o: PrintOptions): Format {
  const finite = values.filter(Number.isFinite);
  const columns =
    finite.length > 0 && wantsExponent(finite, dtype, o)
      ? scientificColumns(finite, dtype, o)
      : positionalColumns(finite, dtype, o);
  const { right, format } = columns;
  const space = o.sign === ' ' && !finite.some(isNegative) ? 1 : 0;
  let left = columns.left + space;
  if (finite.length < values.length) {
    const signed = o.sign !== '-' || values.includes(Number.NEGATIVE_INFINITY) ? 1 : 0;
    left = Math.max(left, 3 + signed - (right + 1));
  }
  const more = ' '.repeat(left - columns.left);
  return (v) => {
    if (Number.isFinite(v)) return more + format(v);
    const plus = o.sign === '+' && v !== Number.NEGATIVE_INFINITY ? '+' : '';
    return (plus + special(v)).padStart(left + right + 1);
  };
}

function intFormat(values: readonly number[], o: PrintOptions): Format {
  const signed = o.sign === '+' || (o.sign === ' ' && values.every((v) => v >= 0)) ? o.sign : '';
  const text = (v: number): string => (v < 0 ? String(v) : signed + v);
  let width = 0;
  for (const v of values) width = Math.max(width, text(v).length);
  return (v) => text(v).padStart(width);
}

function formatOf(values: readonly number[], shape: Shape, dtype: DType, o: PrintOptions): Format {
  if (isFloat(dtype)) return floatFormat(values, dtype, o);
  if (dtype !== 'bool') return intFormat(values, o);
  const yes = shape.length > 0 ? ' True' : 'True';
  return (v) => (v ? yes : 'False');
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
