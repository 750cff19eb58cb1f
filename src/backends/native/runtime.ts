/** The native runtime, loaded: compiler found, library built or taken from the cache, koffi bound. */
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { GradloomError } from '../../errors.ts';
import { type CacheOptions, DiskCache, hashOf } from './cache.ts';
import {
  CompileError,
  type Compiler,
  cpuIdentity,
  findCompilers,
  flagSets,
  runCompiler,
} from './compiler.ts';
import { runtimeAbi, runtimeSource } from './runtime-source.ts';

/** Addresses are numbers: user space ends far below 2^53 on every system supported. */
export type Address = number;

export interface RuntimeLibrary {
  alloc(bytes: number): Address;
  free(p: Address): void;
  open(path: string): Address;
  symbol(library: Address, name: string): Address;
  close(library: Address): void;
  error(): string;
  team(threads: number): Address;
  teamThreads(team: Address): number;
  teamFree(team: Address): void;
  run(exec: Address, times: number): void;
  /** The memory at an address as an ArrayBuffer, without a copy. */
  view(p: Address, bytes: number): ArrayBuffer;
}

export type Isa = 'avx512' | 'avx2' | 'neon' | 'generic';

export interface Runtime {
  readonly library: RuntimeLibrary;
  readonly compiler: Compiler;
  /** As the compiler says it. */
  readonly version: string;
  readonly flags: readonly string[];
  readonly isa: Isa;
  readonly cache: DiskCache;
  /** Everything but the source that decides what a compilation gives. */
  readonly identity: readonly string[];
}

export interface RuntimeOptions {
  readonly cc?: string;
  readonly cache?: CacheOptions;
  /** For one run of the compiler. */
  readonly timeoutMs?: number;
}

/** A first compilation on a slow, busy machine stays far below this. */
const defaultTimeoutMs = 10_000;

interface Koffi {
  load(path: string): { func(definition: string): (...args: unknown[]) => unknown };
  view(p: Address, bytes: number): ArrayBuffer;
}

function requireKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (e) {
    throw new GradloomError(
      'native-unavailable',
      `The optional package koffi could not be loaded (${(e as Error).message.split('\n')[0]}). Install it with: npm install koffi`,
      {},
      { cause: e },
    );
  }
}

interface Bound {
  readonly library: RuntimeLibrary;
  readonly version: string;
  readonly isa: Isa;
}

function bind(koffi: Koffi, path: string): Bound {
  const lib = koffi.load(path);
  const get = <F>(definition: string): F => lib.func(definition) as F;
  if (get<() => number>('int gl_abi()')() !== runtimeAbi)
    throw new CompileError('the runtime library answers with another version');
  const library: RuntimeLibrary = {
    alloc: get('int64_t gl_alloc(int64_t bytes)'),
    free: get('void gl_free(int64_t p)'),
    open: get('int64_t gl_open(const char *path)'),
    symbol: get('int64_t gl_symbol(int64_t library, const char *name)'),
    close: get('void gl_close(int64_t library)'),
    error: get('const char *gl_error()'),
    team: get('int64_t gl_team(int threads)'),
    teamThreads: get('int gl_team_threads(int64_t team)'),
    teamFree: get('void gl_team_free(int64_t team)'),
    run: get('void gl_run(int64_t exec, int64_t times)'),
    view: (p, bytes) => koffi.view(p, bytes),
  };
  return {
    library,
    version: get<() => string>('const char *gl_version()')(),
    isa: get<() => Isa>('const char *gl_isa()')(),
  };
}

/**
 * Finds a compiler that works and loads the runtime it makes. The proof that it works is that the
 * runtime was compiled and answers; on later starts that proof comes from the cache without running
 * the compiler.
 *
 * @throws GradloomError `native-unavailable` saying what was tried.
 */
export function loadRuntime(options: RuntimeOptions = {}): Runtime {
  const reasons: string[] = [];
  if (platform() !== 'linux' && platform() !== 'darwin')
    throw unavailable([`there is no native backend for ${platform()} yet`]);
  if (arch() !== 'x64' && arch() !== 'arm64')
    throw unavailable([`there is no native backend for ${arch()} processors`]);
  const koffi = requireKoffi();
  const { found, missing } = findCompilers(options.cc);
  if (found.length === 0) {
    throw unavailable([
      `no C compiler was found (looked for ${missing.join(', ')}); install gcc or clang, or name one in GRADLOOM_CC`,
    ]);
  }
  const cache = new DiskCache(options.cache);
  const cpu = cpuIdentity();
  for (const compiler of found) {
    // A compiler that hangs would otherwise cost its time limit at every start.
    const failureKey = hashOf(['hangs', compiler.identity]);
    const failure = cache.failure(failureKey);
    if (failure) {
      reasons.push(`${failure} earlier; it is tried again after an hour`);
      continue;
    }
    try {
      return withCompiler(koffi, compiler, cache, cpu, options.timeoutMs ?? defaultTimeoutMs);
    } catch (e) {
      reasons.push((e as Error).message);
      if (e instanceof CompileError && e.code === 'ETIMEDOUT')
        cache.noteFailure(failureKey, e.message);
    }
  }
  throw unavailable(reasons);
}

function unavailable(reasons: readonly string[]): GradloomError {
  return new GradloomError(
    'native-unavailable',
    `The native backend is not available: ${reasons.join('; ')}.`,
    { reasons },
  );
}

function withCompiler(
  koffi: Koffi,
  compiler: Compiler,
  cache: DiskCache,
  cpu: string,
  timeoutMs: number,
): Runtime {
  const sets = flagSets(compiler.clang);
  const attempts = sets.map((flags) => {
    // All sets are part of the key: a lesser one from the cache is right only if those before it
    // were tried.
    const identity = [String(runtimeAbi), compiler.identity, cpu, JSON.stringify([sets, flags])];
    return { flags, identity, key: hashOf([...identity, runtimeSource]) };
  });
  const done = ({ flags, identity }: (typeof attempts)[number], b: Bound): Runtime => ({
    ...b,
    compiler,
    flags,
    cache,
    identity: [...identity, b.version],
  });
  for (const a of attempts) {
    try {
      const known = cache.find(a.key, (path) => bind(koffi, path));
      if (known) return done(a, known);
    } catch {
      // Does not load here: built again below.
    }
  }
  let first: unknown;
  for (const a of attempts) {
    try {
      const bound = cache.get(a.key, {
        build: (output, tempDir) =>
          runCompiler(compiler, {
            source: runtimeSource,
            output,
            flags: a.flags,
            tempDir,
            timeoutMs,
          }),
        load: (path) => {
          try {
            return bind(koffi, path);
          } catch (e) {
            throw new CompileError(
              `${compiler.name} made a library that does not load: ${(e as Error).message}`,
            );
          }
        },
      });
      return done(a, bound);
    } catch (e) {
      first ??= e;
      // Other flags do not help a compiler that hangs or makes garbage.
      if (!(e instanceof CompileError) || !/exited with/.test(e.message)) break;
    }
  }
  throw first;
}
