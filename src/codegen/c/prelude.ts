/**
 * C names of scalar types, constants, and the small inline functions that generated code may call.
 * No header is included: reading them would cost more than compiling a typical program.
 */
import type { DType } from '../../dtype.ts';
import type { Scalar } from '../../expr/expr.ts';
import { vectorType } from './tile.ts';
import { transposingCopySource } from './transpose.ts';

const scalarTypes: Record<Scalar, string> = {
  float32: 'f32',
  float64: 'f64',
  int32: 'i32',
  uint32: 'u32',
  bool: 'bool',
};

export const typedefs = `typedef float f32;
typedef double f64;
typedef int i32;
typedef unsigned u32;
typedef long long i64;
typedef unsigned char u8;
typedef _Bool bool;
`;

/** Names a generated local must not take. */
export const reservedNames: readonly string[] = ['f32', 'f64', 'i32', 'u32', 'i64', 'u8'];

export function scalarType(t: Scalar): string {
  return scalarTypes[t];
}

/** The type of one element in memory. */
export function storageType(t: DType): string {
  return t === 'uint8' || t === 'bool' ? 'u8' : scalarTypes[t];
}

export function literal(t: Scalar, v: number): string {
  switch (t) {
    case 'bool':
      return v ? '1' : '0';
    case 'int32':
      // -2147483648 in C is an expression on a wider type.
      return v === -(2 ** 31) ? '(-2147483647 - 1)' : String(v);
    case 'uint32':
      return `${v >>> 0}u`;
    case 'float32':
    case 'float64': {
      const f = t === 'float32' ? 'f' : '';
      if (Number.isNaN(v)) return `__builtin_nan${f}("")`;
      if (!Number.isFinite(v)) return `${v < 0 ? '-' : ''}__builtin_inf${f}()`;
      const text = t === 'float32' ? shortest32(v) : String(v);
      const sign = Object.is(v, -0) ? '-' : '';
      return `${sign}${/[.e]/.test(text) ? text : `${text}.0`}${f}`;
    }
  }
}

/** The fewest digits that read back as the same float32. */
function shortest32(v: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = v.toPrecision(digits);
    if (Math.fround(Number(text)) === v) return String(Number(text));
  }
  return String(Number(v.toPrecision(9)));
}

const inline = 'static inline __attribute__((always_inline))';

/** Float min and max: NaN when either side is NaN. One compare-and-pick, then a check for NaN. */
function floatMinMax(name: string, t: string, op: string): string {
  return `${inline} ${t} ${name}(${t} a, ${t} b) { const ${t} m = a ${op} b ? a : b; return a != a ? a : m; }`;
}

function toInteger(name: string, t: string, f: string): string {
  const [type, lo, hi] =
    name.slice(0, 3) === 'i32'
      ? ['i32', `-2147483648.0${f}`, `2147483648.0${f}`]
      : ['u32', `0.0${f}`, `4294967296.0${f}`];
  const [min, max] = type === 'i32' ? ['(-2147483647 - 1)', '2147483647'] : ['0u', '4294967295u'];
  return (
    `${inline} ${type} ${name}(${t} x) { ` +
    `return x >= ${hi} ? ${max} : x > ${lo} ? (${type})x : x != x ? 0 : ${min}; }`
  );
}

const keyTypes = {
  f32: { int: 'i32', most: '2147483647', shift: 31 },
  f64: { int: 'i64', most: '9223372036854775807LL', shift: 63 },
};

/** The integer at the same place in the order of floats; NaN last (for min: first). */
function orderKey(op: 'min' | 'max', t: 'f32' | 'f64'): string {
  const { int, most, shift } = keyTypes[t];
  const nan = op === 'max' ? most : `-${most} - 1`;
  return (
    `${inline} ${int} ${op}_key_${t}(${t} x) { union { ${t} f; ${int} i; } v = {x}; ` +
    `return x != x ? ${nan} : v.i ^ ((v.i >> ${shift}) & ${most}); }`
  );
}

