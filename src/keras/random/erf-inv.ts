/** The inverse error function in float32, step by step as XLA computes it. */
const f = Math.fround;

const near = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503,
  -0.00417768164, 0.246640727, 1.50140941,
].map(f);
const far = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
  0.00943887047, 1.00167406, 2.83297682,
].map(f);

/** M. Giles, "Approximating the erfinv function" (2012). */
export function erfInv(x: number): number {
  if (Math.abs(x) === 1) return x * Number.POSITIVE_INFINITY;
  let w = f(-f(Math.log1p(-f(x * x))));
  const c = w < 5 ? near : far;
  w = w < 5 ? f(w - 2.5) : f(f(Math.sqrt(w)) - 3);
  let p = c[0];
  // One rounding a step: the product of two float32 is exact in double.
  for (let i = 1; i < 9; i++) p = f(c[i] + p * w);
  return f(p * x);
}
