/** Functions JavaScript lacks, to double precision, by the shortest route. */

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/**
 * erf(x) = 2/sqrt(pi) exp(-x^2) sum over n of 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun
 * 7.1.6). Every term has one sign, so nothing cancels. From 6 on erf is 1 to the last bit.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return twoOverRootPi * Math.exp(-x * x) * sum;
}

/** erfc for x >= 0; above 2 by the continued fraction 7.1.14, where 1 - erf(x) would cancel. */
export function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  let tail = x;
  for (let k = 120; k >= 1; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
}

/** The x with erf(x) = y: Winitzki's estimate, made exact by Newton steps. */
export function erfInv(y: number): number {
  const a = Math.abs(y);
  if (Number.isNaN(y) || a > 1) return Number.NaN;
  if (a === 1) return y * Number.POSITIVE_INFINITY;
  if (a < 1e-150) return y / twoOverRootPi;
  const l = Math.log1p(-a * a);
  const b = 2 / (Math.PI * 0.147) + l / 2;
  let x = Math.sqrt(Math.sqrt(b * b - l / 0.147) - b);
  // Winitzki's difference cancels for small y, where erf is linear.
  if (a < 1e-3) x = a / twoOverRootPi;
  for (let i = 0; i < 4; i++) {
    // Near 1 only the distance from 1 is known well.
    const error = a < 0.5 ? erf(x) - a : 1 - a - erfc(x);
    x -= error / (twoOverRootPi * Math.exp(-x * x));
  }
  return y < 0 ? -x : x;
}

/** C's pow, which gives 1 for a base of 1 and for an exponent of 0 whatever the other is. */
export function pow(a: number, b: number): number {
  if (a === 1 || b === 0) return 1;
  if (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) return 1;
  return a ** b;
}

/** To the nearest whole number, halves to even. */
export function roundHalfEven(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const down = Math.floor(x);
  const rest = x - down;
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  const r = up ? down + 1 : down;
  // -0.4 rounds to -0.
  return r === 0 && (x < 0 || Object.is(x, -0)) ? -0 : r;
}
