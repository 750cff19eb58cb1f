import { describe, expect, it } from 'vitest';
import { Graph, lax } from '../../graph/index.ts';
import type { Backend } from '../backend.ts';
import { createReferenceBackend } from '../reference/index.ts';
import {
  type Feature,
  featureNames,
  featuresOf,
  matrixShapeOf,
  productsAreRight,
} from './features.ts';
import { tryWebgpu } from './testing.ts';

/** An adapter that says it has these. */
function adapter(features: readonly string[], configs: readonly object[] = []): GPUAdapter {
  const info = { subgroupMatrixConfigs: configs };
  return { features: new Set(features), info } as unknown as GPUAdapter;
}
const gpu = (...language: string[]): GPU =>
  ({ wgslLanguageFeatures: new Set(language) }) as unknown as GPU;

describe('features', () => {
  it('are asked for only where the adapter has them and kernels can use them', () => {
    const all = adapter([...featureNames, 'timestamp-query']);
    expect(featuresOf(gpu('subgroup_id'), all, featureNames)).toEqual(featureNames);
    expect(featuresOf(gpu(), all, featureNames)).toEqual(['shader-f16']);
    expect(featuresOf(gpu('subgroup_id'), all, ['subgroups'])).toEqual(['subgroups']);
    expect(featuresOf(gpu('subgroup_id'), adapter(['shader-f16']), featureNames)).toEqual([
      'shader-f16',
    ]);
    const bare = { limits: {} } as unknown as GPUAdapter;
    expect(featuresOf({} as GPU, bare, featureNames)).toEqual([]);
  });

  it('multiply halves only when asked to, and the largest matrices there are', () => {
    const config = (componentType: string, resultComponentType: string, size: number): object => ({
      componentType,
      resultComponentType,
      M: size,
      N: size,
      K: size,
    });
    const offers = adapter(featureNames, [
      config('f16', 'f16', 16),
      config('f16', 'f32', 8),
      config('f16', 'f32', 16),
      config('f16', 'f32', 64),
      config('f32', 'f32', 8),
      config('u8', 'u32', 8),
    ]);
    const size = (n: number): object => ({ m: n, n, k: n });
    expect(matrixShapeOf(offers, featureNames, true)).toEqual({ type: 'f16', ...size(16) });
    expect(matrixShapeOf(offers, featureNames, false)).toEqual({ type: 'f32', ...size(8) });
    const fewer: Feature[] = ['subgroups', 'shader-f16'];
    expect(matrixShapeOf(offers, fewer, true)).toBeUndefined();
    expect(matrixShapeOf(adapter(featureNames), featureNames, true)).toBeUndefined();
  });

  it('are none where a processor plays GPU, and halves are not used unasked', async () => {
    for (const shared of [undefined, true]) {
      const found = await tryWebgpu({ shared });
      if ('reason' in found) return;
      const { features, description } = found.backend;
      if (!shared && /swiftshader|llvmpipe/i.test(description)) expect(features).toEqual([]);
      expect(features).not.toContain('shader-f16');
      found.backend.dispose();
    }
  });

  it('are given up where a product comes out wrong or is refused', async () => {
    const backend = createReferenceBackend();
    const device = (error: object | null): GPUDevice =>
      ({ pushErrorScope() {}, popErrorScope: async () => error }) as unknown as GPUDevice;
    expect(await productsAreRight(backend, device(null))).toBe(true);
    expect(await productsAreRight(backend, device({ message: 'no such builtin' }))).toBe(false);
    const wrong: Backend = {
      ...backend,
      allocate: (n) => backend.allocate(n),
      compile: (graph) => {
        const [x] = graph.outputs;
        const off = lax.add(x, lax.full(x.shape, 1, 'float32'));
        return backend.compile(new Graph(graph.inputs, [off], 'wrong'));
      },
    };
    expect(await productsAreRight(wrong, device(null))).toBe(false);
  });
});
