/**
 * WGSL names of scalar types, constants, and the small functions that generated code may call.
 *
 * A WGSL implementation may assume that NaN and infinities do not occur, and refuses them in constant
 * expressions. So they are made from bits in private variables, and a NaN is recognized by its bits.
 */
import { GradloomError } from '../../errors.ts';
import type { Scalar } from '../../expr/expr.ts';

const scalarTypes: Record<Scalar, string> = {
  float32: 'f32',
  float64: '',
  int32: 'i32',
  uint32: 'u32',
  bool: 'bool',
};

/** The WGSL type. Throws `dtype` for float64, which there is none for. */
export function scalarType(t: Scalar): string {
  if (t === 'float64') {
    throw new GradloomError(
      'dtype',
      'WebGPU has no float64. Compute in float32, or use another backend for this: setBackend("wasm").',
      { dtype: t },
    );
  }
  return scalarTypes[t];
}

const bits = new DataView(new ArrayBuffer(4));

/** A constant as text; `need` is told of the helper it uses, if any. */
export function literal(t: Scalar, v: number, need: (helper: string) => void): string {
  switch (t) {
    case 'bool':
      return v ? 'true' : 'false';
    case 'int32':
      return v < 0 ? `i32(${v})` : String(v);
    case 'uint32':
      return `${v >>> 0}u`;
    default: {
      if (Number.isNaN(v)) {
        need('nan_bits');
        return 'bitcast<f32>(nan_bits)';
      }
      if (!Number.isFinite(v)) {
        need('infinity_bits');
        const value = 'bitcast<f32>(infinity_bits)';
        return v < 0 ? `(-${value})` : value;
      }
      const small = Math.abs(v) < 2 ** -126;
      if (small && !Object.is(v, 0)) {
        bits.setFloat32(0, v);
        return `bitcast<f32>(${bits.getUint32(0)}u)`;
      }
      const text = shortest32(v);
      const number = `${/[.e]/.test(text) ? text : `${text}.0`}f`;
      return v < 0 ? `(${number})` : number;
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

interface Helper {
  readonly text: string;
  readonly needs?: readonly string[];
}

const minMax = (op: 'min' | 'max'): Helper => ({
  text: `fn ${op}_f32(a: f32, b: f32) -> f32 { let m = select(b, a, a ${op === 'min' ? '<' : '>'} b); return select(m, a, is_nan(a)); }`,
  needs: ['is_nan'],
});

/** The same over a subgroup, whose own operations may lose a NaN. */
const subgroupMinMax = (op: 'Min' | 'Max'): Helper => ({
  text: `fn subgroup_${op.toLowerCase()}_f32(x: f32) -> f32 { return select(subgroup${op}(x), bitcast<f32>(nan_bits), subgroupAny(is_nan(x))); }`,
  needs: ['is_nan', 'nan_bits'],
});

const helpers: Record<string, Helper> = {
  nan_bits: { text: 'var<private> nan_bits: u32 = 0x7fc00000u;' },
  infinity_bits: { text: 'var<private> infinity_bits: u32 = 0x7f800000u;' },
  is_nan: {
    text: 'fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  },
  // NaN when either side is NaN: a comparison with NaN is false, which picks b.
  min_f32: minMax('min'),
  max_f32: minMax('max'),
  subgroup_min_f32: subgroupMinMax('Min'),
  subgroup_max_f32: subgroupMinMax('Max'),
  i32_of_f32: {
    text: `fn i32_of_f32(x: f32) -> i32 {
  if (is_nan(x)) { return 0; }
  if (x >= 2147483648.0f) { return 2147483647; }
  if (x < -2147483648.0f) { return i32(-2147483648); }
  return i32(x);
}`,
    needs: ['is_nan'],
  },
  u32_of_f32: {
    text: `fn u32_of_f32(x: f32) -> u32 {
  if (is_nan(x) || x <= 0.0f) { return 0u; }
  if (x >= 4294967296.0f) { return 4294967295u; }
  return u32(x);
}`,
    needs: ['is_nan'],
  },
  // C's fmod, exact: long division of the significands, a bit at a time.
  fmod: {
    text: `fn fmod(x: f32, y: f32) -> f32 {
  let sign = bitcast<u32>(x) & 0x80000000u;
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (b == 0u || b > 0x7f800000u || a >= 0x7f800000u) { return bitcast<f32>(nan_bits); }
  if (a < b) { return x; }
  if (a == b) { return bitcast<f32>(sign); }
  var ea = i32(a >> 23u);
  var eb = i32(b >> 23u);
  var ma = a & 0x7fffffu;
  var mb = b & 0x7fffffu;
  if (ea == 0) { ea = 1; } else { ma = ma | 0x800000u; }
  if (eb == 0) { eb = 1; } else { mb = mb | 0x800000u; }
  ma = ma % mb;
  while (ea > eb) {
    ma = (ma << 1u) % mb;
    ea--;
  }
  if (ma == 0u) { return bitcast<f32>(sign); }
  while (ma < 0x800000u && ea > 1) { ma = ma << 1u; ea--; }
  if (ma < 0x800000u) { return bitcast<f32>(sign | ma); }
  return bitcast<f32>(sign | (u32(ea) << 23u) | (ma & 0x7fffffu));
}`,
    needs: ['nan_bits'],
  },
};

/** The text of these helpers and of those they need, each after what it needs. */
export function helperSource(names: Iterable<string>): string[] {
  const out: string[] = [];
  const seen = new Set<string>();
  const add = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const helper = helpers[name];
    for (const n of helper.needs ?? []) add(n);
    out.push(helper.text);
  };
  for (const name of [...names].sort()) add(name);
  return out;
}
