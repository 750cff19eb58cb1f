/**
 * Decimal digits of floats as NumPy's dragon4 gives them: the fewest that tell the number from its
 * neighbours in its own type, or, where those are more than wanted, the exact value rounded half to
 * even.
 */
import type { DType } from '../dtype.ts';

/** A magnitude as 0.d1d2d3… times ten to the `point`; digits without zeros at the end. */
export interface Digits {
  readonly negative: boolean;
  readonly digits: string;
  readonly point: number;
}

/** The shortest digits of a finite number. */
export function uniqueDigits(v: number, dtype: DType): Digits {
  if (dtype !== 'float32') {
    const [mantissa, exponent] = Math.abs(v).toExponential().split('e');
    return trimmed(v, mantissa.replace('.', ''), Number(exponent) + 1);
  }
  const exact = exactDigits(v, 8);
  for (let n = 1; n < 9; n++) {
    const d = leading(v, exact, n);
    const value = Number(`${d.digits}e${d.point - d.digits.length}`);
    if (Math.fround(value) === Math.abs(v)) return d;
  }
  return leading(v, exact, 9);
}

/** So many digits that a tie at `precision` of them shows as a 5 with nothing but zeros behind it. */
function exactDigits(v: number, precision: number): { digits: string; point: number } {
  const [mantissa, exponent] = Math.abs(v)
    .toExponential(Math.min(100, precision + 60))
    .split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

/** The first n digits, rounded half to even. */
function leading(v: number, exact: { digits: string; point: number }, n: number): Digits {
  const rounded = roundDigits(exact.digits, n);
  return trimmed(v, rounded, exact.point + rounded.length - n);
}

function trimmed(v: number, digits: string, point: number): Digits {
  const short = digits.replace(/0+$/, '');
  const negative = v < 0 || Object.is(v, -0);
  return short === '' ? { negative, digits: '0', point: 1 } : { negative, digits: short, point };
}

/** At most `precision` digits after the decimal point. */
export function fixedDigits(v: number, dtype: DType, precision: number): Digits {
  const unique = uniqueDigits(v, dtype);
  return unique.digits.length <= unique.point + precision ? unique : roundedFixed(v, precision);
}

/** `precision` digits after the decimal point, of the exact value. */
export function roundedFixed(v: number, precision: number): Digits {
  const exact = Math.abs(v).toFixed(Math.min(100, precision + 60));
  const [whole, part] = exact.split('.');
  const rounded = roundDigits(whole + part, whole.length + precision);
  // One more digit in front when the rounding carried over.
  const point = rounded.length - precision;
  const lead = rounded.length - rounded.replace(/^0+/, '').length;
  return trimmed(v, rounded.slice(lead), point - lead);
}

/** At most `precision` digits after the first one. */
export function scientificDigits(v: number, dtype: DType, precision: number): Digits {
  const unique = uniqueDigits(v, dtype);
  return unique.digits.length <= precision + 1 ? unique : roundedDigits(v, precision);
}

/** `precision` digits after the first one, of the exact value. */
export function roundedDigits(v: number, precision: number): Digits {
  return leading(v, exactDigits(v, precision), precision + 1);
}

/** The first `keep` digits, rounded half to even; one more when that carries over the first. */
function roundDigits(digits: string, keep: number): string {
  const head = digits.slice(0, keep);
  const tail = digits.slice(keep);
  const next = tail.charCodeAt(0) - 48;
  const tie = next === 5 && /^50*$/.test(tail);
  const odd = keep > 0 && head.charCodeAt(keep - 1) % 2 === 1;
  const up = tie ? odd : next >= 5;
  if (!up) return head;
  return (BigInt(head === '' ? '0' : head) + 1n).toString().padStart(keep, '0');
}

/** The parts before and after the decimal point; the second may be empty. */
export function positional(d: Digits): [string, string] {
  const sign = d.negative ? '-' : '';
  if (d.point <= 0) return [`${sign}0`, d.digits === '0' ? '' : '0'.repeat(-d.point) + d.digits];
  const whole = d.digits.slice(0, d.point).padEnd(d.point, '0');
  return [sign + whole, d.digits.slice(d.point)];
}

/** `e+08`: at least two digits, or as many as `width`. */
export function exponentText(d: Digits, width = 2): string {
  const e = d.digits === '0' ? 0 : d.point - 1;
  return `e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(width, '0')}`;
}
