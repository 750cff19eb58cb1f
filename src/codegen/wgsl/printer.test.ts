import { describe, expect, it } from 'vitest';
import { lowerGraph } from '../../compiler/lower.ts';
import { kernelsOf } from '../../compiler/program.ts';
import { Graph, lax, type Value } from '../../graph/index.ts';
import { spread, type WgslLimits } from './layout.ts';
import { printKernel, webgpuTarget } from './printer.ts';

const limits: WgslLimits = {
  storageBuffers: 8,
  workgroupsPerDimension: 65535,
  invocations: 256,
  workgroupBytes: 16384,
};

/** The text of each kernel of a graph. */
function texts(outputs: Value[], inputs: Value[], given: Partial<WgslLimits> = {}): string[] {
  const program = lowerGraph(new Graph(inputs, outputs, 'test'), { target: webgpuTarget });
  return kernelsOf(program.steps).map(
    (k) => printKernel(k, program.buffers, { ...limits, ...given }, program.arenaBytes).text,
  );
}

describe('WGSL printer', () => {
  it('gives an element an invocation', () => {
    const [x, y] = [lax.parameter([100], 'float32'), lax.parameter([100], 'float32')];
    expect(texts([lax.mul(lax.add(x, y), y)], [x, y])).toEqual([
      `@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var<storage, read> b1: array<f32>;
@group(0) @binding(2) var<storage, read_write> b2: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let p_0: i32 = i32(group.x * 64u + local);
  if (p_0 >= 100) { return; }
  let x_1: f32 = b1[p_0];
  b2[p_0] = ((b0[p_0] + x_1) * x_1);
}
`,
    ]);
  });

  it('prints equal kernels as equal texts', () => {
    const make = (): string[] => {
      const x = lax.parameter([30, 7], 'float32');
      return texts([lax.reduceMax(lax.exp(x), [1])], [x]);
    };
    expect(make()).toEqual(make());
  });

  it('knows NaN by its bits and makes infinities of them', () => {
    const x = lax.parameter([8], 'float32');
    const [text] = texts([lax.max(x, lax.full([8], Number.NEGATIVE_INFINITY, 'float32'))], [x]);
    expect(text).toContain('fn is_nan(x: f32)');
    expect(text).toContain('(-bitcast<f32>(infinity_bits))');
    expect(text).not.toMatch(/\d(\.0)? \/ 0|3\.4e38/);
  });

  it('keeps four bools in a word and writes them one by one', () => {
    const x = lax.parameter([8], 'float32');
    const [text] = texts([lax.lt(x, lax.full([8], 0, 'float32'))], [x]);
    expect(text).toContain('array<atomic<u32>>');
    expect(text).toContain('store_b1(');
  });

  it('puts what is one buffer too many into the arena', () => {
    const xs = Array.from({ length: 12 }, () => lax.parameter([4], 'float32'));
    const program = lowerGraph(new Graph(xs, [lax.concatenate(xs, 0)], 'test'), {
      target: webgpuTarget,
    });
    const [kernel] = kernelsOf(program.steps);
    const { bindings, staged } = printKernel(kernel, program.buffers, limits, program.arenaBytes);
    expect(bindings).toHaveLength(8);
    expect(bindings[0].kind).toBe('arena');
    // Twelve inputs and the result are thirteen: seven have a binding, six share the arena.
    expect(staged.map((s) => s.offset)).toEqual([0, 16, 32, 48, 64, 80]);
  });

  it('spreads many workgroups over two dimensions', () => {
    expect(spread(0, 65535)).toEqual([1, 1, 1]);
    expect(spread(65535, 65535)).toEqual([65535, 1, 1]);
    const [x, y] = spread(65536, 65535);
    expect([x, y]).toEqual([32768, 2]);
    const n = lax.parameter([1000], 'float32');
    expect(texts([lax.neg(n)], [n], { workgroupsPerDimension: 5 })[0]).toContain('group.y * 4u');
  });
});

