/** WebGPU in Node, from the optional package `webgpu` (Dawn). */
import { GradloomError } from '../../errors.ts';

let instance: GPU | undefined;

/** What `navigator.gpu` is in browsers. Throws `backend` when the package is missing or does not load. */
export async function nodeGpu(): Promise<GPU> {
  if (instance) return instance;
  let dawn: { create(options: string[]): GPU };
  try {
    dawn = (await import('webgpu')) as unknown as typeof dawn;
  } catch (error) {
    throw new GradloomError(
      'backend',
      'The WebGPU backend needs the package "webgpu" in Node: npm install webgpu. Or use another backend: setBackend("wasm").',
      { reason: error instanceof Error ? error.message : String(error) },
      { cause: error },
    );
  }
  // One for the process: devices keep it alive, and it them.
  instance = dawn.create([]);
  return instance;
}