function fromKey(t: 'f32' | 'f64'): string {
  const { int, most, shift } = keyTypes[t];
  return (
    `${inline} ${t} key_${t}(${int} k) { union { ${int} i; ${t} f; } v = ` +
    `{k ^ ((k >> ${shift}) & ${most})}; return v.f; }`
  );
}

const helpers: Record<string, string> = {
  min_f32: floatMinMax('min_f32', 'f32', '<'),
  max_f32: floatMinMax('max_f32', 'f32', '>'),
  min_f64: floatMinMax('min_f64', 'f64', '<'),
  max_f64: floatMinMax('max_f64', 'f64', '>'),
  min_i32: `${inline} i32 min_i32(i32 a, i32 b) { return a < b ? a : b; }`,
  max_i32: `${inline} i32 max_i32(i32 a, i32 b) { return a > b ? a : b; }`,
  min_u32: `${inline} u32 min_u32(u32 a, u32 b) { return a < b ? a : b; }`,
  max_u32: `${inline} u32 max_u32(u32 a, u32 b) { return a > b ? a : b; }`,
  min_i64: `${inline} i64 min_i64(i64 a, i64 b) { return a < b ? a : b; }`,
  max_i64: `${inline} i64 max_i64(i64 a, i64 b) { return a > b ? a : b; }`,
  min_key_f32: orderKey('min', 'f32'),
  max_key_f32: orderKey('max', 'f32'),
  min_key_f64: orderKey('min', 'f64'),
  max_key_f64: orderKey('max', 'f64'),
  key_f32: fromKey('f32'),
  key_f64: fromKey('f64'),
  // Signed overflow is undefined in C; these are for data, whose arithmetic must wrap.
  add_i32: `${inline} i32 add_i32(i32 a, i32 b) { return (i32)((u32)a + (u32)b); }`,
  sub_i32: `${inline} i32 sub_i32(i32 a, i32 b) { return (i32)((u32)a - (u32)b); }`,
  mul_i32: `${inline} i32 mul_i32(i32 a, i32 b) { return (i32)((u32)a * (u32)b); }`,
  neg_i32: `${inline} i32 neg_i32(i32 a) { return (i32)(0u - (u32)a); }`,
  abs_i32: `${inline} i32 abs_i32(i32 a) { return a < 0 ? (i32)(0u - (u32)a) : a; }`,
  i32_of_f32: toInteger('i32_of_f32', 'f32', 'f'),
  i32_of_f64: toInteger('i32_of_f64', 'f64', ''),
  u32_of_f32: toInteger('u32_of_f32', 'f32', 'f'),
  u32_of_f64: toInteger('u32_of_f64', 'f64', ''),
  bits_of_f32: `${inline} u32 bits_of_f32(f32 x) { union { f32 f; u32 u; } v = {x}; return v.u; }`,
  f32_of_bits: `${inline} f32 f32_of_bits(u32 x) { union { u32 u; f32 f; } v = {x}; return v.f; }`,
  transpose_f32: transposingCopySource,
  // Bounds of the share of one thread; a share starts at a multiple of \`grain\`.
  part:
    'static i32 part(i32 extent, i32 grain, i32 i, i32 parts) {\n' +
    '  const i64 at = ((i64)extent + grain - 1) / grain * i / parts * grain;\n' +
    '  return at < extent ? (i32)at : extent;\n}',
};

export function helperSource(name: string): string {
  return helpers[name];
}

export function vectorTypedef(dtype: 'float32' | 'float64', width: number): string {
  const scalar = vectorType(dtype, 1);
  const bytes = width * (dtype === 'float32' ? 4 : 8);
  const align = dtype === 'float32' ? 4 : 8;
  return `typedef ${scalar} ${vectorType(dtype, width)} __attribute__((vector_size(${bytes}), aligned(${align}), may_alias));`;
}
