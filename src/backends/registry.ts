/** Which backend computes: chosen by name, by environment variable, or the best that works. */
import * as nativeBackend from '#native';
import { GradloomError } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import type { Backend } from './backend.ts';
import { createReferenceBackend, loadReferenceBackend } from './reference/index.ts';
import { createWasmBackend } from './wasm/index.ts';
import type { ProductPrecision, WebgpuBackend } from './webgpu/index.ts';

export interface BackendOptions {
  /** Threads of a CPU backend; default one a core. */
  readonly threads?: number;
  /**
   * Of `webgpu`, where it is loaded: 'float16' rounds the factors of matrix products and convolutions to
   * half precision if the device has it, and sums in float32. Default 'float32'.
   */
  readonly products?: ProductPrecision;
}

const names = ['native', 'wasm', 'webgpu', 'reference'] as const;
export type BackendName = (typeof names)[number];

let current: Backend | undefined;
let warned = false;
/** The WebGPU backend made last: making one takes waiting, choosing it again does not. */
let webgpu: WebgpuBackend | undefined;
let awaited: Promise<Backend> | undefined;

function env(name: string): string | undefined {
  const p = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process;
  return p?.env?.[name];
}

function warnOnce(text: string): void {
  if (warned) return;
  warned = true;
  console.warn(text);
}

function threadsOf(options: BackendOptions): BackendOptions {
  if (options.threads !== undefined) {
    if (!Number.isInteger(options.threads) || options.threads < 1) {
      throw new GradloomError(
        'backend',
        `threads must be a whole number of 1 or more; received ${options.threads}.`,
        { threads: options.threads },
      );
    }
    return options;
  }
  const setting = Number(env('GRADLOOM_THREADS'));
  return Number.isInteger(setting) && setting > 0 ? { ...options, threads: setting } : options;
}

function create(name: string, given: BackendOptions, chosen: boolean): Backend {
  const options = threadsOf(given);
  switch (name) {
    case 'native': {
      const probe = nativeBackend.probeNative();
      if (probe.ok) return nativeBackend.createNativeBackend(options);
      if (chosen || nativeBackend.expected) {
        warnOnce(`Gradloom: the native backend does not work here (${probe.reason}); using wasm.`);
      }
      return createWasmBackend(options);
    }
    case 'wasm':
      return createWasmBackend(options);
    case 'reference':
      return createReferenceBackend();
    case 'webgpu':
      if (webgpu && !webgpu.ended) return webgpu;
      throw new GradloomError(
        'backend',
        'The WebGPU backend takes a moment to start: await loadBackend("webgpu") first. (With GRADLOOM_BACKEND=webgpu, fit and await tensor.data() wait for it by themselves; elsewhere await loadBackend().)',
        { name },
      );
    default:
      throw new GradloomError(
        'backend',
        `Unknown backend "${name}".${didYouMean(name, names)} There are ${names.join(', ')}.`,
        { name, names },
      );
  }
}

/** Options as they are written behind a name. */
const written: Record<string, (value: string) => BackendOptions> = {
  threads: (v) => ({ threads: Number(v) }),
  products: (v) => ({ products: v as ProductPrecision }),
};

/** `native` or `native:threads=1`, as GRADLOOM_BACKEND has it. */
function parseSetting(setting: string): { name: string; options: BackendOptions } {
  const [name, ...rest] = setting.split(':');
  let options: BackendOptions = {};
  for (const part of rest.join(':').split(',')) {
    if (part.trim() === '') continue;
    const [key, value] = part.split('=').map((s) => s.trim());
    if (!Object.hasOwn(written, key)) {
      const keys = Object.keys(written);
      throw new GradloomError(
        'backend',
        `Unknown backend option "${key}" in "${setting}".${didYouMean(key, keys)} There are ${keys.join(', ')}, as in "native:threads=1".`,
        { setting, option: key },
      );
    }
    options = { ...options, ...written[key](value) };
  }
  return { name: name.trim(), options };
}

/** The backend in use; the first call chooses it. */
export function getBackend(): Backend {
  if (!current) {
    const wanted = env('GRADLOOM_BACKEND');
    const { name, options } = parseSetting(wanted || 'native');
    current = create(name, options, Boolean(wanted));
  }
  return current;
}

/**
 * Uses another backend from now on, by name ("wasm", "native:threads=1") or as an object. Tensors
 * made before keep their contents and are copied over when next used. Returns the backend. Throws
 * `backend` for a name or an option that does not exist.
 */
export function setBackend(
  backend: BackendName | (string & {}) | Backend,
  options: BackendOptions = {},
): Backend {
  if (typeof backend === 'string') {
    const { name, options: written } = parseSetting(backend);
    current = create(name, { ...written, ...options }, true);
  } else current = backend;
  return current;
}

/**
 * `setBackend` for backends that take waiting: `webgpu`, and in a browser `reference`, whose code is
 * loaded then. Resolves with the backend, which is then in use. Without a name, the one that
 * GRADLOOM_BACKEND names, or the default. A `webgpu` whose device is lost, or that is asked for with other
 * `products`, is made anew. Rejects with
 * `backend` where there is no such backend or it does not work here.
 */
export async function loadBackend(
  name: BackendName | (string & {}) = env('GRADLOOM_BACKEND') || 'native',
  options: BackendOptions = {},
): Promise<Backend> {
  const { name: wanted, options: given } = parseSetting(name);
  if (wanted === 'reference') await loadReferenceBackend();
  if (wanted === 'webgpu') {
    const products = options.products ?? given.products ?? webgpu?.products;
    if (!webgpu || webgpu.ended || webgpu.products !== products) {
      const { createWebgpuBackend } = await import('./webgpu/index.ts');
      webgpu = await createWebgpuBackend({ products });
    }
  }
  return setBackend(name, options);
}

/**
 * Undefined when the backend in use can be had at once; else a promise of it: GRADLOOM_BACKEND names one
 * that takes waiting. What is asynchronous anyway waits for it.
 */
export function awaitedBackend(): Promise<Backend> | undefined {
  const waits = !current && parseSetting(env('GRADLOOM_BACKEND') ?? '').name === 'webgpu';
  if (waits) awaited ??= loadBackend();
  return waits ? awaited : undefined;
}

/** Names of the backends that work here, the best first; `webgpu` once it has been loaded. */
export function availableBackends(): BackendName[] {
  const works = (n: BackendName): boolean => {
    if (n === 'native') return nativeBackend.probeNative().ok;
    return n !== 'webgpu' || (webgpu !== undefined && !webgpu.ended);
  };
  return names.filter(works);
}
