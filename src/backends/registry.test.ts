import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GradloomError } from '../errors.ts';

// A registry of its own for each test: it remembers its choice.
let registry: typeof import('./registry.ts');
beforeEach(async () => {
  vi.resetModules();
  registry = await import('./registry.ts');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function errorOf(f: () => unknown): { code: string; message: string } {
  try {
    f();
  } catch (e) {
    return e as GradloomError;
  }
  throw new GradloomError('test', 'nothing was thrown');
}

describe('the environment', () => {
  it.each([
    ['reference', 'reference'],
    ['wasm', 'wasm'],
    ['wasm:threads=1', 'wasm'],
  ])('GRADLOOM_BACKEND=%s', (setting, name) => {
    vi.stubEnv('GRADLOOM_BACKEND', setting);
    expect(registry.getBackend().name).toBe(name);
    expect(registry.getBackend()).toBe(registry.getBackend());
  });
  it('says what it cannot take', () => {
    vi.stubEnv('GRADLOOM_BACKEND', 'natve');
    expect(errorOf(() => registry.getBackend()).message).toContain('Did you mean "native"?');
    vi.stubEnv('GRADLOOM_BACKEND', 'wasm:thread=2');
    expect(errorOf(() => registry.getBackend()).message).toContain('Did you mean "threads"?');
  });
});

describe('setBackend', () => {
  it('takes a name, a name with options, or a backend', () => {
    const one = registry.setBackend('reference');
    expect(registry.getBackend()).toBe(one);
    registry.setBackend('wasm:threads=1');
    expect(registry.getBackend().name).toBe('wasm');
    expect(registry.setBackend(one)).toBe(one);
    expect(registry.getBackend()).toBe(one);
  });
  it('refuses unknown names and thread counts', () => {
    const e = errorOf(() => registry.setBackend('cuda'));
    expect(e.code).toBe('backend');
    expect(e.message).toContain('native, wasm, webgpu, reference');
    expect(errorOf(() => registry.setBackend('wasm', { threads: 0 })).code).toBe('backend');
    expect(errorOf(() => registry.setBackend('wasm:threads=x')).code).toBe('backend');
  });
  it('refuses a precision of products that there is none of', async () => {
    for (const load of [
      registry.loadBackend('webgpu', { products: 'float8' as 'float16' }),
      registry.loadBackend('webgpu:products=half'),
    ]) {
      const e = await load.then(
        () => undefined,
        (error: GradloomError) => error,
      );
      expect(e?.code).toBe('backend');
      expect(e?.message).toContain('products must be "float32" or "float16"');
    }
  });
  it('says how to start a backend that takes waiting', () => {
    expect(errorOf(() => registry.setBackend('webgpu')).message).toContain('await loadBackend');
    vi.stubEnv('GRADLOOM_BACKEND', 'webgpu');
    expect(errorOf(() => registry.getBackend()).message).toContain('await loadBackend()');
    expect(registry.availableBackends()).not.toContain('webgpu');
    registry.setBackend('reference');
    expect(registry.awaitedBackend()).toBeUndefined();
  });
  it('falls back to wasm where no compiler works, saying so once', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    vi.stubEnv('GRADLOOM_CC', '/nowhere/cc');
    expect(registry.availableBackends()).toEqual(['wasm', 'reference']);
    expect(registry.getBackend().name).toBe('wasm');
    expect(registry.setBackend('native').name).toBe('wasm');
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain('using wasm');
  });
});
