/** Numbers as Python prints them, for messages and files that should read as Keras's do. */

/** `repr(x)`: the shortest digits that read back; 1.0, 1e-05, 1e+16, nan, inf. */
export function pythonFloat(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  const sign = x < 0 || Object.is(x, -0) ? '-' : '';
  const [digits, power] = Math.abs(x).toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16)
    return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const plain = String(Math.abs(x));
  return sign + (plain.includes('.') ? plain : `${plain}.0`);
}
