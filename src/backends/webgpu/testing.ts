/** WebGPU for tests in Node: a GPU where there is one, else SwiftShader as Chromium brings it along. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeGpu } from './webgpu.node.ts';
import { createWebgpuBackend, type WebgpuBackend, type WebgpuOptions } from './webgpu.ts';

/** Where Chromium keeps SwiftShader and the Vulkan loader. */
const folders = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
  '/usr/lib64/chromium-browser',
];
const icd = 'vk_swiftshader_icd.json';

/**
 * Makes Vulkan find SwiftShader where no driver is set up. Its loader is opened by its path, after
 * which Dawn finds it by its name.
 */
async function findSwiftShader(): Promise<void> {
  const given = process.env.VK_ICD_FILENAMES;
  const file = given ?? folders.map((f) => join(f, icd)).find(existsSync);
  if (!file) return;
  process.env.VK_ICD_FILENAMES = file;
  const loader = join(dirname(file), 'libvulkan.so.1');
  if (!existsSync(loader)) return;
  try {
    const koffi = await import('koffi');
    koffi.default.load(loader);
  } catch {
    // Without koffi only a loader on the library path is found.
  }
}

/** A backend, or why there is none. */
export async function tryWebgpu(
  options: WebgpuOptions = {},
): Promise<{ backend: WebgpuBackend } | { reason: string }> {
  try {
    await findSwiftShader();
    return { backend: await createWebgpuBackend({ gpu: await nodeGpu(), ...options }) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

let experimental: GPU | undefined;

/** WebGPU with what is an experiment still, such as subgroup matrices; `tryWebgpu` comes first. */
export async function experimentalGpu(): Promise<GPU> {
  const dawn = (await import('webgpu')) as unknown as { create(options: string[]): GPU };
  experimental ??= dawn.create(['enable-dawn-features=allow_unsafe_apis']);
  return experimental;
}

/** A GPU whose devices can be lost at will: `lose` ends the one made last. */
export async function losableGpu(): Promise<{
  gpu: GPU;
  lose: (message: string) => Promise<void>;
}> {
  const real = await nodeGpu();
  let end: (info: object) => void = () => {};
  // Methods are bound to what they belong to: they look at their receiver.
  const over = <T extends object>(target: T, own: Record<string, unknown>): T =>
    new Proxy(target, {
      get(t, key) {
        if (typeof key === 'string' && key in own) return own[key];
        const v = Reflect.get(t, key, t);
        return typeof v === 'function' ? v.bind(t) : v;
      },
    });
  const requestAdapter = async (): Promise<GPUAdapter | null> => {
    const adapter = await real.requestAdapter();
    const requestDevice = async (d: GPUDeviceDescriptor): Promise<GPUDevice> => {
      const lost = new Promise((done) => {
        end = done;
      });
      return over(await adapter!.requestDevice(d), { lost });
    };
    return adapter && over(adapter, { requestDevice });
  };
  const lose = async (message: string): Promise<void> => {
    end({ reason: 'unknown', message });
    for (let i = 0; i < 3; i++) await Promise.resolve();
  };
  return { gpu: { requestAdapter } as unknown as GPU, lose };
}
