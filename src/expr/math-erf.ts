/** The error function, its complement and its inverse. */
import { type Expr, select } from './expr.ts';
import {
  abs,
  add,
  atMost,
  div,
  eq,
  gt,
  head,
  isSingle,
  like,
  lt,
  mul,
  nearestWhole,
  neg,
  poly,
  pow2single,
  sqrt,
  sub,
  withSignOf,
} from './math-base.ts';
import { expSum } from './math-exp.ts';
import { log, log1p } from './math-log.ts';

/** erf x / x - 1 in x^2 for |x| <= 7/8. */
const erfSingle: readonly number[] = [
  0.1283791512, -0.3761252761, 0.1128226668, -0.02678543888, 5.023945123e-3, -6.162750069e-4,
];
/** log2(erfc x) for 7/8 <= x <= 3.95, weighted by erfc: 2^-29. */
const logErfc: readonly number[] = [
  -2.053071948e-4, -1.627212405, -0.9187166691, -0.1504210532, 0.03229911625, -4.449073691e-3,
  2.886887814e-4,
];
/** (2^r - 1) / r for |r| <= 1/2: 2^-23, a quarter of which counts. */
const exp2Short: readonly number[] = [
  0.6931470037, 0.2402224094, 0.05550701544, 9.671597742e-3, 1.327382633e-3,
];
/** erf x / x in x^2 for |x| <= 1/2 (float32) and |x| <= 1 (float64). */
const erfSmallSingle: readonly number[] = [
  1.1283791065216064, -0.3761192560195923, 0.11269987374544144, -0.025966349989175797,
  0.003176187863573432,
];
const erfSmallDouble: readonly number[] = [
  1.1283791670955126, -0.37612638903183354, 0.11283791670937222, -0.026866170641912608,
  0.005223977595246855, -0.0008548325341135104, 0.00012055273252654086, -1.4924247459779591e-5,
  1.6440009315850903e-6, -1.6133990419044004e-7, 1.3243935941795736e-8, -6.042759682813605e-10,
  -2.8311245706829787e-11,
];

/**
 * e^(x^2) erfc(x) from 1/2 to where erfc is 0, in a variable that stays small for large x (in x itself
 * every step of Horner's rule would add its rounding): t P(t) with t = 1 / (1 + x/2) for float32,
 * t (3/4 + P(t) / Q(t)) with t = 1 / (1 + x) for float64, where the ratio, and with it its
 * rounding, is at most a quarter of the sum. Relative errors 2^-26.7 and 2^-55.
 */
const erfcxSingle: readonly number[] = [
  0.2820765972, 0.2825720608, 0.2414857894, 0.209815532, -0.04502682015, 0.3065367043,
  -0.5129030347, 0.2968620658, -0.06140927225,
];
const erfcxP: readonly number[] = [
  -0.185810416452354, -0.6578723993654485, -2.7110739188226187, -1.0022049385700598,
  15.028698950547778, 85.20694604069097, 221.56724983973442, 377.1852734001336, 384.84195185440717,
  168.79053707101787, -72.87002190125135,
];
const erfcxQ: readonly number[] = [
  1, 6.576929357704417, 36.07872945165824, 123.40896444419471, 334.82739820122526,
  664.9535582708668, 1014.3787309287482, 1123.977187194805, 874.8253693131294, 423.50462656446723,
  97.24319986816894,
];

/** erfc a for a >= 1/2. The square is taken in two parts, as its rounding alone would cost 60 ULP. */
function erfcLarge(a: Expr): Expr {
  const c = atMost(a, isSingle(a) ? 10.2 : 27.3);
  const h = head(c);
  const low = mul(sub(h, c), add(h, c));
  const one = like(a, 1);
  const t = div(one, add(isSingle(a) ? mul(c, 0.5) : c, 1));
  const scaled = isSingle(a)
    ? mul(t, poly(t, erfcxSingle))
    : mul(t, add(div(poly(t, erfcxP), poly(t, erfcxQ)), 0.75));
  return expSum(neg(mul(h, h)), low, scaled);
}

/**
 * float32: 1 - 2^L(|x|) above 7/8, where L is a polynomial, and a polynomial below. (A single
 * rational function of x takes half the operations and is off by up to 4 ULP.)
 */
