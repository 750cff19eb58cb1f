export {
  createWebgpuBackend,
  type ProductPrecision,
  type WebgpuBackend,
  type WebgpuOptions,
} from './webgpu.ts';