describe('workgroups', () => {
  const product = (m: number, n: number, k: number): [Value, Value[]] => {
    const [x, y] = [lax.parameter([m, k], 'float32'), lax.parameter([k, n], 'float32')];
    const none: number[] = [];
    const spec = { lhsContract: [1], rhsContract: [0], lhsBatch: none, rhsBatch: none };
    return [lax.dotGeneral(x, y, spec), [x, y]];
  };
  it('make products in tiles, with guards only at ragged edges', () => {
    const [even, inputs] = product(128, 64, 32);
    const [text] = texts([even], inputs);
    expect(text).toContain('@workgroup_size(256)');
    expect(text).toContain('var<workgroup> tile_a: array<f32, 1024>');
    expect(text).not.toMatch(/if \((row|column|k0)/);
    const [ragged, given] = product(65, 13, 9);
    const [guarded] = texts([ragged], given);
    expect(guarded).toContain('if (column + 3 < 13)');
    expect(guarded).toContain('k0 + k < 9');
  });
  it('leave small products, and devices without shared memory, to single invocations', () => {
    const [small, a] = product(64, 3, 32);
    expect(texts([small], a)[0]).not.toContain('workgroupBarrier');
    const [large, b] = product(64, 64, 64);
    expect(texts([large], b, { workgroupBytes: 0 })[0]).not.toContain('workgroupBarrier');
  });
  it('reduce long rows together', () => {
    const x = lax.parameter([8, 5000], 'float32');
    const [text] = texts([lax.reduceMax(x, [1])], [x]);
    expect(text).toContain('t < 5000; t += 256');
    expect(text).toContain('half = half >> 1u');
    expect(text).toContain('if (local == 0u)');
  });
  it('combine by subgroups where there are, and keep NaN', () => {
    const x = lax.parameter([8, 5000], 'float32');
    const print = (v: Value): string => texts([v], [x], { subgroups: true })[0];
    const sum = print(lax.reduceSum(x, [1]));
    expect(sum.startsWith('enable subgroups;\nrequires subgroup_id;\n')).toBe(true);
    expect(sum).toContain('@builtin(num_subgroups) subgroups: u32');
    expect(sum).toMatch(/= subgroupAdd\(part0\);/);
    expect(sum).toContain('array<f32, 64>');
    expect(sum.match(/workgroupBarrier/g)).toHaveLength(1);
    const most = print(lax.reduceMax(x, [1]));
    expect(most).toContain('subgroup_max_f32(part0)');
    expect(most).toContain('subgroupAny(is_nan(x))');
    const small = lax.parameter([8], 'float32');
    expect(texts([lax.neg(small)], [small], { subgroups: true })[0]).not.toContain('subgroup');
  });
  it('round factors to half precision only when told to, and sum in float32', () => {
    const [even, inputs] = product(128, 64, 32);
    const [text] = texts([even], inputs, { half: true });
    expect(text.startsWith('enable f16;\n')).toBe(true);
    expect(text).toContain('var<workgroup> tile_a: array<f16, 1024>');
    expect(text).toContain('var c0 = vec4<f32>();');
    expect(text).toContain('c0 += f32(tile_a[begin + 0]) * b;');
    const [thin, given] = product(4, 64, 32);
    expect(texts([thin], given, { half: true })[0]).not.toContain('f16');
  });
  it('multiply by subgroup matrices of the shape that there is', () => {
    const [large, inputs] = product(70, 128, 40);
    const matrix = { type: 'f16', m: 16, n: 8, k: 16 } as const;
    const [text] = texts([large], inputs, { subgroups: true, half: true, matrix });
    expect(text).toContain('enable chromium_experimental_subgroup_matrix;');
    expect(text).toContain('subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, col_major>');
    expect(text).toContain('subgroupMatrixLoad<subgroup_matrix_right<f16, 8, 16>, row_major>');
    // A quarter of 32 by 32 is two rows of four matrices.
    expect(text.match(/subgroup_matrix_result<f32, 8, 16>\(\)/g)).toHaveLength(8);
    expect(text).toContain('if (row < 70) { finish(');
    const exact = { type: 'f32', m: 8, n: 8, k: 8 } as const;
    const [whole] = texts([large], inputs, { subgroups: true, matrix: exact });
    expect(whole).toContain('subgroup_matrix_left<f32, 8, 8>');
    expect(whole).not.toContain('f16');
    const [narrow, given] = product(128, 20, 64);
    expect(texts([narrow], given, { subgroups: true, matrix: exact })[0]).not.toContain('Matrix');
    const less = { subgroups: true, matrix: exact, workgroupBytes: 8192 };
    expect(texts([large], inputs, less)[0]).not.toContain('Matrix');
  });
});
