/** Entry of the native backend, for Node alone: browsers get native-stub.ts in its place. */
import type { Backend } from '../backend.ts';
import { createWasmBackend } from '../wasm/index.ts';
import { NativeBackend, type NativeBackendOptions } from './backend.ts';
import { loadRuntime, type Runtime } from './runtime.ts';

export { NativeBackend, type NativeBackendOptions } from './backend.ts';
export { nativeTarget } from './target.ts';

export interface CreateNativeOptions extends NativeBackendOptions {
  /** The C compiler, instead of GRADLOOM_CC, CC, cc, gcc or clang, whichever is found first. */
  readonly cc?: string;
  /** Where compiled programs are kept, instead of GRADLOOM_CACHE or the user's cache directory. */
  readonly cacheDir?: string;
  /** Programs used longest ago are removed from the cache beyond this many bytes. */
  readonly cacheBytes?: number;
}

export type NativeProbe =
  | { readonly ok: true; readonly cc: string; readonly version: string }
  | { readonly ok: false; readonly reason: string };

type Where = Pick<CreateNativeOptions, 'cc' | 'cacheDir' | 'cacheBytes'>;

/** Runtimes loaded in this process; the environment is part of the key. */
const runtimes = new Map<string, Runtime | Error>();

function runtimeFor(where: Where): Runtime {
  const { env } = process;
  const key = JSON.stringify([
    where.cc,
    where.cacheDir,
    where.cacheBytes,
    env.GRADLOOM_CC,
    env.CC,
    env.PATH,
    env.GRADLOOM_CACHE,
    env.XDG_CACHE_HOME,
  ]);
  let runtime = runtimes.get(key);
  if (runtime === undefined) {
    try {
      runtime = loadRuntime({
        ...(where.cc !== undefined && { cc: where.cc }),
        cache: {
          ...(where.cacheDir !== undefined && { dir: where.cacheDir }),
          ...(where.cacheBytes !== undefined && { maxBytes: where.cacheBytes }),
          warn: (message) => console.warn(`gradloom: ${message}`),
        },
      });
    } catch (e) {
      runtime = e as Error;
    }
    runtimes.set(key, runtime);
  }
  if (runtime instanceof Error) throw runtime;
  return runtime;
}

/**
 * Whether this machine can run the native backend, and if not, why. The first time on a machine
 * this runs the compiler once; later the answer comes from the cache.
 */
export function probeNative(where: Where = {}): NativeProbe {
  try {
    const { compiler, version } = runtimeFor(where);
    return { ok: true, cc: compiler.path, version };
  } catch (e) {
    return { ok: false, reason: (e as Error).message };
  }
}

/** @throws GradloomError `native-unavailable` when there is no working compiler or no koffi. */
export function createNativeBackend(options: CreateNativeOptions = {}): Backend {
  return new NativeBackend(runtimeFor(options), {
    small: () => createWasmBackend({ threads: 1 }),
    ...options,
  });
}

/** Where this module is loaded the native backend is meant to work: a failure is worth a word. */
export const expected = true;