export function erf(x: Expr): Expr {
  if (isSingle(x)) {
    const c = atMost(abs(x), 3.95);
    const l = poly(c, logErfc);
    const { bits, whole } = nearestWhole(l, 1);
    const r = sub(l, whole);
    const p = add(mul(r, poly(r, exp2Short)), 1);
    const large = sub(like(x, 1), mul(p, pow2single(bits)));
    const z = mul(x, x);
    const near = add(mul(x, poly(z, erfSingle)), x);
    return select(gt(c, 0.875), withSignOf(large, x), near);
  }
  const a = abs(x);
  const small = mul(x, poly(mul(x, x), erfSmallDouble));
  return select(gt(a, 1), withSignOf(sub(like(x, 1), erfcLarge(a)), x), small);
}

export function erfc(x: Expr): Expr {
  const a = abs(x);
  const e = erfcLarge(a);
  const small = sub(
    like(x, 1),
    mul(x, poly(mul(x, x), isSingle(x) ? erfSmallSingle : erfSmallDouble)),
  );
  return select(lt(a, 0.5), small, select(lt(x, 0), sub(like(x, 2), e), e));
}

/**
 * The polynomials of M. Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011), which
 * XLA uses as well; highest power first, as printed there.
 */
const erfInvSingle: readonly (readonly number[])[] = [
  [
    2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503,
    -0.00417768164, 0.246640727, 1.50140941,
  ],
  [
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
    0.00943887047, 1.00167406, 2.83297682,
  ],
];
const erfInvDouble: readonly (readonly number[])[] = [
  [
    -3.64441206401782e-21, -1.6850591381820166e-19, 1.28584807152564e-18, 1.1157877678025181e-17,
    -1.333171662854621e-16, 2.0972767875968562e-17, 6.637638134358324e-15, -4.054566272975207e-14,
    -8.151934197605472e-14, 2.6335093153082323e-12, -1.2975133253453532e-11, -5.415412054294628e-11,
    1.0512122733215323e-9, -4.112633980346984e-9, -2.9070369957882005e-8, 4.2347877827932404e-7,
    -1.3654692000834679e-6, -1.3882523362786469e-5, 0.00018673420803405714, -0.000740702534166267,
    -0.006033670871430149, 0.24015818242558962, 1.6536545626831027,
  ],
  [
    2.2137376921775787e-9, 9.075656193888539e-8, -2.7517406297064545e-7, 1.8239629214389228e-8,
    1.5027403968909828e-6, -4.013867526981546e-6, 2.9234449089955446e-6, 1.2475304481671779e-5,
    -4.7318229009055734e-5, 6.828485145957318e-5, 2.4031110387097894e-5, -0.0003550375203628475,
    0.0009532893797373805, -0.0016882755560235047, 0.002491442096107851, -0.003751208507569241,
    0.005370914553590064, 1.0052589676941592, 3.0838856104922208,
  ],
  [
    -2.7109920616438573e-11, -2.555641816996525e-10, 1.5076572693500548e-9, -3.789465440126737e-9,
    7.61570120807834e-9, -1.496002662714924e-8, 2.914795345090108e-8, -6.771199775845234e-8,
    2.2900482228026655e-7, -9.9298272942317e-7, 4.526062597223154e-6, -1.968177810553167e-5,
    7.599527703001776e-5, -0.00021503011930044477, -0.00013871931833623122, 1.0103004648645344,
    4.849906401408584,
  ],
];

const descending = (x: Expr, c: readonly number[]): Expr => poly(x, [...c].reverse());

/** The inverse of erf. ±infinity at ±1, NaN beyond. */
export function erfInv(x: Expr): Expr {
  let y: Expr;
  if (isSingle(x)) {
    // As XLA: w from x^2, though (1-x)(1+x) would be more accurate, so that normal numbers drawn
    // from the same bits agree with JAX.
    const w = neg(log1p(neg(mul(x, x))));
    const central = descending(sub(w, 2.5), erfInvSingle[0]);
    const outer = descending(sub(sqrt(w), 3), erfInvSingle[1]);
    y = mul(select(lt(w, 5), central, outer), x);
  } else {
    const w = neg(log(mul(sub(like(x, 1), x), add(x, 1))));
    const root = sqrt(w);
    const outer = select(
      lt(w, 16),
      descending(sub(root, 3.25), erfInvDouble[1]),
      descending(sub(root, 5), erfInvDouble[2]),
    );
    y = mul(select(lt(w, 6.25), descending(sub(w, 3.125), erfInvDouble[0]), outer), x);
  }
  return select(eq(abs(x), 1), mul(x, Number.POSITIVE_INFINITY), y);
}
