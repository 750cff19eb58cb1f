/** What a device has beyond WebGPU's core, and how products make use of it. */
import { fits, type MatrixShape } from '../../codegen/wgsl/matrix-product.ts';
import { Graph } from '../../graph/graph.ts';
import * as lax from '../../graph/lax.ts';
import type { Backend, DeviceBuffer } from '../backend.ts';

/** Features that kernels know to use, by WebGPU's names. */
export const featureNames = [
  'subgroups',
  'shader-f16',
  'chromium-experimental-subgroup-matrix',
] as const;
export type Feature = (typeof featureNames)[number];

const matrices = 'chromium-experimental-subgroup-matrix';

/** Those of `wanted` that an adapter offers, in a form that kernels can use. */
export function featuresOf(gpu: GPU, adapter: GPUAdapter, wanted: readonly Feature[]): Feature[] {
  const offered = (f: Feature): boolean =>
    wanted.includes(f) && (adapter.features as ReadonlySet<string> | undefined)?.has(f) === true;
  // Kernels need to know which subgroup they are in, which the first version did not tell.
  const subgroups = offered('subgroups') && gpu.wgslLanguageFeatures?.has('subgroup_id') === true;
  return featureNames.filter((f) => offered(f) && (f === 'shader-f16' || subgroups));
}

interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** The matrices to multiply with: of halves only where factors may be rounded; sums are float32. */
export function matrixShapeOf(
  adapter: GPUAdapter,
  features: readonly Feature[],
  half: boolean,
): MatrixShape | undefined {
  if (!features.includes(matrices)) return undefined;
  const { subgroupMatrixConfigs: configs = [] } = adapter.info as {
    subgroupMatrixConfigs?: readonly MatrixConfig[];
  };
  const usable = (type: MatrixShape['type']): MatrixShape[] =>
    [...configs]
      .filter((c) => c.componentType === type && c.resultComponentType === 'f32')
      .map(({ M, N, K }) => ({ type, m: M, n: N, k: K }))
      .filter(fits)
      .sort((a, b) => b.m * b.n * b.k - a.m * a.n * a.k);
  return (half ? usable('f16')[0] : undefined) ?? usable('f32')[0];
}

/**
 * Whether a product comes out right on a backend that multiplies by subgroup matrices: they are an
 * experiment whose text may mean something else, or nothing, to the next browser.
 */
export async function productsAreRight(backend: Backend, gpu: GPUDevice): Promise<boolean> {
  const [m, k, n] = [70, 40, 66];
  const a = Float32Array.from({ length: m * k }, (_, i) => ((i * 7) % 11) - 5);
  const b = Float32Array.from({ length: k * n }, (_, i) => ((i * 5) % 13) - 6);
  const [x, y] = [lax.parameter([m, k], 'float32'), lax.parameter([k, n], 'float32')];
  const spec = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
  gpu.pushErrorScope('validation');
  const buffers: DeviceBuffer[] = [];
  let right = false;
  try {
    for (const data of [a, b]) {
      const buffer = backend.allocate(data.byteLength);
      buffer.write(new Uint8Array(data.buffer));
      buffers.push(buffer);
    }
    const program = backend.compile(new Graph([x, y], [lax.dotGeneral(x, y, spec)], 'trial'));
    buffers.push(...program.run(buffers));
    const got = new Float32Array((await buffers[2].read()).buffer);
    right = got.every((v, at) => {
      const [row, column] = [Math.floor(at / n), at % n];
      let want = 0;
      for (let i = 0; i < k; i++) want += a[row * k + i] * b[i * n + column];
      return v === want;
    });
    program.dispose();
  } finally {
    for (const buffer of buffers) buffer.dispose();
    if (await gpu.popErrorScope()) right = false;
  }
  return right;
}
