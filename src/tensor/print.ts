/** Arrays as text, in NumPy's look (`str` and `repr` with NumPy's default options). */
import type { DType } from '../dtype.ts';
import { type Shape, sizeOf } from '../shape.ts';

export interface PrintOptions {
  /** Digits after the point, at most. */
  precision: number;
  /** Above this many elements only the edges are shown. */
  threshold: number;
  edgeitems: number;
  linewidth: number;
  /** Never use scientific notation. */
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

/** The shortest decimal digits that give the number back in its own type. */
function shortest(v: number, dtype: DType): string {
  if (dtype === 'float64') return v.toExponential();
  for (let p = 0; p < 9; p++) {
    const s = v.toExponential(p);
    if (Math.fround(Number(s)) === v) return s;
  }
  return v.toExponential(8);
}

interface Digits {
  readonly negative: boolean;
  readonly digits: string;
  /** Value = 0.d1d2d3… * 10^point */
  readonly point: number;
}

/** Digits of |v|, rounded to `precision` places after the point (positional) or after the first digit. */
function digitsOf(v: number, dtype: DType, precision: number, scientific: boolean): Digits {
  const short = shortest(Math.abs(v), dtype);
  let [mantissa, exponent] = short.split('e');
  const places = scientific ? precision : precision + Number(exponent);
  if (mantissa.length - 2 > places) {
    const exact = Math.abs(v);
    if (scientific) [mantissa, exponent] = exact.toExponential(Math.max(0, precision)).split('e');
    else {
      const fixed = exact.toFixed(Math.min(100, precision));
      const [whole, part = ''] = fixed.split('.');
      const all = (whole + part).replace(/^0+/, '') || '0';
      const lead = whole === '0' ? -(part.length - part.replace(/^0+/, '').length) : whole.length;
      return {
        negative: v < 0 || Object.is(v, -0),
        digits: all.replace(/0+$/, '') || '0',
        point: all === '0' ? 1 : lead,
      };
    }
  }
  return {
    negative: v < 0 || Object.is(v, -0),
    digits: mantissa.replace('.', '').replace(/0+$/, '') || '0',
    point: Number(exponent) + 1,
  };
}

function positional(d: Digits): [string, string] {
  const whole = d.point <= 0 ? '0' : d.digits.slice(0, d.point).padEnd(d.point, '0');
  const part = d.point <= 0 ? '0'.repeat(-d.point) + d.digits : d.digits.slice(d.point);
  return [(d.negative ? '-' : '') + whole, part === '0' && d.digits === '0' ? '' : part];
}

function floatFormat(values: readonly number[], dtype: DType, o: PrintOptions): Format {
  const finite = values.filter(Number.isFinite);
  const nonzero = finite.filter((v) => v !== 0).map(Math.abs);
  const most = nonzero.length > 0 ? Math.max(...nonzero) : 0;
  const least = nonzero.length > 0 ? Math.min(...nonzero) : 0;
  const scientific =
    !o.suppress && nonzero.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1000);
  const special = (v: number): string => (Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf');
  const specials = values.filter((v) => !Number.isFinite(v)).map((v) => special(v).length);
  if (scientific) {
    const parts = finite.map((v) => digitsOf(v, dtype, o.precision, true));
    const places = Math.min(o.precision, Math.max(1, ...parts.map((p) => p.digits.length - 1)));
    const onlyWhole = parts.every((p) => p.digits.length === 1);
    const exponents = parts.map((p) =>
      Math.max(2, String(Math.abs(p.digits === '0' ? 0 : p.point - 1)).length),
    );
    const expWidth = Math.max(2, ...exponents);
    const one = (v: number): string => {
      const d = digitsOf(v, dtype, o.precision, true);
      const e = d.digits === '0' ? 0 : d.point - 1;
      const fraction = onlyWhole ? '' : d.digits.slice(1).padEnd(places, '0');
      return `${d.negative ? '-' : ''}${d.digits[0]}.${fraction}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(expWidth, '0')}`;
    };
    const width = Math.max(0, ...specials, ...finite.map((v) => one(v).length));
    return (v) => (Number.isFinite(v) ? one(v) : special(v)).padStart(width);
  }
  const parts = finite.map((v) => positional(digitsOf(v, dtype, o.precision, false)));
  const right = Math.max(0, ...parts.map((p) => p[1].length));
  let left = Math.max(0, ...parts.map((p) => p[0].length));
  const widest = Math.max(0, ...specials);
  if (widest > left + 1 + right) left = widest - 1 - right;
  return (v) => {
    if (!Number.isFinite(v)) return special(v).padStart(left + 1 + right);
    const [whole, part] = positional(digitsOf(v, dtype, o.precision, false));
    return `${whole.padStart(left)}.${part.padEnd(right)}`;
  };
}

function formatOf(values: readonly number[], dtype: DType, o: PrintOptions): Format {
  if (dtype === 'float32' || dtype === 'float64') return floatFormat(values, dtype, o);
  if (dtype === 'bool') {
    const width = values.length > 0 && values.every((v) => v) ? 4 : 5;
    return (v) => (v ? 'True' : 'False').padStart(width);
  }
  const width = Math.max(0, ...values.map((v) => String(v).length));
  return (v) => String(v).padStart(width);
}

/** One number as NumPy prints a scalar of that dtype. */
export function formatScalar(v: number, dtype: DType): string {
  if (dtype === 'bool') return v ? 'True' : 'False';
  if (dtype !== 'float32' && dtype !== 'float64') return String(v);
  if (Number.isNaN(v)) return 'nan';
  if (!Number.isFinite(v)) return v > 0 ? 'inf' : '-inf';
  const a = Math.abs(v);
  const short = shortest(a, dtype);
  const [mantissa, exponent] = short.split('e');
  const sign = v < 0 || Object.is(v, -0) ? '-' : '';
  if (a !== 0 && (a < 1e-4 || a >= 1e16)) {
    const e = Number(exponent);
    return `${sign}${mantissa}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`;
  }
  const [whole, part] = positional({
    negative: false,
    digits: mantissa.replace('.', '').replace(/0+$/, '') || '0',
    point: Number(exponent) + 1,
  });
  return `${sign}${whole}.${part || '0'}`;
}

/** The text of `str(array)`. `repr` adds `array(…)`, commas and the dtype. */
export function formatArray(
  data: Data,
  shape: Shape,
  dtype: DType,
  style: 'str' | 'repr' = 'str',
  options: Partial<PrintOptions> = {},
): string {
  const o = { ...printOptions, ...options };
  const size = sizeOf(shape);
  if (shape.length === 0) {
    const s = formatScalar(data[0], dtype);
    return style === 'str'
      ? s
      : wrapRepr(
          `${dtype === 'float32' || dtype === 'float64' ? trimPoint(s) : s}`,
          shape,
          dtype,
          size,
        );
  }
  const summary = size > o.threshold;
  const shown: number[] = [];
  const walk = (d: number, at: number): void => {
    if (d === shape.length) {
      shown.push(data[at]);
      return;
    }
    const stride = sizeOf(shape.slice(d + 1));
    for (const i of picks(shape[d], summary, o.edgeitems)) if (i >= 0) walk(d + 1, at + i * stride);
  };
  if (size > 0) walk(0, 0);
  const format = formatOf(shown, dtype, o);
  const separator = style === 'repr' ? ',' : '';
  const prefix = style === 'repr' ? 'array('.length : 0;
  // NumPy keeps room for the closing brackets on the last line.
  const text = size === 0 ? '[]' : level(0, 0, prefix);
  return style === 'str' ? text : wrapRepr(text, shape, dtype, size);

  function level(d: number, at: number, indent: number): string {
    const stride = sizeOf(shape.slice(d + 1));
    const items = picks(shape[d], summary, o.edgeitems);
    if (d === shape.length - 1) {
      const lines: string[] = [];
      let line = '';
      const room =
        o.linewidth - Math.max(separator.length, shape.length - 0) + (separator.length ? 0 : 0);
      items.forEach((i, k) => {
        const word = i < 0 ? '...' : format(data[at + i * stride]);
        const end = k < items.length - 1 ? separator : '';
        const limit = k < items.length - 1 ? o.linewidth - separator.length : room;
        const start = line === '' ? ' '.repeat(indent + d + 1) : line;
        const joined = line === '' ? start + word : `${start} ${word}`;
        if (line !== '' && joined.length > limit) {
          lines.push(line);
          line = ' '.repeat(indent + d + 1) + word + end;
        } else line = joined + end;
      });
      lines.push(line);
      return `[${lines.join('\n').slice(indent + d + 1)}]`;
    }
    const gap = '\n'.repeat(shape.length - 1 - d);
    const pad = ' '.repeat(indent + d + 1);
    const inner = items.map((i) => (i < 0 ? '...' : level(d + 1, at + i * stride, indent)));
    return `[${inner.join(`${separator}${gap}${pad}`)}]`;
  }
}

/** Which indices are shown; -1 stands for the dots. */
function picks(n: number, summary: boolean, edge: number): number[] {
  if (!summary || n <= 2 * edge) return Array.from({ length: n }, (_, i) => i);
  return [
    ...Array.from({ length: edge }, (_, i) => i),
    -1,
    ...Array.from({ length: edge }, (_, i) => n - edge + i),
  ];
}

function trimPoint(s: string): string {
  return s.endsWith('.0') ? s.slice(0, -1) : s;
}

function wrapRepr(text: string, shape: Shape, dtype: DType, size: number): string {
  const implied = dtype === 'float64' || dtype === 'bool';
  const extras: string[] = [];
  if (size === 0 && !(shape.length === 1))
    extras.push(`shape=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`);
  if (!implied || size === 0) extras.push(`dtype=${dtype}`);
  if (extras.length === 0) return `array(${text})`;
  const tail = extras.join(', ');
  const last = text.length - (text.lastIndexOf('\n') + 1);
  const lead = text.includes('\n') ? last : last + 'array('.length;
  const gap = lead + tail.length + 3 > 75 ? `,\n${' '.repeat('array('.length)}` : ', ';
  return `array(${text}${gap}${tail})`;
}
