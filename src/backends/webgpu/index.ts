export { createWebgpuBackend, type WebgpuBackend, type WebgpuOptions } from './webgpu.ts';
