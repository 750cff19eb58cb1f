/** Python's `str.format` for numbers, as file names of callbacks use it: `{epoch:02d}-{val_loss:.4f}`. */
import { GradloomError } from '../../errors.ts';
import { pythonFloat } from './python-float.ts';

/** [[fill]align][sign][0][width][,][.precision][type] */
const spec = /^(?:(.?)([<>=^]))?([-+ ]?)(0?)(\d{0,4})(,?)(?:\.(\d{1,3}))?([dfFeEgG%s]?)$/su;

/**
 * The text with every `{name}` and `{name:spec}` replaced; `{{` and `}}` are braces. `value` gives the
 * number of a name, a bigint for Python's int. Throws `format` for a name without a number, and for what is no format.
 */
export function pythonFormat(
  text: string,
  value: (name: string) => number | bigint | undefined,
): string {
  return text.replace(/\{\{|\}\}|\{([^{}:!]*)(?::([^{}]*))?\}|[{}]/g, (found, name, format) => {
    if (found === '{{' || found === '}}') return found[0];
    if (name === undefined)
      throw new GradloomError('format', `${JSON.stringify(text)} has a single ${found}.`, { text });
    const v = value(name);
    if (v === undefined)
      throw new GradloomError('format', `there is no ${JSON.stringify(name)}`, { text, name });
    return formatNumber(v, format ?? '', text);
  });
}

/** `format(x, spec)`: bigints are Python's int, numbers its float. Throws `format`. */
export function formatNumber(
  value: number | bigint,
  format: string,
  text: string = format,
): string {
  const m = spec.exec(format);
  const whole = typeof value === 'bigint';
  const strange = whole ? m?.[7] !== undefined && (m[8] === '' || m[8] === 'd') : m?.[8] === 'd';
  if (!m || strange || m[8] === 's')
    throw new GradloomError(
      'format',
      `${JSON.stringify(format)} is no format for the number ${value}.`,
      { text, format },
    );
  const x = Number(value);
  const [, fill, align, sign, zero, width, comma, precision, type] = m;
  const minus = x < 0 || Object.is(x, -0);
  const digits = precision === undefined ? undefined : Number(precision);
  let body = unsigned(Math.abs(x), digits, type, whole);
  if (comma) body = body.replace(/^\d+/, (n) => n.replace(/\B(?=(\d{3})+$)/g, ','));
  const front = minus ? '-' : sign === '+' || sign === ' ' ? sign : '';
  const missing = Math.max(0, Number(width) - front.length - body.length);
  const how = align ?? (zero ? '=' : '>');
  const pad = (n: number): string => (fill || (zero && !align ? '0' : ' ')).repeat(n);
  if (how === '=') return front + pad(missing) + body;
  if (how === '<') return front + body + pad(missing);
  if (how === '>') return pad(missing) + front + body;
  const left = Math.floor(missing / 2);
  return pad(left) + front + body + pad(missing - left);
}

function unsigned(x: number, digits: number | undefined, type: string, whole: boolean): string {
  const text = lower(x, digits, type.toLowerCase(), whole);
  return type === 'F' || type === 'E' || type === 'G' ? text.toUpperCase() : text;
}

function lower(x: number, digits: number | undefined, type: string, whole: boolean): string {
  if (!Number.isFinite(x)) return (Number.isNaN(x) ? 'nan' : 'inf') + (type === '%' ? '%' : '');
  if (type === 'f') return fixed(x, digits ?? 6);
  if (type === '%') return `${fixed(x * 100, digits ?? 6)}%`;
  if (type === 'e') return exponential(x, digits ?? 6);
  if (type === 'g') return general(x, digits ?? 6);
  if (whole) return BigInt(x).toString();
  if (digits === undefined) return pythonFloat(x);
  // Like g, but with a digit behind the point, for which there must be room.
  const n = Math.max(1, digits);
  const power = Number(exponential(x, n - 1).split('e')[1]);
  if (x !== 0 && power === n - 1) return trimmed(exponential(x, n - 1));
  const g = general(x, n);
  return /[.e]/.test(g) ? g : `${g}.0`;
}

/** Halves go to the even digit, as in Python; toFixed takes them up. */
function fixed(x: number, digits: number): string {
  const n = Math.min(digits, 100);
  const half = Number.isInteger(x * 2 ** (n + 1)) && (x * 10 ** n) % 1 === 0.5;
  if (half && Math.floor(x * 10 ** n) % 2 === 0)
    return (Math.floor(x * 10 ** n) / 10 ** n).toFixed(n);
  return x < 1e21 ? x.toFixed(n) : BigInt(x).toString() + (n > 0 ? `.${'0'.repeat(n)}` : '');
}

function exponential(x: number, digits: number): string {
  const [mantissa, power] = x.toExponential(Math.min(digits, 100)).split('e');
  return `${mantissa}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}

/** Significant digits, without zeros at the end. */
function general(x: number, digits: number): string {
  const n = Math.max(1, digits);
  const e = exponential(x, n - 1);
  const power = Number(e.split('e')[1]);
  if (x !== 0 && (power < -4 || power >= n)) return trimmed(e);
  return trimmed(fixed(x, Math.max(0, n - 1 - power)));
}

/** Without zeros at the end of the fraction. */
function trimmed(text: string): string {
  const [mantissa, power] = text.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return power === undefined ? short : `${short}e${power}`;
}
