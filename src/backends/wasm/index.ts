export { createWasmBackend, type WasmBackend, type WasmOptions } from './wasm.ts';
