/** What the WebAssembly engine at hand can do. */
import { ModuleBuilder } from './assembler.ts';
import type { OpName } from './opcodes.ts';

export interface WasmFeatures {
  readonly simd: boolean;
  /** Fused multiply-add and other instructions whose last bit the engine may choose. */
  readonly relaxed: boolean;
}

function validates(instruction: OpName): boolean {
  const m = new ModuleBuilder({ shared: false });
  const f = m.function('probe', ['v128', 'v128', 'v128'], ['v128']);
  f.code.get(0);
  f.code.get(1);
  if (instruction !== 'f32x4.add') f.code.get(2);
  f.code.op(instruction);
  return WebAssembly.validate(m.finish());
}

interface NodeProcess {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
}

const nodeProcess = (): NodeProcess | undefined =>
  (globalThis as { process?: NodeProcess }).process;

/** Whether this is Node, or something that passes for it. */
export function isNode(): boolean {
  return nodeProcess()?.versions?.node !== undefined;
}

/** A built-in module of Node, where there is one and it can be had at once. */
export function builtin<T>(name: string): T | undefined {
  return isNode() ? (nodeProcess()?.getBuiltinModule?.(name) as T | undefined) : undefined;
}

let known: WasmFeatures | undefined;

export function wasmFeatures(): WasmFeatures {
  if (known) return known;
  const simd = validates('f32x4.add');
  let relaxed = simd && validates('f32x4.relaxed_madd');
  if (simd && !relaxed) {
    // Node 20 has relaxed SIMD in its finished form, but behind a flag.
    try {
      builtin<typeof import('node:v8')>('node:v8')?.setFlagsFromString(
        '--experimental-wasm-relaxed-simd',
      );
    } catch {
      // An engine that does not know the flag stays without.
    }
    relaxed = validates('f32x4.relaxed_madd');
  }
  known = { simd, relaxed };
  return known;
}
